//! `conn-check-django`, and `conn-check-configs django`: files of checks from Django settings.

use crate::generate::deliver;
use crate::{complain, guarded, status_of};
use clap::{Parser as _, ValueEnum as _};
use conn_check::cli::django::Django;
use conn_check::cli::generate::{Target, Where};
use conn_check::generate::django::{Python, Told, sheet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// More than any settings are, in bytes.
const LARGEST: u64 = 16 << 20;

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
        Ok(told) => deliver(sheet(&told), &target(args, &told)),
        Err(why) => complain(&why),
    }
}

/// The settings, with what the command line says about them.
fn told(args: &Django) -> Result<Told, String> {
    let mut told = match &args.bridge {
        Some(path) => Told::parse(&read(path)?)?,
        None => Python::find(args.python.as_deref())?.read(args.settings_module.as_deref(), args.timeout)?,
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    told.database = given(&args.database_name).or(told.database);
    told.statsd_send = given(&args.statsd_send).unwrap_or(told.statsd_send);
    told.statsd_expect = given(&args.statsd_expect).or(told.statsd_expect);
    Ok(told)
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let done = if path.as_os_str() == "-" {
        io::stdin().lock().take(LARGEST).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text))
    };
    done.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
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
