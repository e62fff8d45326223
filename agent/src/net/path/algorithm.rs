//! Keys and signatures of certificates: what they are called, and how strong they are.

use x509_parser::asn1_rs::{Any, FromDer as _};
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// A public key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    /// For people: "RSA with 1024 bits".
    pub(crate) words: String,
    /// How many bits of work it takes to break it, as NIST SP 800-57 counts and OpenSSL's levels do.
    pub(crate) strength: usize,
    /// The length of RSA's modulus; 0 of others.
    pub(crate) bits: usize,
}

/// The kinds that are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Rsa,
    /// RSA that is only for signatures with PSS (RFC 4055 section 1.2).
    RsaPss,
    P256,
    P384,
    /// A curve, by its name, that is not verified here.
    Curve,
    /// A curve that is described instead of named.
    ExplicitCurve,
    Ed25519,
    Ed448,
    Dsa,
    Unknown,
}

/// Curves by their OID: the name, the kind, the bits.
const CURVES: [(&str, &str, Kind, usize); 11] = [
    ("1.2.840.10045.3.1.7", "P-256", Kind::P256, 256),
    ("1.3.132.0.34", "P-384", Kind::P384, 384),
    ("1.3.132.0.35", "P-521", Kind::Curve, 521),
    ("1.2.840.10045.3.1.1", "P-192", Kind::Curve, 192),
    ("1.3.132.0.33", "P-224", Kind::Curve, 224),
    ("1.3.132.0.10", "secp256k1", Kind::Curve, 256),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", Kind::Curve, 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", Kind::Curve, 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", Kind::Curve, 512),
    ("1.2.840.10045.3.1.4", "prime239v1", Kind::Curve, 239),
    ("1.2.156.10197.1.301", "SM2", Kind::Curve, 256),
];

impl Key {
    pub(super) fn of(key: &SubjectPublicKeyInfo<'_>) -> Self {
        let sized = |kind, name: &str, bits| Self {
            kind,
            words: format!("{name} with {bits} bits"),
            strength: finite(bits),
            bits,
        };
        let plain = |kind, name: &str, strength| Self { kind, words: name.to_owned(), strength, bits: 0 };
        match key.algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.113549.1.1.1" => sized(Kind::Rsa, "RSA", modulus(key)),
            "1.2.840.113549.1.1.10" => sized(Kind::RsaPss, "RSASSA-PSS", modulus(key)),
            "1.2.840.10040.4.1" => sized(Kind::Dsa, "DSA", prime(key)),
            "1.3.101.112" => plain(Kind::Ed25519, "Ed25519", 128),
            "1.3.101.113" => plain(Kind::Ed448, "Ed448", 224),
            "1.2.840.10045.2.1" => Self::on_curve(key),
            other => plain(Kind::Unknown, other, usize::MAX),
        }
    }

    fn on_curve(key: &SubjectPublicKeyInfo<'_>) -> Self {
        let parameters = key.algorithm.parameters.as_ref();
        let Some(curve) = parameters.and_then(|any| any.clone().oid().ok()).map(|oid| oid.to_id_string()) else {
            let words = "an elliptic curve that is described instead of named".to_owned();
            return Self { kind: Kind::ExplicitCurve, words, strength: usize::MAX, bits: 0 };
        };
        match CURVES.iter().find(|(oid, ..)| *oid == curve) {
            Some((_, name, kind, bits)) => {
                Self { kind: *kind, words: format!("ECDSA on {name}"), strength: bits / 2, bits: 0 }
            }
            None => Self { kind: Kind::Curve, words: format!("ECDSA on {curve}"), strength: usize::MAX, bits: 0 },
        }
    }

    /// Signatures of this key can be verified here (ring).
    pub(crate) fn is_supported(&self) -> bool {
        matches!(self.kind, Kind::P256 | Kind::P384 | Kind::Ed25519)
            || (self.kind == Kind::Rsa && matches!(self.bits, 2048..=8192))
    }
}

