//! The command line of `conn-check-export-fw`.

use clap::{Args as _, Command, CommandFactory, Parser};

const ABOUT: &str = "Print the egress firewall rules that the checks of a file need, as YAML, and check nothing";

const AFTER_HELP: &str = "\
Exit status: 0 the rules are printed; 3 usage error, invalid file, or nothing selected.

Compatibility: the options of conn-check about running checks and about the form of results are taken, too, and mean nothing here.

What is there: every place that a check connects to, the proxy in the place of what is behind it. Unix sockets lead \
nowhere. What a redirect would lead to is not known. References to secrets ({env: NAME}, {file: PATH}) may lead nowhere here: \
nothing is connected to; all else in the file has to be valid as for conn-check.

Examples:
  conn-check-export-fw checks.yaml > web1.yaml
  conn-check-export-fw --with-dns --exclude-tags=external -o web1.yaml checks.yaml
  conn-check-convert-fw -t nftables web1.yaml";

/// The arguments that mean something here, by their names.
const USED: &[&str] =
    &["config", "patterns", "only", "include_tags", "exclude_tags", "validate", "strict", "schema", "output", "color"];

/// See [`ABOUT`].
#[derive(clap::Args, Clone, Debug)]
#[command(
    name = "conn-check-export-fw",
    version = super::VERSION,
    about = ABOUT,
    long_about = None,
    after_help = AFTER_HELP,
    max_term_width = 100,
    args_override_self = true,
    override_usage = "conn-check-export-fw [OPTIONS] <CONFIG>... [PATTERN...]"
)]
pub struct Args {
    /// The arguments of `conn-check`.
    #[command(flatten)]
    pub check: super::Args,

    /// Add the resolvers that this host's look-ups go to (/etc/resolv.conf, and behind systemd-resolved those that it asks)
    #[arg(long, help_heading = "What is checked")]
    pub with_dns: bool,
}

impl CommandFactory for Args {
    fn command() -> Command {
        super::showing(Self::augment_args(Command::new("conn-check-export-fw")), USED)
    }

    fn command_for_update() -> Command {
        Self::command()
    }
}

impl Parser for Args {}
