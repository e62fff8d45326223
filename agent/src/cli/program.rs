//! The command line of `conn-check` as a whole: the checks of a file, or one of its words.

use super::{Args, diff::Diff, explain::Explain, merge::Merge, trace::Trace};
use clap::{Parser, Subcommand};

const USAGE: &str = "\
conn-check [OPTIONS] <CONFIG>... [PATTERN]...
       conn-check explain [CODE|TYPE|OPTION]...
       conn-check trace <CONFIG>... [PATTERN]...
       conn-check merge <FILE>...
       conn-check diff <BEFORE> <NOW>";

/// Examples come before the options.
const TEMPLATE: &str = "{about-with-newline}\n{usage-heading} {usage}{after-help}\n\n{all-args}";

/// Verify every network dependency of a service from the host it runs on, and say what is broken,
/// in which phase, whose job the fix is and what to do next.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "conn-check",
    version = super::VERSION,
    override_usage = USAGE,
    after_help = super::after_help(),
    help_template = TEMPLATE,
    max_term_width = 100,
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Program {
    /// The checks of a file.
    #[command(flatten)]
    pub check: Args,

    /// Something else; the word wins over a file of that name, which is `./explain`, `./trace`.
    #[command(subcommand)]
    pub word: Option<Word>,
}

/// A word in the place of CONFIG.
#[derive(Clone, Debug, Subcommand)]
pub enum Word {
    /// Tell what a code, a type of check or an option means
    Explain(Explain),
    /// Show the way to the places that checks connect to
    Trace(Trace),
    /// Tell in the fewest causes what fails in many units' records
    Merge(Merge),
    /// Tell what changed between two records
    Diff(Diff),
}
