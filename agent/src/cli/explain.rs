//! The command line of `conn-check explain`.

use clap::Args;

const AFTER_HELP: &str = "\
Exit status: 0 explained; 3 nothing has that name.

Examples:
  conn-check explain                   everything that can be explained
  conn-check explain auth.rejected     a code: what happened, whose job it is, what to do
  conn-check explain postgres          a type of check: what it proves, an example, its options
  conn-check explain use_tls           an option: the types that have it, its meaning and values
  conn-check explain mqtt.use_tls      an option of one type";

/// Tell what a code, a type of check or an option means
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Explain {
    /// A code (auth.rejected), a type (postgres), an option (`use_tls`) or both (`postgres.use_tls`) [default: list all]
    #[arg(value_name = "CODE|TYPE|OPTION")]
    pub words: Vec<String>,
}