/// A signature's algorithm.
#[derive(Clone, Debug)]
pub(crate) struct Algorithm {
    /// For people: "SHA-1 with RSA".
    pub(crate) words: String,
    /// The same as of a key.
    pub(crate) strength: usize,
    /// The kinds of keys that sign so; none where it is not known.
    pub(super) keys: &'static [Kind],
    pub(super) oid: String,
}

const EC: &[Kind] = &[Kind::P256, Kind::P384, Kind::Curve, Kind::ExplicitCurve];
const RSA: &[Kind] = &[Kind::Rsa];

/// Signatures by their OID: the name, the strength of the hash as OpenSSL counts it, the keys.
const ALGORITHMS: [(&str, &str, usize, &[Kind]); 27] = [
    ("1.2.840.113549.1.1.11", "SHA-256 with RSA", 128, RSA),
    ("1.2.840.113549.1.1.12", "SHA-384 with RSA", 192, RSA),
    ("1.2.840.113549.1.1.13", "SHA-512 with RSA", 256, RSA),
    ("1.2.840.113549.1.1.14", "SHA-224 with RSA", 112, RSA),
    // Its hash stands in its parameters.
    (PSS, "RSASSA-PSS", 128, &[Kind::Rsa, Kind::RsaPss]),
    ("1.2.840.113549.1.1.15", "SHA-512/224 with RSA", 112, RSA),
    ("1.2.840.113549.1.1.16", "SHA-512/256 with RSA", 128, RSA),
    ("2.16.840.1.101.3.4.3.13", "SHA3-224 with RSA", 112, RSA),
    ("2.16.840.1.101.3.4.3.14", "SHA3-256 with RSA", 128, RSA),
    ("2.16.840.1.101.3.4.3.15", "SHA3-384 with RSA", 192, RSA),
    ("2.16.840.1.101.3.4.3.16", "SHA3-512 with RSA", 256, RSA),
    ("2.16.840.1.101.3.4.3.9", "SHA3-224 with ECDSA", 112, EC),
    ("2.16.840.1.101.3.4.3.10", "SHA3-256 with ECDSA", 128, EC),
    ("2.16.840.1.101.3.4.3.11", "SHA3-384 with ECDSA", 192, EC),
    ("2.16.840.1.101.3.4.3.12", "SHA3-512 with ECDSA", 256, EC),
    ("1.2.840.113549.1.1.5", "SHA-1 with RSA", 63, RSA),
    ("1.2.840.113549.1.1.4", "MD5 with RSA", 39, RSA),
    ("1.2.840.113549.1.1.2", "MD2 with RSA", 39, RSA),
    ("1.2.840.10045.4.3.2", "SHA-256 with ECDSA", 128, EC),
    ("1.2.840.10045.4.3.3", "SHA-384 with ECDSA", 192, EC),
    ("1.2.840.10045.4.3.4", "SHA-512 with ECDSA", 256, EC),
    ("1.2.840.10045.4.3.1", "SHA-224 with ECDSA", 112, EC),
    ("1.2.840.10045.4.1", "SHA-1 with ECDSA", 63, EC),
    ("1.3.101.112", "Ed25519", 128, &[Kind::Ed25519]),
    ("1.3.101.113", "Ed448", 224, &[Kind::Ed448]),
    ("1.2.840.10040.4.3", "SHA-1 with DSA", 63, &[Kind::Dsa]),
    ("2.16.840.1.101.3.4.3.2", "SHA-256 with DSA", 128, &[Kind::Dsa]),
];

