//! `application/health+json`, as the draft "Health Check Response Format for HTTP APIs" has it
//! (draft-inadarei-api-health-check-06).

use crate::outcome::Verdict;
use crate::report::{CheckView, Health, View, is_well, rfc3339};
use serde_json::{Map, Value, json};

/// The object.
pub(super) fn of(view: &View<'_>) -> String {
    let is_warned = view.checks.iter().any(|check| !matches!(check.verdict(), Verdict::Pass));
    let status = match (is_well(view), is_warned) {
        (false, _) => "fail",
        (true, true) => "warn",
        (true, false) => "pass",
    };
    let checks: Map<_, _> = view.series().map(|(name, check)| entry(name, check, view)).collect();
    let object = json!({
        "status": status,
        "releaseId": env!("CARGO_PKG_VERSION"),
        "serviceId": crate::host::name(),
        "description": "every network dependency of this service, seen from this host",
        "checks": checks,
    });
    format!("{object:#}\n")
}

/// `NAME:responseTime` and its one measurement (section 4).
fn entry(name: String, check: &CheckView<'_>, view: &View<'_>) -> (String, Value) {
    let health = Health::of(check, view.warnings);
    let status = match (check.verdict(), health.is_good()) {
        (Verdict::Pass, _) => "pass",
        (Verdict::Warn, true) => "warn",
        _ if !check.entry.critical => "warn",
        _ => "fail",
    };
    let mut measured = json!({
        "componentId": check.entry.target,
        "componentType": if check.entry.is_local { "system" } else { "component" },
        "observedValue": check.outcome.elapsed.as_secs_f64(),
        "observedUnit": "s",
        "status": status,
        "time": rfc3339(view.started),
    });
    if !matches!(health, Health::Working) {
        measured["output"] = json!(health.to_string());
    }
    (name + ":responseTime", json!([measured]))
}
