//! What every report is made from: the wanted results with their verdicts, the failures and
//! warnings that belong to them, and the counts.

use crate::catalogue::Note;
use crate::causes::{self, Cause, Mark};
use crate::comparison::{Difference, Subject};
use crate::fault::Failure;
use crate::judgement::{ACCEPTED, EXPECTED};
use crate::outcome::{Blocked, Outcome, SkipReason, Step, Verdict, Warning};
use crate::phase::words;
use crate::plan::{Entry, Plan};
use crate::report::chain::Chain;
use crate::report::{Folded, Stage, Warnings, series};
use crate::run::{Report, wait::Waited};
use crate::select::Selection;
use crate::since::Since;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A finished run, reduced to what was asked for.
#[derive(Debug)]
pub struct View<'a> {
    /// The file of checks: its path, or `<stdin>`.
    pub config: &'a str,
    /// The checks of which anything was wanted, in the plan's order.
    pub checks: Vec<CheckView<'a>>,
    /// How many results of each verdict.
    pub counts: Counts,
    /// How many checks of each verdict.
    pub check_counts: Counts,
    /// The wall clock's time at the start.
    pub started: SystemTime,
    /// How long the run took.
    pub elapsed: Duration,
    /// Ended from outside before everything was decided.
    pub interrupted: bool,
    /// As whom it was made, where that is not who checks.
    pub subject: Option<&'a Subject>,
    /// The wait of which this is the end.
    pub waited: Option<Waited>,
    /// What a warning comes to.
    pub warnings: Warnings,
    /// Why checks fail: each failed check is in exactly one of them, and those of several checks come first.
    pub causes: Vec<Cause>,
    pub(super) plan: &'a Plan,
}

/// One check.
#[derive(Debug)]
pub struct CheckView<'a> {
    /// As configured.
    pub entry: &'a Entry,
    /// As it went.
    pub outcome: &'a Outcome,
    /// Its wanted results.
    pub rows: Vec<Row<'a>>,
    /// How it hangs together with others.
    pub chain: Chain,
}

/// One wanted result: a line of the plain output.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// As configured.
    pub entry: &'a Entry,
    /// The result's name.
    pub name: &'a str,
    /// What is shown in brackets when it failed; may be empty.
    pub info: &'a str,
    /// What came of it.
    pub step: Step,
    /// Which check has kept it from being tried.
    pub blocked: Option<&'a Blocked>,
    /// Why it failed, if it did.
    pub failure: Option<&'a Failure>,
    /// What needs attention.
    pub warnings: Vec<&'a Warning>,
    /// What everybody has to see of a result that passed.
    pub notes: Vec<Remark<'a>>,
    /// What the run before says otherwise of its check: at the last result.
    pub difference: Option<&'a Difference>,
    /// What changed since its check passed last: at the result that failed.
    pub since: Option<&'a Since>,
}

/// What everybody has to see of a result that passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Remark<'a> {
    /// Something was left undone for safety.
    Note(Note),
    /// It fails, and that is known: the fact.
    Accepted(&'a Value),
    /// It fails, as it should: the fact.
    Expected(&'a Value),
}

impl Row<'_> {
    /// Why it was not tried, for people; nothing where it was.
    #[must_use]
    pub fn why_skipped(&self) -> String {
        let about = || self.step.reason.map_or("", SkipReason::about).to_owned();
        self.blocked.map_or_else(about, ToString::to_string)
    }
}

impl fmt::Display for Remark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |fact: &'_ Value, key: &str| fact[key].as_str().unwrap_or_default().to_owned();
        match self {
            Self::Note(note) => write!(f, "{note}"),
            Self::Accepted(fact) => {
                let (message, until) = (text(fact, "message"), text(fact, "until"));
                write!(f, "accepted until {until}: {}: {message} [{}]", text(fact, "why"), text(fact, "code"))
            }
            Self::Expected(fact) => write!(f, "as expected: {} [{}]", text(fact, "message"), text(fact, "code")),
        }
    }
}

/// How many of each verdict.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct Counts {
    /// Passed.
    pub pass: usize,
    /// Passed with a warning.
    pub warn: usize,
    /// Failed.
    pub fail: usize,
    /// Not run.
    pub skip: usize,
}

