//! `prometheus`: the text exposition format, for a textfile collector. docs/prometheus.md has the families.

use crate::catalogue::Note;
use crate::outcome::Verdict;
use crate::report::view::{CheckView, Remark, View};
use crate::report::{Format, Refusal, Reporter};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const FORMAT: Format =
    Format { name: "prometheus", about: "metrics for a textfile collector", reporter: |_| Box::new(Prometheus) };

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

/// The checks, each with its labels.
type Checks<'v, 'a> = [(String, &'v CheckView<'a>)];

/// Gauges: base units, closed label sets. The label `series` tells apart what type, target and name
/// do not.
struct Prometheus;

impl Reporter for Prometheus {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let checks: Vec<_> = view.series().map(|(series, check)| (labels(check, &series), check)).collect();
        verdicts(&checks, out)?;
        durations(&checks, out)?;
        certificates(&checks, out)?;
        measured(&checks, out)?;
        tags(&checks, out)?;
        notes(&checks, out)?;
        run(view, out)?;
        program(true, out)
    }

    fn refused(&self, _refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        program(false, out)?;
        timestamp(SystemTime::now(), out)
    }

    fn valid(&self, _config: &str, _checks: usize, out: &mut dyn Write) -> io::Result<()> {
        program(true, out)
    }
}

/// How metrics are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Syntax {
    /// The text format of Prometheus, version 0.0.4.
    Prometheus,
    /// `OpenMetrics` 1.0.0, which has an end.
    OpenMetrics,
}

/// The metrics of a run, with what else is known: names with their helps and values.
///
/// # Errors
/// Those of the writer.
pub fn metrics(view: &View<'_>, more: &[(&str, &str, f64)], syntax: Syntax, out: &mut dyn Write) -> io::Result<()> {
    Prometheus.finish(view, out)?;
    more_of(more, out)?;
    if syntax == Syntax::OpenMetrics { writeln!(out, "# EOF") } else { Ok(()) }
}

/// Metrics without labels, each with its help and its value.
fn more_of(more: &[(&str, &str, f64)], out: &mut dyn Write) -> io::Result<()> {
    more.iter().try_for_each(|(name, help, value)| {
        family(out, name, help)?;
        writeln!(out, "{name} {value}")
    })
}

fn verdicts(checks: &Checks<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    gauge(out, "conn_check_success", "Whether the check passed (warnings included).", checks, |check| {
        judged(check).then(|| u8::from(matches!(check.verdict(), Verdict::Pass | Verdict::Warn)))
    })?;
    gauge(out, "conn_check_warning", "Whether the check has a warning.", checks, |check| {
        judged(check).then(|| u8::from(check.verdict() == Verdict::Warn))
    })?;
    gauge(out, "conn_check_critical", "Whether a failure of the check is one of the whole.", checks, |check| {
        Some(u8::from(check.entry.critical))
    })?;
    family(out, "conn_check_failure", "1 with the code and the owner of each failure.")?;
    for (labels, check) in checks {
        if let Some(failure) = check.failure() {
            let (code, owner) = (failure.code, failure.owner.slug());
            writeln!(out, "conn_check_failure{{{labels},code=\"{code}\",owner=\"{owner}\"}} 1")?;
        }
    }
    family(out, "conn_check_warning_info", "1 with the code and the owner of each warning.")?;
    for (labels, check) in checks {
        // Two addresses of a name can be dead.
        let warnings: BTreeSet<_> = check.warnings().map(|one| (one.kind.code(), one.kind.owner().slug())).collect();
        for (code, owner) in warnings {
            writeln!(out, "conn_check_warning_info{{{labels},code=\"{code}\",owner=\"{owner}\"}} 1")?;
        }
    }
    Ok(())
}

/// Whether something is known of it: not after an interruption, nor of a dry run.
fn judged(check: &CheckView<'_>) -> bool {
    check.verdict() != Verdict::Skip
}

fn durations(checks: &Checks<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    gauge(out, "conn_check_duration_seconds", "From the check's start to its verdict.", checks, |check| {
        judged(check).then(|| format!("{:.6}", check.outcome.elapsed.as_secs_f64()))
    })?;
    family(out, "conn_check_phase_duration_seconds", "The time spent in each phase of the check.")?;
    checks.iter().try_for_each(|(labels, check)| phases(labels, check, out))
}

/// How much time is left is for who reads it to say: it is less with each second.
fn certificates(checks: &Checks<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    let ends = "When the server's certificate ends.";
    gauge(out, "conn_check_certificate_expiry_timestamp_seconds", ends, checks, |check| {
        check.certificate().map(|end| end.at.unix_timestamp())
    })?;
    let warned = "With less time left than this the certificate is a warning.";
    gauge(out, "conn_check_certificate_warning_seconds", warned, checks, |check| {
        check.certificate().map(|end| end.warning_days * DAY)
    })
}

