//! URLs of web services.

use super::parts::{Bad, Parts};
use super::tcp;
use super::tls;
use crate::generate::draft::{Draft, Value};
use crate::generate::item::Item;
use crate::generate::secrets::Hidden;

/// A request for the first page of the server. The path and query of the URL are left out: they
/// may hold a token, as those of webhooks do, and nobody knows here what a request for them does.
/// Every answer that is no fault of the server's shows that it is reached; with a login in the URL,
/// the login has to be accepted.
pub(super) fn items(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    if is_sentry(origin, parts) {
        return Ok(vec![sentry(origin, parts)?]);
    }
    let secure = matches!(parts.base(), "https" | "wss");
    let draft = request(origin, parts, secure, if secure { 443 } else { 80 })?;
    let Some(login) = login(origin, parts) else {
        return Ok(vec![draft.set("expected_code", words(&["2xx", "3xx", "4xx"])).into()]);
    };
    let draft = draft.set("expected_code", words(&["2xx", "3xx", "404", "405"]));
    Ok(vec![draft.set("auth", login).into()])
}

/// A check of the search engines and databases that speak HTTP, on their own port.
pub(super) fn service(origin: &str, parts: &Parts, secure: bool, port: u16) -> Result<Vec<Item>, Bad> {
    let draft = request(origin, parts, secure, port)?.set("expected_code", words(&["2xx", "3xx", "404"]));
    Ok(vec![login(origin, parts).into_iter().fold(draft, |draft, login| draft.set("auth", login)).into()])
}

fn request(origin: &str, parts: &Parts, secure: bool, default: u16) -> Result<Draft, Bad> {
    let site = parts.site();
    if site.host.is_empty() {
        return Err(Bad::new("the URL names no host"));
    }
    let host = if site.host.contains(':') { format!("[{}]", site.host) } else { site.host.clone() };
    let scheme = if secure { "https" } else { "http" };
    let port = site.port_or(default);
    let port = if port == if secure { 443 } else { 80 } { String::new() } else { format!(":{port}") };
    Ok(Draft::new("http", origin).text("url", format!("{scheme}://{host}{port}/")))
}

/// The login of the URL; `None` without one. A user without a password is itself the secret, as
/// tokens for package indexes and repositories are; GitHub's come with a password that is none.
fn login(origin: &str, parts: &Parts) -> Option<Value> {
    let (user, password) = (parts.user.as_deref(), parts.password.as_deref());
    let secret = |text: &str, what: &str| Value::Secret(Hidden::new(text, &format!("{origin} {what}")));
    let plain = |text: &str| Value::Text(text.to_owned());
    let pair = match (user, password.unwrap_or_default()) {
        (None, "") => return None,
        (Some(token), no_password @ ("" | "x-oauth-basic")) => [secret(token, "user"), plain(no_password)],
        (user, password) => [plain(user.unwrap_or_default()), secret(password, "password")],
    };
    Some(Value::List(pair.into()))
}

fn words(words: &[&str]) -> Value {
    let word = |word: &&str| word.parse().map_or_else(|_| Value::Text((*word).to_owned()), Value::Number);
    Value::List(words.iter().map(word).collect())
}

/// A Sentry DSN: a public key as the user, a number as the path's end.
fn is_sentry(origin: &str, parts: &Parts) -> bool {
    let project = parts.path.rsplit('/').next().unwrap_or_default();
    let by_shape = parts.user.is_some() && !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_digit());
    by_shape && origin.to_ascii_uppercase().contains("DSN") || parts.extra() == "sentry"
}

/// The key only lets events in: there is nothing to ask for with it.
fn sentry(origin: &str, parts: &Parts) -> Result<Item, Bad> {
    let site = parts.site();
    match (parts.base(), site.host.as_str()) {
        (_, "") => Err(Bad::new("the DSN names no host")),
        ("http", host) => Ok(tcp(origin, host, site.port_or(80)).into()),
        (_, host) => Ok(tls(origin, host, site.port_or(443)).into()),
    }
}
