//! What a URL would say, as it stands in several variables or settings.

use super::parts::{Bad, Parts, bare, scheme, site};
use super::{mapped, parts};
use crate::generate::item::{Comment, Item};

/// A service whose URL was taken apart by others; all values as they are, nothing encoded.
#[derive(Debug)]
pub(crate) struct Service<'a> {
    /// That of the URL, which says what it is.
    pub(crate) scheme: &'a str,
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

impl Service<'_> {
    /// The checks for it.
    pub(crate) fn items(&self, origin: &str) -> Vec<Item> {
        let items = self.parts().and_then(|parts| mapped(origin, &parts));
        items.unwrap_or_else(|Bad(why)| vec![Comment::gap(origin, why).into()])
    }

    fn parts(&self) -> Result<Parts, Bad> {
        let port = match self.port {
            Some(port) => Some(port.parse().map_err(|_| Bad::new("the port beside it is no number from 1 to 65535"))?),
            None => None,
        };
        let bare_address = self.host.parse::<std::net::Ipv6Addr>().is_ok();
        let mut place = if self.host.starts_with('/') || bare_address {
            parts::Site { host: self.host.to_owned(), port: None }
        } else {
            site(self.host)?
        };
        place.port = place.port.or(port);
        let path = self.name.map(|name| format!("/{}", name.replace('%', "%25")));
        let text = |text: &str| text.to_owned();
        Ok(Parts {
            scheme: text(self.scheme),
            user: self.user.map(text),
            password: self.password.map(text),
            sites: vec![place],
            path: path.unwrap_or_default(),
            query: self.options.iter().map(|(name, value)| (text(name), text(value))).collect(),
        })
    }
}

/// Whether a text is the URL of a service that has a check of its own, whatever holds it.
pub(crate) fn is_service(text: &str) -> bool {
    const SCHEMES: [&str; 20] = [
        "postgres",
        "postgresql",
        "postgis",
        "pgsql",
        "mysql",
        "mysql2",
        "mariadb",
        "redis",
        "rediss",
        "valkey",
        "memcache",
        "memcached",
        "amqp",
        "amqps",
        "pyamqp",
        "mongodb",
        "smtp",
        "smtps",
        "statsd",
        "sentinel",
    ];
    let base = scheme(bare(text)).map(|(scheme, _)| scheme.split('+').next().unwrap_or_default().to_owned());
    base.is_some_and(|base| SCHEMES.contains(&base.as_str()))
}
