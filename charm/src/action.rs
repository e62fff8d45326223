//! The actions: they run the agent as the user conn-check, so that root's permissions hide nothing.
//!
//! Juju starts them in three ways: as an action, where results are set and a failure is reported; by
//! `juju exec`, which looks like an action of another name; and as a program on the machine, maybe
//! without Juju's environment. Only the first is an action here, the others are plain commands.

use crate::accounts::{USER, run_as};
use crate::checks_file::ChecksFile;
use crate::checks_status::{self, NO_FILE};
use crate::environment::dashed;
use crate::error::Error;
use crate::hook_tools;
use crate::host::{Host, Program, RunAs, Symlinks};
use crate::inspect::inspect;
use crate::options::{CONNECT_TIMEOUT, Options};
use crate::paths::{UnitPaths, is_action_record};
use crate::record::Record;
use crate::settings::Settings;
use crate::status::{Level, Status};
use crate::text::printable;
use crate::tree;
use crate::validation::Validation;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How an action ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// What the caller prints; the agent has printed its own output.
    pub text: Option<String>,
    /// The exit status. `juju run` ends with 1 where it is not 0, and only then: `waitForTasks` in Juju's
    /// `cmd/juju/action/common.go` looks at the return code alone, not at whether the action failed.
    pub status: u8,
}

/// Longer than any run, because each check has its own timeout.
const TIMEOUT: Duration = Duration::from_secs(2 * 86_400);

/// The exit statuses of a plugin of Nagios.
const WARNING: u8 = 1;
const CRITICAL: u8 = 2;
const UNKNOWN: u8 = 3;

/// Where the agent finds the journal (systemd-journald(8)): without one it would complain in every result.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// Runs the action of this name; `program` is the path of its binary, and `further` are arguments, of which
/// there are none. As a plain command the process becomes the agent: then this returns only if there is
/// nothing to run.
///
/// # Errors
/// The hook tools fail.
pub fn run(host: &mut dyn Host, name: &str, program: &Path, further: &[String]) -> Result<Outcome, Error> {
    let is_action = host.variable("JUJU_ACTION_NAME").is_some_and(|action| action == name);
    let parameters = if is_action { hook_tools::action_get(host)? } else { Map::new() };
    let prepared = match further.first() {
        None => prepare(host, name, program, &parameters),
        Some(argument) => Err(NothingToRun::Argument(name.to_owned(), printable(argument))),
    };
    match (prepared, is_action) {
        (Ok(run), true) => run.as_action(host),
        (Ok(run), false) => Ok(run.as_command(host)),
        (Err(why), true) => {
            let why = why.to_string();
            hook_tools::action_set(host, &results(UNKNOWN, &why, None))?;
            hook_tools::action_fail(host, &why)?;
            Ok(Outcome { text: Some(unknown_line(&why)), status: UNKNOWN })
        }
        (Err(why), false) => Ok(Outcome { text: Some(unknown_line(&why.to_string())), status: UNKNOWN }),
    }
}

fn unknown_line(why: &str) -> String {
    format!("CONN-CHECK UNKNOWN: {}", printable(why))
}

/// One run of the agent.
struct Run {
    unit: String,
    program: Program,
    file: ChecksFile,
    patterns: Vec<String>,
    /// Whether all checks were run that Nagios runs, so that the result describes the whole unit.
    is_complete: bool,
    /// Whether a warning fails the action.
    fails_on_warning: bool,
}

