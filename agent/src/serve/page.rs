//! What a template of the page is filled with.

use super::forms::Served;
use crate::catalogue::Owner;
use crate::causes::{Cause, Mark};
use crate::outcome::{Timing, Verdict};
use crate::report::{CheckView, Folded, Health, JSON, Style, fails, is_well, rfc3339};
use crate::since::lasting;
use minijinja::Value;
use serde::Serialize;
use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The data of a page.
#[derive(Serialize)]
struct Page<'a> {
    /// All is well.
    well: bool,
    host: String,
    version: &'static str,
    config: &'a str,
    /// When the run began.
    started: String,
    /// How long ago it ended.
    age: String,
    age_seconds: u64,
    /// How long it took.
    elapsed: String,
    /// So many seconds until the page asks again.
    refresh: u64,
    /// How many checks of each verdict.
    counts: crate::report::Counts,
    /// How many checks keep it from being well.
    bad: usize,
    ready: Ready<'a>,
    /// What several checks fail for.
    causes: Vec<SharedCause<'a>>,
    checks: Vec<Check<'a>>,
    /// What was asked for by `?tags=`.
    tags: &'a [String],
    /// The object that `conn-check --format json` prints.
    report: serde_json::Value,
}

/// A cause that several checks have.
#[derive(Serialize)]
struct SharedCause<'a> {
    /// A letter or, beyond them, a number; its checks have it, too.
    mark: String,
    what: &'a str,
    code: &'static str,
    owner: &'static str,
    owner_is: &'static str,
    next_step: &'a str,
}

#[derive(Serialize)]
struct Ready<'a> {
    word: &'static str,
    in_service: bool,
    reasons: Vec<Reason<'a>>,
}

#[derive(Serialize)]
struct Reason<'a> {
    code: &'static str,
    name: &'a str,
    message: &'a str,
    takes_out: bool,
}

/// A check, as a page shows it.
#[derive(Serialize)]
struct Check<'a> {
    name: String,
    r#type: &'static str,
    target: &'a str,
    scope: &'static str,
    critical: bool,
    tags: &'a [String],
    verdict: &'static str,
    /// What everybody reads: `working`, `warning`, `unavailable`.
    word: &'static str,
    /// Nothing is to be done.
    good: bool,
    /// As in the flat JSON.
    status: String,
    /// The mark of the cause that it has in common with others.
    cause: Option<String>,
    /// What is left to say beside it: which part is guilty, whose job the fix is, what to do.
    part: Option<&'a str>,
    owner: Option<&'static str>,
    hint: Option<&'a str>,
    /// The failure, or else the warnings.
    problems: Vec<Problem<'a>>,
    evidence: Option<&'a str>,
    notes: Vec<String>,
    phases: Vec<Phase>,
    elapsed: String,
    since: Option<Changed>,
    /// What changed since it passed last.
    changed: Option<String>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'static str,
    message: Cow<'a, str>,
    owner: &'static str,
    owner_is: &'static str,
    next_step: &'a str,
}

/// A part of a check's time.
#[derive(Serialize)]
struct Phase {
    name: &'static str,
    elapsed: String,
    /// Where its bar begins, and how long it is, in hundredths of the whole.
    from: f64,
    length: f64,
}

#[derive(Serialize)]
struct Changed {
    ago: String,
    at: String,
    before: &'static str,
    /// The last run has found it.
    is_new: bool,
}

/// The data for a page.
pub(super) fn data(served: &Served<'_>) -> Value {
    let Served { view, readiness, age, max_age, tags, .. } = served;
    let reasons = readiness.reasons.iter().map(|one| Reason {
        code: one.code,
        name: &one.name,
        message: &one.message,
        takes_out: one.takes_out,
    });
    let folded = view.folded();
    let page = Page {
        well: is_well(view),
        host: crate::host::name(),
        version: env!("CARGO_PKG_VERSION"),
        config: view.config,
        started: moment(view.started),
        age: lasting(*age),
        age_seconds: age.as_secs(),
        elapsed: short(view.elapsed),
        refresh: max_age.as_secs().clamp(5, 300),
        counts: view.check_counts,
        bad: view.checks.iter().filter(|check| fails(check, view)).count(),
        ready: Ready {
            word: readiness.standing.word(),
            in_service: readiness.standing.is_in_service(),
            reasons: reasons.collect(),
        },
        causes: causes(served),
        checks: view
            .series()
            .map(|(name, check)| Check::of(name, check, folded.get(&check.outcome.entry), served))
            .collect(),
        tags,
        report: report(served),
    };
    Value::from_serialize(&page)
}

fn causes<'a>(served: &'a Served<'_>) -> Vec<SharedCause<'a>> {
    let one = |(mark, cause): (Mark, &'a Cause)| SharedCause {
        mark: mark.to_string(),
        what: &cause.what,
        code: cause.code.name,
        owner: cause.owner.slug(),
        owner_is: cause.owner.about(),
        next_step: &cause.next_step,
    };
    served.view.shared_causes().map(one).collect()
}

