//! What a file says of a check's verdict: that its failure is the right result, or is known, and whose it is.
//!
//! It is applied to a finished check, which knows nothing of it.

use crate::catalogue::{Code, Owner};
use crate::fault::Failure;
use crate::outcome::{Outcome, Verdict};
use crate::phase::Phase;
use serde_json::json;
use time::Date;

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// `hint`: what to do when it fails, before all else.
    pub hint: Option<String>,
    /// `owner`: whose job the fix is.
    pub owner: Option<Owner>,
    /// `proves`: what a pass means.
    pub proves: Option<String>,
    /// `expect_failure`: with which codes it has to fail.
    pub expected: Vec<&'static Code>,
    /// `accept`: with which code it may fail.
    pub accepted: Option<Accepted>,
}

/// A failure that is known.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its code.
    pub code: &'static Code,
    /// The last day on which it is accepted, in UTC.
    pub until: Date,
    /// Why it is.
    pub why: String,
}

/// The fact of a failure that is known.
pub(crate) const ACCEPTED: &str = "accepted";

/// The fact of a failure that is the right result.
pub(crate) const EXPECTED: &str = "expected_failure";

impl Judgement {
    /// Judges a finished check, on this day.
    pub(crate) fn apply(&self, outcome: &mut Outcome, today: Date) {
        if self.is_silent() {
            return;
        }
        match outcome.failure.take() {
            // Of what was not found out nothing is right or known.
            Some(failure) if failure.code.phase == Phase::Run => outcome.failure = Some(failure),
            Some(failure) => self.judge(*failure, outcome, today),
            None if !self.expected.is_empty() && has_passed(outcome) => self.miss(outcome),
            None => {}
        }
    }

    /// Whether a failure with this code is the right result, or known, on this day.
    pub(crate) fn excuses(&self, code: &Code, today: Date) -> bool {
        let is_known = |accepted: &Accepted| accepted.code.name == code.name && today <= accepted.until;
        self.expected.iter().any(|expected| expected.name == code.name) || self.accepted.as_ref().is_some_and(is_known)
    }

    /// The same without what it says to do: of a failure that is explained otherwise.
    pub(crate) fn without_hint(&self) -> Self {
        Self { hint: None, ..self.clone() }
    }

    fn is_silent(&self) -> bool {
        self.hint.is_none() && self.owner.is_none() && self.expected.is_empty() && self.accepted.is_none()
    }

    fn judge(&self, mut failure: Failure, outcome: &mut Outcome, today: Date) {
        // With what it failed itself, where a part of it is guilty of that.
        let own = outcome.met.unwrap_or(failure.code);
        if self.expected.iter().any(|code| code.name == own.name) {
            outcome.facts.push((EXPECTED, json!({"code": own.name, "message": failure.message})));
            return pass(outcome, own);
        }
        if !self.expected.is_empty() {
            failure.message = format!("it should fail with {}; instead: {}", self.codes(), failure.message);
        }
        if let Some(accepted) = self.accepted.as_ref().filter(|accepted| accepted.code.name == own.name) {
            let Accepted { code, until, why } = accepted;
            if today <= *until {
                let fact =
                    json!({"code": code.name, "until": until.to_string(), "why": why, "message": failure.message});
                outcome.facts.push((ACCEPTED, fact));
                return pass(outcome, own);
            }
            failure.message = format!("{} (it was accepted until {until}: {why})", failure.message);
        }
        self.blame(&mut failure);
        outcome.failure = Some(Box::new(failure));
    }

    /// It passes, and should not.
    fn miss(&self, outcome: &mut Outcome) {
        let mut failure = Failure::not_failed(&self.codes());
        self.blame(&mut failure);
        if let Some(last) = outcome.steps.last_mut() {
            last.verdict = Verdict::Fail;
        }
        outcome.failure = Some(Box::new(failure));
    }

    fn blame(&self, failure: &mut Failure) {
        if let Some(owner) = self.owner {
            failure.own_owner.get_or_insert(failure.owner);
            failure.owner = owner;
        }
        if let Some(hint) = &self.hint {
            failure.next_step = format!("{hint}; {}", failure.next_step);
        }
    }

    /// What is to be done about a failure that was judged, without what the file says to do first.
    pub(crate) fn next_step_of<'f>(&self, failure: &'f Failure) -> &'f str {
        let told = self.hint.as_deref().and_then(|hint| failure.next_step.strip_prefix(hint)?.strip_prefix("; "));
        told.unwrap_or(&failure.next_step)
    }

    fn codes(&self) -> String {
        self.expected.iter().map(|code| code.name).collect::<Vec<_>>().join(" or ")
    }
}

fn has_passed(outcome: &Outcome) -> bool {
    !outcome.steps.is_empty() && outcome.steps.iter().all(|step| matches!(step.verdict, Verdict::Pass | Verdict::Warn))
}

/// What failed, and what was not tried for it, is as it should be.
fn pass(outcome: &mut Outcome, met: &'static Code) {
    outcome.met = Some(met);
    for step in outcome.steps.iter_mut().filter(|step| matches!(step.verdict, Verdict::Fail | Verdict::Skip)) {
        (step.verdict, step.reason) = (Verdict::Pass, None);
    }
}
