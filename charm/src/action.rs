//! The actions: the agent, run as the user conn-check, so that root's rights hide nothing.
//!
//! Juju runs them in three ways: as an action, where results are set and a failure is told; by
//! `juju exec`, which looks like an action of another name; and on the machine, maybe without any
//! of Juju's words. Only the first is an action to us, the others are a plain command.

use crate::broken::Broken;
use crate::checks_file::ChecksFile;
use crate::environment::dashed;
use crate::finding::Finding;
use crate::host::{Host, Kind, Program};
use crate::look::look;
use crate::options::{CONNECT_TIMEOUT, Options};
use crate::places::Places;
use crate::published::Settings;
use crate::record::Record;
use crate::status::NO_FILE;
use crate::tools;
use crate::users::{USER, user};
use crate::{status, tree};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How an action ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Done {
    /// What is to be printed; the agent has printed its own output.
    pub text: Option<String>,
    /// The exit status.
    pub status: u8,
}

/// Longer than any run: a check has its own timeout.
const PATIENCE: Duration = Duration::from_secs(2 * 86_400);

/// Nagios' UNKNOWN.
const UNKNOWN: u8 = 3;

/// Runs the action of this name; `program` is where its binary is. By a plain command the process
/// becomes the agent, so that this returns only for actions, and where there is nothing to run.
///
/// # Errors
/// Those of the hook tools.
pub fn run(host: &mut dyn Host, name: &str, program: &Path) -> Result<Done, Broken> {
    let is_action = host.variable("JUJU_ACTION_NAME").is_some_and(|action| action == name);
    let parameters = if is_action { tools::action_get(host)? } else { Map::new() };
    let prepared = prepare(host, name, program, &parameters);
    match (prepared, is_action) {
        (Ok(run), true) => run.as_action(host),
        (Ok(run), false) => Ok(run.as_command(host)),
        (Err(why), true) => {
            tools::action_set(host, &results(UNKNOWN, &why, None))?;
            tools::action_fail(host, &why)?;
            Ok(Done { text: Some(unknown(&why)), status: 0 })
        }
        (Err(why), false) => Ok(Done { text: Some(unknown(&why)), status: UNKNOWN }),
    }
}

fn unknown(why: &str) -> String {
    format!("CONN-CHECK UNKNOWN: {why}")
}

/// One run of the agent.
struct Run {
    unit: String,
    program: Program,
    file: ChecksFile,
    patterns: Vec<String>,
    /// Whether the result says how the unit is doing: all that Nagios or people look at was run.
    whole: bool,
}

/// What to run, or why nothing can be.
fn prepare(host: &dyn Host, name: &str, program: &Path, parameters: &Map<String, Value>) -> Result<Run, String> {
    let unit = unit(host, program).ok_or("this is not run on a unit of the charm")?;
    let places = Places(&unit);
    let settings = Settings::read(host, places).unwrap_or_default();
    let path = settings.file.clone().ok_or_else(|| settings.problem.clone().unwrap_or_else(|| NO_FILE.to_owned()))?;
    let arguments = arguments(name, parameters, &settings)?;
    let selected = ["include-tags", "exclude-tags", "patterns"].iter().any(|key| text(parameters, key).is_some());
    // What ends early says nothing of the checks that it did not get to.
    let whole = !selected && parameters.get("max-timeout").is_none_or(Value::is_null);
    let mut program = Program::new(places.program()).with(arguments);
    program.user = user(host, USER).map_err(|broken| broken.to_string())?;
    program.captured = false;
    program.limit = PATIENCE;
    let file = ChecksFile { label: path.display().to_string(), path: Ok(path), text: None };
    let patterns = text(parameters, "patterns").unwrap_or_default();
    let patterns = patterns.split_whitespace().map(str::to_owned).collect();
    Ok(Run { unit, program, file, patterns, whole })
}

/// Juju's word for it; without that, the directory of Juju's that holds the charm.
fn unit(host: &dyn Host, program: &Path) -> Option<String> {
    let said = host.variable("JUJU_UNIT_NAME").and_then(|unit| dashed(&unit));
    let directory = || {
        let mut parts = program.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let unit = parts.find_map(|part| part.strip_prefix("unit-").map(str::to_owned))?;
        let (application, number) = unit.rsplit_once('-')?;
        dashed(&format!("{application}/{number}"))
    };
    said.or_else(directory)
}

