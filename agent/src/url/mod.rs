//! What a URL of a service says: as checks to be written, and as the options of one that has it as its `url`.
//!
//! URLs as they stand in the environment and in settings: those of dj-database-url,
//! django-environ, `SQLAlchemy`, libpq (section 34.1.1.2 of `PostgreSQL`'s manual), Celery and kombu
//! (several, separated by `;`), redis-py, the connection string of `MongoDB`, the URI of `RabbitMQ`.
//! User, password, host and database may be percent-encoded (RFC 3986, section 2.1).
//!
//! What an option of the URL says about TLS is taken over where the check has a counterpart; all
//! other options are the client's own. What cannot be a check is a comment that says why.

mod check;
mod connection;
mod database;
mod dsn;
mod hidden;
mod item;
mod jdbc;
mod mail;
mod mongodb;
mod ordinary;
mod parts;
mod reading;
mod redis;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod web;

use crate::services::{self, NoServer, Scheme, Security, Service, TlsStart, Transport};
pub(crate) use check::{GeneratedCheck, Value};
pub(crate) use connection::tcp;
pub(crate) use hidden::Hidden;
pub use item::Comment;
pub(crate) use item::{Item, one_line};
use parts::{Bad, Parts, Site};
pub(crate) use reading::{Beside, Reading, Said, read};
pub(crate) use redis::TLS_OF_SENTINELS;
pub(crate) use settings::ConnectionSettings;
use std::num::NonZero;
pub(crate) use tls::Tls;
pub(crate) use web::at as web_page;

/// A URL, the service that its scheme means, and what the scheme says.
struct Known<'a> {
    /// The variable or setting that holds it.
    origin: &'a str,
    parts: &'a Parts,
    service: &'static Service,
    scheme: &'a Scheme,
}

