//! `action-get`, `action-set`, `action-fail`, `action-log`: only inside an action.

use super::{Answer, FORMAT, Form, Hands, Refusal, Tool, pairs};
use crate::juju::context::Deed;
use serde_json::{Map, Value};

/// Keys that Juju sets itself.
const RESERVED: [&str; 4] = ["stdout", "stderr", "stdout-encoding", "stderr-encoding"];

pub(super) const TOOLS: [Tool; 4] = [
    Tool { name: "action-get", form: Form { values: &[FORMAT], switches: &[], positional: (0, 1) }, run: get },
    Tool { name: "action-set", form: Form { values: &[], switches: &[], positional: (0, usize::MAX) }, run: set },
    Tool { name: "action-fail", form: Form { values: &[], switches: &[], positional: (0, 1) }, run: fail },
    Tool { name: "action-log", form: Form { values: &[], switches: &[], positional: (1, 1) }, run: log },
];

fn deed<'a>(hands: &'a mut Hands<'_>) -> Result<&'a mut Deed, Refusal> {
    hands.context.deed.as_mut().ok_or_else(|| Refusal::failed("not running an action"))
}

fn get(hands: &mut Hands<'_>) -> Answer {
    let key = hands.given.at(0).map(str::to_owned);
    let parameters = deed(hands)?.parameters.clone();
    let at = key.iter().flat_map(|key| key.split('.')).fold(&parameters, |value, part| &value[part]);
    hands.print(at)
}

fn set(hands: &mut Hands<'_>) -> Answer {
    let pairs = pairs(&hands.given.rest)?;
    let deed = deed(hands)?;
    for (key, value) in pairs {
        let parts: Vec<_> = key.split('.').collect();
        parts.iter().try_for_each(|part| judge(part))?;
        put(&mut deed.results, &parts, value)?;
    }
    Ok(String::new())
}

/// `^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`, and none of Juju's own.
fn judge(part: &str) -> Result<(), Refusal> {
    let plain = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !plain || part.is_empty() || part.starts_with('-') || part.ends_with('-') {
        return Err(Refusal::usage(format!(
            "key {part:?} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and \
             hyphens"
        )));
    }
    if RESERVED.contains(&part) {
        return Err(Refusal::usage(format!("cannot set reserved action key {part:?}")));
    }
    Ok(())
}

/// A value cannot be a map as well.
fn put(map: &mut Map<String, Value>, parts: &[&str], value: String) -> Result<(), Refusal> {
    let conflict = || Refusal::failed(format!("the keys conflict at {parts:?}"));
    match parts {
        [] => Err(conflict()),
        [last] if map.get(*last).is_some_and(Value::is_object) => Err(conflict()),
        [last] => {
            map.insert((*last).to_owned(), Value::String(value));
            Ok(())
        }
        [first, rest @ ..] => {
            let inner = map.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            put(inner.as_object_mut().ok_or_else(conflict)?, rest, value)
        }
    }
}

fn fail(hands: &mut Hands<'_>) -> Answer {
    let message = hands.given.at(0).unwrap_or("action failed without reason given, check action for errors").to_owned();
    deed(hands)?.failed = Some(message);
    Ok(String::new())
}

fn log(hands: &mut Hands<'_>) -> Answer {
    let message = hands.given.at(0).unwrap_or_default().to_owned();
    deed(hands)?.log.push(message);
    Ok(String::new())
}