/// The agent's arguments before the file.
fn arguments(name: &str, parameters: &Map<String, Value>, settings: &Settings) -> Result<Vec<String>, String> {
    let nagios = name == "run-nagios-check";
    let format = text(parameters, "format").unwrap_or_else(|| "nagios".to_owned());
    let mut arguments = vec![format!("--format={format}")];
    let timeout = parameters.get("max-timeout").filter(|value| value.is_number()).map(Value::to_string);
    let timeout = timeout.or_else(|| nagios.then(|| settings.max_timeout.to_string()));
    arguments.extend(timeout.map(|seconds| format!("--max-timeout={seconds}")));
    if settings.connect_timeout != CONNECT_TIMEOUT {
        arguments.push(format!("--connect-timeout={}", settings.connect_timeout));
    }
    let included = text(parameters, "include-tags");
    // Tags that are asked for stand in the place of those that Nagios leaves out.
    let always = Some(settings.exclude_tags.clone()).filter(|tags| nagios && included.is_none() && !tags.is_empty());
    let excluded: Vec<_> = always.into_iter().chain(text(parameters, "exclude-tags")).collect();
    if included.is_some() && !excluded.is_empty() {
        return Err("include-tags and exclude-tags cannot both be used".to_owned());
    }
    arguments.extend(included.map(|tags| format!("--include-tags={tags}")));
    if !excluded.is_empty() {
        arguments.push(format!("--exclude-tags={}", excluded.join(",")));
    }
    Ok(arguments)
}

fn text(parameters: &Map<String, Value>, key: &str) -> Option<String> {
    parameters.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Run {
    /// The program with the file and what selects from it: behind `--` nothing is an option.
    fn with_file(&self, host: &dyn Host, record: &Path) -> Program {
        let path = self.file.path.clone().unwrap_or_default();
        let program = self.program.clone().with([
            "--journal".into(),
            "--record".into(),
            host.place(record),
            "--".into(),
            host.place(&path),
        ]);
        program.with(self.patterns.iter().cloned())
    }

    fn as_command(&self, host: &mut dyn Host) -> Done {
        let program = self.with_file(host, &Places(&self.unit).record());
        let error = host.become_program(&program);
        Done { text: Some(unknown(&format!("conn-check does not run: {error}"))), status: UNKNOWN }
    }

    fn as_action(&self, host: &mut dyn Host) -> Result<Done, Broken> {
        let path = Places(&self.unit).action_record();
        // What an action that was cancelled left behind is not the result of this one.
        tree::remove(host, &path)?;
        let ended = host.run(&self.with_file(host, &path));
        let status = ended.ok().and_then(|ended| ended.status).and_then(|status| u8::try_from(status).ok());
        let status = status.filter(|status| *status <= UNKNOWN).unwrap_or(UNKNOWN);
        let record = Record::read(host, &path).filter(|record| !record.is_refusal());
        let summary = match &record {
            Some(record) => record.headline(),
            None => self.why_nothing(host)?,
        };
        let results = results(status, &summary, record.as_ref());
        tools::action_set(host, &results)?;
        if status != 0 {
            tools::action_fail(host, &summary)?;
        }
        self.keep(host, record.is_some())?;
        Ok(Done { text: None, status: 0 })
    }

    /// The last result is one of a whole run.
    fn keep(&self, host: &mut dyn Host, recorded: bool) -> Result<(), Broken> {
        let places = Places(&self.unit);
        let (new, last) = (places.action_record(), places.record());
        if recorded && self.whole {
            if look(host, &last)?.is_some_and(|seen| seen.kind == Kind::Directory) {
                tree::remove(host, &last)?;
            }
            return host.rename(&new, &last).map_err(Broken::at("rename to", &last));
        }
        tree::remove(host, &new).map(drop)
    }

    fn why_nothing(&self, host: &mut dyn Host) -> Result<String, Broken> {
        let options = Options::of(&Map::new());
        let finding = Finding::of(host, Places(&self.unit), Some(&self.file), false, &options)?;
        let found = status::of_finding(Some(&self.file), &finding, None);
        Ok(if found.kind == status::Kind::Active {
            "nothing was checked; the output says why".to_owned()
        } else {
            found.text
        })
    }
}

/// The keys are as Juju wants them: words of small letters, digits and dashes, joined by dots.
fn results(status: u8, summary: &str, record: Option<&Record>) -> BTreeMap<String, String> {
    let word = ["ok", "warning", "critical", "unknown"][usize::from(status.min(UNKNOWN))];
    let mut results = BTreeMap::from([
        ("status".to_owned(), word.to_owned()),
        ("exit-code".to_owned(), status.to_string()),
        ("summary".to_owned(), summary.to_owned()),
    ]);
    if let Some(record) = record {
        results.extend(record.counts().map(|(verdict, count)| (format!("counts.{verdict}"), count.to_string())));
        let worst = record.worst().take(SHOWN).zip(1..);
        results.extend(worst.map(|(text, number)| (format!("failures.{number}"), text)));
    }
    results
}

/// The rest is in the output.
const SHOWN: usize = 10;
