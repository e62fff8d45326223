//! The command line of `conn-check diff`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
BEFORE and NOW have what `--record` or `--format json` writes, or what Juju prints of units, as `conn-check merge` reads it; of \
a directory, its *.json are read. One record each may be of different hosts; of several, those of one unit are held against \
each other, the last one of each file.

Exit status: 0 nothing has changed that would explain a failure; 1 something has, as diff(1) has it; 3 usage error, or a \
file that is no record.

Examples:
  conn-check diff yesterday.json today.json
  conn-check --format json checks.yaml | conn-check diff yesterday.json -";

/// Tell what changed between two records
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Diff {
    /// The record of before, or - for standard input
    #[arg(value_name = "BEFORE")]
    pub before: String,

    /// The record that is held against it, or - for standard input
    #[arg(value_name = "NOW")]
    pub now: String,

    /// The form of the output
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    pub format: DiffFormat,

    /// Write the output to a file, atomically
    #[arg(short, long, visible_short_alias = 'f', value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `--format` of `conn-check diff`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum DiffFormat {
    /// For people: the checks that are otherwise, each with what changed.
    Human,
    /// One object with all of it.
    Json,
}
