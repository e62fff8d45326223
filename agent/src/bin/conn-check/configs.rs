//! `conn-check-configs SOURCE`: files of checks from Django settings, the environment and Juju.

use crate::complain;
use crate::django;
use crate::generate::deliver;
use conn_check::cli::configs::{Configs, Env, Juju, Source};
use conn_check::generate::{env, juju};

/// Runs the program; the exit status.
pub(crate) fn program(configs: &Configs) -> u8 {
    match &configs.source {
        Source::Django(args) => django::program(args),
        Source::Env(args) => from_environment(args),
        Source::Juju(args) => from_juju(args),
    }
}

fn from_environment(args: &Env) -> u8 {
    let read = match (args.pid, &args.file) {
        (Some(pid), _) => env::of_process(pid),
        (None, Some(file)) => env::of_file(file),
        (None, None) => Ok(env::of_variables(std::env::vars_os())),
    };
    match read {
        Ok(variables) => match variables.bad_line().filter(|_| args.target.strict) {
            Some(bad) => complain(&format!("{}:{bad}", args.file.as_deref().unwrap_or_default())),
            None => deliver(env::file(&variables), &args.target),
        },
        Err(why) => complain(&why.to_string()),
    }
}

fn from_juju(args: &Juju) -> u8 {
    match juju::read(&args.file).and_then(|status| juju::file(&status, args.application.as_deref())) {
        Ok(file) => deliver(file, &args.target),
        Err(why) => complain(&why.to_string()),
    }
}
