//! What is known about the services that programs connect to: one row each, whether a check of
//! ours speaks its protocol or not.
//!
//! A row is all that the rest of this crate knows about a service outside its check: what it is
//! called, where it listens, who speaks first, how TLS begins, and how URLs, variables, settings and
//! Juju's relations name it. A check names its row; whoever answers in its place is told by a row;
//! the generators map whatever a row names to the options that it lists ([`Options`]).

mod build;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod upgrade;

pub(crate) use row::{NoServer, Scheme, Security, UseTls};
pub use row::{Service, Speaker, TlsStart, Transport};
pub use table::*;
pub(crate) use upgrade::{Codes, LDAP_START_TLS, SSL_REQUEST, Upgrade, Words};

/// The service whose URLs have this scheme, and what the scheme says; the scheme comes without what
/// follows a plus, in small letters.
pub(crate) fn by_scheme(name: &str) -> Option<(&'static Service, &'static Scheme)> {
    all().find_map(|service| {
        let scheme = service.schemes.iter().find(|scheme| scheme.name == name)?;
        Some((service, scheme))
    })
}

/// The service that a word of a variable's name means, in capitals: `REDIS`.
pub(crate) fn by_word(word: &str) -> Option<&'static Service> {
    find(|service| service.words.contains(&word))
}

/// The service that a driver, engine or backend of this name is for, whatever its case.
pub(crate) fn by_driver(name: &str) -> Option<&'static Service> {
    let name = name.to_ascii_lowercase();
    find(|service| service.drivers.iter().any(|part| name.contains(part)))
}

/// The service with drivers that listens on this port unless it is told otherwise.
pub(crate) fn with_driver_by_port(port: u16) -> Option<&'static Service> {
    find(|service| !service.drivers.is_empty() && service.ports.has(port))
}

/// The service that listens on this port unless it is told otherwise, where a check speaks its protocol and no
/// other service is as usual there.
pub(crate) fn by_port_alone(port: u16) -> Option<&'static Service> {
    let general = [&TCP, &TLS, &UDP, &HTTP, &DNS];
    find(|service| {
        let is_own = service.check.is_some() && !service.is_over_http() && !general.contains(&service);
        (is_own || *service == IMAP || *service == POP3) && service.ports.has(port)
    })
}

/// The service behind relations of this interface.
pub(crate) fn by_interface(interface: &str) -> Option<&'static Service> {
    find(|service| service.interfaces.contains(&interface))
}

/// The service that a charm of this name (in small letters) deploys.
pub(crate) fn by_charm(charm: &str) -> Option<&'static Service> {
    find(|service| service.is_charm(charm))
}

/// Whether a charm (its name in small letters) is the one for what is called so: by its whole name, but for what
/// tells one charm of the same service from another. A part of a name says nothing:
/// `prometheus-redis-exporter` is no Redis.
pub(crate) fn is_name_of_charm(name: &str, charm: &str) -> bool {
    const ENDS: [&str; 7] = ["-k8s", "-operator", "-server", "-innodb-cluster", "-cluster", "-vm", "-bundle"];
    // Before Juju 2.9: `cs:~team/focal/redis-3`.
    let charm = charm.rsplit('/').next().unwrap_or_default();
    let charm = charm.rsplit(':').next().unwrap_or_default();
    let mut rest = charm.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    rest = if rest.len() < charm.len() && charm[rest.len()..].starts_with('-') { rest } else { charm };
    while let Some(shorter) = ENDS.iter().find_map(|end| rest.strip_suffix(end)).filter(|_| rest != name) {
        rest = shorter;
    }
    rest == name
}

/// Why there is nothing to connect to with a URL of this scheme.
pub(crate) fn no_server_by_scheme(name: &str) -> Option<NoServer> {
    let row = NO_SERVERS.iter().find(|row| row.schemes.contains(&name));
    row.map(|row| row.why)
}

/// Why there is nothing to connect to with a driver, engine or backend of this name, whatever its
/// case.
pub(crate) fn no_server_by_driver(name: &str) -> Option<NoServer> {
    let name = name.to_ascii_lowercase();
    let row = NO_SERVERS.iter().find(|row| row.drivers.iter().any(|part| name.contains(part)));
    row.map(|row| row.why)
}

/// The services whose protocol begins without TLS and turns to it when it is asked to.
pub(crate) fn with_upgrade() -> impl Iterator<Item = &'static Service> {
    all().filter(|service| service.upgrade.is_some())
}

fn find(wanted: impl Fn(&Service) -> bool) -> Option<&'static Service> {
    all().find(|service| wanted(service))
}
