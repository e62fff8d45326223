//! The connection string of `MongoDB`.

use super::parts::{Bad, Parts};
use super::tls::Tls;
use crate::generate::draft::Draft;
use crate::generate::item::{Comment, Item};

/// A check for each host: every member of the set has to be reached.
pub(super) fn items(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    if parts.extra() == "srv" {
        return Ok(srv(origin, parts));
    }
    let tls = Tls::read(parts);
    let database = parts.name()?;
    let mechanism = parts.option(&["authMechanism"]).unwrap_or("SCRAM-SHA-256").to_ascii_uppercase();
    let login = match (&parts.user, &parts.password) {
        (Some(user), Some(password)) if mechanism.starts_with("SCRAM") => Some((user, password)),
        _ => None,
    };
    let mut items = Vec::new();
    if parts.user.is_some() && login.is_none() {
        let why = "the login is no user with a password (SCRAM): the check below does without it";
        items.push(Comment::gap(origin, why).into());
    }
    for site in &parts.sites {
        let draft = Draft::new("mongodb", origin).text("host", site.host_or("localhost"));
        let draft = draft.number("port", site.port_or(27017));
        let draft = match login {
            Some((user, password)) => draft.text("username", user).secret("password", password),
            None => draft,
        };
        let draft = draft.some_text("database", database.as_deref());
        let draft = draft.some_text("auth_source", login.and(parts.option(&["authSource"])));
        let draft = draft.some_text("replica_set", parts.option(&["replicaSet"]));
        let secure = tls.wanted == Some(true) && !site.host.starts_with('/');
        items.push(if secure { tls.apply(draft.flag("use_tls", true)) } else { draft }.into());
    }
    Ok(items)
}

/// The members are in the DNS, and may be others tomorrow: only the records are checked.
fn srv(origin: &str, parts: &Parts) -> Vec<Item> {
    let why = "the hosts of a mongodb+srv URL are SRV records, which can change: only the records are checked; for a login, add a mongodb check with `use_tls: true` for each host that `dig SRV` names";
    let host = &parts.site().host;
    let check = Draft::new("dns", origin).text("name", format!("_mongodb._tcp.{host}")).text("record", "SRV");
    vec![Comment::gap(origin, why).into(), check.into()]
}
