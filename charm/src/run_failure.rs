//! Why a program did not answer.

use crate::host::Output;
use crate::text::printable;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;

/// Why a program did not answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum RunFailure {
    /// The machine was short of something at this moment, or the program did not end in time: that says nothing of it.
    Passing(String),
    /// The system could not start it, with the system's message.
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
            Err(error) if may_pass(error) => return Self::Passing(error.to_string()),
            Err(error) => return Self::System(error.to_string()),
        };
        if output.signal == Some(SIGKILL) {
            return Self::Passing("it was killed, as a machine does that is short of memory".to_owned());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        match (complaint.lines().map(str::trim).find(|line| !line.is_empty()), output.status) {
            (Some(line), _) => {
                let shown = printable(&line.chars().take(COMPLAINT).collect::<String>());
                // setpriv(1), env(1) and the loader say so of what they could not start.
                let passes = PASSING.iter().any(|errno| line.ends_with(&in_words(*errno)));
                if passes { Self::Passing(shown) } else { Self::Complaint(shown) }
            }
            (None, Some(0)) => Self::NotAnAnswer,
            (None, Some(status)) => Self::ExitStatus(status),
            (None, None) => Self::Signal,
        }
    }

    /// As it is noted for the hooks that follow.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Passing(why) => Refusal::Delayed(why.clone()),
            other => Refusal::Refused(other.to_string()),
        }
    }
}

/// Why a program is not used.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Refusal {
    /// It does not run on this machine.
    Refused(String),
    /// It could not be tried, which says nothing of it: every hook tries again.
    Delayed(String),
}

const SIGKILL: i32 = 9;

/// What a machine is short of, and a program that is still open for writing.
const PASSING: [Errno; 6] = [Errno::EAGAIN, Errno::ENOMEM, Errno::EMFILE, Errno::ENFILE, Errno::ETXTBSY, Errno::EINTR];

/// As strerror(3) says it.
fn in_words(errno: Errno) -> String {
    let text = io::Error::from(errno).to_string();
    text.split(" (os error ").next().unwrap_or_default().to_owned()
}

fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind::{ExecutableFileBusy, Interrupted, OutOfMemory, TimedOut, WouldBlock};
    let by_number = error.raw_os_error().is_some_and(|number| PASSING.contains(&Errno::from_raw(number)));
    by_number || matches!(error.kind(), ExecutableFileBusy | Interrupted | OutOfMemory | TimedOut | WouldBlock)
}

/// How much of a complaint is shown, in characters: a status is one line that shows more than this.
const COMPLAINT: usize = 160;

impl fmt::Display for RunFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passing(text) | Self::System(text) | Self::Complaint(text) => formatter.write_str(text),
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
    #[test]
    fn what_the_machine_lacks_at_this_moment_says_nothing_of_a_program() {
        let complaint = |text: &str| {
            let output = Output { status: Some(126), stderr: text.as_bytes().to_vec(), ..Output::default() };
            RunFailure::of(&Ok(output))
        };
        let killed = |signal| RunFailure::of(&Ok(Output { signal: Some(signal), ..Output::default() }));
        let system = |errno: Errno| RunFailure::of(&Err(io::Error::from_raw_os_error(errno as i32)));
        let passing = [
            complaint("env: '/x/conn-check': Text file busy\n"),
            complaint("setpriv: setresuid failed: Resource temporarily unavailable\n"),
            complaint("/x/conn-check: error while loading shared libraries: libc.so.6: Cannot allocate memory"),
            killed(SIGKILL),
            RunFailure::of(&Err(io::ErrorKind::TimedOut.into())),
        ];
        for failure in passing.into_iter().chain(PASSING.map(system)) {
            assert!(matches!(failure.refusal(), Refusal::Delayed(_)), "{failure:?}");
        }
        let verdicts = [
            complaint("env: '/x/conn-check': Permission denied\n"),
            complaint("/x/conn-check: version `GLIBC_2.39' not found\n"),
            killed(11),
            system(Errno::EACCES),
            system(Errno::ENOEXEC),
        ];
        for failure in verdicts {
            assert!(matches!(failure.refusal(), Refusal::Refused(_)), "{failure:?}");
        }
    }
}
