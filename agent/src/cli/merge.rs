//! The command line of `conn-check merge`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
A FILE has what `--record` or `--format json` writes, several of them one behind the other, or what Juju prints of many \
units: `juju run ... run-check format=json --format=json`, `juju show-operation N --format=json`, in Juju 2.9 `juju \
run-action ... --wait --format=json`. Of a directory, its *.json are read. Records of one host are told apart by their files.

Exit status: 0 nothing fails anywhere; 2 something does; 3 usage error, or a file that is no record and nothing that fails.

Examples:
  juju run conn-check/0 conn-check/1 run-check format=json --format=json | conn-check merge -
  conn-check merge records/                      one file for each unit
  conn-check merge --format html -o fleet.html records/";

/// Tell in the fewest causes what fails in many units' records
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Merge {
    /// Records, directories of them, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,

    /// The form of the output
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "human")]
    pub format: MergeFormat,

    /// Write the output to a file, atomically
    #[arg(short, long, visible_short_alias = 'f', value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `--format` of `conn-check merge`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum MergeFormat {
    /// For people: the causes, and units beside checks.
    Human,
    /// One object with all of it.
    Json,
    /// One page without anything foreign.
    Html,
}
