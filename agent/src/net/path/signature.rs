//! Whether a certificate was signed by a key.

use super::Reading;
use crate::net::tls::PROVIDER;
use ring::signature::{self as algorithms, UnparsedPublicKey, VerificationAlgorithm};
use rustls::pki_types::AlgorithmIdentifier;
use x509_parser::asn1_rs::{Any, FromDer as _};

/// What came of verifying a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signed {
    Truly,
    /// With another key, or another content.
    Falsely,
    /// It is of a kind that is not verified here.
    Unknown,
}

/// What webpki says, which only has strong algorithms.
pub(super) fn by_webpki(certificate: &Reading<'_>, issuer: &Reading<'_>) -> Signed {
    let Some((data, algorithm, signature)) = parts(certificate) else { return Signed::Unknown };
    let Some((kind, key)) = key(issuer) else { return Signed::Unknown };
    let fits = |name: AlgorithmIdentifier, wanted: &[u8]| name.as_ref() == wanted;
    let all = PROVIDER.signature_verification_algorithms.all.iter();
    let fitting = all.filter(|one| fits(one.signature_alg_id(), algorithm) && fits(one.public_key_alg_id(), kind));
    match fitting.map(|one| one.verify_signature(key, data, signature)).next() {
        Some(Ok(())) => Signed::Truly,
        // Too small a key is told as an invalid signature.
        Some(Err(_)) if !issuer.key().is_supported() => Signed::Unknown,
        Some(Err(_)) => Signed::Falsely,
        None => Signed::Unknown,
    }
}

/// What can be said of it at all, with weak algorithms too.
pub(crate) fn is_signed_with(certificate: &Reading<'_>, issuer: &Reading<'_>) -> Signed {
    match by_webpki(certificate, issuer) {
        Signed::Unknown => by_ring(certificate, issuer),
        known => known,
    }
}

fn by_ring(certificate: &Reading<'_>, issuer: &Reading<'_>) -> Signed {
    let Some((data, _, signature)) = parts(certificate) else { return Signed::Unknown };
    let algorithm: &dyn VerificationAlgorithm = match certificate.algorithm().oid.as_str() {
        "1.2.840.113549.1.1.5" => &algorithms::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "1.2.840.113549.1.1.11" => &algorithms::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        "1.2.840.113549.1.1.13" => &algorithms::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return Signed::Unknown,
    };
    let key = &issuer.parsed.tbs_certificate.subject_pki.subject_public_key.data;
    match UnparsedPublicKey::new(algorithm, key).verify(data, signature) {
        Ok(()) => Signed::Truly,
        Err(_) if matches!(issuer.key().bits, 1024..=8192) => Signed::Falsely,
        Err(_) => Signed::Unknown,
    }
}

/// What is signed, the bytes that name the algorithm, and the signature.
fn parts<'r>(certificate: &'r Reading<'_>) -> Option<(&'r [u8], &'r [u8], &'r [u8])> {
    let (_, whole) = Any::from_der(certificate.der).ok()?;
    let parts = super::reading::items(whole.data)?;
    let signature = &certificate.parsed.signature_value.data;
    Some((certificate.parsed.tbs_certificate.as_ref(), parts.get(1)?.data, signature))
}

/// The bytes that name the kind of a key, and the key.
fn key<'r>(certificate: &'r Reading<'_>) -> Option<(&'r [u8], &'r [u8])> {
    let info = &certificate.parsed.tbs_certificate.subject_pki;
    let (_, whole) = Any::from_der(info.raw).ok()?;
    let parts = super::reading::items(whole.data)?;
    Some((parts.first()?.data, &info.subject_public_key.data))
}
