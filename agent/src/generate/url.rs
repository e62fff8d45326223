//! What a URL of a service says, as checks.
//!
//! URLs as they stand in the environment and in settings: those of dj-database-url,
//! django-environ, `SQLAlchemy`, libpq (section 34.1.1.2 of `PostgreSQL`'s manual), Celery and kombu
//! (several, separated by `;`), redis-py, the connection string of `MongoDB`, the URI of `RabbitMQ`.
//! User, password, host and database may be percent-encoded (RFC 3986, section 2.1).
//!
//! What an option of the URL says about TLS is taken over where the check has a counterpart; all
//! other options are the client's own. What cannot be a check is a comment that says why.

mod broker;
mod database;
mod dsn;
mod mail;
mod mongodb;
mod other;
mod parts;
mod service;
mod store;
#[cfg(test)]
mod tests;
mod tls;
mod web;

use crate::generate::draft::Draft;
use crate::generate::item::{Comment, Item};
pub(crate) use parts::Site;
use parts::{Bad, Parts};
pub(crate) use service::{Service, is_service};
pub(crate) use tls::name_unverified;

/// The datagram for statsd: a counter that no dashboard knows, once.
pub const STATSD_PROBE: &str = "conncheck.test:1|c";

/// The port of statsd.
pub const STATSD_PORT: u16 = 8125;

/// The checks that a URL, or a list of URLs, stands for. The origin is the variable or setting
/// that holds it.
#[must_use]
pub fn items(origin: &str, text: &str) -> Vec<Item> {
    let text = text.trim();
    if let (None, Some(items)) = (parts::scheme(text), dsn::items(origin, text)) {
        return items;
    }
    pieces(text).into_iter().flat_map(|piece| one(origin, piece)).collect()
}

/// The URLs in a list, separated by semicolons (kombu), commas or blanks; the list of hosts inside
/// of a URL stays as it is.
fn pieces(text: &str) -> Vec<&str> {
    let text = text.trim_end_matches([';', ',']);
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, separator) in text.match_indices([';', ',', ' ', '\t', '\n']) {
        if at >= start && parts::scheme(text[at + separator.len()..].trim_start()).is_some() {
            pieces.push(text[start..at].trim());
            start = at + separator.len();
        }
    }
    pieces.push(text[start..].trim());
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn one(origin: &str, text: &str) -> Vec<Item> {
    let parts = match Parts::read(text) {
        Ok(parts) => parts,
        Err(Bad(why)) => return vec![Comment::gap(origin, why).into()],
    };
    mapped(origin, &parts).unwrap_or_else(|Bad(why)| vec![Comment::gap(origin, why).into()])
}

fn mapped(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    match parts.base() {
        "postgres" | "postgresql" | "postgis" | "pgsql" | "psql" | "timescale" | "timescalegis" => {
            database::postgres(origin, parts, 5432)
        }
        "redshift" => database::postgres(origin, parts, 5439),
        "cockroach" | "cockroachdb" => database::postgres(origin, parts, 26257),
        "mysql" | "mysql2" | "mysqlgis" | "mysql-connector" | "mariadb" => database::mysql(origin, parts),
        "redis" | "rediss" | "rediscache" | "valkey" | "valkeys" | "unix" => store::redis(origin, parts),
        "memcache" | "memcached" | "pymemcache" | "pylibmc" | "memcachier" => store::memcache(origin, parts),
        "amqp" | "amqps" | "pyamqp" | "librabbitmq" | "rabbitmq" => broker::amqp(origin, parts),
        "mongodb" | "mongo" => mongodb::items(origin, parts),
        "smtp" | "smtps" | "submission" | "submissions" => mail::items(origin, parts),
        "http" | "https" | "ws" | "wss" => web::items(origin, parts),
        _ => other::items(origin, parts),
    }
}

/// A check of the connection alone, for what cannot be logged in to.
pub(crate) fn tcp(origin: &str, host: &str, port: u16) -> Draft {
    Draft::new("tcp", origin).text("host", host).number("port", port)
}

/// A check of the connection and of the certificate.
pub(crate) fn tls(origin: &str, host: &str, port: u16) -> Draft {
    Draft::new("tls", origin).text("host", host).number("port", port)
}

/// A check that sends statsd a counter; nothing answers.
#[must_use]
pub fn statsd(origin: &str, host: &str, port: u16) -> Draft {
    Draft::new("udp", origin).text("host", host).number("port", port).text("send", STATSD_PROBE)
}
