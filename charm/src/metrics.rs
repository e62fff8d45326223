//! What the relation `cos-agent` says: where the unit's metrics are, the alerts of its application, and a dashboard. The alerts
//! are those of `docs/prometheus/conn-check.rules.yml`, which `cargo xtask docs` makes `metrics/rules.json` of.
//!
//! Source: the charm library `grafana_agent/v0/cos_agent.py`, `CosAgentProviderUnitData`: JSON under the key `config` of the
//! unit's own data. Whoever reads it takes the rules of one unit of an application, so that all units say the same.

mod base64;
mod xz;

use serde_json::{Map, Value, json};

/// A relation with a collector of metrics.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct CosRelation {
    /// The relation, as in `cos-agent:4`.
    pub(crate) id: String,
    /// The relation data of this unit.
    pub(crate) own: std::collections::BTreeMap<String, String>,
}

/// The key of the relation data.
pub(crate) const KEY: &str = "config";

/// What Juju calls the place that metrics come from. The collector puts it on every series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Topology<'a> {
    /// The model's name.
    pub(crate) model: &'a str,
    /// The model's UUID.
    pub(crate) model_uuid: &'a str,
    /// The application.
    pub(crate) application: &'a str,
}

/// The name of the charm, as `metadata.yaml` has it.
const CHARM: &str = "conn-check";

const RULES: &str = include_str!("metrics/rules.json");

const DASHBOARD: &str = include_str!("../../docs/prometheus/conn-check.dashboard.json");

/// What the selectors of the rules have in the place of the topology.
const PLACE: &str = "%%juju_topology%%";

impl Topology<'_> {
    /// The labels of an alert: without the unit, which would make the rules of each unit other ones.
    fn labels(self) -> [(&'static str, String); 4] {
        let labels = [
            ("juju_model", self.model),
            ("juju_model_uuid", self.model_uuid),
            ("juju_application", self.application),
            ("juju_charm", CHARM),
        ];
        labels.map(|(name, value)| (name, value.to_owned()))
    }

    /// Juju's names have no characters that `PromQL` would need escaped.
    fn selector(self) -> String {
        let Self { model, model_uuid, application } = self;
        format!(r#"juju_model="{model}",juju_model_uuid="{model_uuid}",juju_application="{application}""#)
    }
}

/// The value of [`KEY`] for a unit whose metrics are at this port of the loopback address.
#[must_use]
pub(crate) fn data(topology: Topology<'_>, port: u16) -> String {
    let job = json!({
        "job_name": job_name(topology),
        "metrics_path": "/metrics",
        "static_configs": [{"targets": [format!("127.0.0.1:{port}")]}],
    });
    let dashboard = base64::encode(&xz::packed(DASHBOARD.as_bytes()));
    let data = json!({
        "metrics_alert_rules": rules(topology),
        "log_alert_rules": {},
        "dashboards": [dashboard],
        "metrics_scrape_jobs": [job],
        "log_slots": [],
    });
    data.to_string()
}

/// No other charm's on the machine.
fn job_name(topology: Topology<'_>) -> String {
    let model = topology.model_uuid.get(..8).unwrap_or(topology.model_uuid);
    format!("{}_{CHARM}_{model}", topology.application)
}

/// The alerts of an application, whichever of its units says them.
fn rules(topology: Topology<'_>) -> Value {
    // A test has read them.
    let mut rules: Value = serde_json::from_str(RULES).unwrap_or_default();
    let groups = rules.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten();
    for group in groups {
        if let Some(Value::String(name)) = group.get_mut("name") {
            // Groups of the same name would take each other's place.
            *name = format!("{}_{}_{name}", topology.model, topology.application);
        }
        let rules = group.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten();
        rules.filter_map(Value::as_object_mut).for_each(|rule| place(rule, topology));
    }
    rules
}

fn place(rule: &mut Map<String, Value>, topology: Topology<'_>) {
    if let Some(Value::String(text)) = rule.get_mut("expr") {
        *text = text.replace(PLACE, &topology.selector());
    }
    let labels = rule.entry("labels").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(labels) = labels {
        labels.extend(topology.labels().map(|(name, value)| (name.to_owned(), Value::String(value))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPOLOGY: Topology<'_> =
        Topology { model: "prod", model_uuid: "7f5cbd08-5bd4-4a6b-8f6c-0d8d3d6ad2d4", application: "shop-check" };

    fn said() -> Value {
        serde_json::from_str(&data(TOPOLOGY, 9843)).expect("JSON")
    }

    #[test]
    fn every_alert_is_of_one_application_and_of_no_unit() {
        let said = said();
        let groups = said["metrics_alert_rules"]["groups"].as_array().expect("groups");
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0]["name"], "prod_shop-check_conn-check");
        let rules = groups[0]["rules"].as_array().expect("rules");
        assert!(rules.len() > 5, "{rules:?}");
        for rule in rules {
            let expr = rule["expr"].as_str().expect("an expression");
            assert!(expr.contains(&TOPOLOGY.selector()) && !expr.contains(PLACE), "{expr}");
            let labels = rule["labels"].as_object().expect("labels");
            for (name, value) in TOPOLOGY.labels() {
                assert_eq!(labels.get(name).and_then(Value::as_str), Some(value.as_str()), "{rule}");
            }
            assert!(!labels.contains_key("juju_unit") && !expr.contains("juju_unit"), "{rule}");
        }
    }

    #[test]
    fn the_metrics_are_fetched_from_the_loopback_address() {
        let said = said();
        let job = &said["metrics_scrape_jobs"][0];
        assert_eq!(job["static_configs"], json!([{"targets": ["127.0.0.1:9843"]}]));
        assert_eq!(
            (&job["metrics_path"], &job["job_name"]),
            (&json!("/metrics"), &json!("shop-check_conn-check_7f5cbd08"))
        );
        for key in ["metrics_alert_rules", "log_alert_rules", "dashboards", "metrics_scrape_jobs", "log_slots"] {
            assert!(said.get(key).is_some(), "{key} has to be there");
        }
    }

    #[test]
    fn the_dashboard_has_what_the_collector_asks_of_one() {
        let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
        assert!(dashboard["uid"].as_str().is_some_and(|uid| !uid.is_empty() && uid.len() <= 40));
        assert!(dashboard["tags"].as_array().is_some_and(|tags| tags.contains(&json!(format!("charm: {CHARM}")))));
    }
}
