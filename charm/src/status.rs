//! What `juju status` shows of a unit.

use crate::accounts::{NAGIOS, USER};
use crate::checks_file::{ChecksFile, Unusable};
use crate::error::Error;
use crate::finding::{Answer, Finding};
use crate::host::Host;
use crate::record::Record;
use crate::text::{self, printable};
use crate::tools;

/// Juju's names of a status, the worst last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    /// All is well.
    Active,
    /// The charm is at work.
    Maintenance,
    /// Somebody else will do something.
    Waiting,
    /// A person has to do something.
    Blocked,
}

/// A status of the unit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Status {
    /// How bad it is.
    pub(crate) level: Level,
    /// What people should know.
    pub(crate) message: String,
}

/// Juju shows a status in one line.
const MAX_MESSAGE: usize = 400;

impl Status {
    pub(crate) fn active(message: impl Into<String>) -> Self {
        Self { level: Level::Active, message: message.into() }
    }

    pub(crate) fn maintenance(message: impl Into<String>) -> Self {
        Self { level: Level::Maintenance, message: message.into() }
    }

    pub(crate) fn waiting(message: impl Into<String>) -> Self {
        Self { level: Level::Waiting, message: message.into() }
    }

    pub(crate) fn blocked(message: impl Into<String>) -> Self {
        Self { level: Level::Blocked, message: message.into() }
    }

    /// One status of several: as bad as the worst, the worst first.
    #[must_use]
    pub(crate) fn of(mut parts: Vec<Self>) -> Self {
        parts.sort_by_key(|part| std::cmp::Reverse(part.level));
        let level = parts.first().map_or(Level::Active, |worst| worst.level);
        let messages = parts.iter().map(|part| printable(&part.message)).filter(|message| !message.is_empty());
        let messages: Vec<_> = messages.collect();
        Self { level, message: cut(&messages.join("; ")) }
    }

    /// Tells Juju.
    ///
    /// # Errors
    /// Those of `status-set`.
    pub(crate) fn set(&self, host: &mut dyn Host) -> Result<(), Error> {
        let name = match self.level {
            Level::Active => "active",
            Level::Maintenance => "maintenance",
            Level::Waiting => "waiting",
            Level::Blocked => "blocked",
        };
        tools::status_set(host, name, &self.message)
    }
}

/// Nobody has said yet which file to use.
pub(crate) const NO_FILE: &str = "no checks yet: over the relation conn-check, or in the option config";

/// What the finding means for people.
pub(crate) fn of_finding(file: Option<&ChecksFile>, finding: &Finding, record: Option<&Record>) -> Status {
    let label = file.map_or("", |file| file.label.as_str());
    match finding {
        Finding::NoFile => Status::waiting(NO_FILE.to_owned()),
        Finding::Unusable(Unusable::Relative) => Status::blocked(format!("{label} is not an absolute path")),
        Finding::Unusable(Unusable::Unprintable) => Status::blocked(format!("{label} is not a path that can be used")),
        Finding::Missing => Status::waiting(format!("{label} is not there")),
        Finding::Directory => Status::blocked(format!("{label} is a directory, not a file of checks")),
        Finding::Special => Status::blocked(format!("{label} is not a regular file")),
        Finding::Read { all, .. } => match all {
            Answer::Checks(count) => Status::active(checks(*count, record)),
            Answer::Unreadable => Status::waiting(format!("{label} cannot be read by the user {USER}")),
            Answer::Invalid(first, more) => Status::blocked(invalid(first.at(label), *more)),
            Answer::Failed(why) => Status::blocked(format!("conn-check does not run on this machine: {why}")),
        },
    }
}

/// What Nagios makes of a file with which nothing is wrong otherwise.
pub(crate) fn of_nagios(file: Option<&ChecksFile>, answer: &Answer, excluded: &str) -> Option<Status> {
    let label = file.map_or("", |file| file.label.as_str());
    Some(match answer {
        Answer::Checks(0) => Status::active(format!("none for Nagios: all are tagged {excluded}")),
        Answer::Checks(_) => return None,
        Answer::Unreadable => Status::waiting(format!("{label} cannot be read by the user {NAGIOS}")),
        Answer::Invalid(first, more) => {
            Status::blocked(format!("for the user {NAGIOS}: {}", invalid(first.at(label), *more)))
        }
        Answer::Failed(why) => Status::blocked(format!("conn-check does not run as the user {NAGIOS}: {why}")),
    })
}

fn invalid(first: String, more: usize) -> String {
    if more == 0 { first } else { format!("{first} (and {more} more)") }
}

/// `12 checks, last run 2026-11-21 09:14Z: all passed`.
fn checks(count: usize, record: Option<&Record>) -> String {
    let Some((record, when)) = record.and_then(|record| Some((record, record.when()?))) else {
        return format!("{}, not run yet", text::checks(count));
    };
    let ran = record.len();
    let of = if ran == count { String::new() } else { format!(" of {}", text::checks(ran)) };
    format!("{}, last run {when}{of}: {}", text::checks(count), record.summary())
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_MESSAGE {
        return text.to_owned();
    }
    text.chars().take(MAX_MESSAGE - 3).chain("...".chars()).collect()
}
