//! `retries`: a check that fails is asked again, as its file says, before anything is said of it.
//!
//! Each attempt has the whole `timeout`: what a path loses is waited for in vain until it is over, and nothing would be
//! left for a second attempt. The end of the run bounds all of them.

use super::until;
use super::wait::{chance, never, pause};
use crate::catalogue::WarningKind;
use crate::event::Event;
use crate::fault::Failure;
use crate::outcome::{Outcome, Verdict, Warning};
use crate::plan::{Entry, Plan};
use crate::probe::{Assignment, Findings};
use crate::shared::Shared;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::Instant;

/// A check that is asked again when it fails; what came of the last attempt, with what is to be said of those before.
pub(super) async fn perform(plan: Arc<Plan>, shared: Arc<Shared>, assignment: Assignment) -> Outcome {
    let mut attempts = Attempts::new(assignment);
    loop {
        // On its own: thousands of checks have no retries, and no room for it.
        let attempt = Box::pin(super::perform(Arc::clone(&plan), Arc::clone(&shared), Box::new(attempts.assignment())));
        let mut outcome = attempt.await;
        let check = &plan.entries[outcome.entry];
        match attempts.next(check, &outcome, &shared) {
            Some(pause) => until(Instant::now() + pause).await,
            None => {
                attempts.tell(&mut outcome);
                return outcome;
            }
        }
    }
}

/// The attempts of a check, of which the last one decides.
#[derive(Debug)]
struct Attempts {
    began: Instant,
    assignment: Assignment,
    /// What the ones before have failed with, in words: `MESSAGE [CODE]`.
    failed: Vec<String>,
}

impl Attempts {
    fn new(assignment: Assignment) -> Self {
        Self { began: Instant::now(), assignment, failed: Vec::new() }
    }

    /// What the next attempt is made with. Whoever hears events hears that the check began, and then what came of all
    /// attempts: a result that passed in one of them says nothing of the check.
    fn assignment(&self) -> Assignment {
        if self.failed.is_empty()
            && let Some(events) = &self.assignment.events
        {
            // Nobody listens any more when the run was interrupted.
            let _ = events.send(Event::Started { entry: self.assignment.entry, result: 0 });
        }
        let mut findings = self.assignment.findings.lock().unwrap_or_else(PoisonError::into_inner);
        *findings = Findings::new(self.assignment.results);
        Assignment { events: None, ..self.assignment.clone() }
    }

    /// How long to wait before the next attempt, if there is to be one after this.
    fn next(&mut self, check: &Entry, outcome: &Outcome, shared: &Shared) -> Option<Duration> {
        let failure = outcome.failure.as_deref()?;
        let before = self.failed.len();
        let is_right = check.judgement.excuses(failure.code, OffsetDateTime::now_utc().date());
        let never = never(Some(failure.code), outcome.has_sent).is_some();
        if is_right || never || before >= usize::try_from(check.retries).unwrap_or_default() {
            return None;
        }
        // What a check has to take back may outlast the run.
        if *shared.stopped.borrow() {
            return None;
        }
        let pause = pause(u32::try_from(before).unwrap_or(u32::MAX), chance());
        if shared.deadline.is_some_and(|end| Instant::now() + pause >= end) {
            return None;
        }
        self.failed.push(told(failure));
        Some(pause)
    }

    /// Tells of the attempts before the last one, which is what came of the check.
    fn tell(self, outcome: &mut Outcome) {
        outcome.elapsed = self.began.elapsed();
        outcome.attempts = u32::try_from(self.failed.len() + 1).unwrap_or(u32::MAX);
        if self.failed.is_empty() {
            return;
        }
        let (count, mut seen) = (self.failed.len(), BTreeSet::new());
        let different: Vec<_> = self.failed.into_iter().filter(|said| seen.insert(said.clone())).collect();
        let before = different.join("; ");
        if let Some(failure) = &mut outcome.failure {
            let attempts =
                if count == 1 { "the attempt before".to_owned() } else { format!("{count} attempts before") };
            let own = failure.evidence.take().map(|own| own + "; ").unwrap_or_default();
            failure.evidence = Some(format!("{own}{attempts}: {before}"));
            return;
        }
        let message = format!("passed at attempt {}; before: {before}", count + 1);
        let result = outcome.steps.iter().rposition(|step| step.verdict != Verdict::Skip).unwrap_or_default();
        outcome.warnings.push(Warning { kind: WarningKind::RunRetried, message, result });
        outcome.apply_warnings();
    }
}

fn told(failure: &Failure) -> String {
    format!("{} [{}]", failure.message, failure.code)
}
