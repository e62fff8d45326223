//! Who answered? The protocol of a peer, told from the first bytes that it sent.
//!
//! Known are the greetings of servers that speak first, and what the others say to a client of the
//! wrong protocol: to an HTTP request, a TLS `ClientHello`, a Redis or memcached command, an AMQP
//! header, a `PostgreSQL` start-up packet, an SMTP command. A peer that closes without a word
//! cannot be told. Each reader asks for enough bytes of its protocol that plain text, noise and an
//! echo of what was sent are nobody's.

mod cache;
mod database;
mod field;
mod http;
mod mail;
mod messaging;
mod remote;
mod stranger;
mod tls;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod tests;

use crate::services::{self, Service};
use crate::text::{bounded, detail};
use stranger::Treatment;
pub(crate) use stranger::{Stranger, blocked_host};

/// A peer that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// What it is.
    pub service: &'static Service,
    /// What it said about itself, for people: `HTTP/1.1 400 Bad Request, Server: nginx`,
    /// `SSH-2.0-OpenSSH_9.2`, `MariaDB 10.11.19`. At most 120 bytes, with everything unprintable
    /// escaped.
    pub detail: String,
    /// What it said shows that it insists on TLS: it complained about plain text, it announced so,
    /// or it answered with TLS.
    pub wants_tls: bool,
    /// It answered with frames of HTTP/2, and so speaks no HTTP/1.1 here.
    pub speaks_http2: bool,
    /// What it has done about a client that may not log in.
    treatment: Treatment,
}

impl Peer {
    /// Whether it may be the `expected` one: it is that, or its greeting is both SMTP's and FTP's, and
    /// one of the two was expected.
    pub(crate) fn may_be(&self, expected: &Service) -> bool {
        let either = *self.service == services::SMTP_OR_FTP;
        self.service == expected || either && [&services::SMTP, &services::FTP].contains(&expected)
    }

    fn new(service: &'static Service, detail: impl Into<String>) -> Self {
        let detail = bounded(detail.into());
        Self { service, detail, wants_tls: false, speaks_http2: false, treatment: Treatment::None }
    }

    /// A peer that is described by a line of its own.
    fn said(service: &'static Service, line: &[u8]) -> Self {
        Self::new(service, detail(line.trim_ascii_end()))
    }

    fn wanting_tls(self, wants_tls: bool) -> Self {
        Self { wants_tls, ..self }
    }
}

/// Whether a server says in plain text that it wants TLS.
pub(crate) fn asks_for_tls(text: &[u8]) -> bool {
    tls::is_demanded(text)
}

/// Recognises a peer by the first bytes it sent; `None` when they are not enough, or nobody's.
///
/// The bytes may be cut anywhere. 256 of them tell the protocol; the sentence by which Apache shows
/// `wants_tls` ends at about 510.
///
/// A lone `S` or `N` is how `PostgreSQL` answers a request for TLS. Where no such request was sent,
/// one byte is too little to ask this function.
pub(crate) fn identify(bytes: &[u8]) -> Option<Peer> {
    let readers = [tls::read, http::read, mail::read, cache::read, database::read, messaging::read, remote::read];
    readers.iter().find_map(|read| read(bytes))
}
