//! What a check found: phases with their durations, verdicts, facts, warnings.

use crate::catalogue::{Code, WarningKind};
use crate::comparison::{Comparison, Difference, Found};
use crate::fault::{Failure, Phase};
use crate::phase::words;
use crate::since::Since;
use serde_json::{Value, json};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// How long a phase took, and what it reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// Which phase.
    pub phase: Phase,
    /// From its start to its end, good or bad.
    pub elapsed: Duration,
    /// The address that was connected to (connect phase only).
    pub address: Option<SocketAddr>,
}

words! {
    /// The judgement over one result, one check or a whole run.
    ///
    /// The order is by urgency: a skipped result says less than a warning.
    pub Verdict {
        /// It works.
        Pass "pass",
        /// Not run, because something before it failed or the run ended.
        Skip "skip",
        /// It works, and somebody should look at it.
        Warn "warn",
        /// It does not work.
        Fail "fail",
    }
}

/// Something that works today and needs a person's attention.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// One sentence.
    pub message: String,
    /// The result it belongs to, counted from 0 within its check.
    pub result: usize,
}

impl Warning {
    /// The warning in one line, as [`Failure::line`] has a failure.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { kind, message, .. } = self;
        format!("{message} [{}, {}] {}", kind.code(), kind.owner().slug(), kind.next_step())
    }
}

words! {
    /// Why a result was not tried.
    pub SkipReason {
        /// What it needs, an earlier result of its check, failed.
        AfterFailure "after-failure",
        /// A check that it waits for (`depends_on`) failed.
        DependencyFailed "dependency-failed",
        /// The run was ended from outside.
        Interrupted "interrupted",
        /// `--dry-run`: nothing was tried.
        DryRun "dry-run",
    }
}

impl SkipReason {
    /// For people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::AfterFailure => "not tried: what it needs failed",
            Self::DependencyFailed => "not tried: a check that it depends on failed",
            Self::Interrupted => "not finished: the run was interrupted",
            Self::DryRun => "not tried: this is a dry run",
        }
    }
}

/// One result of a check: a line of the plain output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// What came of it.
    pub verdict: Verdict,
    /// Its own share of the check's time.
    pub elapsed: Duration,
    /// When it ended, from the start of the run.
    pub at: Duration,
    /// Why it was not tried; only when it was skipped.
    pub reason: Option<SkipReason>,
}

impl Step {
    /// A result that was decided.
    #[must_use]
    pub(crate) const fn decided(verdict: Verdict, elapsed: Duration, at: Duration) -> Self {
        Self { verdict, elapsed, at, reason: None }
    }

    /// A result that was not tried.
    #[must_use]
    pub const fn skipped(reason: SkipReason, at: Duration) -> Self {
        Self { verdict: Verdict::Skip, elapsed: Duration::ZERO, at, reason: Some(reason) }
    }
}

/// Everything known about one finished check.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The check's place in the plan, counted from 0.
    pub entry: usize,
    /// One per result name, in order.
    pub steps: Vec<Step>,
    /// The phases, in order of occurrence.
    pub phases: Vec<Timing>,
    /// Why it failed, if it did; it belongs to the one step whose verdict is `Fail`.
    pub failure: Option<Box<Failure>>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// What was learnt on the way (addresses, TLS version, certificate, banner, server version).
    pub facts: Vec<(&'static str, Value)>,
    /// From the check's own start to its end.
    pub elapsed: Duration,
    /// What a run before, as another user, says otherwise.
    pub difference: Option<Box<Difference>>,
    /// What changed since it passed last, where it failed and that is remembered.
    pub since: Option<Box<Since>>,
    /// With what it failed itself, also where the file says that this is right, or known, or where a part is guilty of it.
    pub met: Option<&'static Code>,
    /// What must not be sent twice has been sent, or may have been.
    pub has_sent: bool,
    /// So many times it was tried; more than once only with `retries`.
    pub attempts: u32,
    /// What other checks have to do with it, if they have.
    pub(crate) others: Option<Box<Others>>,
}

/// What other checks have to do with a check.
#[derive(Clone, Debug)]
pub(crate) enum Others {
    /// One that it depends on failed: it was not tried.
    Blocked(Blocked),
    /// It looks at something from end to end, and its parts were run.
    Parts {
        /// Those, by their places in the plan.
        run: Vec<usize>,
        /// The one that is guilty of its failure.
        guilty: Option<usize>,
    },
}

/// Why a check was not tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Blocked {
    /// The check that it waits for.
    pub by: String,
    /// The check that failed: that one, or one that it waits for in turn.
    pub failed: String,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, failed } = self;
        if by == failed {
            write!(f, "not tried: `{by}` failed")
        } else {
            write!(f, "not tried: `{by}` was not tried, as `{failed}` failed")
        }
    }
}

impl Outcome {
    /// The outcome of a check that never started: all its results are skipped.
    #[must_use]
    pub fn skipped(entry: usize, results: usize, reason: SkipReason, at: Duration) -> Self {
        Self { entry, steps: vec![Step::skipped(reason, at); results], ..Self::default() }
    }

