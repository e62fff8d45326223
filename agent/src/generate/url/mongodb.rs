//! The connection string of `MongoDB`.

use super::Known;
use super::ordinary;
use super::parts::{Bad, Parts};
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services;
use mongodb::options::AuthMechanism;
use std::str::FromStr as _;

/// A check for each host: every member of the set has to be reached.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    if url.parts.extra() == "srv" {
        return Ok(srv(url));
    }
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

/// The members are in the DNS, and may be others tomorrow: only the records are checked.
fn srv(url: &Known<'_>) -> Vec<Item> {
    let why = "the hosts of a mongodb+srv URL are SRV records, which can change: only the records are checked; for a login, add a mongodb check with `use_tls: true` for each host that `dig SRV` names";
    let host = &url.parts.site().host;
    let name = format!("_mongodb._tcp.{host}");
    let check = GeneratedCheck::new(services::DNS.id, url.origin).text("name", name).text("record", "SRV");
    vec![Comment::gap(url.origin, why).into(), check.into()]
}
