//! `json`: one object, described by `schema/report.schema.json`.

use crate::causes::Cause;
use crate::comparison::Subject;
use crate::diagnostic::{JsonDiagnostic, to_json};
use crate::fault::Failure;
use crate::outcome::{SkipReason, Timing, Warning};
use crate::report::chain::Chain;
use crate::report::view::{CheckView, Counts, Overall, Row, View};
use crate::report::{Format, Refusal, Refused, Reporter, Style};
use crate::run::wait::Waited;
use crate::since::{Difference, Since};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{self, Write};
use std::time::SystemTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The format's row.
pub const FORMAT: Format = Format {
    name: "json",
    about: "one object with all there is to know, described by a schema",
    reporter: |style| Box::new(Json { style }),
};

/// The version of the object's shape; only an incompatible change raises it.
pub(super) const SCHEMA: &str = "conn-check/1";

/// One object at the end.
struct Json {
    style: Style,
}

impl Reporter for Json {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let report = JsonReport {
            head: Head::of(view.config, view.started),
            elapsed_seconds: seconds(view.elapsed),
            verdict: view.overall().slug(),
            interrupted: view.interrupted,
            counts: view.counts,
            check_counts: view.check_counts,
            subject: view.subject,
            wait: view.waited.map(wait),
            causes: causes(view),
            checks: view.series().map(|(series, check)| JsonCheck::of(check, series, self.style)).collect(),
        };
        line(&report, out)
    }

    fn refused(&self, refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        line(&JsonFile::refused(refusal, &refusal.names()), out)
    }

    fn explains_refusals(&self) -> bool {
        true
    }

    fn valid(&self, config: &str, _checks: usize, out: &mut dyn Write) -> io::Result<()> {
        line(&JsonFile::valid(config), out)
    }
}

/// Writes an object, and ends the line.
pub(super) fn line(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, object)?;
    writeln!(out)
}

/// What every object begins with.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    schema: &'static str,
    version: &'static str,
    host: String,
    config: &'a str,
    started: String,
}

impl<'a> Head<'a> {
    pub(super) fn of(config: &'a str, started: SystemTime) -> Self {
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            host: crate::host::name(),
            config,
            started: rfc3339(started),
        }
    }
}

/// A time of the wall clock.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default()
}

/// The whole object.
#[derive(Serialize)]
struct JsonReport<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    elapsed_seconds: f64,
    verdict: &'static str,
    interrupted: bool,
    counts: Counts,
    check_counts: Counts,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<Value>,
    causes: Vec<Value>,
    checks: Vec<JsonCheck<'a>>,
}

/// The object of a file that was not run.
#[derive(Serialize)]
pub(super) struct JsonFile<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    verdict: &'static str,
    diagnostics: Vec<JsonDiagnostic<'a>>,
}

impl<'a> JsonFile<'a> {
    /// Of files that cannot be run, with their names.
    pub(super) fn refused(refusal: &Refusal<'a>, names: &'a str) -> Self {
        let files = refusal.files.iter();
        let diagnostics = files
            .flat_map(|Refused { source, diagnostics }| to_json(&source.name, &source.text, diagnostics))
            .collect();
        Self { head: Head::of(names, SystemTime::now()), verdict: Overall::Unknown.slug(), diagnostics }
    }

    /// Of a file that could be run.
    pub(super) fn valid(config: &'a str) -> Self {
        Self { head: Head::of(config, SystemTime::now()), verdict: Overall::Pass.slug(), diagnostics: Vec::new() }
    }
}

/// One check.
#[derive(Serialize)]
pub(super) struct JsonCheck<'a> {
    r#type: &'a str,
    label: Option<&'a str>,
    series: String,
    target: &'a str,
    tags: &'a [String],
    scope: &'static str,
    critical: bool,
    file: &'a str,
    line: usize,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(flatten)]
    chain: Chain,
    elapsed_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    results: Vec<Value>,
    phases: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Value>,
    warnings: Vec<Value>,
    facts: Map<String, Value>,
}

