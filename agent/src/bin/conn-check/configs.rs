//! `conn-check-configs SOURCE`: files of checks from Django settings, the environment and Juju.

use crate::django;
use crate::generate::{deliver, say};
use crate::{UNKNOWN, guarded, status_of};
use clap::Parser as _;
use conn_check::cli::configs::{Configs, Env, Juju, Source};
use conn_check::generate::{env, juju};

/// As messages and the file's first line have it.
const NAME: &str = "conn-check-configs";

/// Runs the program; the exit status.
pub(crate) fn main() -> u8 {
    match Configs::try_parse() {
        Ok(configs) => guarded(false, || match &configs.source {
            Source::Django(args) => django::program(NAME, args),
            Source::Env(args) => from_environment(args),
            Source::Juju(args) => from_juju(args),
        }),
        Err(error) => status_of(&error),
    }
}

fn from_environment(args: &Env) -> u8 {
    let read = match (args.pid, &args.file) {
        (Some(pid), _) => env::of_process(pid),
        (None, Some(file)) => env::of_file(file),
        (None, None) => Ok(env::of_variables(std::env::vars_os())),
    };
    match read {
        Ok(variables) => deliver(NAME, env::sheet(&variables), &args.target),
        Err(why) => refuse(&why.to_string()),
    }
}

fn from_juju(args: &Juju) -> u8 {
    match juju::read(&args.file).and_then(|status| juju::sheet(&status, args.application.as_deref())) {
        Ok(sheet) => deliver(NAME, sheet, &args.target),
        Err(why) => refuse(&why.to_string()),
    }
}

fn refuse(why: &str) -> u8 {
    say(NAME, why);
    UNKNOWN
}
