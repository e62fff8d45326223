//! URLs of web services.

use super::Known;
use super::connection::tcp;
use super::parts::{Bad, Parts};
use super::tls::Tls;
use crate::services::{self, Security};
use crate::url::{GeneratedCheck, Hidden, Item, Value};

/// Every answer that is not a fault of the server's: it is reached.
const ANSWERED: [&str; 3] = ["2xx", "3xx", "4xx"];

/// A request for the first page of the server. The path and query of the URL are left out: they
/// may hold a token, as those of webhooks do, and nobody knows here what a request for them does.
/// With a login in the URL, the login has to be accepted.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let Known { origin, parts, .. } = *url;
    if *url.service == services::HTTP && is_sentry(origin, parts) {
        return Ok(vec![sentry(url)?]);
    }
    let (site, security) = (parts.site(), url.security(&Tls::read(parts)));
    if site.host.is_empty() {
        return Err(Bad::new("the URL names no host"));
    }
    let port = url.port(site, security)?;
    if services::OTLP.ports.has(port) {
        // HTTP/2 alone, which no request of ours is.
        let service = if security == Security::Tls { &services::TLS } else { &services::TCP };
        return Ok(vec![GeneratedCheck::at(service.id, origin, site.host.as_str(), port).into()]);
    }
    let page = first_page(&site.host, port, security);
    let check = GeneratedCheck::new(services::HTTP.id, origin).text("url", page);
    // An S3 server answers 403 to whoever does not sign.
    let codes: &[&str] = match (login(origin, parts), [&services::HTTP, &services::S3].contains(&url.service)) {
        (None, true) => &ANSWERED,
        (Some(_), true) => &["2xx", "3xx", "404", "405"],
        // Search engines and databases that speak HTTP have a first page.
        (_, false) => &["2xx", "3xx", "404"],
    };
    let check = check.set("expected_code", words(codes));
    Ok(vec![login(origin, parts).into_iter().fold(check, |check, login| check.set("auth", login)).into()])
}

/// A check of whatever answers at an address. A certificate is seldom one for an address: of a port
/// for TLS, the connection is checked.
pub(crate) fn at(origin: &str, address: &str, port: u16) -> GeneratedCheck {
    if services::HTTP.ports.has_tls(port) {
        return tcp(origin, address, port);
    }
    let url = first_page(address, port, Security::Plain);
    GeneratedCheck::new(services::HTTP.id, origin).text("url", url).set("expected_code", words(&ANSWERED))
}

/// The URL of a server's first page; the default port is left out.
fn first_page(host: &str, port: u16, security: Security) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let scheme = if security == Security::Tls { "https" } else { "http" };
    if services::HTTP.port(security).get() == port {
        format!("{scheme}://{host}/")
    } else {
        format!("{scheme}://{host}:{port}/")
    }
}

/// The login of the URL; `None` without one. A user without a password is itself the secret, as
/// tokens for package indexes and repositories are; GitHub's come with a word in place of the password.
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
    let word = |word: &&str| {
        word.parse::<u64>().map_or_else(|_| Value::Text((*word).to_owned()), |code| Value::Plain(code.into()))
    };
    Value::List(words.iter().map(word).collect())
}

/// A Sentry DSN: a public key as the user, a number as the path's end.
fn is_sentry(origin: &str, parts: &Parts) -> bool {
    let project = parts.path.rsplit('/').next().unwrap_or_default();
    let by_shape = parts.user.is_some() && !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_digit());
    by_shape && origin.to_ascii_uppercase().contains("DSN") || parts.extra() == "sentry"
}

/// The key only lets events in: there is nothing to ask for with it.
fn sentry(url: &Known<'_>) -> Result<Item, Bad> {
    let (site, security) = (url.parts.site(), url.scheme.security);
    let port = url.port(site, security)?;
    match site.host.as_str() {
        "" => Err(Bad::new("the DSN names no host")),
        host if security == Security::Tls => Ok(GeneratedCheck::at(services::TLS.id, url.origin, host, port).into()),
        host => Ok(tcp(url.origin, host, port).into()),
    }
}