impl Algorithm {
    pub(super) fn of(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let oid = algorithm.algorithm.to_id_string();
        if oid == PSS {
            let (words, strength) =
                pss(algorithm).unwrap_or_else(|| ("RSASSA-PSS with unread parameters".to_owned(), 0));
            return Self { words, strength, keys: &[Kind::Rsa, Kind::RsaPss], oid };
        }
        match ALGORITHMS.iter().find(|(known, ..)| *known == oid) {
            Some((_, words, strength, keys)) => {
                Self { words: (*words).to_owned(), strength: *strength, keys: *keys, oid }
            }
            None => Self { words: format!("an algorithm that is not known here ({oid})"), strength: 0, keys: &[], oid },
        }
    }
}

const PSS: &str = "1.2.840.113549.1.1.10";

/// The hashes of RSASSA-PSS: the content of the OID, the name, the strength, the bytes.
const HASHES: [(&[u8], &str, usize, u8); 5] = [
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1a], "SHA-1", 63, 20),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04], "SHA-224", 112, 28),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], "SHA-256", 128, 32),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], "SHA-384", 192, 48),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03], "SHA-512", 256, 64),
];

/// What the parameters of RSASSA-PSS say: the hash, SHA-1 where none is named, and the salt, 20 bytes where nothing is said
/// (RFC 4055 section 3.1). A salt that is not as long as the hash is told: not every verifier takes it.
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Option<(String, usize)> {
    let parts = super::reading::items(algorithm.parameters.as_ref()?.data)?;
    let part = |tag: u32| parts.iter().find(|part| part.header.tag().0 == tag).map(|part| part.data);
    let hash = match part(0) {
        Some(hash) => {
            let (_, identifier) = Any::from_der(hash).ok()?;
            let oid = super::reading::items(identifier.data)?.first()?.data;
            HASHES.iter().find(|(known, ..)| *known == oid)?
        }
        None => &HASHES[0],
    };
    let salt = match part(2) {
        Some(salt) => {
            Any::from_der(salt).ok()?.1.data.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
        }
        None => 20,
    };
    let (_, name, strength, length) = hash;
    let salt = if salt == u32::from(*length) { String::new() } else { format!(" and a salt of {salt} bytes") };
    Some((format!("{name} with RSASSA-PSS{salt}"), *strength))
}

/// The bits of an RSA key's modulus.
fn modulus(key: &SubjectPublicKeyInfo<'_>) -> usize {
    let first = Any::from_der(&key.subject_public_key.data).ok().and_then(|(_, pair)| super::reading::items(pair.data));
    first.and_then(|pair| pair.first().map(|one| bits(one.data))).unwrap_or_default()
}

/// The bits of a DSA key's prime.
fn prime(key: &SubjectPublicKeyInfo<'_>) -> usize {
    let parts = key.algorithm.parameters.as_ref().and_then(|all| super::reading::items(all.data));
    parts.and_then(|parts| parts.first().map(|one| bits(one.data))).unwrap_or_default()
}

fn bits(integer: &[u8]) -> usize {
    let digits: Vec<u8> = integer.iter().copied().skip_while(|byte| *byte == 0).collect();
    digits.first().map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
}

/// The strength of RSA and of discrete logarithms (NIST SP 800-57 part 1, table 2).
const fn finite(bits: usize) -> usize {
    match bits {
        ..1024 => 0,
        1024..2048 => 80,
        2048..3072 => 112,
        3072..7680 => 128,
        7680..15360 => 192,
        _ => 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_pss_is_that_of_its_parameters() {
        for (der, words, strength) in [
            (
                &b"\x30\x23\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x16\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa2\x03\x02\x01\x20"[..],
                "SHA-256 with RSASSA-PSS",
                128,
            ),
            (
                b"\x30\x23\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x16\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\xa2\x03\x02\x01\x14",
                "SHA-384 with RSASSA-PSS and a salt of 20 bytes",
                192,
            ),
            (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x00", "SHA-1 with RSASSA-PSS", 63),
        ] {
            let (_, read) = AlgorithmIdentifier::from_der(der).expect("an algorithm");
            let read = Algorithm::of(&read);
            assert_eq!((read.words.as_str(), read.strength), (words, strength));
        }
    }
}
