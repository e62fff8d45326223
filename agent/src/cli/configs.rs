//! The command line of `conn-check-configs`.

use crate::cli::django::Django;
use crate::cli::generate::Target;
use clap::{Args, Parser, Subcommand};

const AFTER_HELP: &str = "\
Exit status: 0 fine; 1 something could not be mapped, see the comments in the file; 3 usage error or unreadable input.

Examples:
  conn-check-configs django -m shop.settings -f checks.yaml  from the settings of a Django project
  conn-check-configs env > checks.yaml                       from the environment this runs in
  conn-check-configs env /srv/app/.env -f checks.yaml        from a file of variables
  conn-check-configs env --pid 4242 --secrets env            from a running process, without its passwords
  juju status --format=json | conn-check-configs juju --application shop
  conn-check --validate --strict checks.yaml                 is the file all right?";

/// Write a file of checks from what is known about an application anyway.
#[derive(Clone, Debug, Parser)]
#[command(name = "conn-check-configs", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Configs {
    /// What the checks are made from
    #[command(subcommand)]
    pub source: Source,
}

/// What the checks are made from.
#[derive(Clone, Debug, Subcommand)]
pub enum Source {
    /// The settings of a Django project, which its own Python imports
    Django(Box<Django>),
    /// Variables: URLs, DSNs, and the hosts and ports of well-known clients
    Env(Env),
    /// The output of `juju status --format=json` or `--format=yaml`
    Juju(Juju),
}

/// `conn-check-configs env`.
#[derive(Args, Clone, Debug)]
pub struct Env {
    /// A file of variables, NAME=VALUE in each line (.env), or - for standard input [default: this environment]
    #[arg(value_name = "FILE")]
    pub file: Option<String>,

    /// The environment that this process was started with
    #[arg(long, value_name = "PID", conflicts_with = "file")]
    pub pid: Option<u32>,

    /// Where the file goes, and what of it is secret.
    #[command(flatten)]
    pub target: Target,
}

/// `conn-check-configs juju`.
#[derive(Args, Clone, Debug)]
pub struct Juju {
    /// The file with the status, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: String,

    /// The application whose dependencies are checked; may be left out where only one has any
    #[arg(short, long, value_name = "APP")]
    pub application: Option<String>,

    /// Where the file goes, and what of it is secret.
    #[command(flatten)]
    pub target: Target,
}
