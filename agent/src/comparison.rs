//! A run as a service, beside the run before it as the user who checks: as whom, and what differs.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;

/// As whom a run is made (`--as`).
#[derive(Clone, Debug, Default, Serialize)]
pub struct Subject {
    /// The systemd unit, where one was named.
    pub unit: Option<String>,
    /// The process whose place is taken; none where a user was named.
    pub pid: Option<i32>,
    /// The user.
    pub user: String,
    /// The user of the run before, which is held against this one.
    pub before: String,
    /// The namespaces of the process that are other ones than those of this program: `network`, `mount`.
    pub namespaces: Vec<&'static str>,
    /// The process's control group, where this run is in it.
    pub cgroup: Option<String>,
    /// How many file descriptors the process has open, and how many it may have.
    pub descriptors: Option<(u64, u64)>,
    /// Variables of the process that name proxies, with their values; without what is secret in them.
    pub proxies: Vec<String>,
    /// What is not as the service has it, and what else a person should know.
    pub notes: Vec<String>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pid = self.pid.map(|pid| format!("process {pid}"));
        let whose: Vec<_> = self.unit.iter().cloned().chain(pid).collect();
        write!(f, "as the user {}", self.user)?;
        if whose.is_empty() { Ok(()) } else { write!(f, " ({})", whose.join(", ")) }
    }
}

/// What came of one check.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Found {
    /// The verdict.
    pub verdict: String,
    /// The code of its failure, or of its first warning.
    pub code: Option<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.verdict.as_str(), &self.code) {
            ("warn", Some(code)) => write!(f, "passed with {code}"),
            (_, Some(code)) => f.write_str(code),
            ("pass", None) => f.write_str("passed"),
            (verdict, None) => f.write_str(verdict),
        }
    }
}

/// What a run is held against.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// As whom this run is made.
    pub subject: Subject,
    /// What came of the run before, by the place of a check in the plan. Checks that were not decided have none.
    pub before: HashMap<usize, Found>,
}

impl Comparison {
    /// What differs of a check, if anything does.
    #[must_use]
    pub fn of(&self, entry: usize, now: Found) -> Option<Difference> {
        let before = self.before.get(&entry).filter(|before| **before != now)?.clone();
        Some(Difference { user: self.subject.user.clone(), now, user_before: self.subject.before.clone(), before })
    }
}

/// A check of which two runs say different things.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// As whom this run is made.
    pub user: String,
    /// What came of it.
    pub now: Found,
    /// As whom the run before was made.
    pub user_before: String,
    /// What came of that one.
    pub before: Found,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = if self.user == self.user_before { "the service" } else { &self.user };
        write!(f, "as {service}: {}; as {}: {}", self.now, self.user_before, self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(verdict: &str, code: Option<&str>) -> Found {
        Found { verdict: verdict.to_owned(), code: code.map(str::to_owned) }
    }

    #[test]
    fn only_what_differs_is_told_and_both_are_named() {
        let subject = Subject { user: "www-data".into(), before: "conn-check".into(), ..Subject::default() };
        let before = [(0, found("pass", None)), (1, found("fail", Some("connect.refused")))].into();
        let comparison = Comparison { subject, before };
        assert_eq!(comparison.of(0, found("pass", None)), None);
        assert_eq!(comparison.of(2, found("fail", Some("connect.refused"))), None, "it was not decided before");
        let told = |entry, now| comparison.of(entry, now).map(|one| one.to_string());
        let denied = "as www-data: connect.denied-locally; as conn-check: passed";
        assert_eq!(told(0, found("fail", Some("connect.denied-locally"))).as_deref(), Some(denied));
        let other = "as www-data: passed with run.slow; as conn-check: connect.refused";
        assert_eq!(told(1, found("warn", Some("run.slow"))).as_deref(), Some(other));
    }

    #[test]
    fn a_service_of_root_is_not_told_by_the_name_of_who_checks() {
        let subject = Subject { user: "conn-check".into(), before: "conn-check".into(), ..Subject::default() };
        let comparison = Comparison { subject, before: [(0, found("pass", None))].into() };
        let told = comparison.of(0, found("fail", Some("resolve.no-such-name"))).map(|one| one.to_string());
        assert_eq!(told.as_deref(), Some("as the service: resolve.no-such-name; as conn-check: passed"));
    }
}
