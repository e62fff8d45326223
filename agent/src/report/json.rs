//! `json`: one object, described by `schema/report.schema.json`.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::to_json;
use crate::fault::Failure;
use crate::outcome::{Timing, Warning};
use crate::report::view::{CheckView, Counts, Row, View};
use crate::report::{Reporter, Style};
use crate::source::Source;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The version of the object's shape; only an incompatible change raises it.
pub(super) const SCHEMA: &str = "conn-check/1";

/// One object at the end.
pub(super) struct Json {
    style: Style,
}

impl Json {
    pub(super) const fn new(style: Style) -> Self {
        Self { style }
    }
}

impl Reporter for Json {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let report = JsonReport {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            host: crate::host::name(),
            started: OffsetDateTime::from(view.started).format(&Rfc3339).unwrap_or_default(),
            elapsed_seconds: seconds(view.elapsed),
            verdict: view.overall().slug(),
            counts: view.counts,
            checks: view.checks.iter().map(|check| JsonCheck::of(check, self.style)).collect(),
        };
        serde_json::to_writer(&mut *out, &report)?;
        writeln!(out)
    }
}

/// A file that cannot be run, in the same schema.
///
/// # Errors
/// The writer's.
pub fn bad_file(source: &Source, diagnostics: &[Diagnostic], out: &mut dyn Write) -> io::Result<()> {
    let object = json!({"schema": SCHEMA, "verdict": "unknown", "diagnostics": to_json(&source.text, diagnostics)});
    writeln!(out, "{object}")
}

/// The whole object.
#[derive(Serialize)]
struct JsonReport<'a> {
    schema: &'static str,
    version: &'static str,
    host: String,
    started: String,
    elapsed_seconds: f64,
    verdict: &'static str,
    counts: Counts,
    checks: Vec<JsonCheck<'a>>,
}

/// One check.
#[derive(Serialize)]
pub(super) struct JsonCheck<'a> {
    r#type: &'a str,
    label: Option<&'a str>,
    target: &'a str,
    tags: &'a [String],
    line: usize,
    verdict: &'static str,
    elapsed_seconds: f64,
    results: Vec<Value>,
    phases: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Value>,
    warnings: Vec<Value>,
    facts: Map<String, Value>,
}

impl<'a> JsonCheck<'a> {
    pub(super) fn of(check: &CheckView<'a>, style: Style) -> Self {
        Self {
            r#type: check.entry.kind,
            label: check.entry.label.as_deref(),
            target: &check.entry.target,
            tags: &check.entry.tags,
            line: check.entry.line,
            verdict: check.verdict().slug(),
            elapsed_seconds: seconds(check.outcome.elapsed),
            results: check.rows.iter().map(result).collect(),
            phases: check.outcome.phases.iter().map(phase).collect(),
            failure: check.failure().map(|one| failure(one, style)),
            warnings: check.warnings().map(warning).collect(),
            facts: facts(&check.outcome.facts),
        }
    }
}

pub(super) fn seconds(time: std::time::Duration) -> f64 {
    // Microseconds are what the clocks and the scheduler are good for.
    (time.as_secs_f64() * 1e6).round() / 1e6
}

fn result(row: &Row<'_>) -> Value {
    json!({"name": row.name, "verdict": row.step.verdict.slug(), "elapsed_seconds": seconds(row.step.elapsed)})
}

pub(super) fn phase(timing: &Timing) -> Value {
    let mut phase = json!({"phase": timing.phase.slug(), "elapsed_seconds": seconds(timing.elapsed)});
    if let Some(address) = timing.address {
        phase["address"] = json!(address.to_string());
    }
    phase
}

fn failure(failure: &Failure, style: Style) -> Value {
    let mut object = json!({
        "code": failure.code.as_str(),
        "phase": failure.code.phase().slug(),
        "message": failure.message,
        "evidence": failure.evidence,
        "owner": failure.owner.slug(),
        "next_step": failure.next_step,
    });
    if style.tracebacks {
        object["causes"] = json!(failure.causes);
    }
    object
}

fn warning(warning: &Warning) -> Value {
    json!({"code": warning.kind.code(), "message": warning.message})
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
