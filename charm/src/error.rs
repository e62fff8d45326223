//! Why a hook fails: the machine or Juju does not work as it should. What people configure is never
//! the reason; the status reports that.

use std::fmt;
use std::io;
use std::path::Path;

/// Why a hook failed. Juju shows it in the log and runs the hook again.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self(format!("{}: {why}", what.into()))
    }

    /// A sentence that says both what failed and why.
    pub(crate) fn of(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// For `map_err`: the action and the path that failed.
    pub(crate) fn at(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::new(format!("{doing} {}", path.display()), error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
