//! The command line of `conn-check-convert-fw`.

use super::{BadValue, When};
use crate::firewall::{FORMATS, Format, Group};
use clap::Parser;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Exit status: 0 the rules are printed; 1 a name has no address, and only with --keep-going the other rules are printed; \
3 usage error, or a file that cannot be used.

What is done: the rules of all files become one set, the ports to one place are united, and every name becomes all of its \
IPv4 and IPv6 addresses as this host finds them. The same files and addresses always give the same output. Above each \
address stands the name that it came from. Networks (to_host: 10.0.0.0/8) are passed on as they are.

What is not done: nothing is blocked, and no policy is changed; each format says at its top what that takes. Names whose \
addresses change need their rules again.

Examples:
  conn-check-convert-fw -t nftables web1.yaml > egress.nft
  conn-check-convert-fw -t aws --group sg-0123456789abcdef0 web1.yaml web2.yaml db1.yaml
  conn-check-export-fw checks.yaml | conn-check-convert-fw -t ufw -";

/// Make firewall rules out of what conn-check-export-fw prints on one host or on many
#[derive(Clone, Debug, Parser)]
#[command(
    name = "conn-check-convert-fw",
    version = super::VERSION,
    after_help = AFTER_HELP,
    max_term_width = 100,
    args_override_self = true
)]
pub struct Args {
    /// What is printed
    #[arg(short = 't', long = "type", value_name = "TYPE", value_parser = format_parser(), ignore_case = true)]
    pub format: &'static Format,

    /// Whom the rules belong to: the security group of aws, neutron, nova, openstack-cli and terraform (without it the
    /// variable SECGROUP of the shell, or one of Terraform's), the pods' label KEY=VALUE of kubernetes
    #[arg(long, value_name = "GROUP", value_parser = |text: &str| Group::parse(text))]
    pub group: Option<Group>,

    /// Print the other rules when a name has no address; the exit status is 1 all the same
    #[arg(long)]
    pub keep_going: bool,

    /// Write to a file, atomically; it stays as it is when something is wrong
    #[arg(short, long, visible_short_alias = 'f', value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Colours of messages: auto is on for a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub color: When,

    /// Files of rules, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,
}

fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let word = |format: &&'static Format| PossibleValue::new(format.name).aliases(format.aliases).help(help_of(format));
    PossibleValuesParser::new(FORMATS.iter().map(word).collect::<Vec<_>>())
        .try_map(|name| Format::named(&name).ok_or(BadValue::Format))
}

fn help_of(format: &Format) -> String {
    if format.aliases.is_empty() {
        format.about.to_owned()
    } else {
        format!("{}; also {}", format.about, format.aliases.join(", "))
    }
}
