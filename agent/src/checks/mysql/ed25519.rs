//! The two logins of `MariaDB` by a signature of Ed25519 (RFC 8032).
//!
//! `client_ed25519` signs with the password in the place of the key, however long it is: the formulas are those of
//! the RFC (section 5.1.6), which libraries apply to keys of 32 bytes only. `parsec` derives such a key from the
//! password (PBKDF2 with SHA-512). Sources: `plugin/auth_ed25519` of `MariaDB`, `plugins/auth/parsec.c` of its
//! Connector/C.

use super::packet::malformed;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::sentence;
use curve25519_dalek::scalar::clamp_integer;
use curve25519_dalek::{EdwardsPoint, Scalar};
use ring::digest::{SHA512, digest};
use ring::pbkdf2;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::Ed25519KeyPair;
use std::num::NonZero;

/// What a client adds to the salt of `parsec`, in bytes.
const OWN_SALT: usize = 32;

/// The signature of a message, with this secret as the key.
pub(super) fn sign(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let (scalar, prefix) = halves(sha512(&[secret]));
    let scalar = Scalar::from_bytes_mod_order(clamp_integer(scalar));
    let public = EdwardsPoint::mul_base(&scalar).compress();
    let nonce = Scalar::from_bytes_mod_order_wide(&sha512(&[&prefix, message]));
    let point = EdwardsPoint::mul_base(&nonce).compress();
    let challenge = Scalar::from_bytes_mod_order_wide(&sha512(&[point.as_bytes(), public.as_bytes(), message]));
    [point.to_bytes(), (nonce + challenge * scalar).to_bytes()].concat()
}

/// The answer of `parsec` to what the server derives its key with: the letter of PBKDF2, the rounds as a power of
/// two, the salt.
pub(super) fn parsec(password: &str, server_salt: &[u8], derivation: &[u8]) -> Result<Vec<u8>, Fault> {
    /// The server itself takes no more: 8,192 rounds.
    const MOST: u8 = 3;
    let [b'P', power, salt @ ..] = derivation else {
        return Err(malformed("it derives the key of parsec by something other than PBKDF2"));
    };
    if *power > MOST {
        let message = sentence![
            "the server asks for 1024 times 2 to the power of ",
            *power,
            " rounds of hashing for this account, and conn-check does it with a power of ",
            MOST,
            " at most"
        ];
        return Err(Fault::new(Cause::MethodUnsupported, message).owner(Owner::Service).at(Phase::Auth));
    }
    let rounds = NonZero::new(1024_u32 << power).unwrap_or(NonZero::<u32>::MIN);
    let mut key = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, salt, password.as_bytes(), &mut key);
    let mut own_salt = [0; OWN_SALT];
    let no_key = |_| Fault::new(Cause::LocalLimit, "this host has no random numbers").at(Phase::Auth);
    SystemRandom::new().fill(&mut own_salt).map_err(no_key)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&key).map_err(|_| malformed("its salt gives no key"))?;
    let signature = pair.sign(&[server_salt, &own_salt].concat());
    Ok([&own_salt, signature.as_ref()].concat())
}

fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = [0; 64];
    hash.copy_from_slice(digest(&SHA512, &parts.concat()).as_ref());
    hash
}

fn halves(hash: [u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    first.copy_from_slice(&hash[..32]);
    second.copy_from_slice(&hash[32..]);
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};

    #[test]
    fn a_secret_of_32_bytes_signs_as_the_standard_has_it() {
        for secret in [[7; 32], *b"an app's secret, as long as that"] {
            let pair = Ed25519KeyPair::from_seed_unchecked(&secret).expect("a key");
            assert_eq!(sign(&secret, b"salt"), pair.sign(b"salt").as_ref());
        }
    }

    #[test]
    fn an_answer_of_parsec_is_signed_by_the_derived_key() {
        let (salt, derivation) = ([9; 32], [&b"P\x01"[..], &[5; 18]].concat());
        let answer = parsec("s3cret", &salt, &derivation).expect("an answer");
        let (own, signature) = answer.split_at(OWN_SALT);
        let mut key = [0; 32];
        let rounds = NonZero::new(2048).expect("rounds");
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, &[5; 18], b"s3cret", &mut key);
        let pair = Ed25519KeyPair::from_seed_unchecked(&key).expect("a key");
        let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
        assert!(public.verify(&[&salt, own].concat(), signature).is_ok());
        assert!(parsec("s3cret", &salt, b"P\x04salt").is_err() && parsec("s3cret", &salt, b"Q\x00salt").is_err());
    }
}