/// What makes checks of a URL.
type Mapper = fn(&Known<'_>) -> Result<Vec<Item>, Bad>;

/// Services whose URLs say more than where to connect and who logs in; those that the same check
/// speaks to are mapped alike. All others are mapped as their rows say ([`ordinary`]).
static OWN: [(&Service, Mapper); 8] = [
    (&services::POSTGRES, database::postgres),
    (&services::MYSQL, database::mysql),
    (&services::REDIS, redis::items),
    (&services::SENTINEL, redis::sentinels),
    (&services::MONGODB, mongodb::items),
    (&services::SMTP, mail::items),
    (&services::HTTP, web::items),
    (&services::UDP, connection::datagrams),
];

/// The checks that a URL, or a list of URLs, stands for. The origin is the variable or setting
/// that holds it.
pub(crate) fn items(origin: &str, text: &str) -> Vec<Item> {
    let text = text.trim();
    if let (None, Some(items)) = (parts::scheme(&jdbc::unwrapped(text)), dsn::items(origin, text)) {
        return items;
    }
    pieces(text).into_iter().flat_map(|piece| one(origin, piece, None)).collect()
}

/// The same for a URL that leaves to other variables who logs in.
pub(crate) fn items_beside(origin: &str, text: &str, beside: &ConnectionSettings<'_>) -> Vec<Item> {
    pieces(text.trim()).into_iter().flat_map(|piece| one(origin, piece, Some(beside))).collect()
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

fn one(origin: &str, text: &str, beside: Option<&ConnectionSettings<'_>>) -> Vec<Item> {
    if jdbc::is_file(text) {
        return vec![Comment::note(origin, "a database inside of the application: nothing to connect to").into()];
    }
    let parts = Parts::read(text).and_then(Parts::without_contradictions).and_then(|parts| match beside {
        Some(beside) => Ok(parts.completed(beside.parts()?)),
        None => Ok(parts),
    });
    let items = parts.and_then(|parts| tls::understood(&parts).and_then(|()| mapped(origin, &parts)));
    items.unwrap_or_else(|Bad(why)| vec![Comment::gap(origin, why).into()])
}

/// The connection alone of what a web address leads to: of a proxy, say, which is asked for other things than a
/// page of its own.
pub(crate) fn connection(origin: &str, text: &str) -> Vec<Item> {
    let one = || {
        let parts = Parts::read(text.trim())?;
        let Some((service, scheme)) = services::by_scheme(parts.base()) else {
            return Ok(vec![no_service(origin, &parts).into()]);
        };
        let port = Known { origin, parts: &parts, service, scheme }.port(parts.site(), scheme.security)?;
        Ok(vec![tcp(origin, &parts.site().host, port).into()])
    };
    one().unwrap_or_else(|Bad(why)| vec![Comment::gap(origin, why).into()])
}

/// The checks for a URL whose service is said by its scheme.
fn mapped(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    match services::by_scheme(parts.base()) {
        Some((service, scheme)) => {
            let any = [&services::TCP, &services::TLS].contains(&service);
            let named = if any { named_by(origin) } else { None };
            Known { origin, parts, service: named.unwrap_or(service), scheme }.items()
        }
        None => Ok(vec![no_service(origin, parts).into()]),
    }
}

/// Why there is nothing to connect to with the URL of what is not a server, or of what is not known.
fn no_service(origin: &str, parts: &Parts) -> Comment {
    let scheme = &parts.scheme;
    match services::no_server_by_scheme(parts.base()) {
        Some(NoServer::File) => Comment::note(origin, format!("{scheme}: a file of this host: nothing to connect to")),
        Some(NoServer::Application) => {
            Comment::note(origin, format!("{scheme}: inside of the application: nothing to connect to"))
        }
        Some(NoServer::Cloud) => Comment::gap(
            origin,
            format!("a {scheme} URL does not say which host serves it: add an http check for the endpoint"),
        ),
        None => Comment::gap(
            origin,
            format!(
                "`{scheme}` is not a scheme that is known here: add a check for it by hand (`type: tcp` if there is none for the protocol)"
            ),
        ),
    }
}

/// The service that the name of a variable means: clients of Redis and MQTT take `tcp://HOST:PORT`.
fn named_by(origin: &str) -> Option<&'static Service> {
    let named = origin.split('_').rev().find_map(services::by_word);
    named.filter(|service| service.transport == Transport::Stream)
}

impl Known<'_> {
    /// The checks for it.
    fn items(&self) -> Result<Vec<Item>, Bad> {
        let is_like = |own: &Service| {
            if *own == services::HTTP { self.service.is_over_http() } else { own.is_checked_like(self.service) }
        };
        let own = OWN.iter().find(|(own, _)| *own == self.service || is_like(own));
        own.map_or(ordinary::items as Mapper, |(_, mapper)| *mapper)(self)
    }

    /// Whether the connection is encrypted: by the scheme, by what follows its plus, or by the query.
    fn security(&self, tls: &Tls<'_>) -> Security {
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
    fn port(&self, site: &Site, security: Security) -> Result<u16, Bad> {
        let usual = || self.service.default_port(security).map(|port| port.number);
        site.port.or_else(usual).map(NonZero::get).ok_or_else(|| Bad::new("the URL names no port"))
    }
}

/// Whether a text is a URL, or a list of them.
pub(crate) fn is_url(text: &str) -> bool {
    parts::scheme(&jdbc::unwrapped(parts::bare(text))).is_some() || jdbc::is_file(text)
}

/// Whether there is nothing to connect to with this URL, by its scheme: a file, what is inside of the application.
pub(crate) fn is_no_server(text: &str) -> bool {
    let nothing = |(scheme, _): (String, &str)| services::no_server_by_scheme(parts::base(&scheme)).is_some();
    jdbc::is_file(text) || parts::scheme(parts::bare(text)).is_some_and(nothing)
}

/// Whether a URL is the path of a socket, and neither it nor the name of what holds it says whose.
pub(crate) fn is_socket_of_anything(origin: &str, text: &str) -> bool {
    known(text).is_some_and(|(_, scheme)| scheme.vague && scheme.socket) && named_by(origin).is_none()
}

/// A primary that sentinels watch, as the URL of django-redis names it: by its host.
#[derive(Debug, Default)]
pub(crate) struct Primary {
    pub(crate) name: Option<String>,
    pub(crate) secure: bool,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<String>,
}

/// What a URL says of a primary; its host is the name.
pub(crate) fn named_in(text: &str) -> Primary {
    let Some(parts) = pieces(text.trim()).first().and_then(|piece| Parts::read(piece).ok()) else {
        return Primary::default();
    };
    Primary {
        name: Some(parts.site().host.clone()).filter(|name| !name.is_empty()),
        secure: known(text).is_some_and(|(_, scheme)| scheme.security == Security::Tls),
        database: parts.option(&["db"]).map(str::to_owned).or(parts.name().ok().flatten()),
        user: parts.user,
        password: parts.password,
    }
}

/// The hosts of a list, each with its port, as libpq has them: one port is that of all, an empty one the usual (section
/// 34.1.1.3 of `PostgreSQL`'s manual). Where there are more or fewer, nobody can tell which is whose: each has the whole text.
pub(crate) fn hosts_and_ports<'a>(hosts: &'a str, ports: Option<&'a str>) -> Vec<(&'a str, Option<&'a str>)> {
    let hosts: Vec<_> = hosts.split(',').map(str::trim).collect();
    let each: Vec<_> = ports.into_iter().flat_map(|ports| ports.split(',')).map(str::trim).collect();
    let port = |at: usize| match each[..] {
        [] => None,
        [only] => Some(only),
        _ if each.len() == hosts.len() => each.get(at).copied(),
        _ => ports,
    };
    hosts.iter().enumerate().map(|(at, host)| (*host, port(at).filter(|port| !port.is_empty()))).collect()
}

