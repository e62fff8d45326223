//! Two records held against each other: what changed between them, as a failure says it with `--remember`.
//!
//! The records of one unit are a pair, and the checks of one series in them; one record on each side are a pair, whosever
//! they are: "it works from web1, and not from web2" is a difference, too. What is measured is none.

mod json;
mod page;

pub use json::json;
pub use page::page;

use crate::comparison::Found;
use crate::fleet::{Reported, Unread, reports};
use crate::memory::Facts;
use crate::since::Difference;
use crate::text::said;
use serde_json::Value;
use std::collections::BTreeMap;

/// A run, as its record tells it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The unit of Juju, or the host.
    unit: String,
    /// When it began, as the record has it.
    started: String,
    /// By which version.
    version: String,
    /// Why nothing was checked, if that is so.
    refused: Option<String>,
    /// Its checks, by their series.
    checks: BTreeMap<String, Value>,
}

/// What changed between some records.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pairs: Vec<Pair>,
    /// The units of which there is one record alone, on the side of before or not.
    alone: Vec<(String, bool)>,
}

/// Two records.
#[derive(Clone, Debug)]
struct Pair {
    before: Record,
    now: Record,
    /// The checks that are otherwise.
    changed: Vec<Changed>,
    /// How many checks there are, on either side.
    checks: usize,
    /// What is otherwise of the run itself.
    of_run: Vec<Difference>,
}

/// A check that is otherwise.
#[derive(Clone, Debug)]
struct Changed {
    series: String,
    kind: String,
    /// What came of it; nothing where it was not checked.
    before: Option<Found>,
    now: Option<Found>,
    /// The failure now, or the one of before where it passes now.
    message: Option<String>,
    differences: Vec<Difference>,
}

/// The records of the files, which are given by name and text; and what could not be read.
#[must_use]
pub fn records(files: &[(String, String)]) -> (Vec<Record>, Vec<Unread>) {
    let (reports, unread) = reports(files, read);
    (reports.into_iter().map(Record::of).collect(), unread)
}

/// The object of a report.
fn read(text: &str) -> Option<Value> {
    let report: Value = serde_json::from_str(text).ok()?;
    let is_one = report["schema"].as_str().is_some_and(|schema| schema.starts_with("conn-check/"));
    is_one.then_some(report)
}

impl Record {
    fn of(reported: Reported<Value>) -> Self {
        let Reported { unit, mut report, .. } = reported;
        let text = |key: &str| said(report[key].as_str().unwrap_or_default());
        let (started, version) = (text("started"), text("version"));
        let unit = unit.map_or_else(|| text("host"), |unit| said(&unit));
        let refused = report["checks"].is_null().then(|| {
            let first = report["diagnostics"][0]["message"].as_str().map(said);
            first.unwrap_or_else(|| "nothing was checked".to_owned())
        });
        let checks = match report["checks"].take() {
            Value::Array(checks) => checks,
            _ => Vec::new(),
        };
        let named = |check: Value| (said(check["series"].as_str().unwrap_or_default()), check);
        Self { unit, started, version, refused, checks: checks.into_iter().map(named).collect() }
    }
}

impl Changes {
    /// What changed between these and those. Of several records of one unit on one side the last one counts.
    #[must_use]
    pub fn between(before: Vec<Record>, now: Vec<Record>) -> Self {
        if let ([before], [now]) = (&before[..], &now[..]) {
            return Self { pairs: vec![Pair::of(before.clone(), now.clone())], alone: Vec::new() };
        }
        let by_unit = |records: Vec<Record>| {
            records.into_iter().map(|record| (record.unit.clone(), record)).collect::<BTreeMap<_, _>>()
        };
        let (mut changes, mut before) = (Self::default(), by_unit(before));
        for (unit, now) in by_unit(now) {
            match before.remove(&unit) {
                Some(before) => changes.pairs.push(Pair::of(before, now)),
                None => changes.alone.push((unit, false)),
            }
        }
        changes.alone.extend(before.into_keys().map(|unit| (unit, true)));
        changes
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.alone.is_empty() && self.pairs.iter().all(Pair::is_same)
    }
}

impl Pair {
    fn of(before: Record, now: Record) -> Self {
        let mut all: Vec<_> = before.checks.keys().chain(now.checks.keys()).cloned().collect();
        all.sort();
        all.dedup();
        let changed = all.iter().filter_map(|series| {
            let (before, now) = (before.checks.get(series), now.checks.get(series));
            Changed::of(series, before, now)
        });
        let mut changed: Vec<_> = changed.collect();
        changed.sort_by_key(|one| !one.fails());
        let of_run = (before.version != now.version).then(|| Difference {
            what: "conn-check".to_owned(),
            named: "conn-check itself".to_owned(),
            before: before.version.clone(),
            now: now.version.clone(),
        });
        Self { changed, checks: all.len(), of_run: of_run.into_iter().collect(), before, now }
    }

    fn is_same(&self) -> bool {
        self.changed.is_empty() && self.of_run.is_empty() && self.before.refused == self.now.refused
    }
}

impl Changed {
    fn of(series: &str, before: Option<&Value>, now: Option<&Value>) -> Option<Self> {
        let one = now.or(before)?;
        let differences = match (before, now) {
            (Some(before), Some(now)) => Facts::of_record(before).differences(&Facts::of_record(now)),
            _ => Vec::new(),
        };
        let changed = Self {
            series: series.to_owned(),
            kind: said(one["type"].as_str().unwrap_or_default()),
            before: before.map(found),
            now: now.map(found),
            message: [now, before]
                .into_iter()
                .flatten()
                .find_map(|check| check["failure"]["message"].as_str())
                .map(said),
            differences,
        };
        (changed.before != changed.now || !changed.differences.is_empty()).then_some(changed)
    }

    fn fails(&self) -> bool {
        self.now.as_ref().is_some_and(|now| now.verdict == "fail")
    }
}

/// What came of a check.
fn found(check: &Value) -> Found {
    let code = check["failure"]["code"].as_str().or_else(|| check["warnings"][0]["code"].as_str());
    Found { verdict: said(check["verdict"].as_str().unwrap_or_default()), code: code.map(said) }
}
