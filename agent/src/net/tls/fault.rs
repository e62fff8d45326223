//! From a failed handshake to the one code that names its cause.

use crate::catalogue::{Cause, Owner};
use crate::fault::Fault;
use crate::net::certificate::{Certificate, rfc3339};
use crate::net::identify::identify;
use crate::net::tls::examiner::{ClientIdentity, Examiner};
use crate::net::{Host, Trust};
use crate::phase::Phase;
use crate::secret::{Sentence, ours, sentence, theirs};
use crate::text::escape;
use rustls::{AlertDescription, CertificateError, Error};
use std::io;
use time::OffsetDateTime;

/// The cause of a handshake's failure, from the first bytes of the peer, the TLS error, and what
/// the examiner saw.
pub(super) fn of_handshake(
    error: io::Error,
    first: &[u8],
    examiner: &Examiner,
    identity: &ClientIdentity,
    host: &Host,
    trust: &Trust,
) -> Fault {
    if let Some(fault) = fault_of_plain(first) {
        return fault;
    }
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return Fault::from(error);
    };
    let fault = match tls {
        Error::InvalidCertificate(objection) => of_certificate(objection, examiner, host, trust),
        Error::AlertReceived(alert) => of_alert(*alert, Some(identity)),
        Error::PeerIncompatible(_) => no_common_version(),
        Error::FailedToGetRandomBytes => Fault::new(Cause::LocalLimit, "this host gives no random numbers"),
        _ => Fault::new(Cause::Malformed, "the handshake broke the TLS protocol"),
    };
    let evidence = fault.evidence.clone().unwrap_or_else(|| theirs(tls));
    fault.evidence(evidence).caused_by(&error)
}

/// The cause of an alert that came after the handshake: with TLS 1.3 a server judges the client's
/// certificate only then.
pub(crate) fn fault_of_alert(error: &Error) -> Fault {
    match error {
        Error::AlertReceived(alert) => of_alert(*alert, None),
        Error::InvalidCertificate(_) => Fault::new(Cause::Untrusted, "the certificate was not accepted"),
        _ => Fault::new(Cause::Malformed, "the peer broke the TLS protocol"),
    }
    .evidence(error.to_string())
    .at(Phase::Tls)
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

fn no_common_version() -> Fault {
    Fault::new(Cause::NoCommonVersion, "the server offers neither TLS 1.2 nor TLS 1.3 with a cipher that is known here")
}

/// `identity` tells, during the handshake, whether the server asked for a certificate of ours.
fn of_alert(alert: AlertDescription, identity: Option<&ClientIdentity>) -> Fault {
    let asked = identity.is_some_and(ClientIdentity::was_asked);
    let shown = identity.is_none_or(ClientIdentity::is_there);
    let fault = match alert {
        AlertDescription::CertificateRequired => client_cert_required(),
        // Before TLS 1.3 servers had no alert of its own for this.
        AlertDescription::HandshakeFailure | AlertDescription::BadCertificate if asked && !shown => {
            client_cert_required()
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => {
            Fault::new(Cause::ClientCertRejected, "the server rejects our client certificate")
        }
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => no_common_version(),
        AlertDescription::NoApplicationProtocol => {
            Fault::new(Cause::NoCommonVersion, "the server does not speak this protocol over TLS (ALPN)")
        }
        AlertDescription::UnrecognisedName => {
            Fault::new(Cause::WrongName, "the server does not know the name it was asked for")
        }
        _ => Fault::new(Cause::Closed, "the server aborted the handshake"),
    };
    fault.evidence(sentence!["alert ", ours(&format!("{alert:?}")), " from the server"])
}

fn client_cert_required() -> Fault {
    Fault::new(Cause::ClientCertRequired, "the server wants a client certificate, but none is configured")
}

fn of_certificate(objection: &CertificateError, examiner: &Examiner, host: &Host, trust: &Trust) -> Fault {
    let Some(leaf) = examiner.certificate() else {
        return Fault::new(Cause::Untrusted, "the server's certificate cannot be read").evidence(objection.to_string());
    };
    let of_date = |cause, message| {
        let now = rfc3339(OffsetDateTime::now_utc());
        Fault::new(cause, message).evidence(sentence!["now it is ", ours(&now), " by this host's clock"])
    };
    match objection {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            // Not always the server's own: an intermediate may have ended first.
            let ended = examiner.chain().into_iter().find(|one| one.days_left() < 0).unwrap_or(leaf);
            let end = rfc3339(ended.not_after);
            of_date(Cause::Expired, sentence!["the certificate of ", &ended.subject, " ended on ", ours(&end)])
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let begin = rfc3339(leaf.not_before);
            of_date(Cause::NotYetValid, sentence!["the certificate of ", &leaf.subject, " begins on ", ours(&begin)])
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => wrong_name(&leaf, host),
        _ => untrusted(&examiner.chain(), trust).evidence(sentence!["issuer: ", &leaf.issuer, "; ", theirs(objection)]),
    }
}

fn wrong_name(leaf: &Certificate, host: &Host) -> Fault {
    let names = if leaf.names.is_empty() { "no name at all".to_owned() } else { leaf.names.join(", ") };
    Fault::new(Cause::WrongName, sentence!["the certificate is not for ", host])
        .evidence(sentence!["it is for ", names])
}

/// Which link of the chain is missing.
fn untrusted(chain: &[Certificate], trust: &Trust) -> Fault {
    let (Some(leaf), Some(last)) = (chain.first(), chain.last()) else {
        return Fault::new(Cause::Untrusted, "the server's certificate is not trusted");
    };
    let store = trust.path.display();
    let untrusted = |message: Sentence| Fault::new(Cause::Untrusted, message);
    if leaf.is_self_issued {
        return untrusted(sentence!["the certificate is self-signed (", &leaf.subject, ") and not trusted here"])
            .next_step("put this certificate into ca_file (or the host's CAs), or have it issued by a CA");
    }
    if last.is_self_issued {
        return untrusted(sentence!["the chain ends in a CA that is not trusted here: ", &last.subject])
            .next_step(sentence!["add that CA to ", ours(&store), " (update-ca-certificates) or set ca_file"]);
    }
    let sent = if chain.len() == 1 {
        "the server sent no intermediate certificate"
    } else {
        "the server's chain ends before it"
    };
    untrusted(sentence!["the issuer ", &last.issuer, " is not known here, and ", sent])
        .owner(Owner::Certificate)
        .next_step(sentence![
            "if it is an intermediate, have the server send its full chain; if it is the CA, add it to ",
            ours(&store),
            " or set ca_file"
        ])
}
