//! What a relation's interface says about the service behind it.

use super::applications::{Application, Unit};
use crate::generate::{Comment, Item};
use crate::services::{self, Security, Service};
use crate::url::{self, ConnectionSettings, tcp};
use std::ops::RangeInclusive;

/// Interfaces, and endpoints usually called like them, over which an application connects to nothing.
pub(super) const NO_CONNECTION: [&str; 22] = [
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
const PROXIES: [&str; 8] =
    ["haproxy", "nginx", "nginx-ingress-integrator", "apache", "apache2", "traefik", "squid", "squid-reverseproxy"];

/// Charms that pass connections on, and where they listen: `PgBouncer`'s `listen_port`, `MySQL` Router's classic port for
/// writes, and that of Canonical's mongos.
const POOLERS: [(&str, u16); 3] = [("pgbouncer", 6432), ("mysql-router", 6446), ("mongos", 27018)];

/// Whether the application passes requests on to others.
pub(super) fn is_proxy(application: &Application<'_>) -> bool {
    PROXIES.iter().any(|name| services::is_name_of_charm(name, &application.charm()))
}

/// The service of a relation: by its interface, else by the provider's charm, else by the name of
/// the endpoint.
pub(super) fn find(interface: Option<&str>, endpoint: &str, provider: &Application<'_>) -> Option<Related> {
    let service = match interface {
        Some(interface) => services::by_interface(interface),
        None => services::by_charm(&provider.charm()).or_else(|| services::by_interface(endpoint)),
    };
    let charm = provider.charm();
    let pooler = POOLERS.iter().find(|(name, _)| services::is_name_of_charm(name, &charm));
    let usual = |service: &'static Service| service.default_port(Security::Plain).map_or(0, |port| port.number.get());
    service.map(|service| Related(service, pooler.map_or_else(|| usual(service), |(_, port)| *port)))
}

/// A service that applications are related to, and the port that is usual for who provides it.
#[derive(Clone, Copy)]
pub(super) struct Related(&'static Service, u16);

impl Related {
    /// Whether the application is known to be the service. A port for the web is everybody's.
    pub(super) fn is_provided_by(self, application: &Application<'_>) -> bool {
        let opened = |unit: &Unit<'_>| unit.tcp_ports().contains(&self.usual_port());
        self.0.is_charm(&application.charm()) || !self.is_web() && application.units().iter().any(opened)
    }

    /// What to do for a check that proves more.
    pub(super) fn advice(self) -> Option<String> {
        let (kind, options) = (self.0.check?, self.0.login?);
        if self.0.is_checked_like(&services::MYSQL) {
            return None;
        }
        Some(format!(
            "a status has no logins, so that only connections are checked; for the login, make it `type: {kind}` and add {options}"
        ))
    }

    /// The port of a unit. The default one counts where it is open, alone or in a range, and where
    /// none or several others are.
    pub(super) fn port(self, open: &[RangeInclusive<u16>]) -> u16 {
        let usual = self.usual_port();
        if is_open(usual, open) {
            return usual;
        }
        self.web_port(open).unwrap_or(match open {
            [only] if only.start() == only.end() => *only.start(),
            _ => usual,
        })
    }

    /// What to look at where another port than the default one is checked: over a connection alone,
    /// nobody learns whose it is.
    pub(super) fn doubt(self, port: u16) -> Option<String> {
        let usual = self.usual_port();
        (port != usual && !self.is_checked()).then(|| {
            format!(
                "the unit opened port {port} and not {usual}, the usual one: if {port} is not the service's own but that of an exporter, say, change it"
            )
        })
    }

    /// The check of one unit.
    pub(super) fn items(self, origin: &str, address: &str, port: u16) -> Vec<Item> {
        if self.0.is_checked_like(&services::MYSQL) {
            // MySQL counts connections without a login, and then blocks this host (max_connect_errors).
            let why = format!("add a mysql check for {address}:{port} with `username:` and `password:` by hand");
            vec![Comment::gap(origin, why).into()]
        } else if !self.is_checked() {
            vec![tcp(origin, address, port).into()]
        } else if self.is_web() {
            vec![url::web_page(origin, address, port).into()]
        } else {
            let port = port.to_string();
            ConnectionSettings { port: Some(&port), ..ConnectionSettings::of(self.0, address) }.items(origin)
        }
    }

    /// Whether an address is enough for a check of its own.
    fn is_checked(self) -> bool {
        self.0.check.is_some() && self.0.login.is_none()
    }

    fn is_web(self) -> bool {
        self.is_checked() && self.0.is_over_http()
    }

    const fn usual_port(self) -> u16 {
        self.1
    }

    /// The port of a web server that opened several.
    fn web_port(self, open: &[RangeInclusive<u16>]) -> Option<u16> {
        let ports = services::HTTP.ports;
        let mut usual = ports.plain.iter().chain(ports.tls).map(|port| port.number.get());
        if self.is_web() { usual.find(|port| is_open(*port, open)) } else { None }
    }
}

fn is_open(port: u16, open: &[RangeInclusive<u16>]) -> bool {
    open.iter().any(|range| range.contains(&port))
}
