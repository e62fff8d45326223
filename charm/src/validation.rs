//! What validating the file of checks gives: the agent reads it. No check is run: a hook must be quick, and the
//! verdict of a check is not its business.

use crate::accounts::{NAGIOS, USER, user};
use crate::checks_file::{ChecksFile, InvalidPath};
use crate::error::Error;
use crate::host::{FileType, Host, Program, Symlinks};
use crate::options::Options;
use crate::paths::UnitPaths;
use crate::record::{Diagnostic, DiagnosticCode, Record, Severity};
use crate::run_failure::RunFailure;
use std::path::Path;
use std::time::Duration;

/// Reading a file of the largest size takes the agent less than a second.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is known of the file in use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Validation {
    /// Nobody said which file to use.
    NoFile,
    /// The path cannot be used.
    InvalidPath(InvalidPath),
    /// Nothing is there.
    Missing,
    /// A directory is there.
    Directory,
    /// A device, a socket or a pipe is there.
    Special,
    /// The agent read it, or not.
    Read {
        /// As conn-check, with all checks.
        all: Answer,
        /// As nagios, with the checks for Nagios; none where nrpe is not there or not related.
        nagios: Option<Answer>,
    },
}

/// What the agent says of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// It is valid and has so many checks.
    Checks(usize),
    /// The user may not read it.
    Unreadable,
    /// What is wrong with it first, and how many things more.
    Invalid(Box<Diagnostic>, usize),
    /// The agent does not run here, or does not end: why.
    Failed(RunFailure),
}

impl Validation {
    /// Looks at the file and lets the agent read it.
    ///
    /// # Errors
    /// Those of the file system, but for what is wrong with the file itself.
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
        // What cannot even be looked at (a loop of links, a name too long) is not there.
        match host.inspect(path, Symlinks::Follow).unwrap_or_default().map(|metadata| metadata.kind) {
            None => return Ok(Self::Missing),
            Some(FileType::Directory) => return Ok(Self::Directory),
            Some(FileType::File) => {}
            Some(_) => return Ok(Self::Special),
        }
        let all = ask_agent(host, unit, path, USER, None)?;
        let tags = Some(options.nagios_exclude_tags.as_str());
        let nagios = if monitored { Some(ask_agent(host, unit, path, NAGIOS, tags)?) } else { None };
        Ok(Self::Read { all, nagios })
    }
}

/// Without any check for Nagios, `excluded` names their tags. Nagios has the environment of NRPE.
fn ask_agent(
    host: &mut dyn Host,
    unit: UnitPaths<'_>,
    path: &Path,
    name: &str,
    excluded: Option<&str>,
) -> Result<Answer, Error> {
    let mut program = Program::new(unit.program()).with(["--dry-run", "--format", "json"]);
    if let Some(tags) = excluded.filter(|tags| !tags.is_empty()) {
        program = program.with([format!("--exclude-tags={tags}")]);
    }
    program = program.with([host.map_path(path)]);
    program.user = user(host, name)?;
    program.timeout = TIMEOUT;
    program.inherits_environment = name == USER;
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
        Some(first) if first.code == DiagnosticCode::Unreadable => Answer::Unreadable,
        Some(first) => Answer::Invalid(Box::new(first), errors.count()),
    })
}
