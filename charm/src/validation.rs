//! Validating the file of checks: the agent reads it as a dry run. No check is run, because a hook
//! must be quick, and the results of checks do not matter to it.

use crate::accounts::{NAGIOS, USER, run_as};
use crate::checks_file::{ChecksFile, InvalidPath};
use crate::error::Error;
use crate::host::{Host, Program};
use crate::options::Options;
use crate::paths::UnitPaths;
use crate::record::{Diagnostic, DiagnosticCode, Record, Severity};
use crate::run_failure::RunFailure;
use std::path::Path;
use std::time::Duration;

/// The agent reads a file of the largest size in less than a second.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The result of validating the file in use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Validation {
    /// No file is configured.
    NoFile,
    /// The path cannot be used.
    InvalidPath(InvalidPath),
    /// The agent was run.
    Read {
        /// For the user conn-check, with all checks.
        all: Answer,
        /// For the user nagios, with the checks for Nagios; `None` if nrpe is not there or not related.
        nagios: Option<Answer>,
    },
}

/// The agent's answer about a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// It is valid and has this number of checks.
    Checks(usize),
    /// The user finds no file there.
    Missing,
    /// The user cannot read it.
    Unreadable,
    /// The first problem, and the number of the others.
    Invalid(Box<Diagnostic>, usize),
    /// The agent cannot be run on this machine, or does not answer.
    Failed(RunFailure),
}

impl Validation {
    /// Lets the agent read the file. Root does not look at it: it would tell in the status, which everybody reads, what is
    /// in directories that the user conn-check cannot enter.
    ///
    /// # Errors
    /// The machine does not work as it should. A file that cannot be used is not an error.
    pub(crate) fn run(
        host: &mut dyn Host,
        unit: UnitPaths<'_>,
        file: Option<&ChecksFile>,
        monitored: bool,
        options: &Options,
    ) -> Result<Self, Error> {
        let path = match file.map(|file| &file.path) {
            None => return Ok(Self::NoFile),
            Some(Err(invalid_path)) => return Ok(Self::InvalidPath(*invalid_path)),
            Some(Ok(path)) => path,
        };
        let all = ask_agent(host, unit, path, USER, None)?;
        let tags = Some(options.nagios_exclude_tags.as_str());
        let nagios = if monitored { Some(ask_agent(host, unit, path, NAGIOS, tags)?) } else { None };
        Ok(Self::Read { all, nagios })
    }
}

/// Runs the agent as the user of this `name`, without the checks that have one of the `excluded` tags.
fn ask_agent(
    host: &mut dyn Host,
    unit: UnitPaths<'_>,
    path: &Path,
    name: &str,
    excluded: Option<&str>,
) -> Result<Answer, Error> {
    let mut program = Program::new(unit.program(), run_as(host, name)?).with(["--dry-run", "--format", "json"]);
    if let Some(tags) = excluded.filter(|tags| !tags.is_empty()) {
        program = program.with([format!("--exclude-tags={tags}")]);
    }
    program = program.with([host.map_path(path)]);
    program.timeout = TIMEOUT;
    let result = host.run(&program);
    let failure = RunFailure::of(&result);
    let Ok(output) = result else { return Ok(Answer::Failed(failure)) };
    let Ok(answer) = serde_json::from_slice::<Record>(&output.stdout) else { return Ok(Answer::Failed(failure)) };
    let count = answer.len();
    let mut errors = answer.diagnostics.into_iter().filter(|one| one.severity == Severity::Error);
    Ok(match errors.next() {
        None if output.succeeded() => Answer::Checks(count),
        None => Answer::Failed(failure),
        Some(first) if first.code == DiagnosticCode::NothingSelected => Answer::Checks(0),
        Some(first) if first.code == DiagnosticCode::NotThere => Answer::Missing,
        Some(first) if first.code == DiagnosticCode::Unreadable => Answer::Unreadable,
        Some(first) => Answer::Invalid(Box::new(first), errors.count()),
    })
}
