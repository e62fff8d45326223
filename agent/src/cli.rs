//! The command lines: declared once for the parser, the man pages and the shell completions. This
//! one is that of `conn-check`; each other program has a file.

pub mod configs;
pub mod convert_fw;
pub mod diff;
pub mod django;
pub mod explain;
pub mod export_fw;
pub mod generate;
pub mod merge;
pub mod program;
pub mod serve;
pub mod suggest;
pub mod trace;

use crate::checks::Spec;
use crate::host;
use crate::report::{FORMATS, Format};
use crate::settings;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Command, CommandFactory as _, Parser, ValueEnum};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What `--version` says. Names are looked up by the C library: one that does it otherwise than those of most
/// applications has to be told apart (<https://wiki.musl-libc.org/functional-differences-from-glibc.html>, "Name Resolver").
const VERSION: &str = if cfg!(target_env = "musl") {
    concat!(
        env!("CARGO_PKG_VERSION"),
        " (musl: names are looked up in /etc/hosts and by DNS, nsswitch.conf is not read)"
    )
} else {
    env!("CARGO_PKG_VERSION")
};

/// What stands below the usage: how it is called, before what there is.
fn after_help() -> String {
    format!(
        "\
Examples:
  conn-check checks.yaml                        check everything
  conn-check checks.yaml 'postgres:*'           only results whose name matches
  conn-check --explain checks.yaml              with the evidence for each failure
  conn-check --max-timeout=10 --exclude-tags=no-nagios checks.yaml
  conn-check --wait 2m checks.yaml              until everything answers, two minutes at most
  conn-check --validate --strict checks.yaml    is the file all right?
  conn-check explain auth.rejected              what does that mean, and who can change it?

The file: a list of checks, each with a type ({}) and options. `conn-check explain` lists them all, \
`conn-check explain postgres` shows one with an example; conn-check.yaml(5) is the same as a manual.

Formats: human on a terminal, nagios under NRPE, plain otherwise, unless --format names one.

Exit status: 0 all passed; 1 warnings only; 2 something failed; 3 usage error, invalid file, nothing to check, or \
interrupted before anything failed.",
        Spec::KINDS.join(", ")
    )
}

/// Of the arguments of `conn-check`, in a program that takes them all, only those are told that mean something there.
fn showing(command: Command, used: &[&str]) -> Command {
    let inherited = <Args as clap::Args>::augment_args(Command::new("conn-check"));
    let is_idle = |name: &str| inherited.get_arguments().any(|one| one.get_id() == name) && !used.contains(&name);
    command.mut_args(|argument| {
        let hides = is_idle(argument.get_id().as_str());
        argument.hide(hides)
    })
}

/// Every program, as its man page and its completions describe it.
#[must_use]
pub fn programs() -> Vec<Command> {
    vec![
        program::Program::command(),
        configs::Configs::command(),
        convert_fw::Args::command(),
        django::Django::command(),
        export_fw::Args::command(),
        serve::Args::command(),
    ]
}

