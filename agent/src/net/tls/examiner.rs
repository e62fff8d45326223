//! Verification that remembers: what the server showed, what webpki said of it, and whether the
//! server asked for a certificate of ours.

use crate::catalogue::{Cause, Note, Owner};
use crate::concern::Part;
use crate::fault::Fault;
use crate::net::certificate::Certificate;
use crate::net::path::{Reading, Shown};
use crate::net::tls::alert::Own;
use crate::net::tls::proof;
use crate::net::tls::{TlsOptions, Verification};
use crate::net::{Host, Roots, Trust};
use crate::secret::{ours, sentence};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ResolvesClientCert, WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name,
};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, NamedGroup, SignatureScheme};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// With P-256 first: every TLS 1.3 server must have it (RFC 8446 section 9.1), and a server that has
/// nothing else (Debian's `PostgreSQL`) then needs no second `ClientHello`, which is a round trip.
pub(crate) static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::secp256r1);
    Arc::new(provider)
});

/// What the server showed.
#[derive(Debug, Default)]
struct Seen {
    /// Its own certificate and those behind it, as they were sent.
    chain: Vec<CertificateDer<'static>>,
    objection: Option<Error>,
    /// When they were judged, in seconds since 1970.
    now: i64,
    /// The certificate was accepted, and the server has not proven that it is its own.
    is_unproven: bool,
}

/// Verifies as webpki does, and keeps the chain and the objection.
#[derive(Debug)]
pub(super) struct Examiner {
    verification: Verification,
    expiry_warning_days: u32,
    roots: Arc<Roots>,
    webpki: Option<Arc<WebPkiServerVerifier>>,
    seen: Mutex<Seen>,
}

impl Examiner {
    pub(super) async fn new(options: &TlsOptions, trust: &Trust) -> Result<Self, Box<Fault>> {
        // Without verification the roots are not needed, and loading them is most of the work.
        let roots = match &options.roots {
            Some(roots) => Arc::clone(roots),
            None if options.verification.judges() => trust.roots().await,
            None => Arc::new(Roots::none()),
        };
        if options.verification.judges() && roots.is_empty() {
            let path = trust.path.display();
            return Err(Box::new(
                Fault::new(
                    Cause::Untrusted,
                    sentence!["this host trusts no CA: there is no certificate in ", ours(&path)],
                )
                .owner(Owner::Host)
                .concerning(Part::ThisHost, sentence!["its trusted certificates, ", ours(&path)])
                .next_step("install ca-certificates, or name the CAs with --tls-certs-path or ca_file"),
            ));
        }
        let webpki = if roots.is_empty() { None } else { Some(webpki(&roots)?) };
        Ok(Self {
            verification: options.verification,
            expiry_warning_days: options.expiry_warning_days,
            roots,
            webpki,
            seen: Mutex::default(),
        })
    }

    /// How much is verified.
    pub(super) const fn verification(&self) -> Verification {
        self.verification
    }

    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }

    /// The server has shown a certificate.
    pub(super) fn was_shown_one(&self) -> bool {
        !self.seen().chain.is_empty()
    }

    /// The certificate was accepted, and the server has not proven that it is its own.
    pub(super) fn is_unproven(&self) -> bool {
        self.seen().is_unproven
    }

    /// The certificates that the server sent, its own first.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.seen().chain.clone()
    }

    /// These certificates as they are read for people; `None` where the server's own is none.
    pub(super) fn shown<'a>(&'a self, chain: &'a [CertificateDer<'static>], host: &'a Host) -> Option<Shown<'a>> {
        let (leaf, sent) = chain.split_first()?;
        let name = ServerName::try_from(host.bare()).ok().filter(|_| self.verification != Verification::Nameless);
        Some(Shown {
            leaf: Reading::of(leaf)?,
            sent: sent.iter().filter_map(|der| Reading::of(der)).collect(),
            roots: &self.roots,
            name,
            now: self.seen().now,
        })
    }

    pub(super) fn facts(&self) -> Vec<(&'static str, Value)> {
        let seen = self.seen();
        let verified = self.verification.judges() && seen.objection.is_none() && !seen.chain.is_empty();
        let mut facts = vec![(Note::Unverified.fact(), json!(verified))];
        if self.verification == Verification::Nameless {
            facts.push((Note::NameUnverified.fact(), json!(false)));
        }
        if let Some(certificate) = seen.chain.first().and_then(|der| Certificate::read(der)) {
            facts.push(("certificate", certificate.facts(self.expiry_warning_days)));
        }
        let behind = seen.chain.iter().skip(1).filter_map(|der| Certificate::read(der));
        let issuers: Vec<_> = behind.map(|one| json!({"subject": one.subject, "issuer": one.issuer})).collect();
        if !issuers.is_empty() {
            facts.push(("certificate_chain", json!(issuers)));
        }
        facts
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(webpki) = &self.webpki else { return Err(CertificateError::UnknownIssuer.into()) };
        let by_name = self.verification != Verification::Nameless;
        let verified = if by_name {
            webpki.verify_server_cert(leaf, rest, name, &[], now).map(drop)
        } else {
            let algorithms = PROVIDER.signature_verification_algorithms.all;
            let leaf = ParsedCertificate::try_from(leaf)?;
            verify_server_cert_signed_by_trust_anchor(&leaf, self.roots.store(), rest, now, algorithms)
        };
        let verified = match verified {
            Err(Error::InvalidCertificate(error)) if self.is_root(leaf) && is_about_the_issuer(&error) => {
                own_root(leaf, Some(name).filter(|_| by_name), now)
            }
            verified => verified,
        };
        // Its signature of the handshake could not be verified: better told of the certificate.
        let is_usable = Reading::of(leaf).is_none_or(|read| read.key().is_supported());
        verified.and_then(|()| if is_usable { Ok(()) } else { Err(CertificateError::BadSignature.into()) })
    }

    /// Whether the very certificate is among the trusted ones. webpki does not take a CA certificate as a
    /// server's own; OpenSSL and the applications that use it do.
    fn is_root(&self, leaf: &CertificateDer<'_>) -> bool {
        Reading::of(leaf).is_some_and(|read| self.roots.has_anchor(&read))
    }

    /// What the server's signature of the handshake proves.
    fn proven(
        &self,
        by_webpki: Result<HandshakeSignatureValid, Error>,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // webpki reads the certificate, too, and by rules that mean nothing where it is not verified.
        if !self.verification.judges() && by_webpki.is_err() && !proof::is_false(message, certificate, signature) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.seen().is_unproven = by_webpki.is_err();
        by_webpki
    }
}