    /// The outcome of a check that waits for one that failed.
    #[must_use]
    pub(crate) fn blocked(entry: usize, results: usize, blocked: Blocked, at: Duration) -> Self {
        Self {
            others: Some(Box::new(Others::Blocked(blocked))),
            ..Self::skipped(entry, results, SkipReason::DependencyFailed, at)
        }
    }

    /// Why it was not tried, where a check that it depends on failed.
    #[must_use]
    pub fn blocked_by(&self) -> Option<&Blocked> {
        match self.others.as_deref() {
            Some(Others::Blocked(blocked)) => Some(blocked),
            _ => None,
        }
    }

    /// Those of its parts that were run, by their places in the plan.
    #[must_use]
    pub fn parts(&self) -> &[usize] {
        match self.others.as_deref() {
            Some(Others::Parts { run, .. }) => run,
            _ => &[],
        }
    }

    /// The part that is guilty of its failure, by its place in the plan.
    #[must_use]
    pub fn guilty(&self) -> Option<usize> {
        match self.others.as_deref() {
            Some(Others::Parts { guilty, .. }) => *guilty,
            _ => None,
        }
    }

    /// The outcome of a check that failed before its first result was decided.
    #[must_use]
    pub fn failed(entry: usize, results: usize, at: Duration, failure: Failure) -> Self {
        let mut outcome = Self::skipped(entry, results, SkipReason::AfterFailure, at);
        if let Some(first) = outcome.steps.first_mut() {
            *first = Step::decided(Verdict::Fail, Duration::ZERO, at);
        }
        Self { failure: Some(Box::new(failure)), ..outcome }
    }

    /// With which code it failed, also where the file says that this is right, or known.
    #[must_use]
    pub fn code(&self) -> Option<&'static Code> {
        self.met.or(self.failure.as_ref().map(|failure| failure.code))
    }

    /// The end of the run came first, for a part of it at least.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.steps.iter().any(|step| step.reason == Some(SkipReason::Interrupted))
    }

    /// Nothing of it was tried.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        self.steps.iter().all(|step| step.verdict == Verdict::Skip)
    }

    /// Whether it is another result than one before: by its verdicts, the code of its failure and those of its warnings.
    #[must_use]
    pub fn differs(&self, before: &Self) -> bool {
        let verdicts = |outcome: &Self| outcome.steps.iter().map(|step| step.verdict).collect::<Vec<_>>();
        let warnings = |outcome: &Self| outcome.warnings.iter().map(|warning| warning.kind).collect::<Vec<_>>();
        let code = |outcome: &Self| outcome.failure.as_ref().map(|failure| failure.code.name);
        code(self) != code(before) || verdicts(self) != verdicts(before) || warnings(self) != warnings(before)
    }

    /// Warnings make a passed result a warning.
    pub(crate) fn apply_warnings(&mut self) {
        for warning in &self.warnings {
            if let Some(step) = self.steps.get_mut(warning.result).filter(|step| step.verdict == Verdict::Pass) {
                step.verdict = Verdict::Warn;
            }
        }
    }

    /// What came of the check, if anything did: neither the end of the run, which is so long after its begin, nor a fault
    /// of our own decides.
    #[must_use]
    pub fn found(&self, end: Option<Duration>) -> Option<Found> {
        let verdict = self.steps.iter().map(|step| step.verdict).max().filter(|verdict| *verdict != Verdict::Skip)?;
        let too_late = |step: &Step| step.verdict == Verdict::Fail && end.is_some_and(|end| step.at >= end);
        let is_cut_off = self.steps.iter().any(|step| step.reason == Some(SkipReason::Interrupted) || too_late(step))
            || self.failure.as_ref().is_some_and(|failure| failure.code.phase == Phase::Run);
        let code = match &self.failure {
            Some(failure) => Some(failure.code.name),
            None => self.warnings.first().map(|warning| warning.kind.code()),
        };
        (!is_cut_off).then(|| Found { verdict: verdict.slug().to_owned(), code: code.map(str::to_owned) })
    }

    /// Holds the check against the run before; what differs is a fact of its own.
    pub(crate) fn compare(&mut self, comparison: &Comparison, end: Option<Duration>) {
        let Some(difference) = self.found(end).and_then(|now| comparison.of(self.entry, now)) else { return };
        let Difference { user, user_before, before, .. } = &difference;
        let before = json!({"user": user_before, "verdict": before.verdict, "code": before.code});
        self.facts.push(("as", json!({"user": user, "before": before})));
        self.difference = Some(Box::new(difference));
    }

    /// The check passed and took longer than it should.
    pub(crate) fn note_slow(&mut self, most: Duration) {
        let message = format!("took {:.3} s, more than {} s", self.elapsed.as_secs_f64(), most.as_secs_f64());
        let result = self.steps.iter().rposition(|step| step.verdict != Verdict::Skip).unwrap_or_default();
        self.warnings.push(Warning { kind: WarningKind::RunSlow, message, result });
        self.apply_warnings();
    }
}