words! {
    /// The judgement over a run.
    pub Overall {
        /// Everything passed.
        Pass "pass",
        /// There are warnings, nothing failed.
        Warn "warn",
        /// Something failed.
        Fail "fail",
        /// Nothing failed, and not everything was decided.
        Unknown "unknown",
    }
}

impl Overall {
    /// The exit status, which is Nagios': 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    #[must_use]
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Warn => 1,
            Self::Fail => 2,
            Self::Unknown => 3,
        }
    }
}

impl<'a> View<'a> {
    /// Reduces a run to what was asked for.
    #[must_use]
    pub fn of(stage: Stage<'a>, report: &'a Report) -> Self {
        let Stage { warnings, config, plan, selection } = stage;
        let wanted = report.outcomes.iter().filter(|outcome| selection.last_of(outcome.entry).is_some());
        let checks: Vec<_> = wanted.map(|outcome| CheckView::of(plan, selection, outcome)).collect();
        let failed: HashSet<_> =
            checks.iter().filter(|check| check.failure().is_some()).map(|check| check.outcome.entry).collect();
        let is_told = |outcome: &Outcome| failed.contains(&outcome.entry);
        let causes = causes::of(&plan.entries, &report.outcomes, is_told, || series::of(plan));
        Self {
            config,
            counts: Counts::of(checks.iter().flat_map(|check| &check.rows).map(|row| row.step.verdict)),
            check_counts: Counts::of(checks.iter().map(CheckView::verdict)),
            checks,
            started: report.started,
            elapsed: report.elapsed,
            interrupted: report.interrupted,
            subject: report.comparison.as_ref().map(|comparison| &comparison.subject),
            waited: report.waited,
            warnings,
            causes,
            plan,
        }
    }

    /// The causes that several checks have, each with its mark.
    pub fn shared_causes(&self) -> impl Iterator<Item = (Mark, &Cause)> {
        let shared = self.causes.iter().take_while(|cause| cause.is_shared());
        shared.enumerate().map(|(place, cause)| (Mark(place), cause))
    }

    /// What is left to say of each check that has its cause in common with others, by the check's place in the plan.
    #[must_use]
    pub fn folded(&self) -> HashMap<usize, Folded<'_>> {
        let shared =
            self.shared_causes().flat_map(|(mark, cause)| cause.checks.iter().map(move |at| (*at, (mark, cause))));
        let shared: HashMap<_, _> = shared.collect();
        let folded = self.checks.iter().filter_map(|check| {
            let (mark, cause) = *shared.get(&check.outcome.entry)?;
            Some((check.outcome.entry, Folded::of(mark, cause, check)?))
        });
        folded.collect()
    }

    /// The check whose failure keeps others from being tried.
    #[must_use]
    pub fn blocking(&self, blocked: &Blocked) -> Option<&Failure> {
        let mut called = self.checks.iter().filter(|check| self.plan.called(check.outcome.entry) == blocked.failed);
        called.find_map(CheckView::failure)
    }

    /// The checks, each with the name of its time series: another one for each, and the same in
    /// every format.
    pub fn series(&self) -> impl Iterator<Item = (String, &CheckView<'a>)> {
        self.with(series::of(self.plan))
    }

    /// The checks, each with its own name as it is written, or its series where it has none: another one for each.
    pub fn names(&self) -> impl Iterator<Item = (String, &CheckView<'a>)> {
        self.with(series::shown(self.plan))
    }

    /// The checks, each with what it is called in a line for people: another one for each.
    pub(super) fn titles(&self) -> impl Iterator<Item = (String, &CheckView<'a>)> {
        self.with(series::titles(self.plan))
    }

    /// The checks, each with its own of what all of the plan have.
    fn with(&self, mut all: Vec<String>) -> impl Iterator<Item = (String, &CheckView<'a>)> {
        self.checks.iter().map(move |check| (std::mem::take(&mut all[check.outcome.entry]), check))
    }

    /// Every wanted result, in the plan's order.
    pub fn rows(&self) -> impl Iterator<Item = &Row<'a>> {
        self.checks.iter().flat_map(|check| &check.rows)
    }

    /// Nothing was to be run (`--dry-run`).
    #[must_use]
    pub(super) fn is_dry(&self) -> bool {
        self.checks.iter().any(|check| check.skip_reason() == Some(SkipReason::DryRun))
    }

    /// The judgement over the run. The failure of a check that is not critical weighs as much as a warning that is no
    /// error, if warnings weigh anything.
    #[must_use]
    pub fn overall(&self) -> Overall {
        let fails =
            |critical| self.checks.iter().any(|check| check.entry.critical == critical && check.counts().fail > 0);
        let warns = |check: &CheckView<'_>| check.entry.critical && check.counts().warn > 0;
        if fails(true) || (self.warnings == Warnings::AreErrors && self.checks.iter().any(warns)) {
            return Overall::Fail;
        }
        let is_bent = fails(false) || self.counts.warn > 0;
        if self.interrupted || (!is_bent && self.counts.pass == 0) {
            Overall::Unknown
        } else if is_bent && self.warnings != Warnings::AreFine {
            Overall::Warn
        } else {
            Overall::Pass
        }
    }
}

