//! What a relation's interface says about the service behind it.

use super::applications::Application;
use crate::generate::draft::{Draft, Value};
use crate::generate::url::tcp;
use std::ops::RangeInclusive;

/// A service that applications are related to.
pub(super) struct Service {
    /// The interfaces of its relations.
    interfaces: &'static [&'static str],
    /// What the names of its charms contain.
    charms: &'static [&'static str],
    port: u16,
    check: Kind,
}

/// What can be checked without knowing more than the address.
enum Kind {
    /// The connection; the type of check that would do more, and the options it wants.
    Login(&'static str, &'static str),
    /// The connection: no check speaks more.
    Connection,
    Memcache,
    Web,
    Mail,
}

#[rustfmt::skip]
const SERVICES: [Service; 16] = [
    Service { interfaces: &["pgsql", "postgresql_client"], charms: &["postgres", "pgbouncer"], port: 5432, check: Kind::Login("postgres", "`username:`, `password:` and `database:`") },
    Service { interfaces: &["mysql", "mysql_client", "mysql-shared", "mysql-root", "mysql-router"], charms: &["mysql", "mariadb", "percona"], port: 3306, check: Kind::Login("mysql", "`username:` and `password:`") },
    Service { interfaces: &["rabbitmq", "rabbitmq_client", "amqp"], charms: &["rabbitmq"], port: 5672, check: Kind::Login("amqp", "`username:`, `password:`, `vhost:` and `use_tls:`") },
    Service { interfaces: &["redis", "redis_client", "valkey_client"], charms: &["redis", "valkey"], port: 6379, check: Kind::Login("redis", "`password:` if it has one") },
    Service { interfaces: &["mongodb", "mongodb_client"], charms: &["mongodb", "mongos"], port: 27017, check: Kind::Login("mongodb", "`username:`, `password:` and `database:`") },
    Service { interfaces: &["opensearch_client"], charms: &["opensearch"], port: 9200, check: Kind::Login("http", "`url:` and `auth:`") },
    Service { interfaces: &["memcache", "memcached"], charms: &["memcached"], port: 11211, check: Kind::Memcache },
    Service { interfaces: &["smtp"], charms: &["postfix", "smtp", "exim"], port: 25, check: Kind::Mail },
    Service { interfaces: &["elasticsearch"], charms: &["elasticsearch"], port: 9200, check: Kind::Web },
    Service { interfaces: &["http"], charms: &[], port: 80, check: Kind::Web },
    Service { interfaces: &["loki_push_api"], charms: &["loki"], port: 3100, check: Kind::Web },
    Service { interfaces: &["vault-kv"], charms: &["vault"], port: 8200, check: Kind::Web },
    Service { interfaces: &["keystone", "keystone-credentials"], charms: &["keystone"], port: 5000, check: Kind::Web },
    Service { interfaces: &["etcd"], charms: &["etcd"], port: 2379, check: Kind::Connection },
    Service { interfaces: &["kafka", "kafka_client"], charms: &["kafka"], port: 9092, check: Kind::Connection },
    Service { interfaces: &["zookeeper"], charms: &["zookeeper"], port: 2181, check: Kind::Connection },
];

/// Interfaces, and endpoints usually called like them, over which an application connects to nothing.
const NO_CONNECTION: [&str; 22] = [
    "juju-info",
    "general-info",
    "conn-check",
    "nrpe-external-master",
    "nrpe",
    "local-monitors",
    "monitors",
    "cos_agent",
    "cos-agent",
    "prometheus_scrape",
    "prometheus",
    "grafana_dashboard",
    "grafana-dashboard",
    "ingress",
    "ingress_per_unit",
    "traefik_route",
    "tls-certificates",
    "certificate_transfer",
    "hacluster",
    "container-info",
    "rolling_op",
    "upgrade",
];

/// Charms of web servers that connect to those behind them.
const PROXIES: [&str; 5] = ["haproxy", "nginx", "apache", "traefik", "squid"];

/// Whether nothing is connected to over this interface.
pub(super) fn is_no_connection(interface: &str) -> bool {
    NO_CONNECTION.contains(&interface)
}