fn webpki(roots: &Roots) -> Result<Arc<WebPkiServerVerifier>, Box<Fault>> {
    WebPkiServerVerifier::builder_with_provider(Arc::clone(roots.store()), Arc::clone(&PROVIDER))
        .build()
        .map_err(|error| Box::new(Fault::new(Cause::OwnFault, error.to_string())))
}

/// The objections that a certificate which is its own trusted root draws.
const fn is_about_the_issuer(error: &CertificateError) -> bool {
    matches!(error, CertificateError::UnknownIssuer | CertificateError::Other(_))
}

/// A certificate that is a trusted root itself: its dates and, with a name, its names still count.
fn own_root(leaf: &CertificateDer<'_>, name: Option<&ServerName<'_>>, now: UnixTime) -> Result<(), Error> {
    let certificate = Certificate::read(leaf).ok_or(CertificateError::BadEncoding)?;
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if seconds > certificate.not_after.unix_timestamp() {
        return Err(CertificateError::Expired.into());
    }
    if seconds < certificate.not_before.unix_timestamp() {
        return Err(CertificateError::NotValidYet.into());
    }
    name.map_or(Ok(()), |name| verify_server_name(&ParsedCertificate::try_from(leaf)?, name))
}

impl ServerCertVerifier for Examiner {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let objection = self.judge(leaf, rest, name, now).err();
        let chain = std::iter::once(leaf).chain(rest).map(|one| one.clone().into_owned()).collect();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        *self.seen() = Seen { chain, objection: objection.clone(), now, is_unproven: false };
        match objection {
            Some(error) if self.verification.judges() => Err(error),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &PROVIDER.signature_verification_algorithms;
        let by_webpki = verify_tls12_signature(message, certificate, signature, algorithms);
        self.proven(by_webpki, message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &PROVIDER.signature_verification_algorithms;
        let by_webpki = verify_tls13_signature(message, certificate, signature, algorithms);
        self.proven(by_webpki, message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = PROVIDER.signature_verification_algorithms.supported_schemes();
        schemes.extend(proof::MORE_SCHEMES);
        schemes
    }
}

/// Our certificate, if there is one, and whether the server asked for it.
#[derive(Debug)]
pub(super) struct ClientIdentity {
    certificate: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl ClientIdentity {
    pub(super) const fn new(certificate: Option<Arc<CertifiedKey>>) -> Self {
        Self { certificate, asked: AtomicBool::new(false) }
    }

    /// What became of it.
    pub(super) fn use_made(&self) -> Own {
        match (self.asked.load(Ordering::Relaxed), &self.certificate) {
            (false, _) => Own::NotAskedFor,
            (true, None) => Own::Missing,
            (true, Some(_)) => Own::Shown,
        }
    }
}

impl ResolvesClientCert for ClientIdentity {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.certificate.clone()
    }

    fn has_certs(&self) -> bool {
        // Also without a certificate: only then does rustls call `resolve`, and the question is known.
        true
    }
}