impl<'a> CheckView<'a> {
    /// What was asked for of a check.
    pub(crate) fn of(plan: &'a Plan, selection: &Selection, outcome: &'a Outcome) -> Self {
        let entry = &plan.entries[outcome.entry];
        Self { entry, outcome, rows: rows(entry, selection, outcome), chain: Chain::of(plan, outcome) }
    }

    /// The worst verdict of its wanted results.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.rows.iter().map(|row| row.step.verdict).max().unwrap_or(Verdict::Skip)
    }

    /// How many of its wanted results have each verdict.
    fn counts(&self) -> Counts {
        Counts::of(self.rows.iter().map(|row| row.step.verdict))
    }

    /// It failed, and that is a failure of the whole.
    #[must_use]
    pub fn fails_the_run(&self) -> bool {
        self.entry.critical && self.verdict() == Verdict::Fail
    }

    /// Why it failed, if one of its wanted results did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.rows.iter().find_map(|row| row.failure)
    }

    /// Why it was skipped, wholly or in part.
    #[must_use]
    pub(crate) fn skip_reason(&self) -> Option<SkipReason> {
        let skipped = self.verdict() == Verdict::Skip;
        skipped.then(|| self.rows.iter().find_map(|row| row.step.reason)).flatten()
    }

    /// The same for people.
    pub(crate) fn why_skipped(&self) -> Option<String> {
        let reason = self.skip_reason()?;
        Some(self.outcome.blocked_by().map_or_else(|| reason.about().to_owned(), ToString::to_string))
    }

    /// The certificate that ends first, of those that servers have shown.
    pub(super) fn certificate(&self) -> Option<CertificateEnd> {
        let shown = self.outcome.facts.iter().filter(|(fact, _)| *fact == "certificate");
        shown.filter_map(|(_, certificate)| CertificateEnd::of(certificate)).min_by_key(|end| end.at)
    }

    /// The values that a program has measured.
    pub(super) fn performance(&self) -> Vec<Measured<'a>> {
        let told = self.outcome.facts.iter().filter(|(fact, _)| *fact == "performance");
        told.flat_map(|(_, all)| all.as_array().into_iter().flatten()).filter_map(Measured::of).collect()
    }

    /// What everybody has to see although it passed.
    pub fn notes(&self) -> impl Iterator<Item = Remark<'a>> {
        self.rows.iter().flat_map(|row| row.notes.iter().copied())
    }

    /// What the run before says otherwise.
    #[must_use]
    pub fn difference(&self) -> Option<&Difference> {
        self.outcome.difference.as_deref()
    }

    /// What changed since it passed last, if one of its wanted results failed and that is remembered.
    #[must_use]
    pub fn since(&self) -> Option<&Since> {
        self.rows.iter().find_map(|row| row.since)
    }

    /// The warnings of its wanted results.
    pub fn warnings(&self) -> impl Iterator<Item = &Warning> {
        self.rows.iter().flat_map(|row| row.warnings.iter().copied())
    }
}

