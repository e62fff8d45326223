//! Whether a next step can be taken: the options that it names are options of that type of check, and one that it
//! says to set is not set already. Asked of every report that a test reads.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// The options of each type, as the schema in the documentation has them.
fn options() -> &'static BTreeMap<String, BTreeSet<String>> {
    static OPTIONS: OnceLock<BTreeMap<String, BTreeSet<String>>> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        // As it is now: `cargo xtask docs` may have been here after the tests were built.
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/checks.schema.json");
        let schema: Value = serde_json::from_slice(&fs::read(file).expect("docs/")).expect("JSON");
        let mut types = BTreeMap::new();
        collect(&schema, &mut types);
        assert!(types.len() > 10, "the schema has another form: {types:?}");
        types
    })
}

/// Every mapping of the schema that has a type and properties.
fn collect(schema: &Value, types: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(properties) = schema["properties"].as_object() {
        let names = &properties.get("type").map_or(&Value::Null, |kind| kind)["enum"];
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
            types.entry(name.to_owned()).or_default().extend(properties.keys().cloned());
        }
    }
    let below = schema.as_object().into_iter().flat_map(|object| object.values());
    below.chain(schema.as_array().into_iter().flatten()).for_each(|part| collect(part, types));
}

/// Holds each next step of a report against the options of its check.
///
/// # Panics
/// When one cannot be taken.
pub(crate) fn inspect(report: &Value, yaml: &str) {
    let checks = report["checks"].as_array().map_or(&[][..], Vec::as_slice);
    for check in checks {
        let (Some(kind), Some(next)) = (check["type"].as_str(), check["failure"]["next_step"].as_str()) else {
            continue;
        };
        // What is said about a proxy is about another server.
        let Some(own) = options().get(kind).filter(|_| !next.contains("(this is about the proxy)")) else { continue };
        for named in mentioned(next) {
            assert!(own.contains(named.option), "a check of type {kind} has no option `{}`: {check}", named.option);
            let is_set = checks.len() == 1 && yaml.contains(&format!("{}:", named.option));
            assert!(!(named.is_to_be_added && is_set), "`{}` is set already: {check}\n{yaml}", named.option);
        }
    }
}

/// An option that a text names.
struct Mention<'a> {
    option: &'a str,
    /// It says to set it, and to nothing in particular.
    is_to_be_added: bool,
}

/// The options in a text: words that are options of any type, and are no words of English or stand in backticks.
fn mentioned(text: &str) -> Vec<Mention<'_>> {
    let is_known = |word: &str| options().values().any(|own| own.contains(word));
    let words: Vec<_> = text.split(' ').collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_quoted = word.starts_with('`');
        let bare = word.trim_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let option = bare.split([':', '`']).next().unwrap_or_default();
        if !is_known(option) || !(is_quoted || option.contains('_')) {
            continue;
        }
        let has_value = word.contains(':') && !word.trim_end_matches(['`', ',', ';']).ends_with(':');
        let has_value = has_value || word.trim_start_matches('`').starts_with(&format!("{option}:"));
        let verb = at.checked_sub(1).map_or("", |before| words[before]);
        found.push(Mention { option, is_to_be_added: matches!(verb, "set" | "add") && !has_value });
    }
    found
}
