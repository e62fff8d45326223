//! The ways to prove a password, one per plugin, and what may carry one.
//!
//! Sources: "Authentication Methods" of `MySQL`'s protocol documentation, and "Authentication
//! Plugins" of `MariaDB`'s.

use super::ed25519;
use super::greeting::SALT;
use crate::net::Verification;
use crate::phase::words;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

words! {
    /// A plugin that is known here, with the name that servers give it.
    pub(super) Plugin {
        /// SHA-1 of the password and the salt.
        Native "mysql_native_password",
        /// SHA-256 of both; the server may ask for the password itself.
        CachingSha2 "caching_sha2_password",
        /// The password itself.
        Sha256 "sha256_password",
        /// A signature of the salt, with the password as the key, of `MariaDB`.
        Ed25519 "client_ed25519",
        /// A signature with a key that is derived from the password, of `MariaDB` from 11.6 on.
        Parsec "parsec",
        /// The password itself, for whoever stands behind the server (PAM, LDAP).
        Clear "mysql_clear_password",
    }
}

impl Plugin {
    /// By the name that the server gives it.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plugin| plugin.slug() == name)
    }

    /// How much of what the server sends along is the salt; a zero byte may follow.
    pub(super) const fn salt_length(self) -> usize {
        match self {
            Self::Ed25519 | Self::Parsec => 32,
            _ => SALT,
        }
    }

    /// The proof that does not show the password; `None` where there is none.
    pub(super) fn proof(self, password: &str, salt: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Native | Self::CachingSha2 if password.is_empty() => Some(Vec::new()),
            Self::Native => Some(native(password.as_bytes(), salt)),
            Self::CachingSha2 => Some(caching_sha2(password.as_bytes(), salt)),
            Self::Ed25519 => Some(ed25519::sign(password.as_bytes(), salt)),
            // Nothing: it asks for what the key is derived with.
            Self::Parsec => Some(Vec::new()),
            Self::Sha256 | Self::Clear => None,
        }
    }
}

/// What carries a session: who can listen to what is said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SessionTransport {
    Plain,
    Tls(Verification),
    Socket,
}

impl SessionTransport {
    /// Whether the password itself may pass. Whoever stands between can ask for it, by any of the plugins:
    /// without a verified certificate it is the file that has to say that this is well.
    pub(super) const fn lets_password_pass(self) -> bool {
        match self {
            Self::Plain => false,
            Self::Tls(verification) => !matches!(verification, Verification::Opportunistic),
            Self::Socket => true,
        }
    }
}

/// SHA1(password) XOR SHA1(salt, SHA1(SHA1(password)))
fn native(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let sha1 = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let once = sha1(password);
    let twice = sha1(once.as_ref());
    xor(once.as_ref(), sha1(&[salt, twice.as_ref()].concat()).as_ref())
}

/// SHA256(password) XOR SHA256(SHA256(SHA256(password)), salt)
fn caching_sha2(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let sha256 = |bytes: &[u8]| digest(&SHA256, bytes);
    let once = sha256(password);
    let twice = sha256(once.as_ref());
    xor(once.as_ref(), sha256(&[twice.as_ref(), salt].concat()).as_ref())
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formulas, as Python's hashlib computes them.
    const NATIVE: &[u8] = b"\x6c\x23\xcc\xa5\x67\x55\xc6\xa3\x58\xa0\x1e\xe2\x07\x27\x9e\xad\x86\xf1\xba\x96";
    const CACHING_SHA2: &[u8] =
        b"\x89\xcd\xca\x96\xf1\x0c\x43\x09\xc9\xbf\x80\xf4\x24\x26\x57\x05\x9d\x6d\xf9\x4b\x11\x6e\xb3\xaf\x12\x5f\x40\x9f\xa0\x8d\x2f\xea";

    #[test]
    fn proofs_are_those_of_the_formulas() {
        let salt: Vec<u8> = (1..=20).collect();
        for (plugin, wanted) in [(Plugin::Native, NATIVE), (Plugin::CachingSha2, CACHING_SHA2)] {
            assert_eq!(plugin.proof("s3cret-Word", &salt).unwrap(), wanted, "{plugin:?}");
        }
    }

    #[test]
    fn no_password_is_no_proof_and_a_plugin_without_one_gives_none() {
        assert_eq!(Plugin::Native.proof("", &[1; 20]), Some(Vec::new()));
        assert_eq!(Plugin::CachingSha2.proof("", &[1; 20]), Some(Vec::new()));
        assert_eq!(Plugin::Clear.proof("s3cret-Word", &[1; 20]), None);
    }
}