/// Why nothing can be run.
#[derive(Debug)]
enum NothingToRun {
    /// Neither Juju nor the path of the program tells which unit this is.
    NoUnit,
    /// No file of checks is configured.
    NoFile,
    /// The configured file cannot be used, with the reason that the status shows.
    InvalidFile(String),
    /// The action was called with arguments, of which this is the first.
    Argument(String, String),
    /// This parameter is not a time that a run may take.
    Seconds(&'static str, String),
    /// What to check as is none.
    As(String),
    /// Both kinds of tags are requested.
    BothTags,
    /// The machine does not work as it should.
    Machine(Error),
}

impl fmt::Display for NothingToRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUnit => formatter.write_str("not on a unit of the charm: use juju run UNIT ACTION"),
            Self::NoFile => formatter.write_str(NO_FILE),
            Self::InvalidFile(problem) => formatter.write_str(problem),
            Self::Argument(name, argument) => write!(
                formatter,
                "{name} takes no arguments, and was given `{argument}`: use juju run UNIT {name} KEY=VALUE..., or run \
                 conn-check itself"
            ),
            Self::Seconds(key, given) => {
                write!(formatter, "{key} has to be more than 0 and at most {MAX_SECONDS} seconds, and is {given}")
            }
            Self::As(given) => write!(
                formatter,
                "as has to be a unit of systemd on this machine, a user, or the number of a process, and is `{given}`"
            ),
            Self::BothTags => formatter.write_str("include-tags and exclude-tags cannot be combined: use one of them"),
            Self::Machine(error) => error.fmt(formatter),
        }
    }
}

/// What to run.
fn prepare(host: &dyn Host, name: &str, program: &Path, parameters: &Map<String, Value>) -> Result<Run, NothingToRun> {
    let unit = unit(host, program).ok_or(NothingToRun::NoUnit)?;
    let paths = UnitPaths(&unit);
    let settings = Settings::read(host, paths).unwrap_or_default();
    let no_file = || {
        let problem = settings.problem.clone().map(|problem| Status::of(vec![Status::blocked(problem)]).message);
        problem.map_or(NothingToRun::NoFile, NothingToRun::InvalidFile)
    };
    let path = settings.file.clone().ok_or_else(no_file)?;
    let arguments = arguments(name, parameters, &settings)?;
    let selected = ["include-tags", "exclude-tags", "patterns"].iter().any(|key| !words(parameters, key).is_empty());
    // A run that ends early does not cover the checks after its end.
    let as_service = as_service(parameters)?;
    let is_complete = !selected && as_service.is_none() && parameters.get("max-timeout").is_none_or(Value::is_null);
    // Also the run as a service begins as this user.
    let user = run_as(host, USER).map_err(NothingToRun::Machine)?;
    let user = if as_service.is_some() { RunAs::RootAlone } else { user };
    let mut program = Program::new(paths.program(), user).with(arguments).with(as_service);
    program.captures_output = false;
    program.timeout = TIMEOUT;
    let file = ChecksFile { label: path.display().to_string(), path: Ok(path), text: None };
    let patterns = words(parameters, "patterns");
    let fails_on_warning = text(parameters, "fail-on").is_some_and(|what| what == "warning");
    Ok(Run { unit, program, file, patterns, is_complete, fails_on_warning })
}

/// From Juju's environment, or else from the directory in which Juju keeps the charm of the unit.
fn unit(host: &dyn Host, program: &Path) -> Option<String> {
    let from_juju = host.variable("JUJU_UNIT_NAME").and_then(|unit| dashed(&unit));
    let from_directory = || {
        let mut parts = program.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let unit = parts.find_map(|part| part.strip_prefix("unit-").map(str::to_owned))?;
        let (application, number) = unit.rsplit_once('-')?;
        dashed(&format!("{application}/{number}"))
    };
    from_juju.or_else(from_directory)
}

/// The agent's arguments before the file of checks.
fn arguments(name: &str, parameters: &Map<String, Value>, settings: &Settings) -> Result<Vec<String>, NothingToRun> {
    let nagios = name == "run-nagios-check";
    let format = text(parameters, "format").unwrap_or_else(|| "nagios".to_owned());
    let mut arguments = vec![format!("--format={format}")];
    let timeout = seconds(parameters, "max-timeout")?;
    let timeout = timeout.or_else(|| nagios.then(|| settings.max_timeout.to_string()));
    arguments.extend(timeout.map(|seconds| format!("--max-timeout={seconds}")));
    arguments.extend(seconds(parameters, "wait")?.map(|seconds| format!("--wait={seconds}")));
    if settings.connect_timeout != CONNECT_TIMEOUT {
        arguments.push(format!("--connect-timeout={}", settings.connect_timeout));
    }
    // `--string-args` gives a text.
    if parameters.get("all-parts").is_some_and(|all| *all == Value::Bool(true) || *all == "true") {
        arguments.push("--all-parts".to_owned());
    }
    let tags = |key: &str| Some(words(parameters, key).join(",")).filter(|tags| !tags.is_empty());
    let included = tags("include-tags");
    // Requested tags replace the exclusion of Nagios.
    let always = Some(settings.exclude_tags.clone()).filter(|tags| nagios && included.is_none() && !tags.is_empty());
    let excluded: Vec<_> = always.into_iter().chain(tags("exclude-tags")).collect();
    if included.is_some() && !excluded.is_empty() {
        return Err(NothingToRun::BothTags);
    }
    arguments.extend(included.map(|tags| format!("--include-tags={tags}")));
    if !excluded.is_empty() {
        arguments.push(format!("--exclude-tags={}", excluded.join(",")));
    }
    Ok(arguments)
}

