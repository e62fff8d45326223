//! Services whose protocol no check speaks: their connections are checked.

use super::known::Known;
use super::parts::Bad;
use super::tls::Tls;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, Security, TlsStart};

/// The connection to each host, below a word on what is not checked.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let why = format!("no check speaks {}: only the connection is checked", url.service.name);
    connections(url, Comment::note(url.origin, why))
}

/// The connection to each host, below a comment.
pub(super) fn connections(url: &Known<'_>, comment: Comment) -> Result<Vec<Item>, Bad> {
    let security = url.security(&Tls::read(url.parts));
    let mut items = vec![comment.into()];
    // Where TLS begins after a word of the service's own, its handshake alone is not understood.
    let of_tls = security == Security::Tls && url.service.tls != TlsStart::Upgrade;
    for site in &url.parts.sites {
        let (host, port) = (site.host_or("localhost"), url.port(site, security)?);
        items.push(if of_tls { tls(url.origin, host, port) } else { tcp(url.origin, host, port) }.into());
    }
    Ok(items)
}

/// A check of the connection alone, for what cannot be logged in to.
pub(crate) fn tcp(origin: &str, host: &str, port: u16) -> GeneratedCheck {
    GeneratedCheck::new(services::TCP.id, origin).text("host", host).number("port", port)
}

/// A check of the connection and of the certificate.
pub(super) fn tls(origin: &str, host: &str, port: u16) -> GeneratedCheck {
    GeneratedCheck::new(services::TLS.id, origin).text("host", host).number("port", port)
}