/// The object of the report.
fn report(served: &Served<'_>) -> serde_json::Value {
    let mut bytes = Vec::new();
    // Writing to a vector cannot fail, and what is written is JSON.
    let _ = (JSON.reporter)(Style::default()).finish(served.view, &mut bytes);
    serde_json::from_slice(&bytes).unwrap_or_default()
}

impl<'a> Check<'a> {
    fn of(name: String, check: &'a CheckView<'a>, folded: Option<&Folded<'a>>, served: &Served<'_>) -> Self {
        let health = Health::of(check, served.view.warnings);
        let since = served.shelf.since(check.outcome.entry).and_then(|since| {
            let ago = SystemTime::now().duration_since(since.at).unwrap_or_default();
            let before = since.before?.word();
            Some(Changed { ago: lasting(ago), at: moment(since.at), before, is_new: since.is_new })
        });
        let entry = check.entry;
        Self {
            name,
            r#type: entry.kind,
            target: &entry.target,
            scope: entry.scope(),
            critical: entry.critical,
            tags: &entry.tags,
            verdict: check.verdict().slug(),
            word: match check.verdict() {
                Verdict::Pass => "working",
                Verdict::Warn => "warning",
                Verdict::Fail | Verdict::Skip => "unavailable",
            },
            good: health.is_good(),
            status: health.to_string(),
            cause: folded.map(|folded| folded.mark.to_string()),
            part: folded.and_then(|folded| folded.part),
            owner: folded.and_then(|folded| folded.owner).map(Owner::slug),
            hint: folded.and_then(|folded| folded.hint),
            problems: problems(check),
            evidence: check.failure().and_then(|failure| failure.evidence.as_deref()),
            notes: check.notes().map(|note| note.to_string()).collect(),
            phases: phases(&check.outcome.phases, check.outcome.elapsed),
            elapsed: short(check.outcome.elapsed),
            since,
            changed: check.since().map(ToString::to_string),
        }
    }
}

fn problems<'a>(check: &'a CheckView<'a>) -> Vec<Problem<'a>> {
    if let Some(failure) = check.failure() {
        return vec![Problem {
            code: failure.code.name,
            message: Cow::Borrowed(&failure.message),
            owner: failure.owner.slug(),
            owner_is: failure.owner.about(),
            next_step: &failure.next_step,
        }];
    }
    let warned = check.warnings().map(|warning| Problem {
        code: warning.kind.code(),
        message: Cow::Borrowed(&warning.message),
        owner: warning.kind.owner().slug(),
        owner_is: warning.kind.owner().about(),
        next_step: warning.kind.next_step(),
    });
    let undecided = check.skip_reason().map(|reason| Problem {
        code: reason.slug(),
        message: Cow::Owned(check.why_skipped().unwrap_or_default()),
        owner: "",
        owner_is: "",
        next_step: "",
    });
    warned.chain(undecided).collect()
}

/// The phases one behind the other, on a scale on which the whole check is 100.
fn phases(timings: &[Timing], whole: Duration) -> Vec<Phase> {
    let sum: Duration = timings.iter().map(|timing| timing.elapsed).sum();
    let scale = sum.max(whole).as_secs_f64().max(1e-9);
    let mut from = 0.0;
    let mut phase = |timing: &Timing| {
        let length = timing.elapsed.as_secs_f64() / scale * 100.0;
        let phase = Phase {
            name: timing.phase.slug(),
            elapsed: short(timing.elapsed),
            from: hundredth(from),
            length: hundredth(length),
        };
        from += length;
        phase
    };
    timings.iter().map(&mut phase).collect()
}

fn hundredth(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// A time of the wall clock, to the second.
fn moment(time: SystemTime) -> String {
    let part = time.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    rfc3339(time - Duration::from_nanos(part.into()))
}

/// A short time: `0.4 ms`, `3.02 s`.
fn short(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if seconds >= 1.0 => format!("{seconds:.2} s"),
        _ if seconds >= 0.01 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{:.1} ms", seconds * 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let of = |seconds: f64| short(Duration::from_secs_f64(seconds));
        assert_eq!([of(0.0004), of(0.034), of(3.0219)], ["0.4 ms", "34 ms", "3.02 s"]);
    }

    #[test]
    fn the_bars_of_the_phases_stand_one_behind_the_other_and_never_beyond_the_whole() {
        let timing = |millis| Timing {
            phase: crate::phase::Phase::Connect,
            elapsed: Duration::from_millis(millis),
            address: None,
        };
        let bars = phases(&[timing(10), timing(30)], Duration::from_millis(80));
        assert_eq!(bars.iter().map(|bar| (bar.from, bar.length)).collect::<Vec<_>>(), [(0.0, 12.5), (12.5, 37.5)]);
        let bars = phases(&[timing(10), timing(30)], Duration::from_millis(20));
        assert_eq!(bars.last().map(|bar| bar.from + bar.length), Some(100.0));
        assert!(phases(&[timing(0)], Duration::ZERO).iter().all(|bar| bar.length == 0.0));
    }
}
