//! `conn-check-django`, and `conn-check-configs django`: files of checks from Django settings.

use crate::complain;
use crate::generate::deliver;
use clap::ValueEnum as _;
use conn_check::cli::django::Django;
use conn_check::cli::generate::{Target, Where};
use conn_check::generate::django::{DjangoSettings, Python, Unreadable, file, module_name};

/// Runs the program; the exit status.
pub(crate) fn program(args: &Django) -> u8 {
    if let Some(stray) = &args.stray {
        let module = module_name(stray).unwrap_or_else(|_| stray.clone());
        return complain(&format!("`{0}` is no option: did you mean -m {0}?", module.escape_debug()));
    }
    match settings(args) {
        Ok(settings) => match target(args, &settings) {
            Ok(target) => deliver(file(&settings), &target),
            Err(why) => complain(&why),
        },
        Err(why) => complain(&why.to_string()),
    }
}

/// The settings, with what the command line says about them.
fn settings(args: &Django) -> Result<DjangoSettings, Unreadable> {
    let mut settings = match &args.bridge {
        Some(path) => DjangoSettings::read(path)?,
        None => {
            let module = args.settings_module.as_deref().map(module_name).transpose()?;
            Python::find(args.python.as_deref())?.read(module.as_deref(), args.timeout)?
        }
    };
    let non_empty = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    settings.database = non_empty(&args.database_name).or(settings.database);
    settings.statsd_send = non_empty(&args.statsd_send).unwrap_or(settings.statsd_send);
    settings.statsd_expect = non_empty(&args.statsd_expect).or(settings.statsd_expect);
    Ok(settings)
}

/// A script has a command line of its own.
///
/// # Errors
/// It says where passwords are to stand in a word that nobody knows: they would else stand where nobody wants them.
fn target(args: &Django, settings: &DjangoSettings) -> Result<Target, String> {
    let mut target = args.target.clone();
    target.output = target.output.or_else(|| settings.output_file.clone().map(Into::into));
    target.strict |= settings.strict;
    if let Some(word) = settings.secrets.as_deref() {
        target.secrets = Where::from_str(word, true).map_err(|_| {
            format!("where secrets are to stand (`{}`) is neither inline, env nor file", word.escape_debug())
        })?;
    }
    Ok(target)
}
