//! How the status describes the file of checks.

use crate::accounts::{NAGIOS, USER};
use crate::checks_file::ChecksFile;
use crate::record::Record;
use crate::status::Status;
use crate::text;
use crate::validation::{Answer, Validation};

/// No file of checks is configured.
pub(crate) const NO_FILE: &str =
    "no checks yet: none came over the relation conn-check, and the option config is empty";

/// The status that follows from the validation.
pub(crate) fn of_validation(file: Option<&ChecksFile>, validation: &Validation, record: Option<&Record>) -> Status {
    let label = file.map_or("", |file| file.label.as_str());
    match validation {
        Validation::NoFile => Status::waiting(NO_FILE.to_owned()),
        Validation::InvalidPath(why) => Status::blocked(format!("{label} {why}")),
        Validation::Read { all, .. } => match all {
            Answer::Checks(0) => Status::waiting(format!("no checks yet: {label} has an empty list")),
            Answer::Checks(count) => Status::active(checks(*count, record)),
            Answer::Missing => missing(label),
            Answer::Unreadable => Status::waiting(format!("{label} cannot be read by the user {USER}")),
            Answer::Invalid(first, more) => Status::blocked(invalid(first.with_position(label), *more)),
            Answer::Failed(why) => Status::blocked(format!("conn-check does not run on this machine: {why}")),
        },
    }
}

/// The status that follows for Nagios from a file that is otherwise valid.
pub(crate) fn of_nagios(file: Option<&ChecksFile>, answer: &Answer, excluded: &str) -> Option<Status> {
    let label = file.map_or("", |file| file.label.as_str());
    Some(match answer {
        Answer::Checks(0) => Status::active(format!("no checks for Nagios: all are tagged {excluded}")),
        Answer::Checks(_) => return None,
        Answer::Missing => missing(label),
        Answer::Unreadable => Status::waiting(format!("{label} cannot be read by the user {NAGIOS}")),
        Answer::Invalid(first, more) => {
            Status::blocked(format!("for the user {NAGIOS}: {}", invalid(first.with_position(label), *more)))
        }
        Answer::Failed(why) => Status::blocked(format!("conn-check does not run as the user {NAGIOS}: {why}")),
    })
}

fn missing(label: &str) -> Status {
    Status::waiting(format!("{label} does not exist"))
}

fn invalid(first: String, more: usize) -> String {
    if more == 0 { first } else { format!("{first} (and {more} more)") }
}

/// `12 checks, last run 2026-11-21 09:14Z: all passed`.
fn checks(count: usize, record: Option<&Record>) -> String {
    let Some((record, when)) = record.and_then(|record| Some((record, record.started_at()?))) else {
        return format!("{}, not run yet", text::checks(count));
    };
    let ran = record.len();
    let of = if ran == count || record.is_refusal() { String::new() } else { format!(" of {}", text::checks(ran)) };
    format!("{}, last run {when}{of}: {}", text::checks(count), record.summary())
}
