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
mod tls;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod tests;

use crate::text::{bounded, detail};

/// The protocol a peer speaks, recognised by its first bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Protocol {
    /// HTTP/1, or HTTP/2 without TLS (RFC 9112, RFC 9113).
    Http,
    /// TLS, whatever is inside (RFC 8446).
    Tls,
    /// Secure shell (RFC 4253).
    Ssh,
    /// Mail transfer (RFC 5321).
    Smtp,
    /// File transfer (RFC 959).
    Ftp,
    /// A greeting that SMTP and FTP have in common and that does not say which of them it is.
    SmtpOrFtp,
    /// Mail access (RFC 9051).
    Imap,
    /// Mail access (RFC 1939).
    Pop3,
    /// `MySQL` and `MariaDB`.
    Mysql,
    /// `PostgreSQL` and what poses as it, such as pgbouncer.
    Postgres,
    /// Redis and its kin (RESP).
    Redis,
    /// memcached, text protocol.
    Memcached,
    /// AMQP, any version.
    Amqp,
    /// `MongoDB`.
    Mongodb,
    /// Remote desktop (MS-RDPBCGR).
    Rdp,
    /// Remote frame buffer (RFC 6143).
    Vnc,
    /// Directory access (RFC 4511).
    Ldap,
    /// NATS.
    Nats,
    /// The rsync daemon.
    Rsync,
    /// Telnet (RFC 854).
    Telnet,
    /// The port on which Elasticsearch and `OpenSearch` nodes talk to each other.
    Elasticsearch,
}

impl Protocol {
    /// Every protocol, in the order of their declaration.
    pub const ALL: &[Self] = &[
        Self::Http,
        Self::Tls,
        Self::Ssh,
        Self::Smtp,
        Self::Ftp,
        Self::SmtpOrFtp,
        Self::Imap,
        Self::Pop3,
        Self::Mysql,
        Self::Postgres,
        Self::Redis,
        Self::Memcached,
        Self::Amqp,
        Self::Mongodb,
        Self::Rdp,
        Self::Vnc,
        Self::Ldap,
        Self::Nats,
        Self::Rsync,
        Self::Telnet,
        Self::Elasticsearch,
    ];

    /// The short name: `HTTP`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
            Self::Ssh => "SSH",
            Self::Smtp => "SMTP",
            Self::Ftp => "FTP",
            Self::SmtpOrFtp => "SMTP or FTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Mysql => "MySQL",
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Memcached => "memcached",
            Self::Amqp => "AMQP",
            Self::Mongodb => "MongoDB",
            Self::Rdp => "RDP",
            Self::Vnc => "VNC",
            Self::Ldap => "LDAP",
            Self::Nats => "NATS",
            Self::Rsync => "rsync",
            Self::Telnet => "Telnet",
            Self::Elasticsearch => "Elasticsearch transport",
        }
    }

    /// The peer in a sentence, with its article: `an HTTP server`.
    #[must_use]
    pub const fn described(self) -> &'static str {
        match self {
            Self::Http => "an HTTP server",
            Self::Tls => "a TLS server",
            Self::Ssh => "an SSH server",
            Self::Smtp => "an SMTP server",
            Self::Ftp => "an FTP server",
            Self::SmtpOrFtp => "an SMTP or FTP server",
            Self::Imap => "an IMAP server",
            Self::Pop3 => "a POP3 server",
            Self::Mysql => "a MySQL or MariaDB server",
            Self::Postgres => "a PostgreSQL server",
            Self::Redis => "a Redis server",
            Self::Memcached => "a memcached server",
            Self::Amqp => "an AMQP broker",
            Self::Mongodb => "a MongoDB server",
            Self::Rdp => "a remote desktop (RDP) server",
            Self::Vnc => "a VNC server",
            Self::Ldap => "an LDAP server",
            Self::Nats => "a NATS server",
            Self::Rsync => "an rsync daemon",
            Self::Telnet => "a Telnet server",
            Self::Elasticsearch => "an Elasticsearch node's transport port",
        }
    }

    /// Whether a peer recognised as `self` may be the `expected` one: it is the same, or it is
    /// [`Protocol::SmtpOrFtp`] and one of the two was expected.
    #[must_use]
    pub const fn may_be(self, expected: Self) -> bool {
        match (self, expected) {
            (Self::SmtpOrFtp, Self::Smtp | Self::Ftp) => true,
            _ => self as u8 == expected as u8,
        }
    }
}

/// A peer that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What it speaks.
    pub protocol: Protocol,
    /// What it said about itself, for people: `HTTP/1.1 400 Bad Request, Server: nginx`,
    /// `SSH-2.0-OpenSSH_9.2`, `MariaDB 10.11.19`. At most 120 bytes, with everything unprintable
    /// escaped.
    pub detail: String,
    /// What it said shows that it insists on TLS: it complained about plain text, it announced so,
    /// or it answered with TLS.
    pub wants_tls: bool,
}

impl Peer {
    fn new(protocol: Protocol, detail: impl Into<String>) -> Self {
        Self { protocol, detail: bounded(detail.into()), wants_tls: false }
    }

    /// A peer that is described by a line of its own.
    fn said(protocol: Protocol, line: &[u8]) -> Self {
        Self::new(protocol, detail(line.trim_ascii_end()))
    }

    fn wanting_tls(self, wants_tls: bool) -> Self {
        Self { wants_tls, ..self }
    }
}

/// Recognises a peer by the first bytes it sent; `None` when they are not enough, or nobody's.
///
/// The bytes may be cut anywhere. 256 of them tell the protocol; the sentence by which Apache shows
/// `wants_tls` ends at about 510.
///
/// A lone `S` or `N` is how `PostgreSQL` answers a request for TLS. Where no such request was sent,
/// one byte is too little to ask this function.
#[must_use]
pub fn identify(bytes: &[u8]) -> Option<Peer> {
    let readers = [tls::read, http::read, mail::read, cache::read, database::read, messaging::read, remote::read];
    readers.iter().find_map(|read| read(bytes))
}
