//! What must not be broken off half-way, although nobody waits for it any longer: what a check has left somewhere has to be
//! taken back.
//!
//! A check that leaves something at a server owes ([`Probe::owe`]) from before it is there until it is taken back
//! ([`Probe::settle`]). A run that ends early lets such checks go on for a moment and waits for them; all others end at once.

use super::{Findings, Probe};
use crate::net::within;
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::Instant;

/// How many are at it.
static UNFINISHED: LazyLock<Sender<usize>> = LazyLock::new(|| Sender::new(0));

/// What taking something back may take, and what a run that is ended from outside waits for it.
pub(crate) const FAREWELL: Duration = Duration::from_millis(500);

/// Somebody is at it, as long as this is there.
pub(crate) struct Unfinished(());

/// Something is at a peer that has to be taken back, as long as this is there.
pub(crate) struct Debt {
    findings: Arc<Mutex<Findings>>,
    stopped: Receiver<bool>,
    _unfinished: Unfinished,
}

impl Unfinished {
    pub(crate) fn new() -> Self {
        UNFINISHED.send_modify(|count| *count += 1);
        Self(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        UNFINISHED.send_modify(|count| *count -= 1);
    }
}

/// Waits until all is finished, but no longer than a moment: on a file system that hangs, nothing ever is.
pub(crate) async fn finished(interrupted: bool) {
    const MOMENT: Duration = Duration::from_millis(100);
    let most = if interrupted { FAREWELL } else { MOMENT };
    within(most, UNFINISHED.subscribe().wait_for(|count| *count == 0)).await;
}

impl Probe {
    /// What the check does from now on has to be taken back. So much of its time is kept for that, at most a quarter of
    /// what is left, until it comes to it.
    pub(crate) async fn owe(&mut self, most: Duration) -> Debt {
        if self.narrow.is_some() {
            // Whoever waits for this attempt ends it anywhere.
            pending::<()>().await;
        }
        let left = self.left();
        self.kept_from = Some(Instant::now() + left - most.min(left / 4));
        self.findings().owes = true;
        let (findings, stopped) = (Arc::clone(&self.assignment.findings), self.shared.stopped.subscribe());
        Debt { findings, stopped, _unfinished: Unfinished::new() }
    }

    /// How much is known: phases, warnings, facts.
    pub(crate) fn known(&self) -> [usize; 3] {
        let findings = self.findings();
        [findings.phases.len(), findings.warnings.len(), findings.facts.len()]
    }

    /// Forgets what was learnt since then, as it is nothing that was to be found out.
    pub(crate) fn keep_only(&self, [phases, warnings, facts]: [usize; 3]) {
        let mut findings = self.findings();
        findings.phases.truncate(phases);
        findings.warnings.truncate(warnings);
        findings.facts.truncate(facts);
    }

    /// What was kept of the time is there to be used.
    pub(crate) const fn settle(&mut self) {
        self.kept_from = None;
    }
}

impl Debt {
    /// Waits for the work; when the run is ended from outside, for so long at most.
    pub(crate) async fn unless_stopped<T>(&mut self, grace: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        tokio::select! {
            biased;
            done = work.as_mut() => return Some(done),
            _ = self.stopped.wait_for(|stopped| *stopped) => {}
        }
        within(grace, work).await
    }
}

impl Drop for Debt {
    fn drop(&mut self) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).owes = false;
    }
}
