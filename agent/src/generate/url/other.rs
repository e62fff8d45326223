//! URLs of services that have no check of their own, and of what is no service.

use super::parts::{Bad, Parts, Site};
use super::tls;
use super::{STATSD_PORT, statsd, tcp, web};
use crate::generate::draft::Draft;
use crate::generate::item::{Comment, Item};

/// Services of which the connection is checked: scheme, port, whether it is TLS.
#[rustfmt::skip]
const SERVICES: [(&str, u16, bool); 37] = [
    ("kafka", 9092, false), ("confluentkafka", 9092, false), ("kafkas", 9093, true), ("nats", 4222, false), ("mqtt", 1883, false),
    ("mqtts", 8883, true), ("stomp", 61613, false), ("zookeeper", 2181, false), ("zk", 2181, false),
    ("ldap", 389, false), ("ldaps", 636, true), ("ftp", 21, false), ("ftps", 990, true),
    ("sftp", 22, false), ("ssh", 22, false), ("mssql", 1433, false), ("sqlserver", 1433, false),
    ("oracle", 1521, false), ("cassandra", 9042, false), ("scylla", 9042, false), ("neo4j", 7687, false),
    ("bolt", 7687, false), ("clickhouse", 9000, false), ("clickhouses", 9440, true), ("graphite", 2003, false),
    ("carbon", 2003, false), ("beanstalk", 11300, false), ("gearman", 4730, false), ("rethinkdb", 28015, false),
    ("imap", 143, false), ("imaps", 993, true), ("pop3", 110, false), ("pop3s", 995, true),
    ("pulsar", 6650, false), ("sentinel", 26379, false), ("git", 9418, false), ("rsync", 873, false),
];

/// Search engines and databases that speak HTTP.
const WEB_SERVICES: [(&str, u16); 9] = [
    ("elasticsearch", 9200),
    ("es", 9200),
    ("opensearch", 9200),
    ("solr", 8983),
    ("influxdb", 8086),
    ("couchdb", 5984),
    ("consul", 8500),
    ("etcd", 2379),
    ("vault", 8200),
];

pub(super) fn items(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    let base = parts.base();
    if let Some(&(_, port, secure)) = SERVICES.iter().find(|(scheme, ..)| *scheme == base) {
        return connections(origin, parts, Some(port), secure);
    }
    if let Some(&(_, port)) = WEB_SERVICES.iter().find(|(scheme, _)| *scheme == base) {
        return web::service(origin, parts, matches!(parts.extra(), "https" | "ssl" | "tls"), port);
    }
    match base {
        "tcp" => connections(origin, parts, None, false),
        "tls" | "ssl" => connections(origin, parts, None, true),
        "statsd" | "dogstatsd" => {
            let draft = |site: &Site| statsd(origin, site.host_or("localhost"), site.port_or(STATSD_PORT)).into();
            Ok(parts.sites.iter().map(draft).collect())
        }
        "udp" => udp(origin, parts),
        _ => Ok(vec![no_connection(origin, parts)]),
    }
}

/// The connection alone; for a service whose protocol no check speaks, with a word on that.
fn connections(origin: &str, parts: &Parts, port: Option<u16>, secure: bool) -> Result<Vec<Item>, Bad> {
    let mut items = Vec::new();
    if port.is_some() {
        let why = format!("no check speaks {}: only the connection is checked", parts.base());
        items.push(Comment::note(origin, why).into());
    }
    for site in &parts.sites {
        let port = site.port.map(std::num::NonZero::get).or(port);
        let port = port.ok_or_else(|| Bad::new("the URL names no port"))?;
        let host = site.host_or("localhost");
        items.push(if secure { tls(origin, host, port) } else { tcp(origin, host, port) }.into());
    }
    Ok(items)
}

/// A datagram that means nothing to most: an empty line.
fn udp(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    let site = parts.site();
    let port = site.port.ok_or_else(|| Bad::new("the URL names no port"))?;
    if port.get() == STATSD_PORT || origin.to_ascii_uppercase().contains("STATSD") {
        return Ok(vec![statsd(origin, site.host_or("localhost"), port.get()).into()]);
    }
    let draft = Draft::new("udp", origin).text("host", site.host_or("localhost")).number("port", port.get());
    let why = "the datagram is an empty line, which only shows that nothing refuses it: put one of the service's own into `send:`, and the answer into `expect:`";
    Ok(vec![Comment::note(origin, why).into(), draft.text("send", "\n").into()])
}

/// Why there is nothing to connect to.
fn no_connection(origin: &str, parts: &Parts) -> Item {
    let scheme = &parts.scheme;
    let why = match parts.base() {
        "sqlite" | "sqlite3" | "spatialite" | "duckdb" | "file" | "filecache" | "filemail" | "filesystem" => {
            "a file of this host: nothing to connect to"
        }
        "memory" | "locmem" | "locmemcache" | "locmemcaches" | "dummy" | "dummycache" | "cache" | "rpc" | "db"
        | "dbcache" | "django-db" | "console" | "consolemail" | "dummymail" | "memorymail" | "memorymails" => {
            "inside of the application: nothing to connect to"
        }
        "sqs" | "s3" | "gs" | "gcs" | "dynamodb" | "pubsub" | "azureservicebus" | "azblob" | "abfs" => {
            let why = format!("a {scheme} URL does not say which host serves it: add an http check for the endpoint");
            return Comment::gap(origin, why).into();
        }
        _ => {
            let why = format!(
                "`{scheme}` is no scheme that is known here: add a check for it by hand (`type: tcp` if there is none for the protocol)"
            );
            return Comment::gap(origin, why).into();
        }
    };
    Comment::note(origin, format!("{scheme}: {why}")).into()
}
