//! `state-get`, `state-set`, `state-delete`: kept by the controller, for this unit.

use super::{Answer, FORMAT, Form, Hands, Refusal, Tool, given_pairs};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const TOOLS: [Tool; 3] = [
    Tool {
        name: "state-get",
        form: Form { values: &[FORMAT], switches: &[&["strict"]], positional: (0, 1) },
        run: get,
    },
    Tool {
        name: "state-set",
        form: Form { values: &[&["file"]], switches: &[], positional: (0, usize::MAX) },
        run: set,
    },
    Tool { name: "state-delete", form: Form { values: &[], switches: &[], positional: (1, 1) }, run: delete },
];

/// The state with what this hook has changed.
fn state<'a>(hands: &'a mut Hands<'_>) -> &'a mut BTreeMap<String, String> {
    let stored = &hands.state.model.unit(&hands.context.unit).state;
    hands.context.state.get_or_insert_with(|| stored.clone())
}

fn get(hands: &mut Hands<'_>) -> Answer {
    let all = state(hands).clone();
    match hands.given.at(0) {
        None | Some("-") => hands.print(&json!(all)),
        Some(key) => hands.print(&all.get(key).map_or(Value::Null, |value| json!(value))),
    }
}

fn set(hands: &mut Hands<'_>) -> Answer {
    let pairs = given_pairs(hands)?;
    state(hands).extend(pairs);
    Ok(String::new())
}

fn delete(hands: &mut Hands<'_>) -> Answer {
    let key = hands.given.at(0).filter(|key| !key.is_empty()).ok_or_else(|| Refusal::usage("no key specified"))?;
    let key = key.to_owned();
    state(hands).remove(&key);
    Ok(String::new())
}
