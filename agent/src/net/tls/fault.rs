//! From a failed handshake to the one code that names its cause.

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::identify::identify;
use crate::net::tls::alert::{Exchange, no_common_version, of_alert};
use crate::net::tls::refusal::{Judged, of_certificate};
use crate::secret::{ours, sentence, theirs};
use crate::text::escape;
use rustls::{Error, InvalidMessage, PeerIncompatible};
use std::io;

/// The cause of a handshake's failure, from the first bytes of the peer, the TLS error, and what
/// the examiner saw.
pub(super) fn of_handshake(error: io::Error, first: &[u8], exchange: Exchange, judged: &Judged<'_>) -> Fault {
    if let Some(fault) = fault_of_plain(first) {
        return fault;
    }
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return Fault::from(error);
    };
    let fault = match tls {
        Error::InvalidCertificate(objection) => of_certificate(objection, judged),
        Error::AlertReceived(alert) => of_alert(*alert, exchange),
        Error::PeerIncompatible(why) => of_incompatible(why, exchange),
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => Fault::new(
            Cause::Malformed,
            "the server sends more in its handshake than this program takes (64 KiB): too many certificates, or too large ones",
        ),
        Error::NoCertificatesPresented => Fault::new(Cause::Malformed, "the server showed no certificate"),
        Error::FailedToGetRandomBytes => Fault::new(Cause::LocalLimit, "this host gives no random numbers"),
        _ => Fault::new(Cause::Malformed, "the handshake broke the TLS protocol"),
    };
    let evidence = fault.evidence.clone().unwrap_or_else(|| theirs(tls));
    fault.evidence(evidence).caused_by(&error)
}

/// The fault of a peer whose first bytes are not TLS.
pub(crate) fn fault_of_plain(first: &[u8]) -> Option<Fault> {
    (!first.is_empty() && !is_tls(first)).then(|| not_tls(first))
}

/// Whether the bytes begin with a TLS record (RFC 8446 section 5.1): alert, handshake, or an
/// early piece of one.
fn is_tls(first: &[u8]) -> bool {
    matches!(first, [0x14..=0x17] | [0x14..=0x17, 0x03, ..])
}

fn not_tls(first: &[u8]) -> Fault {
    match identify(first) {
        Some(peer) => {
            Fault::new(Cause::NotTls, sentence![peer.service.described, " answered without TLS"]).evidence(peer.detail)
        }
        None => Fault::new(Cause::NotTls, "the peer answered, and not with TLS").evidence(escape(first, 60)),
    }
}

/// What the server chose, and this program has not.
fn of_incompatible(why: &PeerIncompatible, exchange: Exchange) -> Fault {
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::ServerSentHelloRetryRequestWithUnknownExtension => no_common_version(exchange),
        other => {
            Fault::new(Cause::NoCommonVersion, "the server chose something in TLS that this program does not have")
                .evidence(ours(&format!("{other:?}")))
        }
    }
}
