//! The alerts for Prometheus, as the charm sends them to a collector: the same rules as JSON, each of whose selectors has a place
//! for the labels by which Juju knows an application.

use serde_json::Value;

/// What the charm replaces by those labels.
const PLACE: &str = "%%juju_topology%%";

/// What begins a selector in the rules: our metrics, and Prometheus' own word of a target. What the rules record is not
/// asked for again.
const METRICS: [&str; 2] = ["conn_check_", "up"];

/// Where the collector puts the unit, the rules for a whole Prometheus have the host.
const INSTANCE: [(&str, &str); 3] = [
    ("instance=%q", "juju_unit=%q,juju_model_uuid=%q"),
    ("$labels.instance | query", "$labels.juju_unit $labels.juju_model_uuid | query"),
    ("$labels.instance", "$labels.juju_unit"),
];

/// The JSON of the YAML.
///
/// # Errors
/// It is no file of rules, or no expression in it asks for a metric.
pub(crate) fn for_a_charm(yaml: &str) -> Result<String, String> {
    let mut rules: Value = serde_yaml_ng::from_str(yaml).map_err(|error| error.to_string())?;
    let groups = rules["groups"].as_array_mut().ok_or("no groups")?;
    for rule in groups.iter_mut().filter_map(|group| group["rules"].as_array_mut()).flatten() {
        let expr = rule["expr"].as_str().ok_or("a rule without an expression")?;
        let placed = placed(expr.trim());
        if !placed.contains(PLACE) {
            return Err(format!("no metric in {expr}"));
        }
        rule["expr"] = placed.into();
        let annotations = rule.get_mut("annotations").and_then(Value::as_object_mut);
        for text in annotations.into_iter().flat_map(|all| all.values_mut()) {
            let said = text.as_str().unwrap_or_default().to_owned();
            *text = INSTANCE.iter().fold(said, |said, (from, to)| said.replace(from, to)).into();
        }
    }
    Ok(format!("{rules:#}\n"))
}

/// The expression with the place in each selector: behind the name of a metric, in the braces that are there or in new ones.
fn placed(expr: &str) -> String {
    let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == ':';
    let (mut placed, mut rest) = (String::new(), expr);
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|one: char| !is_name(one)).unwrap_or(rest.len());
        if length == 0 {
            // What stands in quotes names no metric.
            let length =
                if first == '"' { rest[1..].find('"').map_or(rest.len(), |end| end + 2) } else { first.len_utf8() };
            placed.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let (name, after) = rest.split_at(length);
        placed.push_str(name);
        rest = after;
        if name == METRICS[1] || name.starts_with(METRICS[0]) {
            placed.push('{');
            placed.push_str(PLACE);
            match after.strip_prefix('{') {
                Some(inside) if inside.trim_start().starts_with('}') => rest = inside,
                Some(inside) => {
                    placed.push(',');
                    rest = inside;
                }
                None => placed.push('}'),
            }
        }
    }
    placed
}
