//! What a URL would say, as it stands in several variables or settings.

use super::Known;
use super::connection::tcp;
use super::parts::{Bad, LookedAt, Parts, Site, site};
use super::tls::Tls;
use crate::services::{Scheme, Service};
use crate::url::{Comment, GeneratedCheck, Item};

/// Where a service is and who logs in, as others have taken it apart; all values as they are,
/// nothing encoded.
#[derive(Debug)]
pub(crate) struct ConnectionSettings<'a> {
    /// What it is.
    pub(crate) service: &'static Service,
    /// A name, an address, either with a port, or the path of a socket; may be empty.
    pub(crate) host: &'a str,
    pub(crate) port: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) password: Option<&'a str>,
    /// The database, or the virtual host.
    pub(crate) name: Option<&'a str>,
    /// As they would stand in the query.
    pub(crate) options: Vec<(&'a str, &'a str)>,
}

impl<'a> ConnectionSettings<'a> {
    /// A host alone.
    pub(crate) const fn of(service: &'static Service, host: &'a str) -> Self {
        Self { service, host, port: None, user: None, password: None, name: None, options: Vec::new() }
    }

    /// The checks for it.
    pub(crate) fn items(&self, origin: &str) -> Vec<Item> {
        let items = self.parts().and_then(|parts| {
            Known { origin, parts: &parts, service: self.service, scheme: &self.scheme(&parts) }.items()
        });
        items.unwrap_or_else(|Bad(why)| vec![Comment::gap(origin, why).into()])
    }

    /// A check of the connection alone, where the port is known.
    pub(crate) fn connection(&self, origin: &str) -> Option<GeneratedCheck> {
        let parts = self.parts().ok()?;
        let scheme = self.scheme(&parts);
        let known = Known { origin, parts: &parts, service: self.service, scheme: &scheme };
        let port = known.port(parts.site(), scheme.security).ok()?;
        let host = parts.site().host.as_str();
        (!host.is_empty() && !host.starts_with('/')).then(|| tcp(origin, host, port))
    }

    /// The scheme that the URL would have: where nothing else is said of TLS, the port says it.
    fn scheme(&self, parts: &Parts) -> Scheme {
        let tls = Tls::read(parts);
        let is_explicit = tls.wanted.is_some() || tls.starts_later;
        let of_tls = |port: std::num::NonZero<u16>| self.service.ports.has_tls(port.get());
        if is_explicit || !parts.site().port.is_some_and(of_tls) {
            return self.service.scheme();
        }
        self.service.tls_scheme().copied().unwrap_or_else(|| self.service.scheme())
    }

    /// The same as a URL that was taken apart.
    pub(super) fn parts(&self) -> Result<Parts, Bad> {
        let port = match self.port {
            Some(port) => {
                Some(port.parse().map_err(|_| Bad::new("the port beside it is not a number from 1 to 65535"))?)
            }
            None => None,
        };
        let without_zone = self.host.split('%').next().unwrap_or_default();
        let bare_address = without_zone.parse::<std::net::Ipv6Addr>().is_ok();
        let mut place = if self.host.starts_with('/') || bare_address {
            Site { host: self.host.to_owned(), port: None }
        } else {
            site(self.host)?
        };
        place.port = place.port.or(port);
        let path = self.name.map(|name| format!("/{}", name.replace('%', "%25")));
        let text = |text: &str| text.to_owned();
        Ok(Parts {
            scheme: text(self.service.scheme().name),
            user: self.user.map(text),
            password: self.password.map(text),
            sites: vec![place],
            path: path.unwrap_or_default(),
            fragment: None,
            looked_at: LookedAt::default(),
            query: self.options.iter().map(|(name, value)| (text(name), text(value))).collect(),
        })
    }
}
