//! The command line of `conn-check trace`.

use clap::Args;

const AFTER_HELP: &str = "\
Exit status: 0 every address takes a connection; 2 some do not; 3 usage error, invalid file, or nothing selected.

What is sent: a connection or two to each address, and requests that end at each router on the way, 20 at most. No privilege is \
needed. Routers that do not answer are not named; many do not.

Examples:
  conn-check trace checks.yaml             the way to every place that the checks connect to
  conn-check trace checks.yaml postgres    to those of one type, or whose name matches";

/// Show the way to the places that checks connect to: by which interface and routers, and where it ends
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Trace {
    /// Files of checks, then patterns: names, types or results of checks
    #[arg(value_name = "CONFIG", required = true)]
    pub words: Vec<String>,

    /// Use IPv4 addresses only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,

    /// Use IPv6 addresses only
    #[arg(short = '6', long)]
    pub ipv6: bool,
}