/// The agent's argument for the service in whose place it checks. juju reads values as YAML, where a process is a number.
fn as_service(parameters: &Map<String, Value>) -> Result<Option<String>, NothingToRun> {
    /// As many characters as the name of a unit has.
    const LONGEST: usize = 255;
    let given = match parameters.get("as") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.trim().to_owned(),
        _ => return Ok(None),
    };
    let takes = |character: char| character.is_ascii_alphanumeric() || ":-_.@\\/".contains(character);
    let fits = !given.is_empty() && given.len() <= LONGEST && given.chars().all(takes) && !given.starts_with('-');
    if fits { Ok(Some(format!("--as={given}"))) } else { Err(NothingToRun::As(printable(&given))) }
}

/// A number, or a text that is one, as `--string-args` gives it. Of a text the schema cannot say how much it may be.
fn seconds(parameters: &Map<String, Value>, key: &'static str) -> Result<Option<String>, NothingToRun> {
    let given = match parameters.get(key) {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.trim().to_owned(),
        _ => return Ok(None),
    };
    let fits = given.parse::<f64>().is_ok_and(|seconds| seconds > 0.0 && seconds <= MAX_SECONDS);
    if fits { Ok(Some(given)) } else { Err(NothingToRun::Seconds(key, printable(&given))) }
}

/// A day, as `actions.yaml` has it.
const MAX_SECONDS: f64 = 86_400.0;

fn text(parameters: &Map<String, Value>, key: &str) -> Option<String> {
    parameters.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A list, or a text with the same: of patterns separated by spaces; of tags by commas, which the agent parts.
fn words(parameters: &Map<String, Value>, key: &str) -> Vec<String> {
    let trimmed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match parameters.get(key) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).filter_map(trimmed).collect(),
        Some(Value::String(text)) if key == "patterns" => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::String(text)) => trimmed(text).into_iter().collect(),
        _ => Vec::new(),
    }
}

impl Run {
    /// The program with its file and patterns: after `--` no argument is an option.
    fn with_file(&self, host: &dyn Host, record: &Path) -> Program {
        let path = self.file.path.clone().unwrap_or_default();
        let has_journal = host.inspect(Path::new(JOURNAL), Symlinks::Follow).is_ok_and(|socket| socket.is_some());
        // The journal has the results of the user who checks alone.
        let is_journaled = has_journal && self.program.run_as != RunAs::RootAlone;
        let program = self.program.clone().with(is_journaled.then_some("--journal"));
        let program = program.with(["--record".into(), host.map_path(record), "--".into(), host.map_path(&path)]);
        program.with(self.patterns.iter().cloned())
    }

    fn as_command(&self, host: &mut dyn Host) -> Outcome {
        let program = self.with_file(host, &UnitPaths(&self.unit).record());
        let error = host.exec(&program);
        Outcome { text: Some(unknown_line(&format!("conn-check cannot be run: {error}"))), status: UNKNOWN }
    }