/// Whether the application passes requests on to others.
pub(super) fn is_proxy(application: &Application<'_>) -> bool {
    PROXIES.iter().any(|name| application.charm().contains(name))
}

/// The service of a relation: by its interface, else by the provider's charm, else by the name of
/// the endpoint.
pub(super) fn find(interface: Option<&str>, endpoint: &str, provider: &Application<'_>) -> Option<&'static Service> {
    let called = |name: &str| SERVICES.iter().find(|service| service.interfaces.contains(&name));
    match interface {
        Some(interface) => called(interface),
        None => SERVICES.iter().find(|service| service.has_charm(provider)).or_else(|| called(endpoint)),
    }
}

impl Service {
    fn has_charm(&self, application: &Application<'_>) -> bool {
        let charm = application.charm();
        self.charms.iter().any(|name| charm.contains(name))
    }

    /// Whether the application is known to be the service.
    pub(super) fn is_provided_by(&self, application: &Application<'_>) -> bool {
        self.has_charm(application)
            || application
                .units()
                .iter()
                .any(|unit| !matches!(self.check, Kind::Web) && unit.tcp_ports().contains(&self.port))
    }

    /// What to do for a check that proves more.
    pub(super) fn advice(&self) -> Option<String> {
        match self.check {
            Kind::Login(kind, options) => Some(format!(
                "a status has no logins, so that only connections are checked; for the login, make it `type: {kind}` and add {options}"
            )),
            _ => None,
        }
    }

    /// The port of a unit. The default one counts where it is open, alone or in a range, and where
    /// none or several others are.
    pub(super) fn port(&self, open: &[RangeInclusive<u16>]) -> u16 {
        if is_open(self.port, open) {
            return self.port;
        }
        self.check.web_port(open).unwrap_or(match open {
            [only] if only.start() == only.end() => *only.start(),
            _ => self.port,
        })
    }

    /// What to look at where another port than the default one is checked: over a connection alone,
    /// nobody learns whose it is.
    pub(super) fn doubt(&self, port: u16) -> Option<String> {
        let is_told = matches!(self.check, Kind::Memcache | Kind::Web | Kind::Mail);
        (port != self.port && !is_told).then(|| {
            format!(
                "the unit opened port {port} and not {}, the usual one: if {port} is not the service's own but that of an exporter, say, change it",
                self.port
            )
        })
    }

    /// The check of one unit.
    pub(super) fn check(&self, origin: &str, address: &str, port: u16) -> Draft {
        match self.check {
            Kind::Login(..) | Kind::Connection => tcp(origin, address, port),
            Kind::Memcache => Draft::new("memcache", origin).text("host", address).number("port", port),
            Kind::Web => web(origin, address, port),
            Kind::Mail => {
                let draft = Draft::new("smtp", origin).text("host", address).number("port", port);
                let security = match port {
                    465 => Value::Flag(true),
                    587 => Value::Text("starttls".to_owned()),
                    _ => Value::Flag(false),
                };
                draft.text("from_address", "conn-check@localhost").set("use_tls", security).flag("send", false)
            }
        }
    }
}

impl Kind {
    /// The port of a web server that opened several.
    fn web_port(&self, open: &[RangeInclusive<u16>]) -> Option<u16> {
        let usual = [80, 8080, 8000, 443];
        matches!(self, Self::Web).then(|| usual.into_iter().find(|port| is_open(*port, open))).flatten()
    }
}

fn is_open(port: u16, open: &[RangeInclusive<u16>]) -> bool {
    open.iter().any(|range| range.contains(&port))
}

/// Any answer that is no fault of the server's shows that it is reached. A certificate is seldom
/// one for an address: of a port for TLS, the connection is checked.
fn web(origin: &str, address: &str, port: u16) -> Draft {
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    let url = match port {
        443 | 8443 => return tcp(origin, address, port),
        80 => format!("http://{host}/"),
        port => format!("http://{host}:{port}/"),
    };
    let codes = ["2xx", "3xx", "4xx"].map(|code| Value::Text(code.to_owned()));
    Draft::new("http", origin).text("url", url).set("expected_code", Value::List(codes.into()))
}
