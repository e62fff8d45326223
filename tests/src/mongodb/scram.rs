//! The server's side of SCRAM (RFC 5802) with `MongoDB`'s two mechanisms.

use std::num::NonZero;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

use super::{PASSWORD, USER};
use crate::md5;

/// What mongod keeps of a password is made with a salt; one is enough here.
const SALT: &[u8] = b"grains of salt!!";

/// `SCRAM-SHA-1` or `SCRAM-SHA-256`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mechanism {
    Sha1,
    Sha256,
}

impl Mechanism {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "SCRAM-SHA-1" => Some(Self::Sha1),
            "SCRAM-SHA-256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The salted password. For SHA-1 it is the digest of the old MONGODB-CR that is salted.
    fn salted(self, iterations: u32) -> Vec<u8> {
        let count = NonZero::new(iterations).unwrap_or(NonZero::<u32>::MIN);
        let (algorithm, length, password) = match self {
            Self::Sha1 => (pbkdf2::PBKDF2_HMAC_SHA1, 20, md5::digest(format!("{USER}:mongo:{PASSWORD}").as_bytes())),
            Self::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, 32, PASSWORD.to_owned()),
        };
        let mut salted = vec![0; length];
        pbkdf2::derive(algorithm, count, SALT, password.as_bytes(), &mut salted);
        salted
    }

    fn mac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), text).as_ref().to_vec()
    }

    fn hash(self, text: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        digest::digest(algorithm, text).as_ref().to_vec()
    }
}

/// A login after its first message.
#[derive(Debug)]
pub(super) struct Conversation {
    mechanism: Mechanism,
    iterations: u32,
    nonce: String,
    client_first_bare: String,
    server_first: String,
}

impl Conversation {
    /// Takes the client's first message; `None` when it names another user, or no nonce.
    pub(super) fn begin(mechanism: Mechanism, iterations: u32, client_first: &str) -> Option<Self> {
        let bare = client_first.strip_prefix("n,,")?;
        let client_nonce = attribute(bare, "r=")?;
        let nonce = format!("{client_nonce}9f3c1a");
        let server_first = format!("r={nonce},s={},i={iterations}", STANDARD.encode(SALT));
        let known = attribute(bare, "n=") == Some(USER);
        known.then(|| Self { mechanism, iterations, nonce, client_first_bare: bare.to_owned(), server_first })
    }

    /// The server's first message.
    pub(super) fn server_first(&self) -> &str {
        &self.server_first
    }

    /// Checks the client's proof; the server's signature when it is right.
    pub(super) fn finish(&self, client_final: &str) -> Option<String> {
        let (without_proof, proof) = client_final.rsplit_once(",p=")?;
        let proof = STANDARD.decode(proof).ok()?;
        attribute(without_proof, "r=").filter(|nonce| *nonce == self.nonce)?;
        let text = format!("{},{},{without_proof}", self.client_first_bare, self.server_first);
        let salted = self.mechanism.salted(self.iterations);
        let stored = self.mechanism.hash(&self.mechanism.mac(&salted, b"Client Key"));
        let signature = self.mechanism.mac(&stored, text.as_bytes());
        let key: Vec<_> = proof.iter().zip(&signature).map(|(proof, byte)| proof ^ byte).collect();
        let own = self.mechanism.mac(&self.mechanism.mac(&salted, b"Server Key"), text.as_bytes());
        (self.mechanism.hash(&key) == stored).then(|| format!("v={}", STANDARD.encode(own)))
    }
}

/// The value of an attribute such as `r=`.
fn attribute<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|part| part.strip_prefix(name))
}
