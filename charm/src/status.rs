//! What `juju status` shows of a unit.

use crate::broken::Broken;
use crate::checks_file::{ChecksFile, Unusable};
use crate::finding::{Answer, Finding, NAGIOS};
use crate::host::Host;
use crate::record::{Record, printable};
use crate::tools;
use crate::users::USER;

/// The status that Juju shows, the worst last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
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
pub struct Status {
    /// How bad it is.
    pub kind: Kind,
    /// What it is.
    pub text: String,
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
    pub(crate) fn set(&self, host: &mut dyn Host) -> Result<(), Broken> {
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
            Answer::Silence(why) => blocked(format!("conn-check does not run on this machine: {why}")),
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
        Answer::Silence(why) => {
            Status::new(Kind::Blocked, format!("conn-check does not run as the user {NAGIOS}: {why}"))
        }
    })
}

fn invalid(first: String, more: usize) -> String {
    if more == 0 { first } else { format!("{first} (and {more} more)") }
}

/// `12 checks, last run 2026-11-21 09:14Z: all passed`.
fn checks(count: usize, record: Option<&Record>) -> String {
    let number = |count: usize| format!("{count} {}", if count == 1 { "check" } else { "checks" });
    let Some((record, when)) = record.and_then(|record| Some((record, record.when()?))) else {
        return format!("{}, not run yet", number(count));
    };
    let ran = record.len();
    let of = if ran == count || record.is_refusal() { String::new() } else { format!(" of {}", number(ran)) };
    format!("{}, last run {when}{of}: {}", number(count), record.summary())
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 3).chain("...".chars()).collect()
}
