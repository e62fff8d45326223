//! A URL as the `url` of a check: the options that it stands for, as if they were written.

use super::mail::NOBODY;
use super::parts::{Bad, Parts};
use super::{Known, jdbc, pieces, tls};
use crate::services::{self, Scheme, Service};
use crate::url::{GeneratedCheck, Item, Value};
use std::borrow::Cow;

/// What a URL, or a list of them, says to a check of one type.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// What each of its servers is checked with: one, as a rule.
    pub(crate) checks: Vec<Vec<Said>>,
    /// Its parts that no option of the check can hold, for a person.
    pub(crate) left: Vec<String>,
    /// The options of its query of which that is so: its client's own, as a rule.
    pub(crate) left_of_query: Vec<String>,
    /// What a person should know of it.
    pub(crate) remarks: Vec<String>,
}

/// An option that a URL stands for.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) option: String,
    pub(crate) value: Value,
    /// Its clients take it so where it says nothing: another value beside it is no contradiction.
    pub(crate) usual: bool,
}

/// Who logs in, as far as that stands beside a URL.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    pub(crate) user: bool,
    pub(crate) password: bool,
}

/// In the place of what stands beside the URL, so that the rest of it can be read.
const ELSEWHERE: &str = "conn-check stands beside";

/// Reads a URL for checks of this type, whose service this is.
///
/// # Errors
/// Why it is none of this service, or cannot be used; never with a part of it that may be a secret.
pub(crate) fn read(text: &str, own: &'static Service, beside: Beside) -> Result<Reading, String> {
    let mut reading = Reading::default();
    for piece in pieces(text.trim()) {
        reading.add(piece, own, beside).map_err(|Bad(why)| why)?;
    }
    if reading.checks.is_empty() {
        return Err("there is no URL".to_owned());
    }
    Ok(reading)
}

impl Reading {
    fn add(&mut self, text: &str, own: &'static Service, beside: Beside) -> Result<(), Bad> {
        if jdbc::is_file(text) {
            return Err(Bad::new("it is that of a file: there is nothing to connect to"));
        }
        let parts = completed(Parts::read(text)?.without_contradictions()?, own, beside);
        tls::understood(&parts)?;
        let (service, scheme) = service_of(&parts, own)?;
        let known = Known { origin: "url", parts: &parts, service, scheme };
        let mut checks = Vec::new();
        let mut remarks = Vec::new();
        for item in known.items()? {
            match item {
                Item::Check(check) if Some(&*check.kind) == own.check => checks.push(check),
                Item::Comment(comment) if comment.gap => remarks.push(comment.why),
                Item::Check(_) | Item::Comment(_) => {}
            }
        }
        if checks.is_empty() {
            return Err(Bad::new(remarks.pop().unwrap_or_else(|| "no check can be made of it".to_owned())));
        }
        self.left_of_query.extend(parts.left_of_query());
        self.left.extend(left(&parts, &checks, remarks.is_empty()));
        self.remarks.extend(remarks);
        self.checks.extend(checks.into_iter().map(|check| said(check, &parts, service)));
        Ok(())
    }
}

/// With something in the place of what stands beside it; of databases somebody has to be named.
fn completed(mut parts: Parts, own: &'static Service, beside: Beside) -> Parts {
    let has = |names: &[&str]| names.iter().any(|name| parts.has_query(name));
    let needs_user = beside.user || [&services::POSTGRES, &services::MYSQL].contains(&own);
    let (names_user, names_password) =
        (parts.user.is_some() || has(&["user", "username"]), parts.password.is_some() || has(&["password"]));
    if needs_user && !names_user {
        parts.user = Some(ELSEWHERE.to_owned());
    }
    if beside.password && !names_password {
        parts.password = Some(ELSEWHERE.to_owned());
    }
    parts
}

/// What no option of the checks holds.
fn left(parts: &Parts, checks: &[GeneratedCheck], with_login: bool) -> Vec<String> {
    let mut left = Vec::new();
    if parts.leaves_path() {
        left.push("its path".to_owned());
    }
    if parts.fragment.is_some() && checks.iter().all(|check| check.get("sentinel").is_none()) {
        left.push("what stands behind its `#`".to_owned());
    }
    let is_held = |text: &str| checks.iter().any(|check| holds(check, text));
    let login = [&parts.user, &parts.password].into_iter().flatten();
    if with_login && !login.into_iter().all(|text| is_held(text) || text == ELSEWHERE) {
        left.push("its login".to_owned());
    }
    left
}

/// The service that the scheme means to a check of `own`'s: clients of Redis and MQTT take `tcp://HOST:PORT`.
fn service_of(parts: &Parts, own: &'static Service) -> Result<(&'static Service, &'static Scheme), Bad> {
    let Some((service, scheme)) = services::by_scheme(parts.base()) else {
        let scheme = &parts.scheme;
        return Err(Bad::new(format!("`{scheme}://` is not the scheme of a URL for {}", own.described)));
    };
    let any = [&services::TCP, &services::TLS].contains(&service);
    if service.is_checked_like(own) || (*service == services::SENTINEL && *own == services::REDIS) {
        // A relative of it may have a default port of its own.
        return Ok((service, scheme));
    }
    if any && own.transport == service.transport {
        return Ok((own, scheme));
    }
    let what = service.described;
    let other = service.check.map(|kind| format!(": write `type: {kind}`")).unwrap_or_default();
    Err(Bad::new(format!("it is that of {what}, not of {}{other}", own.described)))
}

fn holds(check: &GeneratedCheck, text: &str) -> bool {
    check.options.iter().any(|(_, value)| is_text(value, text))
}

/// The options of a check, without what only makes it whole where nobody says more.
fn said(check: GeneratedCheck, parts: &Parts, service: &Service) -> Vec<Said> {
    let is_filler = |option: &str, value: &Value| match option {
        "send" => !is_fixed(service, option),
        "from_address" => is_text(value, NOBODY),
        _ => is_text(value, ELSEWHERE),
    };
    let options = check.options.into_iter().filter(|(option, value)| !is_filler(option, value));
    let said = |(option, value): (Cow<'static, str>, Value)| Said {
        usual: is_usual(&option, &value, parts, service),
        option: option.into_owned(),
        value,
    };
    options.map(said).collect()
}

/// Whether clients take it so, and the URL says nothing of it.
fn is_usual(option: &str, value: &Value, parts: &Parts, service: &Service) -> bool {
    let names_nothing = parts.path.len() <= 1;
    match option {
        "host" => {
            let is_own = is_text(value, "localhost") || service.socket.is_some_and(|path| is_text(value, path));
            is_own && parts.sites.iter().all(|site| site.host.is_empty())
        }
        "port" => parts.sites.iter().all(|site| site.port.is_none()) && !parts.has_query("port"),
        "username" => parts.user.is_none() && parts.query.is_empty(),
        "password" => parts.password.is_none() && parts.query.is_empty(),
        "vhost" => names_nothing,
        // libpq calls it like the user.
        "database" => names_nothing && !["dbname", "database", "db"].iter().any(|name| parts.has_query(name)),
        other => is_fixed(service, other),
    }
}

fn is_fixed(service: &Service, option: &str) -> bool {
    service.options.fixed.iter().any(|(own, _)| *own == option)
}

fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::Text(own) => own == text,
        Value::Secret(hidden) => hidden.expose() == text,
        Value::Plain(_) | Value::List(_) | Value::Map(_) => false,
    }
}
