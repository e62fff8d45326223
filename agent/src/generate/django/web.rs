//! Services that speak HTTP: search engines, and Sentry.

use crate::generate::django::group::{Group, map_checks, or_comment};
use crate::generate::django::tls;
use crate::generate::{Comment, GeneratedCheck, Hidden, Item, Value};
use crate::services;
use crate::url;
use serde_json::Value as Json;

/// Logins that are not a user with a password.
const TOKENS: [&str; 3] = ["api_key", "bearer_auth", "cloud_id"];

/// What a search engine answers to a login that is right.
const WELCOME: [&str; 2] = ["2xx", "3xx"];

/// `HAYSTACK_CONNECTIONS` and `ELASTICSEARCH_DSL`.
pub(super) fn search(settings: &Group<'_>) -> Vec<Item> {
    let haystack = settings.each("HAYSTACK_CONNECTIONS", haystack_connection);
    let elastic = settings.each("ELASTICSEARCH_DSL", |one| hosts(one, &one.texts("hosts")?, one));
    [haystack, elastic].into_iter().flat_map(or_comment).collect()
}

fn haystack_connection(connection: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let engine = connection.text("ENGINE")?.unwrap_or_default();
    if ["simple", "whoosh", "xapian"].into_iter().any(|kind| engine.contains(kind)) {
        return Ok(vec![connection.own_note("an index inside of this host: nothing to connect to").into()]);
    }
    hosts(connection, &connection.texts("URL")?, &connection.group("KWARGS")?)
}

/// The options are those of the client's constructor.
fn hosts(group: &Group<'_>, texts: &[String], options: &Group<'_>) -> Result<Vec<Item>, Comment> {
    if texts.is_empty() {
        return Err(group.own_gap("no host is named"));
    }
    let scheme = services::ELASTICSEARCH.scheme().name;
    let scheme = if options.flag("use_ssl") { format!("{scheme}+https") } else { scheme.to_owned() };
    let with_scheme = |text: &String| if text.contains("://") { text.clone() } else { format!("{scheme}://{text}") };
    let mut items = Vec::new();
    let login = login(options).unwrap_or_else(|comment| {
        items.push(comment.into());
        None
    });
    let found = texts.iter().flat_map(|text| url::items(&group.origin, &with_scheme(text))).collect();
    items.extend(map_checks(found, |check| {
        let check = match &login {
            Some((user, password)) if check.get("auth").is_none() => logged_in(check, user, password),
            _ => check,
        };
        if is_https(&check) { secure(check, options) } else { Ok(vec![check.into()]) }
    })?);
    Ok(items)
}

/// The user and the password.
fn login(options: &Group<'_>) -> Result<Option<(String, String)>, Comment> {
    let why = "this is not a user with a password: the check below does without the login";
    let Some(key) = ["basic_auth", "http_auth", "auth"].into_iter().find(|key| options.raw(key).is_some()) else {
        let token = TOKENS.into_iter().find(|key| options.raw(key).is_some());
        return token.map_or(Ok(None), |key| Err(options.gap(key, why)));
    };
    let pair = match options.raw(key) {
        Some(Json::String(text)) => text.split_once(':'),
        Some(Json::Array(pair)) => match pair.as_slice() {
            [Json::String(user), Json::String(password)] => Some((user.as_str(), password.as_str())),
            _ => None,
        },
        _ => None,
    };
    let (user, password) = pair.ok_or_else(|| options.gap(key, why))?;
    Ok(Some((user.to_owned(), password.to_owned())))
}

/// Without a login, a refusal shows that the server is there; with one, it is a refusal.
fn logged_in(check: GeneratedCheck, user: &str, password: &str) -> GeneratedCheck {
    let secret = Value::Secret(Hidden::new(password, &format!("{} password", check.origins.join(" "))));
    let codes = WELCOME.map(|code| Value::Text(code.to_owned())).into_iter().chain([Value::Plain(404.into())]);
    check
        .without(&["expected_code"])
        .set("expected_code", Value::List(codes.collect()))
        .set("auth", Value::List(vec![Value::Text(user.to_owned()), secret]))
}

fn is_https(check: &GeneratedCheck) -> bool {
    matches!(check.get("url"), Some(Value::Text(url)) if url.starts_with("https://"))
}

/// As the client of Elasticsearch takes it, which verifies unless it is told not to.
fn secure(check: GeneratedCheck, options: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let is_false = |key: &str| options.raw(key).is_some() && !options.flag(key);
    let check = check
        .some_text("client_cert", options.text("client_cert")?.as_deref())
        .some_text("client_key", options.text("client_key")?.as_deref());
    if is_false("verify_certs") {
        return Ok(vec![check.flag("disable_tls_verification", true).into()]);
    }
    let check = if is_false("ssl_assert_hostname") { check.flag("verify_name", false) } else { check };
    Ok(vec![tls::options(check, options)?.into()])
}

/// `SENTRY_DSN`, or the settings of Raven, its first client.
pub(super) fn sentry(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let mut found = None;
    for name in ["SENTRY_DSN", "RAVEN_DSN"] {
        found = found.or(settings.text(name)?.map(|dsn| (name.to_owned(), dsn)));
    }
    if found.is_none() {
        let raven = settings.group("RAVEN_CONFIG")?;
        found = raven.text("dsn")?.map(|dsn| (raven.place("dsn"), dsn));
    }
    let dsn = found.into_iter().flat_map(|(origin, dsn)| {
        // Raven had the transport before the scheme: threaded+https, requests+http.
        let plain = dsn.split_once("://").map(|(scheme, rest)| (scheme.rsplit('+').next().unwrap_or(scheme), rest));
        let plain = plain.map_or_else(|| dsn.clone(), |(scheme, rest)| format!("{scheme}://{rest}"));
        url::items(&origin, &plain)
    });
    Ok(dsn.collect())
}
