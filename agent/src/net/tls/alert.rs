//! What a server's alert means, with what we did ourselves (RFC 8446 section 6.2).

use crate::catalogue::{Cause, Owner};
use crate::fault::Fault;
use crate::net::tls::MinVersion;
use crate::phase::Phase;
use crate::secret::{ours, sentence};
use rustls::{AlertDescription, Error};
use std::fmt;

/// Our own side of a handshake.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exchange {
    /// We asked for the server by name (RFC 6066 section 3); an address is no name.
    pub(super) named: bool,
    /// What became of our own certificate.
    pub(super) own: Own,
    /// The server has shown its certificate.
    pub(super) was_shown_one: bool,
    /// What was offered: this, and what is newer.
    pub(super) min_version: MinVersion,
    /// The protocols that were offered (ALPN, RFC 7301).
    pub(super) offered: &'static [&'static str],
    /// We are through; with TLS 1.3 the server may still have to judge our certificate.
    pub(super) done: bool,
}

/// What became of our own certificate in a handshake.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Own {
    /// The server has not asked for one.
    #[default]
    NotAskedFor,
    /// It has, and there is none.
    Missing,
    /// It has, and was shown one.
    Shown,
}

/// A TLS error that came after the handshake, with what we did in it.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) error: Error,
    pub(crate) exchange: Exchange,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// The cause of an error that came after the handshake.
pub(crate) fn fault_of_broken(broken: &Broken) -> Fault {
    match broken.error {
        Error::AlertReceived(alert) => of_alert(alert, broken.exchange),
        _ => Fault::new(Cause::Malformed, "the peer broke the TLS protocol").evidence(broken.error.to_string()),
    }
    .at(Phase::Tls)
}

/// The cause of an alert.
pub(super) fn of_alert(alert: AlertDescription, exchange: Exchange) -> Fault {
    use AlertDescription as Alert;
    let fault = match alert {
        Alert::CertificateRequired if exchange.own != Own::Shown => client_cert_required(),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::CertificateRequired
        | Alert::UnknownCA => of_client_cert(exchange.own),
        // These two are about a certificate only where there is one (RFC 8446 section 6.2).
        Alert::AccessDenied | Alert::DecryptError if exchange.own == Own::Shown => of_client_cert(exchange.own),
        Alert::AccessDenied => access_denied(),
        Alert::DecryptError => Fault::new(
            Cause::Closed,
            "the server could not verify what was said in the handshake: its TLS is at fault, or something on the way changes it",
        ),
        // Before TLS 1.3 servers had no alert of its own for this (RFC 5246 section 7.4.6).
        Alert::HandshakeFailure if exchange.own != Own::NotAskedFor => of_client_cert(exchange.own),
        Alert::UnrecognisedName if exchange.named => {
            Fault::new(Cause::WrongName, "the server does not know the name it was asked for")
        }
        Alert::UnrecognisedName => nameless("the server wants to be asked for by name"),
        Alert::ProtocolVersion if !exchange.done => no_common_version(exchange),
        Alert::NoApplicationProtocol => no_common_protocol(exchange.offered),
        Alert::HandshakeFailure | Alert::InsufficientSecurity if !exchange.was_shown_one => nothing_fits(exchange),
        Alert::InternalError => Fault::new(Cause::Closed, "the server reports an internal error of its own"),
        _ if exchange.done => Fault::new(Cause::Closed, "the server broke TLS off after the handshake"),
        _ => Fault::new(Cause::Closed, "the server broke the handshake off"),
    };
    fault.evidence(sentence!["alert ", ours(&format!("{alert:?}")), " from the server", exchange.in_words()])
}

