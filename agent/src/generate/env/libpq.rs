//! libpq's own variables (section 34.15 of `PostgreSQL`'s manual).

use super::{Content, Variables};
use crate::generate::{Comment, Item};
use crate::services;
use crate::url::ConnectionSettings;
use crate::url::hosts_and_ports;

/// Those that say where to connect and as whom.
const OWN: [&str; 13] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
];

/// Whether a variable is one of libpq's.
pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// The checks for them all.
pub(super) fn items(all: &Variables) -> Vec<Item> {
    let is_there = |name: &&str| all.get(name).is_some_and(|variable| variable.lookup().is_there());
    let places = ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"];
    let Some(origin) = places.into_iter().find(|name| is_there(name)) else { return Vec::new() };
    if is_there(&"PGSERVICE") {
        let beside: Vec<_> = OWN.iter().copied().filter(|name| *name != "PGSERVICE" && is_there(name)).collect();
        let beside = if beside.is_empty() { String::new() } else { format!(", and {} beside it", beside.join(", ")) };
        let why = format!(
            "the connection stands in pg_service.conf under this name, and is not read here{beside}: add a postgres check by hand"
        );
        return vec![Comment::gap("PGSERVICE", why).into()];
    }
    let unknown = OWN.iter().filter(|name| all.get(name).is_some_and(|one| !matches!(one.value, Content::Text(_))));
    let file = ["PGPASSFILE"].iter().filter(|name| is_there(name) && all.text("PGPASSWORD").is_none());
    let unknown: Vec<_> = unknown.chain(file).copied().collect();
    if !unknown.is_empty() {
        let why = format!("what {} says is not known from here: add a postgres check by hand", unknown.join(", "));
        return vec![Comment::gap(origin, why).into()];
    }
    let options =
        [("PGSSLMODE", "sslmode"), ("PGSSLROOTCERT", "sslrootcert"), ("PGSSLCERT", "sslcert"), ("PGSSLKEY", "sslkey")];
    let hosts = all.word("PGHOST").or_else(|| all.word("PGHOSTADDR")).unwrap_or_default();
    let settings = |(host, port)| ConnectionSettings {
        service: &services::POSTGRES,
        host,
        port,
        user: all.text("PGUSER"),
        password: all.text("PGPASSWORD"),
        name: all.text("PGDATABASE"),
        options: options.iter().filter_map(|(name, option)| Some((*option, all.word(name)?))).collect(),
    };
    let named = |item| match item {
        Item::Check(check) => Item::Check(check.secrets_named("PGPASSWORD")),
        comment @ Item::Comment(_) => comment,
    };
    let places = hosts_and_ports(hosts, all.word("PGPORT"));
    places.into_iter().flat_map(|place| settings(place).items(origin)).map(named).collect()
}
