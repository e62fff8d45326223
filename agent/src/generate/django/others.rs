//! Settings that are not Django's own: those of its extensions and of the application. Any of them may name a host, so
//! that they are read as variables are ([`env`]): `RQ_QUEUES['default']['HOST']` with
//! `RQ_QUEUES['default']['PORT']` is a family as `REDIS_HOST` and `REDIS_PORT` are.

use super::settings::DjangoSettings;
use crate::generate::env::{self, Content, Variables};
use crate::generate::{Comment, Item};
use crate::secret::Secret;
use serde_json::Value;

/// The checks for all of them.
pub(super) fn items(django: &DjangoSettings) -> Vec<Item> {
    let mut variables = Variables::default();
    for (name, value) in django.others() {
        flatten(name.to_owned(), value, &mut variables);
    }
    let items = env::items(&variables).into_iter().map(of_a_log).map(of_a_proxy);
    items.chain(storages(&variables)).collect()
}

/// A value as variables: what is in it gets its place as its name.
fn flatten(name: String, value: &Value, variables: &mut Variables) {
    let mut set = |name, text| variables.set(name, Content::Text(Secret::new(text)));
    match value {
        Value::String(text) => set(name, text.clone()),
        Value::Number(number) => set(name, number.to_string()),
        Value::Bool(flag) => set(name, flag.to_string()),
        Value::Array(values) => match hosts(values) {
            Some(text) => set(name, text),
            None => {
                for (at, value) in values.iter().enumerate() {
                    flatten(format!("{name}[{at}]"), value, variables);
                }
            }
        },
        Value::Object(map) => {
            for (key, value) in map.iter().filter(|(key, _)| !key.starts_with('$')) {
                flatten(format!("{name}['{key}']"), value, variables);
            }
        }
        Value::Null => {}
    }
}

/// A list of texts in one, and of pairs of a host and its port.
fn hosts(values: &[Value]) -> Option<String> {
    let pair = |values: &[Value]| match values {
        [Value::String(host), Value::Number(port)] => Some(format!("{host}:{port}")),
        _ => None,
    };
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(both) => pair(both),
        _ => None,
    };
    if let Some(place) = pair(values) {
        return Some(place);
    }
    let texts: Option<Vec<_>> = values.iter().map(one).collect();
    texts.filter(|texts| !texts.is_empty()).map(|texts| texts.join(","))
}

/// Where a log goes, over datagrams or connections, is not said.
fn of_a_log(item: Item) -> Item {
    match item {
        Item::Check(check) if check.label().starts_with("LOGGING[") => {
            let why = "a log goes to this host, and whether over datagrams or a connection is not known here: add a udp or tcp check by hand";
            Comment::gap(check.label(), why).into()
        }
        item => item,
    }
}

/// A proxy is worth nothing for itself: a check through it shows more, and only the application knows to where.
fn of_a_proxy(item: Item) -> Item {
    match item {
        Item::Check(check) if check.label().split(|c: char| !c.is_alphanumeric()).any(|word| word == "PROXY") => {
            let why = "a proxy: add an http check with `proxy_host:` and `proxy_port:` for what is reached through it";
            Comment::note(check.label(), why).into()
        }
        item => item,
    }
}

/// Files that are kept in a cloud, whose host is not said.
fn storages(variables: &Variables) -> Option<Item> {
    const CLOUDS: [&str; 4] = ["storages.backends.s3", "storages.backends.gcloud", "storages.backends.azure", "s3boto"];
    let (name, _) = variables.texts().find(|(_, text)| CLOUDS.iter().any(|cloud| text.contains(cloud)))?;
    let is_endpoint = |name: &str| name.to_ascii_uppercase().contains("ENDPOINT_URL");
    let has_endpoint = variables.texts().any(|(name, _)| is_endpoint(name));
    let why = "files are kept in a cloud, and the settings do not say which host serves it: add an http check for its endpoint";
    (!has_endpoint).then(|| Comment::gap(name, why).into())
}