impl<'a> JsonCheck<'a> {
    pub(super) fn of(check: &CheckView<'a>, series: String, style: Style) -> Self {
        Self {
            r#type: check.entry.kind,
            label: check.entry.label.as_deref(),
            series,
            target: &check.entry.target,
            tags: &check.entry.tags,
            scope: check.entry.scope(),
            critical: check.entry.critical,
            file: &check.entry.file,
            line: check.entry.line,
            verdict: check.verdict().slug(),
            reason: check.skip_reason().map(SkipReason::slug),
            chain: check.chain.clone(),
            elapsed_seconds: seconds(check.outcome.elapsed),
            attempts: Some(check.outcome.attempts).filter(|attempts| *attempts > 1),
            results: check.rows.iter().map(result).collect(),
            phases: check.outcome.phases.iter().map(phase).collect(),
            failure: check.failure().map(|one| failure(one, style)),
            since: check.since().map(since),
            warnings: check.warnings().map(warning).collect(),
            facts: facts(&check.outcome.facts),
        }
    }
}

pub(super) fn seconds(time: std::time::Duration) -> f64 {
    // Microseconds are what the clocks and the scheduler are good for.
    (time.as_secs_f64() * 1e6).round() / 1e6
}

/// A wait, and how it ended.
pub(super) fn wait(waited: Waited) -> Value {
    json!({"rounds": waited.rounds, "ended": waited.ended.slug()})
}

fn result(row: &Row<'_>) -> Value {
    let mut result =
        json!({"name": row.name, "verdict": row.step.verdict.slug(), "elapsed_seconds": seconds(row.step.elapsed)});
    if let Some(reason) = row.step.reason {
        result["reason"] = json!(reason.slug());
    }
    result
}

pub(super) fn phase(timing: &Timing) -> Value {
    let mut phase = json!({"phase": timing.phase.slug(), "elapsed_seconds": seconds(timing.elapsed)});
    if let Some(address) = timing.address {
        phase["address"] = json!(address.to_string());
    }
    phase
}

/// The causes of a run, each with the series of its checks.
fn causes(view: &View<'_>) -> Vec<Value> {
    if view.causes.is_empty() {
        return Vec::new();
    }
    let series: HashMap<_, _> = view.series().map(|(series, check)| (check.outcome.entry, series)).collect();
    let one = |cause: &Cause| {
        json!({
            "id": cause.id,
            "code": cause.code.name,
            "owner": cause.owner.slug(),
            "what": cause.what,
            "checks": cause.checks.iter().filter_map(|check| series.get(check)).collect::<Vec<_>>(),
        })
    };
    view.causes.iter().map(one).collect()
}

fn failure(failure: &Failure, style: Style) -> Value {
    let mut object = json!({
        "code": failure.code.name,
        "phase": failure.code.phase.slug(),
        "message": failure.message,
        "evidence": failure.evidence,
        "owner": failure.owner.slug(),
        "next_step": failure.next_step,
    });
    if let Some(concerns) = &failure.concerns {
        let concerns = concerns.iter().map(|(part, what)| (part.slug(), what.as_str()));
        object["concerns"] = concerns.collect();
    }
    if style.tracebacks {
        object["causes"] = json!(failure.causes);
    }
    if !failure.remediation().is_empty() {
        object["remediation"] = json!(failure.remediation());
    }
    object
}

fn since(since: &Since) -> Value {
    json!({
        "passed": since.passed.map(rfc3339),
        "failing_seconds": since.failing.as_secs(),
        "differences": since.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}

/// One thing that is otherwise, as all objects have it.
pub(crate) fn difference(difference: &Difference) -> Value {
    let Difference { what, named: _, before, now } = difference;
    json!({"what": what, "before": before, "now": now})
}

fn warning(warning: &Warning) -> Value {
    json!({
        "code": warning.kind.code(),
        "message": warning.message,
        "owner": warning.kind.owner().slug(),
        "next_step": warning.kind.next_step(),
    })
}

/// A fact that was learnt more than once (two dead addresses, two hops) becomes a list.
fn facts(facts: &[(&'static str, Value)]) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    let mut repeated: std::collections::HashSet<&str> = std::collections::HashSet::new();
    for (key, value) in facts {
        match map.get_mut(*key) {
            None => {
                map.insert((*key).to_owned(), value.clone());
            }
            Some(Value::Array(values)) if repeated.contains(key) => values.push(value.clone()),
            Some(first) => {
                *first = Value::Array(vec![first.take(), value.clone()]);
                repeated.insert(key);
            }
        }
    }
    map
}
