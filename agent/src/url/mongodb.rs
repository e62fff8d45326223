//! The connection string of `MongoDB`.

use super::Known;
use super::ordinary;
use super::parts::{Bad, Parts};
use crate::url::{Comment, GeneratedCheck, Item, Value};
use mongodb::options::AuthMechanism;
use std::str::FromStr as _;

/// A check for each host: every member of the set has to be reached. Or one for the name whose records name them.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    if url.parts.extra() == "srv" { by_srv(url) } else { at_hosts(url) }
}

fn at_hosts(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let named = url.parts.option(&["authMechanism"]).map(|name| AuthMechanism::from_str(&name.to_ascii_uppercase()));
    let by_password = match &named {
        None => true,
        Some(mechanism) => matches!(mechanism, Ok(AuthMechanism::ScramSha1 | AuthMechanism::ScramSha256)),
    };
    if url.parts.user.is_some() && url.parts.password.is_some() && by_password {
        return ordinary::items(url);
    }
    // Without a login there is no database to ask about it.
    let query = url.parts.query.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("authSource")).cloned().collect();
    let parts = Parts { user: None, password: None, query, ..url.parts.clone() };
    let by_certificate = matches!(named, Some(Ok(AuthMechanism::MongoDbX509)));
    let why = if by_certificate {
        "the login is by a certificate: add `auth_mechanism: x509` and `client_cert` to the check below, which does without it"
    } else {
        "the login is not a user with a password (SCRAM): the check below does without it"
    };
    let comment = (by_certificate || url.parts.user.is_some()).then(|| Comment::gap(url.origin, why).into());
    let items = ordinary::items(&Known { parts: &parts, ..*url })?;
    Ok(comment.into_iter().chain(items).collect())
}

/// The servers stand in the DNS, and TLS is on unless the URL says otherwise.
fn by_srv(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let parts = url.parts;
    if parts.sites.len() > 1 || parts.site().port.is_some() {
        return Err(Bad::new("a mongodb+srv URL has one host and no port: the SRV records name the servers"));
    }
    if let Some(service) = parts.option(&["srvServiceName"]).filter(|name| *name != "mongodb") {
        let why = format!("the check asks for _mongodb._tcp alone, and the URL for another service, {service}");
        return Err(Bad::new(why));
    }
    let tls = parts.option(&["tls", "ssl"]).is_none().then(|| ("tls".to_owned(), "true".to_owned()));
    let query = parts.query.iter().cloned().chain(tls).collect();
    let scheme = parts.base().to_owned();
    let items = at_hosts(&Known { parts: &Parts { scheme, query, ..parts.clone() }, ..*url })?;
    let named = |item| match item {
        Item::Check(check) => Item::Check(named_by_records(check)),
        comment @ Item::Comment(_) => comment,
    };
    Ok(items.into_iter().map(named).collect())
}

/// A check of one server as one of the servers that the records name.
fn named_by_records(mut check: GeneratedCheck) -> GeneratedCheck {
    let has_tls = check.get("use_tls").is_some();
    check.options.retain(|(option, _)| option != "use_tls");
    for (option, value) in &mut check.options {
        if option == "port" {
            (*option, *value) = ("srv".into(), Value::Plain(true.into()));
        }
    }
    if has_tls { check } else { check.flag("use_tls", false) }
}