/// One of the sentinels that URLs name.
#[derive(Debug)]
pub(crate) struct UrlSite {
    /// The host, and the port where there is one.
    pub(crate) place: String,
    /// There is TLS, by the scheme.
    pub(crate) is_secure: bool,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// The number of the database.
    pub(crate) database: Option<String>,
}

/// The sentinels that URLs name, whatever their schemes are (`redis://s1:26379`); nothing where one of them says itself
/// what the primary is called, or cannot be read.
pub(crate) fn sites_of_sentinels(text: &str) -> Option<Vec<UrlSite>> {
    let mut sites = Vec::new();
    for piece in pieces(text.trim()) {
        let parts = Parts::read(piece).ok().filter(|parts| redis::primary(parts).is_none())?;
        let (_, scheme) = known(piece)?;
        let is_secure = scheme.security == Security::Tls || Tls::read(&parts).wanted == Some(true);
        let (user, password) = redis::login(&parts);
        sites.extend(parts.sites.iter().map(|site| UrlSite {
            place: site.to_string(),
            is_secure,
            user: user.map(str::to_owned),
            password: password.map(str::to_owned),
            database: parts.name().ok().flatten(),
        }));
    }
    Some(sites)
}

/// The host and the port of a web address, where the text is one and no other URL.
pub(crate) fn web_place(text: &str) -> Option<(String, Option<u16>)> {
    let (service, _) = known(text)?;
    let parts = (*service == services::HTTP).then(|| Parts::read(pieces(text).first()?).ok())??;
    Some((parts.site().host.to_ascii_lowercase(), parts.site().port.map(NonZero::get)))
}

/// The path of a URL, with its first slash; nothing of another text.
pub(crate) fn path(text: &str) -> &str {
    let Some((_, rest)) = text.split_once("://") else { return "" };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    rest.find('/').map_or("", |at| &rest[at..])
}

/// Whether the first URL in a text says itself who logs in.
pub(crate) fn names_login(text: &str) -> bool {
    let parts = pieces(text.trim()).first().and_then(|piece| Parts::read(piece).ok());
    parts.is_some_and(|parts| {
        let in_query = parts.option(&["user", "username", "password"]).is_some();
        parts.user.is_some() || parts.password.is_some() || in_query
    })
}

/// The service that the scheme of a URL means, or else the name of what holds it; of a web address only one that
/// is asked over HTTP.
pub(crate) fn service_of(origin: &str, text: &str) -> Option<&'static Service> {
    let (service, scheme) = known(text)?;
    let named = || named_by(origin).filter(|named| *service != services::HTTP || named.is_over_http());
    if scheme.vague || *service == services::HTTP { named() } else { Some(service) }
}

fn known(text: &str) -> Option<(&'static Service, &'static Scheme)> {
    let text = jdbc::unwrapped(parts::bare(text));
    let (scheme, _) = parts::scheme(&text)?;
    services::by_scheme(parts::base(&scheme))
}
