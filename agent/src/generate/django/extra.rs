//! Checks that a script has made itself.

use crate::generate::draft::{Draft, Value as Said};
use crate::generate::item::{Comment, Item};
use crate::generate::secrets::Hidden;
use crate::secret::{has_secret, is_secret_name};
use serde_json::Value;

/// Options of which the value is a secret in every check that has them.
const SECRETS: [&str; 2] = ["password", "body"];

/// Options that are a user and a password.
const LOGINS: [&str; 2] = ["auth", "digest_auth"];

/// Options that are names and values, which are secrets by their names; all cookies are.
const PAIRS: [&str; 3] = ["headers", "params", "cookies"];

/// Options that are a URL, which may have a login or a key in it.
const URLS: [&str; 2] = ["url", "proxy_url"];

/// The check, its options in the order in which the script has them.
pub(super) fn item(number: usize, check: &Value) -> Item {
    let origin = format!("EXTRA_CHECK_MAKERS, check {}", number + 1);
    let Some(options) = check.as_object() else {
        return Comment::gap(origin, "this is no dictionary, so it is no check").into();
    };
    let Some(kind) = options.get("type").and_then(Value::as_str) else {
        return Comment::gap(origin, "this check has no `type`").into();
    };
    let rest = options.iter().filter(|(key, _)| *key != "type");
    rest.fold(Draft::new(kind.to_owned(), &origin), |draft, (key, value)| set(draft, key, value)).as_given().into()
}

/// Adds an option of a script's, whatever in it is a secret as such.
pub(super) fn set(draft: Draft, key: &str, value: &Value) -> Draft {
    let origin = draft.origins.join(" ");
    let name = key.to_owned();
    match value {
        Value::String(text) if SECRETS.contains(&key) => draft.secret(name, text),
        Value::String(text) if URLS.contains(&key) && has_secret(text) => draft.secret(name, text),
        Value::Array(pair) if LOGINS.contains(&key) => draft.set(name, login(&origin, key, pair)),
        value if PAIRS.contains(&key) => draft.set(name, pairs(&origin, key, value)),
        value => draft.set(name, option(value)),
    }
}

/// A mapping of names to values, or a list of pairs.
fn pairs(origin: &str, key: &str, value: &Value) -> Said {
    let hidden = |name: &str, value: &Value| match value {
        value if key == "cookies" || is_secret_name(name) => hide(&format!("{origin} {key} {name}"), value),
        value => option(value),
    };
    match value {
        Value::Object(values) if !is_reference(value) => {
            Said::Map(values.iter().map(|(name, value)| (name.clone(), hidden(name, value))).collect())
        }
        Value::Array(values) => {
            let pair = |pair: &Value| match pair.as_array().map(Vec::as_slice) {
                Some([Value::String(name), value]) => Said::List(vec![Said::Text(name.clone()), hidden(name, value)]),
                _ => option(pair),
            };
            Said::List(values.iter().map(pair).collect())
        }
        value => option(value),
    }
}

/// Every text in it as a secret.
fn hide(name: &str, value: &Value) -> Said {
    match value {
        Value::String(text) => Said::Secret(Hidden::new(text, name)),
        Value::Number(number) => Said::Secret(Hidden::new(number.to_string(), name)),
        Value::Array(values) => Said::List(values.iter().map(|value| hide(name, value)).collect()),
        value => option(value),
    }
}

fn is_reference(value: &Value) -> bool {
    let mut keys = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    matches!((keys.next(), keys.next()), (Some("env" | "file"), None))
}

/// The last one is the password.
fn login(origin: &str, key: &str, pair: &[Value]) -> Said {
    let secret = |text: &str| Said::Secret(Hidden::new(text, &format!("{origin} {key}")));
    let said = pair.iter().enumerate().map(|(number, value)| match value {
        Value::String(text) if number == 1 => secret(text),
        value => option(value),
    });
    Said::List(said.collect())
}

fn option(value: &Value) -> Said {
    match value {
        Value::Null => Said::Null,
        Value::Bool(flag) => Said::Flag(*flag),
        Value::String(text) => Said::Text(text.clone()),
        Value::Number(number) => {
            number.as_u64().map_or_else(|| Said::Float(number.as_f64().unwrap_or_default()), Said::Number)
        }
        Value::Array(values) => Said::List(values.iter().map(option).collect()),
        Value::Object(values) => Said::Map(values.iter().map(|(key, value)| (key.clone(), option(value))).collect()),
    }
}
