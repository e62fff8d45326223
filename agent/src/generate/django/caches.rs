//! `CACHES`.

use crate::generate::django::group::{Group, host_and_port, map_checks};
use crate::generate::django::redis;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, Security};
use serde_json::Value;

/// The checks for every cache.
pub(super) fn items(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    settings.each("CACHES", items_of)
}

/// By a part of the backend's name: most wrap one of Django's own. One that has none is memcached,
/// as the original has it.
fn items_of(cache: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let backend = cache.text("BACKEND")?.unwrap_or_default().to_ascii_lowercase();
    // First, as "locmemcache" has "memcache" in it.
    if services::no_server_by_driver(&backend).is_some() {
        return Ok(vec![cache.own_note("a cache inside of this host: nothing to connect to").into()]);
    }
    if backend.contains("cache.backends.db") {
        return Ok(vec![cache.own_note("the cache is a table of the database").into()]);
    }
    match services::by_driver(&backend) {
        Some(service) if *service == services::REDIS => return redis::cache(cache),
        Some(service) if *service == services::MEMCACHED => return memcached_cache(cache),
        None if backend.is_empty() => return memcached_cache(cache),
        _ => {}
    }
    Err(cache.gap("BACKEND", "no check is known for this backend; a tcp check would at least connect"))
}

fn memcached_cache(cache: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let options = cache.group("OPTIONS")?;
    let user = cache.text_or("USERNAME", &options, &["username", "user"])?;
    let password = cache.text_or("PASSWORD", &options, &["password"])?;
    let secure = ["tls_context", "ssl_context"].into_iter().any(|key| options.flag(key));
    let items = locations(cache)?.iter().flat_map(|text| memcached(&cache.origin, text)).collect();
    let items = map_checks(items, |check| {
        let check = match (&user, &password) {
            (Some(user), Some(password)) => check.text("username", user).secret("password", password),
            _ => check,
        };
        Ok([if secure { check.flag("use_tls", true) } else { check }])
    })?;
    if items.is_empty() {
        return Err(cache.gap("LOCATION", "it is empty: there is no server to connect to"));
    }
    Ok(items)
}

/// Servers: a text, or a list of them. pymemcache takes pairs of host and port, too.
fn locations(cache: &Group<'_>) -> Result<Vec<String>, Comment> {
    let joined = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([Value::String(host), Value::Number(port)]) => Value::from(format!("{host}:{port}")),
        _ => value.clone(),
    };
    let Some(Value::Array(values)) = cache.raw("LOCATION") else { return cache.texts("LOCATION") };
    let values: Vec<_> = values.iter().map(joined).collect();
    let map = serde_json::json!({ "LOCATION": values });
    Group::of(cache.origin.clone(), &map)?.texts("LOCATION")
}

/// Servers in one text, separated by semicolons (Django) or commas (since Django 3.2).
pub(super) fn memcached(origin: &str, text: &str) -> Vec<Item> {
    let servers = text.split([';', ',']).map(str::trim).filter(|server| !server.is_empty());
    servers.map(|server| memcached_server(origin, server)).collect()
}

/// `HOST:PORT`, `HOST`, `unix:/PATH` or `/PATH`.
fn memcached_server(origin: &str, server: &str) -> Item {
    let check = GeneratedCheck::new("memcached", origin);
    let path = server.strip_prefix("unix:").unwrap_or(server);
    if path.starts_with('/') {
        // Three slashes, as in a URL, are as good as one.
        return check.text("host", format!("/{}", path.trim_start_matches('/'))).into();
    }
    match host_and_port(server.strip_prefix("inet:").unwrap_or(server)) {
        Some((host, port)) => check
            .text("host", host)
            .number("port", port.unwrap_or(services::MEMCACHED.port(Security::Plain).get()))
            .into(),
        None => Comment::gap(origin, "a server in LOCATION is neither HOST:PORT nor the path of a socket").into(),
    }
}
