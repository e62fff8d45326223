//! `conn-check-django`, and `conn-check-configs django`: files of checks from Django settings.

use crate::generate::deliver;
use crate::{complain, guarded, status_of};
use clap::{Parser as _, ValueEnum as _};
use conn_check::cli::django::Django;
use conn_check::cli::generate::{Target, Where};
use conn_check::generate::django::{Python, Told, Unreadable, file};

/// Runs the program; the exit status.
pub(crate) fn main() -> u8 {
    match Django::try_parse() {
        Ok(args) => guarded(false, || program(&args)),
        Err(error) => status_of(&error),
    }
}

/// The same for `conn-check-configs`.
pub(crate) fn program(args: &Django) -> u8 {
    match told(args) {
        Ok(told) => deliver(file(&told), &target(args, &told)),
        Err(why) => complain(&why.to_string()),
    }
}

/// The settings, with what the command line says about them.
fn told(args: &Django) -> Result<Told, Unreadable> {
    let mut told = match &args.bridge {
        Some(path) => Told::read(path)?,
        None => Python::find(args.python.as_deref())?.read(args.settings_module.as_deref(), args.timeout)?,
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    told.database = given(&args.database_name).or(told.database);
    told.statsd_send = given(&args.statsd_send).unwrap_or(told.statsd_send);
    told.statsd_expect = given(&args.statsd_expect).or(told.statsd_expect);
    Ok(told)
}

/// A script has a command line of its own.
fn target(args: &Django, told: &Told) -> Target {
    let mut target = args.target.clone();
    target.output = target.output.or_else(|| told.output_file.clone().map(Into::into));
    if let Some(place) = told.secrets.as_deref().and_then(|text| Where::from_str(text, true).ok()) {
        target.secrets = place;
    }
    target
}