/// Of a server that takes none of the protocols that were offered, or wants one to be offered (RFC 7301 section 3.2).
fn no_common_protocol(offered: &[&str]) -> Fault {
    let (message, next_step) = match offered {
        ["h2"] => (
            "the server takes no HTTP/2 over TLS, which alone was offered (ALPN h2)",
            "let the server speak HTTP/2 there; else leave `http2` out of this check",
        ),
        ["http/1.1"] => (
            "the server takes no HTTP/1.1 over TLS, which alone was offered (ALPN http/1.1): it speaks HTTP/2 alone, as gRPC servers do, or another protocol",
            "write `http2: true`, if it is a server of HTTP/2; else name a port that speaks HTTP/1.1",
        ),
        _ => {
            let message = "the server wants to be told the protocol while TLS begins (ALPN), and this check names none";
            return Fault::new(Cause::NoCommonVersion, message).owner(Owner::Config).next_step(
                "check the server by its own type (`type: http`, for one of HTTP/2 with http2: true); else have TLS begin without ALPN",
            );
        }
    };
    let fault = Fault::new(Cause::UnsupportedVersion, message).at(Phase::Protocol).next_step(next_step);
    if offered == ["h2"] { fault } else { fault.owner(Owner::Config) }
}

/// Of a server that knows who asks, and does not want to serve it.
fn access_denied() -> Fault {
    Fault::new(Cause::Closed, "the server denies access while TLS begins, before any login")
        .owner(Owner::Config)
        .next_step("see which clients, names or addresses the server's TLS settings let in")
}

/// Alerts about a certificate: ours, if the server asked for one.
fn of_client_cert(own: Own) -> Fault {
    match own {
        Own::Shown => Fault::new(Cause::ClientCertRejected, "the server rejects our client certificate"),
        Own::Missing => client_cert_required(),
        Own::NotAskedFor => {
            Fault::new(Cause::Closed, "the server broke TLS off over a certificate, and has not asked for one of ours")
        }
    }
}

fn client_cert_required() -> Fault {
    Fault::new(Cause::ClientCertRequired, "the server wants a client certificate, but none is configured")
}

pub(super) fn no_common_version(exchange: Exchange) -> Fault {
    match exchange.min_version {
        MinVersion::Tls12 => Fault::new(Cause::NoCommonVersion, "the server offers neither TLS 1.2 nor TLS 1.3"),
        MinVersion::Tls13 => only_13("the server does not speak TLS 1.3, and the check demands it (`min_tls_version`)"),
    }
}

/// Of a server that was offered TLS 1.3 alone.
fn only_13(message: &'static str) -> Fault {
    Fault::new(Cause::NoCommonVersion, message)
        .next_step("let the server speak TLS 1.3; where 1.2 is good enough, write `min_tls_version: '1.2'`")
}

/// A server that breaks off before it has shown a certificate: it has none for us, or no cipher.
fn nothing_fits(exchange: Exchange) -> Fault {
    if exchange.min_version == MinVersion::Tls13 {
        return only_13(
            "the server breaks off: it does not speak TLS 1.3, which alone was offered (`min_tls_version`), or has no cipher or certificate for us",
        );
    }
    if exchange.named {
        return Fault::new(
            Cause::NoCommonVersion,
            "the server has no TLS version, cipher or kind of certificate in common with this program, or none for this name",
        );
    }
    nameless(
        "the server breaks off: it wants to be asked for by name, or has no version, cipher or kind of certificate in common",
    )
}

/// No name was sent.
fn nameless(message: &'static str) -> Fault {
    Fault::new(Cause::NoCommonVersion, sentence![message, "; none was sent, as the check has an address"])
        .owner(Owner::Config)
        .next_step("set server_name, or write the server's name instead of its address; else let the server speak TLS 1.2 or 1.3 with a modern cipher")
}

impl Exchange {
    fn in_words(self) -> &'static str {
        match self.own {
            Own::Shown => "; it asked for a client certificate, and was shown one",
            Own::Missing => "; it asked for a client certificate, and was shown none",
            Own::NotAskedFor if self.named => "; it was asked for by name",
            Own::NotAskedFor => "; it was not asked for by name",
        }
    }
}
