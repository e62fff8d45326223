//! Why a program did not answer.

use crate::host::Output;
use crate::text::printable;
use std::fmt;
use std::io;

/// Why a program did not answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum RunFailure {
    /// The system could not start it, or it did not end in time, with the system's message.
    System(String),
    /// The first line that it printed to standard error.
    Complaint(String),
    /// Its exit status, if it printed nothing to standard error.
    ExitStatus(i32),
    /// A signal killed it.
    Signal,
    /// It succeeded, but its output is not an answer.
    NotAnAnswer,
}

impl RunFailure {
    /// The reason, for a program that did not print an answer.
    pub(crate) fn of(result: &io::Result<Output>) -> Self {
        let output = match result {
            Ok(output) => output,
            Err(error) => return Self::System(error.to_string()),
        };
        let complaint = String::from_utf8_lossy(&output.stderr);
        match (complaint.lines().map(str::trim).find(|line| !line.is_empty()), output.status) {
            (Some(line), _) => Self::Complaint(printable(&line.chars().take(COMPLAINT).collect::<String>())),
            (None, Some(0)) => Self::NotAnAnswer,
            (None, Some(status)) => Self::ExitStatus(status),
            (None, None) => Self::Signal,
        }
    }
}

/// How much of a complaint is shown, in characters: a status is one line that shows more than this.
const COMPLAINT: usize = 160;

impl fmt::Display for RunFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(text) | Self::Complaint(text) => formatter.write_str(text),
            Self::ExitStatus(status) => write!(formatter, "exit status {status}"),
            Self::Signal => formatter.write_str("a signal killed it"),
            Self::NotAnAnswer => formatter.write_str("it did not print what conn-check prints"),
        }
    }
}

impl std::error::Error for RunFailure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_one_line_that_can_be_shown() {
        let of = |status, complaint: &str| {
            let output = Output { status, stderr: complaint.as_bytes().to_vec(), ..Output::default() };
            RunFailure::of(&Ok(output)).to_string()
        };
        assert_eq!(of(Some(1), "\n conn-check: no\u{1b}[2J GLIBC_2.39 \nmore\n"), "conn-check: no [2J GLIBC_2.39");
        assert_eq!(of(Some(1), &"x".repeat(10_000)).len(), COMPLAINT);
        assert_eq!((of(Some(126), "").as_str(), of(None, "\n").as_str()), ("exit status 126", "a signal killed it"));
        assert_eq!(of(Some(0), ""), "it did not print what conn-check prints");
        let refused = RunFailure::of(&Err(io::ErrorKind::PermissionDenied.into()));
        assert_eq!(refused.to_string(), "permission denied");
    }
}