/// What programs have measured.
fn measured(checks: &Checks<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    family(out, "conn_check_command_value", "The performance data of a program that checks, in its own units.")?;
    for (labels, check) in checks {
        let mut seen = BTreeSet::new();
        for one in check.performance().into_iter().filter(|one| seen.insert((one.label, one.unit))) {
            let (label, unit) = (escaped(one.label), escaped(one.unit));
            writeln!(out, "conn_check_command_value{{{labels},label=\"{label}\",unit=\"{unit}\"}} {}", one.value)?;
        }
    }
    Ok(())
}

/// A series for each tag, to select checks by: a label that holds them all could only be searched.
fn tags(checks: &Checks<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    family(out, "conn_check_tag", "1 for each tag of the check.")?;
    for (labels, check) in checks {
        for tag in check.entry.tags.iter().collect::<BTreeSet<_>>() {
            writeln!(out, "conn_check_tag{{{labels},tag=\"{}\"}} 1", escaped(tag))?;
        }
    }
    Ok(())
}

fn notes(checks: &Checks<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    for note in Note::ALL {
        let has = |check: &CheckView<'_>| check.notes().any(|found| found == Remark::Note(note));
        if checks.iter().any(|(_, check)| has(check)) {
            let (name, about) = metric(note);
            gauge(out, name, about, checks, |check| has(check).then_some(1))?;
        }
    }
    Ok(())
}

/// What tells a note's checks.
const fn metric(note: Note) -> (&'static str, &'static str) {
    match note {
        Note::Unverified => ("conn_check_tls_unverified", "1 where the server's certificate is not verified."),
        Note::NameUnverified => {
            ("conn_check_tls_name_unverified", "1 where the server's certificate may be for any name.")
        }
        Note::StrictRefuses => {
            ("conn_check_tls_strict_refuses", "1 where Python from 3.13 refuses the server's certificate by default.")
        }
        Note::LoginWithoutTls => {
            ("conn_check_login_without_tls", "1 where the login goes to another host without TLS.")
        }
    }
}

/// A sample for each check that has a value.
fn gauge<T: Display>(
    out: &mut dyn Write,
    name: &str,
    help: &str,
    checks: &Checks<'_, '_>,
    value: impl Fn(&CheckView<'_>) -> Option<T>,
) -> io::Result<()> {
    family(out, name, help)?;
    let mut samples = checks.iter().filter_map(|(labels, check)| Some((labels, value(check)?)));
    samples.try_for_each(|(labels, value)| writeln!(out, "{name}{{{labels}}} {value}"))
}

/// What is known whether or not the file can be run.
fn program(is_valid: bool, out: &mut dyn Write) -> io::Result<()> {
    family(out, "conn_check_info", "The version of conn-check.")?;
    writeln!(out, "conn_check_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
    family(out, "conn_check_config_valid", "Whether the file of checks can be run.")?;
    writeln!(out, "conn_check_config_valid {}", u8::from(is_valid))
}

fn run(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    family(out, "conn_check_results", "The number of results of each verdict.")?;
    let counts = view.counts;
    for (verdict, count) in [("pass", counts.pass), ("warn", counts.warn), ("fail", counts.fail), ("skip", counts.skip)]
    {
        writeln!(out, "conn_check_results{{verdict=\"{verdict}\"}} {count}")?;
    }
    family(out, "conn_check_run_duration_seconds", "How long the run took.")?;
    writeln!(out, "conn_check_run_duration_seconds {:.6}", view.elapsed.as_secs_f64())?;
    timestamp(view.started, out)
}

fn timestamp(started: SystemTime, out: &mut dyn Write) -> io::Result<()> {
    family(out, "conn_check_run_timestamp_seconds", "When the run started.")?;
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    writeln!(out, "conn_check_run_timestamp_seconds {:.3}", started.as_secs_f64())
}

fn phases(labels: &str, check: &CheckView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut sums = BTreeMap::new();
    for timing in &check.outcome.phases {
        // A phase can come twice: the hops of a redirect.
        *sums.entry(timing.phase).or_insert(0.0) += timing.elapsed.as_secs_f64();
    }
    sums.into_iter().try_for_each(|(phase, seconds)| {
        writeln!(out, "conn_check_phase_duration_seconds{{{labels},phase=\"{}\"}} {seconds:.6}", phase.slug())
    })
}

fn family(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

fn labels(check: &CheckView<'_>, series: &str) -> String {
    let label = check.entry.label.as_deref().unwrap_or_default();
    let (kind, target) = (check.entry.kind, escaped(&check.entry.target));
    format!("type=\"{kind}\",target=\"{target}\",name=\"{}\",series=\"{}\"", escaped(label), escaped(series))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
