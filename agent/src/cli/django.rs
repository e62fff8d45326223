//! The command line of `conn-check-django`, which is also that of `conn-check-configs django`.

use crate::cli::generate::Target;
use crate::services::STATSD_PROBE;
use clap::{Parser, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

const AFTER_HELP: &str = "\
Exit status: 0 the file is written, what could not be mapped is a comment in it; 1 the same with --strict, if there is such a \
comment; 3 usage error, or settings that cannot be read.

Examples:
  conn-check-django -m hwaas.settings -f hwaas-cc.yaml
  conn-check-django -m hwaas.settings --python /srv/hwaas/env/bin/python --secrets env
  conn-check --validate --strict hwaas-cc.yaml              is the file all right?";

/// Write a file of checks from the settings of a Django project, which its own Python imports.
#[derive(Clone, Debug, Parser)]
#[command(name = "conn-check-django", version = super::VERSION, after_help = AFTER_HELP, max_term_width = 100, args_override_self = true)]
pub struct Django {
    /// The settings, as Python imports them from this directory [default: `DJANGO_SETTINGS_MODULE`]
    #[arg(short = 'm', long, value_name = "MODULE")]
    pub settings_module: Option<String>,

    /// The application's Python [default: that of `VIRTUAL_ENV`, else python3, else python]
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,

    /// Importing the settings may take so long
    #[arg(long, value_name = "SECONDS", value_parser = super::seconds, default_value = "60")]
    pub timeout: Duration,

    /// The database, where the settings name none
    #[arg(short, long, value_name = "NAME", alias = "db-name")]
    pub database_name: Option<String>,

    /// What to send to statsd.
    #[arg(long, value_name = "TEXT", alias = "statsd_send", help = format!("What to send to statsd [default: {STATSD_PROBE}]"))]
    pub statsd_send: Option<String>,

    /// What statsd must answer [default: nothing, sending is enough]
    #[arg(long, value_name = "TEXT", alias = "statsd_expect")]
    pub statsd_expect: Option<String>,

    /// Accepted for old scripts, and without effect
    #[arg(short, long, hide = true)]
    pub print: bool,

    /// For whom leaves out -m
    #[arg(value_name = "MODULE", hide = true, conflicts_with = "settings_module")]
    pub stray: Option<String>,

    /// Settings that were read already, as the Python package `conn_check_configs` hands them over
    #[arg(long, value_name = "FILE", hide = true, value_hint = ValueHint::AnyPath, conflicts_with_all = ["settings_module", "python"])]
    pub bridge: Option<String>,

    /// Where the file goes, and what of it is secret.
    #[command(flatten)]
    pub target: Target,
}
