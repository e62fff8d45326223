//! The command line of `conn-check-serve`.

use super::{BadValue, seconds};
use crate::serve::Place;
use clap::{Args as _, Command, CommandFactory, Parser};
use std::path::PathBuf;
use std::time::Duration;

const ABOUT: &str = "Answer HTTP requests with the state of every network dependency of this node, and say whether the node itself is fit";

const AFTER_HELP: &str = "\
Exit status: 0 ended by SIGTERM or SIGINT, or a token was printed; 3 usage error, invalid file, nothing selected, or a place \
that cannot be listened at.

Paths: /ht/ answers 200 when all is well and 500 when not, in the form that `Accept` or ?format= asks for (html, json, \
health+json, report, text, openmetrics), ?tags=a,b of some checks only; /live answers while the program runs; /ready answers \
503 only when this node has a fault of its own; /metrics has metrics.

Checks tagged no-nagios are left out unless --poll-all says otherwise, or --include-tags names that tag: who polls sends no mail.

Signals: SIGHUP reads all files again, and keeps the old ones where one is not valid, as does the change of a file that holds a \
secret, a certificate, a key or the token; SIGTERM answers what was asked, and ends.

Compatibility: of the options of conn-check those about which checks are made, and how, are taken.

Examples:
  conn-check-serve checks.yaml
  conn-check-serve --listen 0.0.0.0:9842 --cert node.pem --key node.key --token-file token checks.yaml
  conn-check-serve --listen 127.0.0.1:9842 --listen tcp:127.0.0.1:9843 --max-age 2 checks.yaml
  conn-check-serve --new-token > /etc/conn-check/token";

/// The arguments of `conn-check` that mean something here, by their names.
const USED: &[&str] = &[
    "config",
    "patterns",
    "only",
    "include_tags",
    "exclude_tags",
    "all_parts",
    "strict",
    "warnings_as_errors",
    "validate",
    "max_timeout",
    "connect_timeout",
    "tls_certs_path",
    "concurrency",
    "per_host",
    "ipv4",
    "ipv6",
    "remember",
    "color",
];

/// See [`ABOUT`].
#[derive(clap::Args, Clone, Debug)]
#[command(
    name = "conn-check-serve",
    version = super::VERSION,
    about = ABOUT,
    long_about = None,
    after_help = AFTER_HELP,
    max_term_width = 100,
    args_override_self = true,
    override_usage = "conn-check-serve [OPTIONS] <CONFIG>... [PATTERN...]"
)]
pub struct Args {
    /// The arguments of `conn-check`.
    #[command(flatten)]
    pub check: super::Args,

    /// Listen there; tcp: is for agent checks of `HAProxy`; more than once for several
    #[arg(
        long,
        value_name = "ADDR:PORT|unix:PATH|tcp:ADDR:PORT",
        default_value = "127.0.0.1:9842",
        help_heading = "Where it is answered"
    )]
    pub listen: Vec<Place>,

    /// Listen there for metrics, which are nowhere else then; more than once for several
    #[arg(long, value_name = "ADDR:PORT|unix:PATH", help_heading = "Where it is answered")]
    pub metrics_listen: Vec<Place>,

    /// Where the report is
    #[arg(long, value_name = "PATH", value_parser = path, default_value = "/ht/", help_heading = "Where it is answered")]
    pub path: String,

    /// Only with this token behind the path there is a report; all else is not found
    #[arg(long, value_name = "FILE", help_heading = "Where it is answered")]
    pub token_file: Option<PathBuf>,

    /// Print a new token and end
    #[arg(long, help_heading = "Where it is answered")]
    pub new_token: bool,

    /// Speak TLS with this certificate (PEM), and what is between it and its root
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Where it is answered")]
    pub cert: Option<PathBuf>,

    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Where it is answered")]
    pub key: Option<PathBuf>,

    /// So many connections at once; beyond that the one that idles longest is closed. Half of them may wait for a report
    #[arg(long, value_name = "N", value_parser = super::at_least_one, default_value = "512", help_heading = "Where it is answered")]
    pub max_connections: usize,

    /// A result may be so old; there is one run in that time at most
    #[arg(long, value_name = "SECONDS", value_parser = age, allow_negative_numbers = true, default_value = "10", help_heading = "What is answered")]
    pub max_age: Duration,

    /// Also the checks with the tag no-nagios, which are left out otherwise: who polls sends no mail
    #[arg(long, conflicts_with = "include_tags", help_heading = "What is answered")]
    pub poll_all: bool,

    /// The status of a report that is not well
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(200..=599), default_value = "500", help_heading = "What is answered")]
    pub fail_status: u16,

    /// The page: a template (Jinja's language) over the report
    #[arg(long, value_name = "FILE", help_heading = "What is answered")]
    pub template: Option<PathBuf>,
}

impl Args {
    /// The first option of `conn-check` that would be without effect here.
    #[must_use]
    pub fn without_effect(&self) -> Option<&'static str> {
        let check = &self.check;
        let given = [
            ("--as", check.as_service.is_some()),
            ("--format", check.format.is_some()),
            ("--output", check.output.is_some()),
            ("--also", !check.also.is_empty()),
            ("--record", check.record.is_some()),
            ("--journal", check.journal),
            ("--dry-run", check.dry_run),
            ("--wait", check.wait.is_some()),
            ("--schema", check.schema),
        ];
        given.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }
}

impl CommandFactory for Args {
    fn command() -> Command {
        let command = super::showing(Self::augment_args(Command::new("conn-check-serve")), USED);
        // All of them are gone through, so that they stay in their order.
        command.mut_args(|argument| match argument.get_id().as_str() {
            "config" => argument.required_unless_present("new_token"),
            _ => argument,
        })
    }

    fn command_for_update() -> Command {
        Self::command()
    }
}

impl Parser for Args {}

/// A path with a slash at both ends.
fn path(text: &str) -> Result<String, &'static str> {
    let fits = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
    let path = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    let is_taken = matches!(path.as_str(), "/live/" | "/ready/" | "/metrics/");
    if !fits || is_taken {
        return Err("expected a path like /ht/, which is not /live, /ready or /metrics");
    }
    Ok(path)
}

/// Seconds, or none.
fn age(text: &str) -> Result<Duration, BadValue> {
    if text == "0" { Ok(Duration::ZERO) } else { seconds(text).map_err(|_| BadValue::Age) }
}
