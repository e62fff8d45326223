//! A URL whose service is known.

use super::parts::{Bad, Parts, Site};
use super::tls::Tls;
use crate::services::{Scheme, Security, Service, TlsStart};

/// A URL, the service that its scheme means, and what the scheme says.
pub(super) struct Known<'a> {
    /// The variable or setting that holds it.
    pub(super) origin: &'a str,
    pub(super) parts: &'a Parts,
    pub(super) service: &'static Service,
    pub(super) scheme: &'a Scheme,
}

impl Known<'_> {
    /// Whether the connection is encrypted: by the scheme, by what follows its plus, or by the query.
    pub(super) fn security(&self, tls: &Tls<'_>) -> Security {
        match (self.scheme.security, self.parts.extra()) {
            (Security::Plain, "starttls") => Security::StartTls,
            (Security::Plain, "ssl" | "tls" | "ssl_cluster" | "https") => Security::Tls,
            (Security::Plain, _) if tls.starts_later => Security::StartTls,
            (Security::Plain, _) if tls.wanted == Some(true) => self.wanted(),
            (by_scheme, _) => by_scheme,
        }
    }

    /// What a client means that is told to use TLS, and not how: the port says it.
    fn wanted(&self) -> Security {
        let on_plain_port = self.parts.site().port.is_some_and(|port| self.service.ports.has_plain(port.get()));
        if self.service.tls == TlsStart::Either && on_plain_port { Security::StartTls } else { Security::Tls }
    }

    /// The port of one of its hosts: the service's own where none is named.
    pub(super) fn port(&self, site: &Site, security: Security) -> Result<u16, Bad> {
        let usual = || self.service.default_port(security).map(|port| port.number);
        site.port.or_else(usual).map(std::num::NonZero::get).ok_or_else(|| Bad::new("the URL names no port"))
    }
}
