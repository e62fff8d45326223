//! SCRAM, the client's side (RFC 5802, RFC 7677), whatever protocol carries it: what a server may ask of a
//! client, the exchange, and the hashing, which holds up no other check.

mod exchange;
mod hashing;
mod limits;

pub(super) use exchange::{Binding, Client};

use crate::fault::{Cause, Fault, Phase};
use crate::phase::words;
use ring::{digest, hmac, pbkdf2};

words! {
    /// A hash function to log in with, by the name of the mechanism.
    pub(super) Hash {
        /// `MongoDB` only; the password that is hashed is one that was hashed by MD5.
        Sha1 "SCRAM-SHA-1",
        Sha256 "SCRAM-SHA-256",
    }
}

impl Hash {
    const fn length(self) -> usize {
        match self {
            Self::Sha1 => digest::SHA1_OUTPUT_LEN,
            Self::Sha256 => digest::SHA256_OUTPUT_LEN,
        }
    }

    const fn of_password(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    fn key(self, key: &[u8]) -> hmac::Key {
        let algorithm = match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        };
        hmac::Key::new(algorithm, key)
    }

    fn mac(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key(key), bytes).as_ref().to_vec()
    }
}

/// SCRAM shows both sides that the other one knows the password. A signature that is wrong and one that does not
/// come at all say the same.
pub(super) fn impostor() -> Fault {
    let message = "the server did not prove that it knows the password: it may not be the one it claims to be";
    Fault::new(Cause::Malformed, message).at(Phase::Auth)
}

/// The server's part of the exchange is not what the standard says.
fn broken(what: &'static str) -> Fault {
    Fault::new(Cause::Malformed, "the server's part of SCRAM was not understood (RFC 5802)")
        .evidence(what)
        .at(Phase::Auth)
}
