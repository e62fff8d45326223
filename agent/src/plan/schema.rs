//! The JSON Schema of the file and the option tables of the documentation, from the declarations
//! that the parser itself goes by.

use super::{defaults, include};
use crate::checks::{Described, Spec};
use crate::services::Transport;
use crate::settings::chain::PARTS;
use crate::settings::common;
use crate::settings::shape::Declared;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The JSON Schema (draft 2020-12) of a file of checks.
#[must_use]
pub fn schema() -> Value {
    let checks = Spec::describe();
    let others = [defaults(), include::schema()];
    let parts =
        (others.len()..others.len() + checks.len()).map(|place| json!({"$ref": format!("#/items/oneOf/{place}")}));
    let part = json!({
        "description": "A check of a part of what its check looks at from end to end",
        "type": "object",
        "oneOf": parts.collect::<Vec<_>>(),
        "not": {"required": [PARTS]},
    });
    let entries = others.into_iter().chain(checks.iter().map(check)).collect::<Vec<_>>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "conn-check",
        "description": "A list of checks",
        "type": "array",
        "minItems": 1,
        "items": {"type": "object", "oneOf": entries},
        "$defs": {
            "part": part,
            "reference": {
                "description": "The value is taken from the environment or from a file, and treated as a secret",
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {"env": {"type": "string"}, "file": {"type": "string"}},
                "additionalProperties": false,
            },
        },
    })
}

/// The option tables of every check, as Markdown.
#[must_use]
pub fn option_tables() -> String {
    let mut text = String::from(
        "# Checks and their options\n\nGenerated from the declarations in the code by `cargo xtask docs`.\n",
    );
    let _ = write!(text, "\n## Every check\n\n{}", table(&common::describe()));
    let _ =
        write!(text, "\n## `include`\n\nNo check: an entry of its own in the list.\n\n{}", table(&include::describe()));
    for check in Spec::describe() {
        let aliases: Vec<_> = check.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let aliases = if aliases.is_empty() { String::new() } else { format!(" (also {})", aliases.join(", ")) };
        let _ = write!(text, "\n## `{}`{aliases}\n\n{}\n\n{}", check.kind, check.about, table(&check.options));
        let place = if check.service.transport == Transport::Nothing { "" } else { " at the server" };
        let _ = write!(text, "\nLeft of a check{place}: {}\n", check.trace);
    }
    text
}

/// The options that every check has.
#[must_use]
pub fn common_options() -> Vec<Declared> {
    common::describe()
}

fn table(options: &[Declared]) -> String {
    let mut text = String::from("| option | value | default | meaning |\n|---|---|---|---|\n");
    for option in options {
        let default = match (option.required, option.default) {
            (true, _) if option.by_url => "required without `url`".to_owned(),
            (true, _) => "required".to_owned(),
            (false, Some(default)) => format!("`{default}`"),
            (false, None) => String::new(),
        };
        let _ = writeln!(text, "| `{}` | {} | {default} | {} |", option.key, option.shape.short, option.about);
    }
    text
}

/// The entry that holds for the whole file.
fn defaults() -> Value {
    let limits = Spec::describe().into_iter().flat_map(|check| check.options).filter(|option| option.limit);
    let all = common::describe().into_iter().chain(limits);
    let allowed = all.filter(|option| defaults::allowed().contains(&option.key));
    let properties: Map<_, _> = allowed.map(|option| (option.key.to_owned(), property(&option))).collect();
    json!({
        "title": defaults::KEY,
        "description": "What holds for every check of the file that does not say otherwise; the first entry",
        "properties": {defaults::KEY: {"type": "object", "properties": properties, "additionalProperties": false}},
        "required": [defaults::KEY],
        "additionalProperties": false,
    })
}

fn check(check: &Described) -> Value {
    let names: Vec<_> = std::iter::once(check.kind).chain(check.aliases.iter().copied()).collect();
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({"enum": names}));
    for option in common::describe().iter().chain(&check.options) {
        properties.insert(option.key.to_owned(), property(option));
    }
    let required: Vec<_> = std::iter::once("type")
        .chain(check.options.iter().filter(|option| option.required).map(|option| option.key))
        .collect();
    let mut schema = json!({
        "title": check.kind,
        "description": check.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let whole = required.clone();
    if LOGIN.iter().all(|key| required.contains(key)) && may_be_external(&check.options) {
        let others: Vec<_> = required.iter().filter(|key| !LOGIN.contains(key)).collect();
        schema["required"] = json!(others);
        schema["anyOf"] = json!([
            {"required": LOGIN},
            {"required": ["auth_mechanism"], "properties": {"auth_mechanism": {"enum": ["external"]}}},
        ]);
    }
    if check.options.iter().any(|option| option.by_url) {
        schema["required"] = json!(["type"]);
        let ways = schema["anyOf"].as_array().cloned();
        // What a way does without, the others of the required options do not.
        let others: Vec<_> = whole.iter().filter(|key| !LOGIN.contains(key)).copied().collect();
        let with_others = |mut way: Value| {
            let own = way["required"].as_array().cloned().unwrap_or_default();
            way["required"] = json!(own.into_iter().chain(others.iter().map(|key| json!(key))).collect::<Vec<_>>());
            way
        };
        let ways =
            ways.map_or_else(|| vec![json!({"required": whole})], |ways| ways.into_iter().map(with_others).collect());
        schema["anyOf"] = json!(ways.into_iter().chain([json!({"required": ["url"]})]).collect::<Vec<_>>());
    }
    schema
}

/// What a login by a certificate does without.
const LOGIN: [&str; 2] = ["username", "password"];

/// Whether who logs in may be known by a certificate.
fn may_be_external(options: &[Declared]) -> bool {
    let mechanism = options.iter().find(|option| option.key == "auth_mechanism");
    mechanism.is_some_and(|option| option.shape.words.contains("external"))
}

fn property(option: &Declared) -> Value {
    let mut property = option.shape.schema_with_reference();
    property["description"] = json!(option.about);
    if let Some(default) = option.default {
        property["default"] = serde_json::from_str(default).unwrap_or_else(|_| json!(default));
    }
    property
}
