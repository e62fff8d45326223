//! The changes as one JSON object.

use super::{Changed, Changes, Pair, Record};
use crate::comparison::Found;
use crate::report::difference;
use crate::since::Difference;
use serde_json::{Value, json};

/// One object: each pair of records, and the checks in it that are otherwise.
#[must_use]
pub fn json(changes: &Changes) -> Value {
    let alone = |of_before: bool| {
        let units = changes.alone.iter().filter(move |(_, before)| *before == of_before);
        units.map(|(unit, _)| unit.as_str()).collect::<Vec<_>>()
    };
    json!({
        "schema": "conn-check-diff/1",
        "version": env!("CARGO_PKG_VERSION"),
        "same": changes.are_none(),
        "pairs": changes.pairs.iter().map(pair).collect::<Vec<_>>(),
        "only_before": alone(true),
        "only_now": alone(false),
    })
}

fn pair(pair: &Pair) -> Value {
    json!({
        "before": record(&pair.before),
        "now": record(&pair.now),
        "differences": differences(&pair.of_run),
        "checks": pair.changed.iter().map(changed).collect::<Vec<_>>(),
    })
}

fn record(record: &Record) -> Value {
    json!({"unit": record.unit, "started": record.started, "version": record.version, "refused": record.refused})
}

fn changed(changed: &Changed) -> Value {
    let found = |found: &Option<Found>| found.as_ref().map(|one| json!({"verdict": one.verdict, "code": one.code}));
    json!({
        "series": changed.series,
        "type": changed.kind,
        "before": found(&changed.before),
        "now": found(&changed.now),
        "message": changed.message,
        "differences": differences(&changed.differences),
    })
}

fn differences(differences: &[Difference]) -> Vec<Value> {
    differences.iter().map(difference).collect()
}