    fn as_action(&self, host: &mut dyn Host) -> Result<Outcome, Error> {
        let mut notes = remove_old_records(host, UnitPaths(&self.unit));
        let path = self.own_record(host);
        let output = host.run(&self.with_file(host, &path));
        let status = output.ok().and_then(|output| output.status).and_then(|status| u8::try_from(status).ok());
        let status = status.filter(|status| *status <= UNKNOWN).unwrap_or(UNKNOWN);
        let record = Record::read(host, &path).filter(|record| !record.is_refusal());
        // Of the format health, whose statuses are django-health-check's, 1 is a failure.
        let has_failed = record.as_ref().is_some_and(Record::has_failed);
        let status = if status == WARNING && has_failed { CRITICAL } else { status };
        let summary = match &record {
            Some(record) => record.headline(),
            None => self.reason_without_record(host)?,
        };
        let results = results(status, &summary, record.as_ref());
        hook_tools::action_set(host, &results)?;
        let status = match status {
            WARNING if self.fails_on_warning => CRITICAL,
            WARNING => 0,
            status => status,
        };
        if status != 0 {
            hook_tools::action_fail(host, &summary)?;
        }
        notes.extend(self.save_record(host, &path, record.is_some()).err().map(|error| error.to_string()));
        if !notes.is_empty() {
            hook_tools::juju_log(host, &format!("went on without this: {}", notes.join(", ")))?;
        }
        Ok(Outcome { text: None, status })
    }

    /// Each action has its own: one that Juju has cancelled may have written its.
    fn own_record(&self, host: &dyn Host) -> PathBuf {
        let id = host.variable("JUJU_ACTION_UUID").unwrap_or_default();
        let plain = |character: &char| character.is_ascii_alphanumeric() || *character == '-';
        UnitPaths(&self.unit).action_record(&id.chars().filter(plain).take(MAX_ID).collect::<String>())
    }

    /// The last result is that of a complete run only.
    fn save_record(&self, host: &mut dyn Host, new: &Path, recorded: bool) -> Result<(), Error> {
        let last = UnitPaths(&self.unit).record();
        if recorded && self.is_complete {
            if inspect(host, &last)?.is_some_and(|metadata| metadata.is_directory()) {
                tree::remove(host, &last)?;
            }
            return host.rename(new, &last).map_err(Error::at("rename to", &last));
        }
        tree::remove(host, new).map(drop)
    }

    fn reason_without_record(&self, host: &mut dyn Host) -> Result<String, Error> {
        let options = Options::parse(&Map::new());
        let validation = Validation::run(host, UnitPaths(&self.unit), Some(&self.file), false, &options)?;
        let status = checks_status::of_validation(Some(&self.file), &validation, None);
        Ok(if status.level == Level::Active {
            "nothing was checked; see the output for the reason".to_owned()
        } else {
            Status::of(vec![status]).message
        })
    }
}

/// Of cancelled actions. Those of one unit run one by one, as they are of one `execution-group`. Returns what could not
/// be removed: others can write there, and must not keep an action from its result.
fn remove_old_records(host: &mut dyn Host, unit: UnitPaths<'_>) -> Vec<String> {
    let names = host.list(&unit.var()).unwrap_or_default().into_iter().filter(|name| is_action_record(name));
    let removed = names.map(|name| tree::remove(host, &unit.var().join(name)));
    removed.filter_map(Result::err).take(MAX_PROBLEMS).map(|error| error.to_string()).collect()
}

/// A UUID has 36 characters; Juju 2.8 and later count.
const MAX_ID: usize = 40;

/// Juju accepts keys of lower-case letters, digits and dashes, joined by dots.
fn results(status: u8, summary: &str, record: Option<&Record>) -> BTreeMap<String, String> {
    let word = ["ok", "warning", "critical", "unknown"][usize::from(status.min(UNKNOWN))];
    let mut results = BTreeMap::from([
        ("status".to_owned(), word.to_owned()),
        ("exit-code".to_owned(), status.to_string()),
        ("summary".to_owned(), summary.to_owned()),
    ]);
    if let Some(record) = record {
        results.extend(record.counts().map(|(verdict, count)| (format!("counts.{verdict}"), count.to_string())));
        let causes = record.causes().take(MAX_PROBLEMS).zip(1..);
        results.extend(causes.map(|(text, number)| (format!("causes.{number}"), text)));
        let problems = record.problems().take(MAX_PROBLEMS).zip(1..);
        results.extend(problems.map(|(text, number)| (format!("failures.{number}"), text)));
    }
    results
}

/// The output has the others.
const MAX_PROBLEMS: usize = 10;
