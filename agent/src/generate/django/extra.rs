//! Checks that a script has made itself.

use crate::generate::{Comment, GeneratedCheck, Hidden, Item, Value};
use crate::secret::{has_secret, is_secret_name};
use serde_json::Value as Json;

/// Options of which the value is a secret in every check that has them.
const SECRETS: [&str; 2] = ["password", "body"];

/// Options that are a user and a password.
const LOGINS: [&str; 2] = ["auth", "digest_auth"];

/// Options that are names and values, which are secrets by their names; all cookies are.
const PAIRS: [&str; 3] = ["headers", "params", "cookies"];

/// Options that are a URL, which may have a login or a key in it.
const URLS: [&str; 2] = ["url", "proxy_url"];

/// The check, its options in the order in which the script has them.
pub(super) fn item(number: usize, check: &Json) -> Item {
    let origin = format!("EXTRA_CHECK_MAKERS, check {}", number + 1);
    let Some(options) = check.as_object() else {
        return Comment::gap(origin, "this is no dictionary, so it is no check").into();
    };
    let Some(kind) = options.get("type").and_then(Json::as_str) else {
        return Comment::gap(origin, "this check has no `type`").into();
    };
    let rest = options.iter().filter(|(key, _)| *key != "type");
    let check = GeneratedCheck { from_user: true, ..GeneratedCheck::new(kind.to_owned(), &origin) };
    rest.fold(check, |check, (key, value)| set(check, key, value)).into()
}

/// Adds an option of a script's, whatever in it is a secret as such.
pub(super) fn set(check: GeneratedCheck, key: &str, value: &Json) -> GeneratedCheck {
    let origin = check.origins.join(" ");
    let name = key.to_owned();
    match value {
        Json::String(text) if SECRETS.contains(&key) => check.secret(name, text),
        Json::String(text) if URLS.contains(&key) && has_secret(text) => check.secret(name, text),
        Json::Array(pair) if LOGINS.contains(&key) => check.set(name, login(&origin, key, pair)),
        value if PAIRS.contains(&key) => check.set(name, pairs(&origin, key, value)),
        value => check.set(name, option(value)),
    }
}

/// A mapping of names to values, or a list of pairs.
fn pairs(origin: &str, key: &str, value: &Json) -> Value {
    let hidden = |name: &str, value: &Json| match value {
        value if key == "cookies" || is_secret_name(name) => hide(&format!("{origin} {key} {name}"), value),
        value => option(value),
    };
    match value {
        Json::Object(values) if !is_reference(value) => {
            Value::Map(values.iter().map(|(name, value)| (name.clone(), hidden(name, value))).collect())
        }
        Json::Array(values) => {
            let pair = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                Some([Json::String(name), value]) => Value::List(vec![Value::Text(name.clone()), hidden(name, value)]),
                _ => option(pair),
            };
            Value::List(values.iter().map(pair).collect())
        }
        value => option(value),
    }
}

/// Every text in it as a secret.
fn hide(name: &str, value: &Json) -> Value {
    match value {
        Json::String(text) => Value::Secret(Hidden::new(text, name)),
        Json::Number(number) => Value::Secret(Hidden::new(number.to_string(), name)),
        Json::Array(values) => Value::List(values.iter().map(|value| hide(name, value)).collect()),
        value => option(value),
    }
}

fn is_reference(value: &Json) -> bool {
    let mut keys = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    matches!((keys.next(), keys.next()), (Some("env" | "file"), None))
}

/// The last one is the password.
fn login(origin: &str, key: &str, pair: &[Json]) -> Value {
    let secret = |text: &str| Value::Secret(Hidden::new(text, &format!("{origin} {key}")));
    let values = pair.iter().enumerate().map(|(number, value)| match value {
        Json::String(text) if number == 1 => secret(text),
        value => option(value),
    });
    Value::List(values.collect())
}

fn option(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Flag(*flag),
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => {
            number.as_u64().map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Number)
        }
        Json::Array(values) => Value::List(values.iter().map(option).collect()),
        Json::Object(values) => Value::Map(values.iter().map(|(key, value)| (key.clone(), option(value))).collect()),
    }
}
