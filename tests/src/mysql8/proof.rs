//! Proofs of a password, judged as a server judges them.

use std::io::Write as _;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};

use ring::digest::{SHA256, digest};
use ring::pbkdf2;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::PASSWORD;
use crate::or_panic::OrPanic;
use crate::packages;

/// The salt of all other plugins.
pub(super) const SALT: &[u8; 20] = b"abcdefghijklmnopqrst";
/// The salt of `parsec`.
pub(super) const LONG_SALT: &[u8] = b"abcdefghijklmnopqrstuvwxyz012345";

/// Whether a client's salt and its signature come from who knows the password, with so many rounds of `parsec`.
pub(super) fn signs(power: u8, signed: &[u8]) -> bool {
    let Some((own, signature)) = signed.split_at_checked(32) else { return false };
    let rounds = NonZero::new(1024_u32 << power).unwrap_or(NonZero::<u32>::MIN);
    let mut key = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, &SALT[..18], PASSWORD.as_bytes(), &mut key);
    let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(&key) else { return false };
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
    public.verify(&[LONG_SALT, own].concat(), signature).is_ok()
}

/// Whether a proof fits what a server keeps, SHA256(SHA256(password)): it is enough to find the
/// SHA256(password) that the client has mixed in.
pub(super) fn proves(proof: &[u8]) -> bool {
    let sha256 = |bytes: &[u8]| digest(&SHA256, bytes);
    let kept = sha256(sha256(PASSWORD.as_bytes()).as_ref());
    let mask = sha256(&[kept.as_ref(), SALT].concat());
    let found: Vec<u8> = proof.iter().zip(mask.as_ref()).map(|(one, other)| one ^ other).collect();
    sha256(&found).as_ref() == kept.as_ref()
}

/// What was encrypted for a key and mixed with the salt, as `OpenSSL` decrypts it.
pub(super) fn decrypt(key: &Path, encrypted: &[u8]) -> Vec<u8> {
    let mut openssl = Command::new(packages::needed("openssl"));
    openssl.args(["pkeyutl", "-decrypt", "-pkeyopt", "rsa_padding_mode:oaep", "-inkey"]).arg(key);
    let mut child = openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().or_panic("run openssl");
    child.stdin.take().or_panic("its input").write_all(encrypted).or_panic("written");
    let output = child.wait_with_output().or_panic("its output");
    output.stdout.iter().zip(SALT.iter().cycle()).map(|(byte, salt)| byte ^ salt).collect()
}
