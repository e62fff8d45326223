//! Verification that remembers: what the server showed, what webpki said of it, and whether the
//! server asked for a certificate of ours.

use crate::catalogue::{Cause, Note};
use crate::fault::Fault;
use crate::net::Trust;
use crate::net::certificate::Certificate;
use crate::net::tls::{TlsOptions, Verification};
use crate::secret::{ours, sentence};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ResolvesClientCert, WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name,
};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, NamedGroup, RootCertStore, SignatureScheme};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// With P-256 first: every TLS 1.3 server must have it (RFC 8446 section 9.1), and a server that has
/// nothing else (Debian's `PostgreSQL`) then needs no second `ClientHello`, which is a round trip.
pub(super) static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::secp256r1);
    Arc::new(provider)
});

/// What the server showed.
#[derive(Debug, Default)]
struct Shown {
    /// Its own certificate and those behind it, as they were sent; `None` for one that cannot be read.
    chain: Vec<Option<Certificate>>,
    objection: Option<Error>,
}

/// Verifies as webpki does, and keeps the chain and the objection.
#[derive(Debug)]
pub(super) struct Examiner {
    verification: Verification,
    expiry_warning_days: u32,
    roots: Arc<RootCertStore>,
    webpki: Option<Arc<WebPkiServerVerifier>>,
    shown: Mutex<Shown>,
}

impl Examiner {
    pub(super) async fn new(options: &TlsOptions, trust: &Trust) -> Result<Self, Box<Fault>> {
        // Without verification the roots are not needed, and loading them is most of the work.
        let roots = match &options.roots {
            Some(roots) => Arc::clone(roots),
            None if options.verification.judges() => trust.roots().await,
            None => Arc::new(RootCertStore::empty()),
        };
        if options.verification.judges() && roots.is_empty() {
            let path = trust.path.display();
            return Err(Box::new(
                Fault::new(
                    Cause::Untrusted,
                    sentence!["this host trusts no CA: there is no certificate in ", ours(&path)],
                )
                .owner(crate::catalogue::Owner::Host)
                .next_step("install ca-certificates, or name the CAs with --tls-certs-path or ca_file"),
            ));
        }
        let webpki = if roots.is_empty() { None } else { Some(webpki(&roots)?) };
        Ok(Self {
            verification: options.verification,
            expiry_warning_days: options.expiry_warning_days,
            roots,
            webpki,
            shown: Mutex::default(),
        })
    }

    /// The server's own certificate.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        self.shown().chain.first().cloned().flatten()
    }

    /// It and the certificates behind it, as they were sent.
    pub(super) fn chain(&self) -> Vec<Certificate> {
        self.shown().chain.iter().flatten().cloned().collect()
    }

    pub(super) fn facts(&self) -> Vec<(&'static str, Value)> {
        let shown = self.shown();
        let verified = self.verification.judges() && shown.objection.is_none() && !shown.chain.is_empty();
        let mut facts = vec![(Note::Unverified.fact(), json!(verified))];
        if self.verification == Verification::Nameless {
            facts.push((Note::NameUnverified.fact(), json!(false)));
        }
        if let Some(Some(certificate)) = shown.chain.first() {
            facts.push(("certificate", certificate.facts(self.expiry_warning_days)));
        }
        let behind = shown.chain.iter().flatten().skip(1);
        let issuers: Vec<_> = behind.map(|one| json!({"subject": one.subject, "issuer": one.issuer})).collect();
        if !issuers.is_empty() {
            facts.push(("certificate_chain", json!(issuers)));
        }
        facts
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
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
            verify_server_cert_signed_by_trust_anchor(&leaf, &self.roots, rest, now, algorithms)
        };
        match verified {
            Err(Error::InvalidCertificate(error)) if self.is_root(leaf) && is_about_the_issuer(&error) => {
                own_root(leaf, Some(name).filter(|_| by_name), now)
            }
            verified => verified,
        }
    }

    /// Whether the very certificate (its name and key) is among the trusted ones. webpki does not
    /// take a CA certificate as a server's own; OpenSSL and the applications that use it do.
    fn is_root(&self, leaf: &CertificateDer<'_>) -> bool {
        let mut own = RootCertStore::empty();
        own.add(leaf.clone().into_owned()).is_ok() && self.roots.roots.contains(&own.roots[0])
    }
}

fn webpki(roots: &Arc<RootCertStore>) -> Result<Arc<WebPkiServerVerifier>, Box<Fault>> {
    WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&PROVIDER))
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
        let chain = std::iter::once(leaf).chain(rest).map(Certificate::read).collect();
        *self.shown() = Shown { chain, objection: objection.clone() };
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
        verify_tls12_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
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

    /// The server asked.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// There is one to show.
    pub(super) const fn is_there(&self) -> bool {
        self.certificate.is_some()
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
