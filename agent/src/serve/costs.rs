//! What it costs others that this is polled: bounded by the age that a result may have.
//!
//! What is counted is what the file names: a name that leads to several addresses may take a connection to each, and a cluster
//! one to each server that it names.

use crate::net::Transport;
use crate::plan::Plan;
use crate::probe::MOST_ASKED;
use crate::select::Selection;
use std::fmt;
use std::time::Duration;

/// For so long the side that ended a connection keeps its port (Linux: `TCP_TIMEWAIT_LEN`).
const TIME_WAIT: Duration = Duration::from_secs(60);

/// What an hour of polling costs, as long as no run takes time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Costs {
    /// Runs, at most.
    pub runs: u64,
    /// Connections over TCP while all is well: one to each place of each check, and those where redirects lead.
    pub connections: u64,
    /// Of these, those where redirects lead.
    pub redirected: u64,
    /// Logins while all is well, one of each user or password.
    pub logins: u64,
    /// Connections more where everything fails: all of them again for each of `retries`, and each time the questions that
    /// find out what answers at a place.
    pub failing: u64,
    /// Connections that wait for their end (`TIME_WAIT`) at the same time.
    pub waiting: u64,
}

impl Costs {
    /// Of these checks, with results that may be so old.
    #[must_use]
    pub fn of(plan: &Plan, selection: &Selection, max_age: Duration) -> Self {
        let (mut connections, mut redirected, mut logins, mut failing) = (0_u64, 0_u64, 0_u64, 0_u64);
        for entry in selection.entries().map(|entry| &plan.entries[entry]) {
            let places = count(entry.endpoints(&[]).iter().filter(|one| one.transport == Transport::Tcp));
            let redirects = u64::try_from(entry.spec.profile().redirects).unwrap_or(u64::MAX);
            let (own, retries) = (places.saturating_add(redirects), u64::from(entry.retries));
            let asked = places.saturating_mul(MOST_ASKED).saturating_mul(retries + 1);
            redirected = redirected.saturating_add(redirects);
            connections = connections.saturating_add(own);
            logins = logins.saturating_add(u64::from(entry.logins));
            failing = failing.saturating_add(own.saturating_mul(retries)).saturating_add(asked);
        }
        // With no age every request may be a run; a millisecond is what a run takes at least.
        let age = max_age.max(Duration::from_millis(1));
        let runs = per(Duration::from_secs(3600), age);
        let waiting = connections.saturating_mul(per(TIME_WAIT, age));
        let [connections, redirected, logins, failing] =
            [connections, redirected, logins, failing].map(|of_run| of_run.saturating_mul(runs));
        Self { runs, connections, redirected, logins, failing, waiting }
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
        let Self { runs, connections, redirected, logins, failing, waiting } = self;
        let of_redirects =
            if *redirected > 0 { format!(" ({redirected} of them by redirects)") } else { String::new() };
        write!(
            f,
            "polling costs at most {runs} runs an hour: while all is well {connections} connections{of_redirects}, \
             {logins} logins, {connections} times TIME_WAIT ({waiting} at once)"
        )?;
        if *failing == 0 {
            return Ok(());
        }
        write!(f, "; what fails takes up to {failing} connections more, for its retries and to find out why")
    }
}
