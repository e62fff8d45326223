//! The channel binding `tls-server-end-point` (RFC 5929 section 4.1): the hash of the server's
//! certificate, by the hash of the certificate's own signature.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The binding to a certificate in DER; `None` for signatures without one hash of their own, for
/// which the binding is not defined and a server cannot compute it either.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let algorithm = hash_of(&parsed.signature_algorithm.algorithm.to_id_string())?;
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// The hash of a signature algorithm by its object identifier (RFC 3279, RFC 4055, RFC 5758). MD5
/// and SHA-1 are replaced by SHA-256.
fn hash_of(signature: &str) -> Option<&'static Algorithm> {
    Some(match signature {
        // RSA with MD5, SHA-1, SHA-256; ECDSA with SHA-1, SHA-256; DSA with SHA-1, SHA-256.
        "1.2.840.113549.1.1.4" | "1.2.840.113549.1.1.5" | "1.2.840.113549.1.1.11" => &SHA256,
        "1.2.840.10045.4.1" | "1.2.840.10045.4.3.2" => &SHA256,
        "1.2.840.10040.4.3" | "2.16.840.1.101.3.4.3.2" => &SHA256,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => &SHA384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => &SHA512,
        _ => return None,
    })
}
