//! The signature of a handshake, by which a server proves that it has the key of its certificate: with the bare
//! key, where nobody asks what the certificate says.

use crate::net::path::{Kind, Reading};
use ring::signature::{self as algorithms, UnparsedPublicKey, VerificationAlgorithm};
use rustls::pki_types::CertificateDer;
use rustls::{DigitallySignedStruct, SignatureScheme};

/// What is offered on top of what can be verified (RFC 8446 section 4.2.3): a server with such a key then shows
/// its certificate, and what is wrong is known; without, it only says that nothing fits. Last, so that a server
/// with several certificates chooses another one.
pub(super) const MORE_SCHEMES: [SignatureScheme; 5] = [
    SignatureScheme::ECDSA_NISTP521_SHA512,
    RSA_PSS_PSS_SHA256,
    SignatureScheme::Unknown(0x080a),
    SignatureScheme::Unknown(0x080b),
    SignatureScheme::ED448,
];

/// With a key that is for PSS alone.
const RSA_PSS_PSS_SHA256: SignatureScheme = SignatureScheme::Unknown(0x0809);

/// Whether the signature is known not to be the certificate's. Of keys that cannot be verified here, it is not.
pub(super) fn is_false(message: &[u8], certificate: &CertificateDer<'_>, signed: &DigitallySignedStruct) -> bool {
    let Some(read) = Reading::of(certificate) else { return false };
    let key = read.key();
    let Some(algorithm) = algorithm(signed.scheme, key.kind, key.strength) else { return false };
    UnparsedPublicKey::new(algorithm, read.key_bytes()).verify(message, signed.signature()).is_err()
}

fn algorithm(scheme: SignatureScheme, kind: Kind, strength: usize) -> Option<&'static dyn VerificationAlgorithm> {
    // ring verifies RSA from 1024 bits on by PKCS #1, and from 2048 on by PSS and with SHA-384.
    let is_short = strength < 112;
    Some(match (scheme, kind) {
        (_, Kind::Rsa | Kind::RsaPss) if strength < 80 => return None,
        (SignatureScheme::RSA_PKCS1_SHA256, Kind::Rsa) => &algorithms::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (SignatureScheme::RSA_PKCS1_SHA512, Kind::Rsa) => &algorithms::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (_, Kind::Rsa | Kind::RsaPss) if is_short => return None,
        (SignatureScheme::RSA_PKCS1_SHA384, Kind::Rsa) => &algorithms::RSA_PKCS1_2048_8192_SHA384,
        (SignatureScheme::RSA_PSS_SHA256, Kind::Rsa) | (RSA_PSS_PSS_SHA256, Kind::RsaPss) => {
            &algorithms::RSA_PSS_2048_8192_SHA256
        }
        (SignatureScheme::RSA_PSS_SHA384, Kind::Rsa) => &algorithms::RSA_PSS_2048_8192_SHA384,
        (SignatureScheme::RSA_PSS_SHA512, Kind::Rsa) => &algorithms::RSA_PSS_2048_8192_SHA512,
        (SignatureScheme::ECDSA_NISTP256_SHA256, Kind::P256) => &algorithms::ECDSA_P256_SHA256_ASN1,
        (SignatureScheme::ECDSA_NISTP256_SHA256, Kind::P384) => &algorithms::ECDSA_P384_SHA256_ASN1,
        (SignatureScheme::ECDSA_NISTP384_SHA384, Kind::P256) => &algorithms::ECDSA_P256_SHA384_ASN1,
        (SignatureScheme::ECDSA_NISTP384_SHA384, Kind::P384) => &algorithms::ECDSA_P384_SHA384_ASN1,
        (SignatureScheme::ED25519, Kind::Ed25519) => &algorithms::ED25519,
        _ => return None,
    })
}
