//! The RSA key of a server, from a file: with it the password can be sent where there is no TLS
//! ("Caching SHA-2 Pluggable Authentication" of `MySQL`'s manual, `--server-public-key-path`).
//!
//! A server also sends its key to who asks for it. Nobody asks here: whoever stands between would send its own.

use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::pem;
use num_bigint::BigUint;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA1_OUTPUT_LEN, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::io;
use std::path::Path;
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey;

/// The public key of a server.
#[derive(Clone, Debug)]
pub(super) struct ServerKey {
    modulus: BigUint,
    exponent: BigUint,
    /// The modulus' length, and that of everything that is encrypted, in bytes.
    length: usize,
}

impl ServerKey {
    /// Reads the key of a PEM file: `public_key.pem` in the server's data directory.
    ///
    /// # Errors
    /// The file cannot be read, or holds no public key of RSA.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let key = pem::public_key(path)?;
        Self::of(&key).ok_or_else(|| {
            pem::flawed(
                "the key in it is not one of RSA with 1024 bits or more",
                "copy the server's own public_key.pem",
            )
        })
    }

    fn of(key: &[u8]) -> Option<Self> {
        const LEAST: usize = 128;
        let (_, info) = SubjectPublicKeyInfo::from_der(key).ok()?;
        let PublicKey::RSA(key) = info.parsed().ok()? else { return None };
        let modulus = BigUint::from_bytes_be(key.modulus);
        let length = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
        (length >= LEAST).then(|| Self { modulus, exponent: BigUint::from_bytes_be(key.exponent), length })
    }

    /// Encrypts a password, with a zero byte behind it and mixed with the salt, as the server takes it.
    ///
    /// # Errors
    /// The password is longer than the key can encrypt.
    pub(super) fn encrypt(&self, password: &str, salt: &[u8]) -> Result<Vec<u8>, Fault> {
        let mixed = password.bytes().chain([0]).zip(salt.iter().cycle()).map(|(byte, salt)| byte ^ salt);
        let padded = self.pad(&mixed.collect::<Vec<_>>())?;
        let encrypted = BigUint::from_bytes_be(&padded).modpow(&self.exponent, &self.modulus).to_bytes_be();
        Ok([vec![0; self.length - encrypted.len()], encrypted].concat())
    }

    /// EME-OAEP with SHA-1 and without a label (RFC 8017, section 7.1.1).
    fn pad(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let fault = |cause, message| Fault::new(cause, message).owner(Owner::Config).at(Phase::Auth);
        let room = self.length - 2 * SHA1_OUTPUT_LEN - 2;
        let Some(zeros) = room.checked_sub(message.len()) else {
            return Err(fault(Cause::MethodUnsupported, "the password is longer than the server's key can encrypt"));
        };
        let mut seed = [0; SHA1_OUTPUT_LEN];
        let filled = SystemRandom::new().fill(&mut seed);
        filled.map_err(|_| fault(Cause::LocalLimit, "this host has no random numbers").owner(Owner::Host))?;
        let block = [sha1(b"").as_slice(), &vec![0; zeros], &[1], message].concat();
        let block = masked(&block, &seed);
        let seed = masked(&seed, &block);
        Ok([&[0][..], &seed, &block].concat())
    }
}

/// The bytes mixed with a mask that is made of others (MGF1 of RFC 8017, section B.2.1).
fn masked(bytes: &[u8], by: &[u8]) -> Vec<u8> {
    let blocks = (0_u32..).flat_map(|count| sha1(&[by, &count.to_be_bytes()].concat()));
    bytes.iter().zip(blocks).map(|(byte, mask)| byte ^ mask).collect()
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}
