//! What it costs others that this is polled: bounded by the age that a result may have.

use crate::net::Transport;
use crate::plan::Plan;
use crate::select::Selection;
use std::fmt;
use std::time::Duration;

/// For so long the side that ended a connection keeps its port (Linux: `TCP_TIMEWAIT_LEN`).
const TIME_WAIT: Duration = Duration::from_secs(60);

/// What an hour of polling costs at most, as long as no run takes time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Costs {
    /// Runs.
    pub runs: u64,
    /// Connections over TCP: one to each place of each check, and those where redirects lead.
    pub connections: u64,
    /// Of these, those where redirects lead.
    pub redirected: u64,
    /// Logins, one of each check that has a user or a password.
    pub logins: u64,
    /// Connections that wait for their end (`TIME_WAIT`) at the same time.
    pub waiting: u64,
}

impl Costs {
    /// Of these checks, with results that may be so old.
    #[must_use]
    pub fn of(plan: &Plan, selection: &Selection, max_age: Duration) -> Self {
        let entries = || selection.entries().map(|entry| &plan.entries[entry]);
        let connections =
            entries().flat_map(|entry| entry.endpoints(&[])).filter(|one| one.transport == Transport::Tcp);
        let logins = count(entries().filter(|entry| entry.logs_in));
        let redirected = entries().map(|entry| entry.spec.profile().redirects).sum::<usize>();
        let redirected = u64::try_from(redirected).unwrap_or(u64::MAX);
        let connections = count(connections).saturating_add(redirected);
        // With no age every request may be a run; a millisecond is what a run takes at least.
        let age = max_age.max(Duration::from_millis(1));
        let runs = per(Duration::from_secs(3600), age);
        let waiting = connections.saturating_mul(per(TIME_WAIT, age));
        let [connections, redirected, logins] =
            [connections, redirected, logins].map(|of_run| of_run.saturating_mul(runs));
        Self { runs, connections, redirected, logins, waiting }
    }
}

fn count<T>(all: impl Iterator<Item = T>) -> u64 {
    u64::try_from(all.count()).unwrap_or(u64::MAX)
}

/// How often one time fits into another, rounded up.
fn per(whole: Duration, part: Duration) -> u64 {
    u64::try_from(whole.as_millis().div_ceil(part.as_millis().max(1))).unwrap_or(u64::MAX)
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, connections, redirected, logins, waiting } = self;
        let of_redirects =
            if *redirected > 0 { format!(" ({redirected} of them by redirects)") } else { String::new() };
        write!(
            f,
            "polling costs at most {runs} runs an hour: {connections} connections{of_redirects}, {logins} logins, \
             {connections} times TIME_WAIT ({waiting} at once)"
        )
    }
}
