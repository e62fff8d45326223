//! Checks that a script has made itself.

use crate::generate::{Comment, GeneratedCheck, Hidden, Item, Value};
use crate::secret::{has_secret, is_secret_name, may_be_secret};
use serde_json::Value as Json;

/// Options of which the value is a secret in every check that has them.
const SECRETS: [&str; 2] = ["password", "body"];

/// Options that are a user and a password.
const LOGINS: [&str; 2] = ["auth", "digest_auth"];

/// Options that are names and values, which are secrets by their names; all cookies are, and all headers but
/// those that are known to be none.
const PAIRS: [&str; 3] = ["headers", "params", "cookies"];

/// Options that are a URL, which may have a login or a key in it.
const URLS: [&str; 2] = ["url", "proxy_url"];

/// The check, its options in the order in which the script has them.
pub(super) fn item(number: usize, check: &Json) -> Item {
    let origin = format!("EXTRA_CHECK_MAKERS, check {}", number + 1);
    let Some(options) = check.as_object() else {
        return Comment::gap(origin, "this is not a dictionary, so it is not a check").into();
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
        value => check.set(name, value_of(value, None)),
    }
}

/// A mapping of names to values, or a list of pairs.
fn pairs(origin: &str, key: &str, value: &Json) -> Value {
    let hidden = |name: &str, value: &Json| {
        let may_be_secret = key == "headers" && value.as_str().is_some_and(|text| may_be_secret(name, text));
        let is_secret = key == "cookies" || is_secret_name(name) || may_be_secret;
        value_of(value, is_secret.then(|| format!("{origin} {key} {name}")).as_deref())
    };
    match value {
        Json::Object(values) if !is_reference(value) => {
            Value::Map(values.iter().map(|(name, value)| (name.clone(), hidden(name, value))).collect())
        }
        Json::Array(values) => {
            let pair = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                Some([Json::String(name), value]) => Value::List(vec![Value::Text(name.clone()), hidden(name, value)]),
                _ => value_of(pair, None),
            };
            Value::List(values.iter().map(pair).collect())
        }
        value => value_of(value, None),
    }
}

fn is_reference(value: &Json) -> bool {
    let mut keys = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    matches!((keys.next(), keys.next()), (Some("env" | "file"), None))
}

/// The last one is the password.
fn login(origin: &str, key: &str, pair: &[Json]) -> Value {
    let name = format!("{origin} {key}");
    let values = pair.iter().enumerate().map(|(number, value)| match value {
        Json::String(_) if number == 1 => value_of(value, Some(&name)),
        value => value_of(value, None),
    });
    Value::List(values.collect())
}

/// The value; with a name for it, every text and number in it is a secret.
fn value_of(value: &Json, secret: Option<&str>) -> Value {
    match (value, secret) {
        (Json::String(text), Some(name)) => Value::Secret(Hidden::new(text, name)),
        (Json::Number(number), Some(name)) => Value::Secret(Hidden::new(number.to_string(), name)),
        (Json::String(text), None) => Value::Text(text.clone()),
        (Json::Array(values), _) => Value::List(values.iter().map(|value| value_of(value, secret)).collect()),
        (Json::Object(values), _) => {
            Value::Map(values.iter().map(|(key, value)| (key.clone(), value_of(value, None))).collect())
        }
        (Json::Null | Json::Bool(_) | Json::Number(_), _) => Value::Plain(value.clone()),
    }
}
