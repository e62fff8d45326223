//! The ways to prove a password, one per plugin.
//!
//! Sources: "Authentication Methods" of MySQL's protocol documentation, and "Authentication
//! Plugins" of MariaDB's.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// A plugin that is known here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Plugin {
    /// SHA-1 of the password and the salt.
    Native,
    /// SHA-256 of both; the server may ask for the password itself.
    CachingSha2,
    /// The password itself.
    Sha256,
    /// The password itself, for whoever stands behind the server (PAM, LDAP).
    Clear,
}

impl Plugin {
    /// By the name that the server gives it.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mysql_native_password" => Self::Native,
            "caching_sha2_password" => Self::CachingSha2,
            "sha256_password" => Self::Sha256,
            "mysql_clear_password" => Self::Clear,
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Native => "mysql_native_password",
            Self::CachingSha2 => "caching_sha2_password",
            Self::Sha256 => "sha256_password",
            Self::Clear => "mysql_clear_password",
        }
    }

    /// The proof that does not show the password; `None` where there is none.
    pub(super) fn proof(self, password: &str, salt: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Native | Self::CachingSha2 if password.is_empty() => Some(Vec::new()),
            Self::Native => Some(native(password.as_bytes(), salt)),
            Self::CachingSha2 => Some(caching_sha2(password.as_bytes(), salt)),
            Self::Sha256 | Self::Clear => None,
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

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn proofs_are_those_of_the_formulas() {
        let salt: Vec<u8> = (1..=20).collect();
        for (plugin, wanted) in [
            (Plugin::Native, "6c23cca56755c6a358a01ee207279ead86f1ba96"),
            (Plugin::CachingSha2, "89cdca96f10c4309c9bf80f4242657059d6df94b116eb3af125f409fa08d2fea"),
        ] {
            assert_eq!(hex(&plugin.proof("s3cret-Word", &salt).unwrap()), wanted, "{plugin:?}");
        }
    }

    #[test]
    fn no_password_is_no_proof_and_a_plugin_without_one_gives_none() {
        assert_eq!(Plugin::Native.proof("", &[1; 20]), Some(Vec::new()));
        assert_eq!(Plugin::CachingSha2.proof("", &[1; 20]), Some(Vec::new()));
        assert_eq!(Plugin::Clear.proof("s3cret-Word", &[1; 20]), None);
    }
}
