//! Checks that a script has made itself.

use crate::generate::draft::{Draft, Value as Said};
use crate::generate::item::{Comment, Item};
use crate::generate::secrets::Hidden;
use serde_json::Value;

/// Options of which the value is a secret in every check that has them.
const SECRETS: [&str; 2] = ["password", "body"];

/// Options that are a user and a password.
const LOGINS: [&str; 2] = ["auth", "digest_auth"];

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
    let draft = rest.fold(Draft::new(kind.to_owned(), &origin), |draft, (key, value)| match value {
        Value::String(text) if SECRETS.contains(&key.as_str()) => draft.secret(key.clone(), text),
        Value::Array(pair) if LOGINS.contains(&key.as_str()) => draft.set(key.clone(), login(&origin, key, pair)),
        value => draft.set(key.clone(), option(value)),
    });
    draft.as_given().into()
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
