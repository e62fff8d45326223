//! Services whose protocol no check speaks: their connections are checked, or what takes a datagram.

use super::parts::Bad;
use super::tls::Tls;
use super::{Known, ordinary};
use crate::services::{self, Security, TlsStart};
use crate::url::{Comment, GeneratedCheck, Item};

/// The connection to each host, below a word on what is not checked.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let why = format!("no check speaks {}: only the connection is checked", url.service.name);
    connections(url, url.security(&Tls::read(url.parts)), Comment::note(url.origin, why))
}

/// The connection to each host, below a comment.
pub(super) fn connections(url: &Known<'_>, security: Security, comment: Comment) -> Result<Vec<Item>, Bad> {
    let mut items = vec![comment.into()];
    // Where TLS begins after a word of the service's own, its handshake alone is not understood.
    let of_tls = security == Security::Tls && url.service.tls != TlsStart::Upgrade;
    for site in &url.parts.sites {
        let (host, port) = (site.host_or("localhost"), url.port(site, security)?);
        let service = if of_tls { &services::TLS } else { &services::TCP };
        items.push(GeneratedCheck::at(service.id, url.origin, host, port).into());
    }
    Ok(items)
}

/// A datagram that means nothing to most: an empty line. That for statsd is statsd's own.
pub(super) fn datagrams(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    if *url.service == services::STATSD {
        return ordinary::items(url);
    }
    let site = url.parts.site();
    let port = url.port(site, Security::Plain)?;
    let origin = url.origin.to_ascii_uppercase();
    if services::STATSD.ports.has(port) || services::STATSD.words.iter().any(|word| origin.contains(word)) {
        return ordinary::items(&Known { service: &services::STATSD, ..*url });
    }
    let check = GeneratedCheck::at(services::UDP.id, url.origin, site.host_or("localhost"), port);
    let why = "the datagram is an empty line, which only shows that nothing refuses it: put one of the service's own into `send:`, and the answer into `expect:`";
    Ok(vec![Comment::note(url.origin, why).into(), check.text("send", "\n").into()])
}

/// A check of the connection alone, for what cannot be logged in to.
pub(crate) fn tcp(origin: &str, host: &str, port: u16) -> GeneratedCheck {
    GeneratedCheck::at(services::TCP.id, origin, host, port)
}
