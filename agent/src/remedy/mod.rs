//! Fixes that can be written down exactly: lines to be run or put as they are, and where.
//!
//! One function for each code of each service, in a file per service; [`ROWS`] is the list of them. A check that knows
//! what lacks calls it where it learns that, and gives what comes of it to its fault. Each was applied, verbatim, to the
//! real thing by a test, after which the check passed.
//!
//! What holds for all of them: nothing is taken away or overwritten; there is no secret in them; they allow what the
//! check asks for, and no more (one table, one database, one address). A name is quoted for whoever reads it, also one
//! that a server says; with a control character in a name, or a character that cannot be seen, nothing is written down
//! at all (`quote`).

pub(crate) mod checks;
pub(crate) mod files;
pub(crate) mod kernel;
pub(crate) mod mosquitto;
pub(crate) mod mysql;
pub(crate) mod network;
pub(crate) mod nftables;
pub(crate) mod postgres;
mod quote;
pub(crate) mod rabbitmq;
pub(crate) mod redis;
mod rows;
pub(crate) mod slapd;
pub(crate) mod squid;
pub(crate) mod trust;

pub use rows::{ROWS, Row};

use serde::Serialize;

/// One step of a fix, or of seeing what is wrong.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Remediation {
    /// Lines to be run, or put into a file, as they are.
    pub commands: Vec<String>,
    /// On which machine, in which program or file, and as whom.
    #[serde(rename = "where")]
    pub place: String,
    /// They can be run as they stand, and again, without harm. Otherwise a person has to decide: where a line goes,
    /// or whether the limit, the lock or the rule was meant.
    pub safe: bool,
}

/// What can be done about a failure, in its order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Remedy(Vec<Remediation>);

impl Remedy {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// To be run as it is.
    #[must_use]
    fn run(self, place: impl Into<String>, commands: impl IntoIterator<Item = String>) -> Self {
        self.and(place.into(), commands, true)
    }

    /// For a person to decide on, or to find the place for.
    #[must_use]
    fn decide(self, place: impl Into<String>, commands: impl IntoIterator<Item = String>) -> Self {
        self.and(place.into(), commands, false)
    }

    /// Changes nothing, and shows those on the other side what is so.
    #[must_use]
    fn look(self, place: impl AsRef<str>, command: impl Into<String>) -> Self {
        self.and(["to see it: ", place.as_ref()].concat(), [command.into()], true)
    }

    fn and(mut self, place: String, commands: impl IntoIterator<Item = String>, safe: bool) -> Self {
        self.0.push(Remediation { commands: commands.into_iter().collect(), place, safe });
        self
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[Remediation] {
        &self.0
    }

    /// All that is said in it.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|step| step.commands.iter().chain([&step.place])).map(String::as_str)
    }
}