/// Verify every network dependency of a service from the host it runs on, and say what is broken,
/// in which phase, whose job the fix is and what to do next.
#[derive(Clone, Debug, Parser)]
#[command(name = "conn-check", version = VERSION, max_term_width = 100, args_override_self = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// A YAML file with checks, a directory of such files, or - for standard input; more may follow
    #[arg(value_name = "CONFIG", required_unless_present_any = ["schema"])]
    pub config: Option<String>,

    /// Only what has one of these as its name, its type or the name of a result; * is any text
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,

    /// As PATTERN, where it could be taken for a file
    #[arg(long, value_name = "PATTERN", help_heading = "What is checked")]
    pub only: Vec<String>,

    /// Only checks with one of these tags
    #[arg(
        long,
        value_name = "TAGS",
        value_delimiter = ',',
        conflicts_with = "exclude_tags",
        help_heading = "What is checked"
    )]
    pub include_tags: Vec<String>,

    /// No checks with one of these tags
    #[arg(long, value_name = "TAGS", value_delimiter = ',', help_heading = "What is checked")]
    pub exclude_tags: Vec<String>,

    /// Whether a warning is as good as a failure (exit status 2) or as none (0), instead of what is in between (1)
    #[arg(long, value_name = "true|false", action = ArgAction::Set, help_heading = "What is checked")]
    pub warnings_as_errors: Option<bool>,

    /// Run the parts of end-to-end checks also when those pass
    #[arg(long, help_heading = "What is checked")]
    pub all_parts: bool,

    /// Only read the file and say what is wrong with it
    #[arg(long, help_heading = "What is checked")]
    pub validate: bool,

    /// Only show which results there would be
    #[arg(long, help_heading = "What is checked")]
    pub dry_run: bool,

    /// Take warnings about the file for errors
    #[arg(long, help_heading = "What is checked")]
    pub strict: bool,

    /// Print the JSON Schema of the file, for editors
    #[arg(long, help_heading = "What is checked")]
    pub schema: bool,

    /// Everything is printed by then; what is unfinished counts as timed out
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true, help_heading = "How it is checked")]
    pub max_timeout: Option<Duration>,

    /// Ask what fails again until all is well, so long at most (120, 2m); 0 asks once
    #[arg(long, value_name = "TIME", value_parser = wait, allow_negative_numbers = true, conflicts_with = "as_service", help_heading = "How it is checked")]
    pub wait: Option<Duration>,

    /// All has to be well so many times in a row, with --wait [default: 1]
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true, requires = "wait", help_heading = "How it is checked")]
    pub stable: Option<usize>,

    /// The timeout of a check that names none
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true, default_value = "10", help_heading = "How it is checked")]
    pub connect_timeout: Duration,

    /// The CAs to trust: a directory or a bundle
    #[arg(long, value_name = "PATH", default_value = host::CA_PATH, help_heading = "How it is checked")]
    pub tls_certs_path: PathBuf,

    /// So many checks at once [default: as many as the file-descriptor limit safely allows]
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true, help_heading = "How it is checked")]
    pub concurrency: Option<usize>,

    /// So many checks of one host at once [default: no limit]
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true, help_heading = "How it is checked")]
    pub per_host: Option<usize>,

    /// As a service: its user, and of a unit or a process the namespaces, control group, limit and proxies (root only)
    #[arg(
        long = "as",
        value_name = "UNIT|USER|PID",
        conflicts_with_all = ["validate", "dry_run", "schema", "journal"],
        help_heading = "How it is checked"
    )]
    pub as_service: Option<String>,

    /// Which part of `--as` this process is, which starts it
    #[arg(long, hide = true, value_enum, requires = "as_service")]
    pub part: Option<Part>,

    /// What was on standard input, where another process has read it.
    #[arg(skip)]
    pub standard_input: Option<Vec<u8>>,

    /// Use IPv4 only
    #[arg(short = '4', conflicts_with = "ipv6", help_heading = "How it is checked")]
    pub ipv4: bool,

    /// Use IPv6 only
    #[arg(short = '6', help_heading = "How it is checked")]
    pub ipv6: bool,

    /// The form of the output
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), help_heading = "Output")]
    pub format: Option<&'static Format>,

    /// Write the output to a file, atomically
    #[arg(short, long, visible_short_alias = 'f', value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Also write it in another format to another file, atomically; more than once for several
    #[arg(long, value_name = "FORMAT=FILE", value_parser = also, help_heading = "Output")]
    pub also: Vec<Also>,

    /// Keep the result as JSON in a file for others to read, atomically
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub record: Option<PathBuf>,

    /// Keep in a directory what is known of checks that pass, so that a failure says what changed
    #[arg(long, value_name = "DIR", conflicts_with_all = ["as_service", "validate", "schema"], help_heading = "Output")]
    pub remember: Option<PathBuf>,

    /// Also write failures, warnings and the counts to the system's journal
    #[arg(long, help_heading = "Output")]
    pub journal: bool,

    /// For people: only what is not well and the summary; nothing when all is well
    #[arg(short, long, conflicts_with = "brief", help_heading = "Output")]
    pub quiet: bool,

    /// For people: failures in ten lines at most, to be pasted into a chat
    #[arg(long, help_heading = "Output")]
    pub brief: bool,

    /// Show the evidence under every failure, and the lines that mend it where they are known
    #[arg(long, help_heading = "Output")]
    pub explain: bool,

    /// Show every check on its own with its phases; in the plain format, what begins
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,

    /// Show when each result came and how long it took
    #[arg(short, long, help_heading = "Output")]
    pub duration: bool,

    /// Show the whole chain of causes under every failure
    #[arg(short, long, help_heading = "Output")]
    pub tracebacks: bool,

    /// Print each result as soon as it is there, in the plain format unless --format says otherwise
    #[arg(short = 'U', long, help_heading = "Output")]
    pub unbuffered_output: bool,

    /// Colours: auto is on for a terminal; `NO_COLOR` and `CLICOLOR_FORCE` are heard
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto", action = ArgAction::Set, help_heading = "Output")]
    pub color: When,
}

/// `--also`.
#[derive(Clone, Debug)]
pub struct Also {
    /// The form of the output.
    pub format: &'static Format,
    /// Where it goes.
    pub file: PathBuf,
}

/// The processes that a run with `--as` starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Part {
    /// The run before, as the user who checks.
    Caller,
    /// The run as the service.
    Service,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    PossibleValuesParser::new(FORMATS.map(|format| PossibleValue::new(format.name).help(format.about)))
        .try_map(|name| Format::named(&name).ok_or(BadValue::Format))
}

/// What the value of an option has to be, and is not.
#[derive(Clone, Copy, Debug)]
enum BadValue {
    Also,
    Format,
    Seconds,
    Age,
    Count,
    Wait,
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Also => {
                let formats = FORMATS.map(|format| format.name).join(", ");
                return write!(f, "expected FORMAT=FILE with one of the formats {formats}");
            }
            Self::Format => "there is no such format",
            Self::Seconds => "expected a number of seconds, more than 0 and at most 86400",
            Self::Age => "expected a number of seconds, 0 to 86400",
            Self::Wait => "expected a time of at most a day, in seconds or with a unit: 120, 120s, 2m, 1h",
            Self::Count => "expected a whole number, 1 or more",
        })
    }
}

impl std::error::Error for BadValue {}

fn also(text: &str) -> Result<Also, BadValue> {
    let (format, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or(BadValue::Also)?;
    Ok(Also { format: Format::named(format).ok_or(BadValue::Also)?, file: file.into() })
}

fn seconds(text: &str) -> Result<Duration, BadValue> {
    settings::seconds(text).ok_or(BadValue::Seconds)
}

/// A time that may have a unit, or be none.
fn wait(text: &str) -> Result<Duration, BadValue> {
    const DAY: Duration = Duration::from_secs(86_400);
    settings::time(text).filter(|time| *time <= DAY).ok_or(BadValue::Wait)
}

fn at_least_one(text: &str) -> Result<usize, BadValue> {
    text.parse().ok().filter(|number| *number > 0).ok_or(BadValue::Count)
}