/// A value that a program has measured, as performance data has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured<'a> {
    pub(super) label: &'a str,
    pub(super) value: f64,
    /// Empty where it is a plain number.
    pub(super) unit: &'a str,
    /// Beyond what it is a warning, a failure; its least and its most. Each may be empty.
    pub(super) bounds: [&'a str; 4],
}

impl<'a> Measured<'a> {
    /// As the fact has it.
    fn of(fact: &'a Value) -> Option<Self> {
        let text = |name: &str| fact[name].as_str().unwrap_or_default();
        let bounds = ["warn", "crit", "min", "max"].map(text);
        Some(Self { label: fact["label"].as_str()?, value: fact["value"].as_f64()?, unit: text("unit"), bounds })
    }
}

/// When a certificate ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct CertificateEnd {
    pub(super) at: OffsetDateTime,
    /// Whole days until then.
    pub(super) days_left: i64,
    /// With fewer of them it is a warning.
    pub(super) warning_days: u64,
}

impl CertificateEnd {
    /// As the fact has it.
    fn of(certificate: &Value) -> Option<Self> {
        let at = OffsetDateTime::parse(certificate["not_after"].as_str()?, &Rfc3339).ok()?;
        let (days_left, warning_days) = (certificate["days_left"].as_i64()?, certificate["warning_days"].as_u64()?);
        Some(Self { at, days_left, warning_days })
    }
}

impl Counts {
    /// Counts verdicts.
    pub fn of(verdicts: impl Iterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Pass => &mut counts.pass,
                Verdict::Warn => &mut counts.warn,
                Verdict::Fail => &mut counts.fail,
                Verdict::Skip => &mut counts.skip,
            } += 1;
        }
        counts
    }

    /// All of them.
    #[must_use]
    pub const fn total(self) -> usize {
        self.pass + self.warn + self.fail + self.skip
    }
}

/// The wanted results of one check. When what a wanted result needs has failed, the first wanted
/// result behind it carries the failure.
pub(super) fn rows<'a>(entry: &'a Entry, selection: &Selection, outcome: &'a Outcome) -> Vec<Row<'a>> {
    let failed_at = outcome.steps.iter().position(|step| step.verdict == Verdict::Fail);
    let bearer =
        failed_at.and_then(|at| (at..outcome.steps.len()).find(|result| selection.has(outcome.entry, *result)));
    let wanted = entry.results.iter().enumerate().filter(|(result, _)| selection.has(outcome.entry, *result));
    let last = selection.last_of(outcome.entry);
    let row = |(result, name): (usize, &'a crate::checks::ResultName)| {
        let carries = bearer == Some(result);
        let mut step = outcome.steps[result];
        if carries {
            let elapsed = failed_at.map_or(step.elapsed, |at| outcome.steps[at].elapsed);
            step = Step::decided(Verdict::Fail, elapsed, step.at);
        }
        let failure = outcome.failure.as_deref().filter(|_| carries);
        let warnings = outcome.warnings.iter().filter(|warning| warning.result == result).collect();
        let notes = if last == Some(result) { remarks(outcome).collect() } else { Vec::new() };
        let difference =
            outcome.difference.as_deref().filter(|_| carries || (bearer.is_none() && last == Some(result)));
        let since = outcome.since.as_deref().filter(|_| carries);
        let blocked = outcome.blocked_by();
        Row { entry, name: &name.name, info: &name.info, step, blocked, failure, warnings, notes, difference, since }
    };
    wanted.map(row).collect()
}

/// What everybody has to see of a check that passed.
fn remarks(outcome: &Outcome) -> impl Iterator<Item = Remark<'_>> {
    let facts = outcome.facts.iter().filter(|_| outcome.failure.is_none());
    let said = facts.clone().filter_map(|(key, value)| match *key {
        ACCEPTED => Some(Remark::Accepted(value)),
        EXPECTED => Some(Remark::Expected(value)),
        _ => None,
    });
    let is_false = move |fact| facts.clone().any(|(key, value)| *key == fact && *value == false);
    Note::ALL.into_iter().filter(move |note| is_false(note.fact())).map(Remark::Note).chain(said)
}
