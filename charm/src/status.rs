//! What `juju status` shows of a unit.

use crate::accounts::{NAGIOS, USER};
use crate::checks_file::{ChecksFile, Unusable};
use crate::error::Error;
use crate::finding::{Answer, Finding};
use crate::host::Host;
use crate::record::Record;
use crate::text::{self, printable};
use crate::tools;

/// The status that Juju shows, the worst last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    /// All is well.
    Active,
    /// The charm is at work.
    Maintenance,
    /// Somebody else will do something.
    Waiting,
    /// A person has to do something.
    Blocked,
}

/// A status and a text for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Status {
    /// How bad it is.
    pub(crate) kind: Kind,
    /// What it is.
    pub(crate) text: String,
}

/// Juju shows a status in one line.
const LONGEST: usize = 400;

impl Status {
    /// A status.
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// One status of several: as bad as the worst, the worst first.
    #[must_use]
    pub(crate) fn of(mut parts: Vec<Self>) -> Self {
        parts.sort_by_key(|part| std::cmp::Reverse(part.kind));
        let kind = parts.first().map_or(Kind::Active, |worst| worst.kind);
        let texts: Vec<_> = parts.iter().map(|part| printable(&part.text)).filter(|text| !text.is_empty()).collect();
        Self { kind, text: cut(&texts.join("; ")) }
    }

    /// Tells Juju.
    ///
    /// # Errors
    /// Those of `status-set`.
    pub(crate) fn set(&self, host: &mut dyn Host) -> Result<(), Error> {
        let kind = match self.kind {
            Kind::Active => "active",
            Kind::Maintenance => "maintenance",
            Kind::Waiting => "waiting",
            Kind::Blocked => "blocked",
        };
        tools::status_set(host, kind, &self.text)
    }
}

/// Nobody has said yet which file to use.
pub(crate) const NO_FILE: &str = "no checks yet: over the relation conn-check, or in the option config";

/// What the finding means for people.
pub(crate) fn of_finding(file: Option<&ChecksFile>, finding: &Finding, record: Option<&Record>) -> Status {
    let label = file.map_or("", |file| file.label.as_str());
    let waiting = |text: String| Status::new(Kind::Waiting, text);
    let blocked = |text: String| Status::new(Kind::Blocked, text);
    match finding {
        Finding::NoFile => waiting(NO_FILE.to_owned()),
        Finding::Unusable(Unusable::Relative) => blocked(format!("{label} is not an absolute path")),
        Finding::Unusable(Unusable::Unprintable) => blocked(format!("{label} is not a path that can be used")),
        Finding::Missing => waiting(format!("{label} is not there")),
        Finding::Directory => blocked(format!("{label} is a directory, not a file of checks")),
        Finding::Special => blocked(format!("{label} is not a regular file")),
        Finding::Read { all, .. } => match all {
            Answer::Checks(count) => Status::new(Kind::Active, checks(*count, record)),
            Answer::Unreadable => waiting(format!("{label} cannot be read by the user {USER}")),
            Answer::Invalid(first, more) => blocked(invalid(first.at(label), *more)),
            Answer::Failed(why) => blocked(format!("conn-check does not run on this machine: {why}")),
        },
    }
}

/// What Nagios makes of a file with which nothing is wrong otherwise.
pub(crate) fn of_nagios(file: Option<&ChecksFile>, answer: &Answer, excluded: &str) -> Option<Status> {
    let label = file.map_or("", |file| file.label.as_str());
    Some(match answer {
        Answer::Checks(0) => Status::new(Kind::Active, format!("none for Nagios: all are tagged {excluded}")),
        Answer::Checks(_) => return None,
        Answer::Unreadable => Status::new(Kind::Waiting, format!("{label} cannot be read by the user {NAGIOS}")),
        Answer::Invalid(first, more) => {
            Status::new(Kind::Blocked, format!("for the user {NAGIOS}: {}", invalid(first.at(label), *more)))
        }
        Answer::Failed(why) => {
            Status::new(Kind::Blocked, format!("conn-check does not run as the user {NAGIOS}: {why}"))
        }
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
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 3).chain("...".chars()).collect()
}
