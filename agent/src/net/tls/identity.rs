//! Our own certificate and its key: from PEM files, of which the key may be encrypted (RFC 5958), or from a PKCS#12
//! file (RFC 7292).

use crate::net::path::Reading;
use crate::net::pem;
use crate::secret::Secret;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::io;
use std::path::Path;

/// Where our certificate and its key stand.
pub(crate) struct IdentityFiles<'a> {
    /// `client_cert`: PEM, or PKCS#12 with the key in it.
    pub(crate) certificate: &'a Path,
    /// `client_key`; without it the key stands beside the certificate.
    pub(crate) key: Option<&'a Path>,
    /// `client_key_password`.
    pub(crate) password: Option<&'a Secret<String>>,
}

/// Why an identity cannot be used: the option to blame, and what is wrong with its file.
pub(crate) type Unusable = (&'static str, io::Error);

impl IdentityFiles<'_> {
    /// A certificate with its chain, and its key.
    ///
    /// # Errors
    /// With the option whose file cannot be used.
    pub(crate) fn read(&self) -> Result<CertifiedKey, Unusable> {
        let of_certificate = |error| ("client_cert", error);
        let content = pem::read(self.certificate).map_err(of_certificate)?;
        let (chain, key, option) = if is_der(&content) {
            let archive = self.archive(&content)?;
            let key = match self.key {
                Some(path) => self.private_key(path).map_err(|error| self.of_key(error))?,
                None => key_in(&archive)
                    .ok_or_else(|| of_certificate(pem::flawed("there is no private key in it", EXPORT)))?,
            };
            (
                archive.certs.iter().map(|bag| CertificateDer::from(bag.cert.as_der().to_vec())).collect(),
                key,
                "client_cert",
            )
        } else {
            let chain = pem::certificates(&content).map_err(of_certificate)?;
            let key = self.private_key(self.key.unwrap_or(self.certificate)).map_err(|error| self.of_key(error))?;
            (chain, key, self.key_option())
        };
        certified(chain, &key).map_err(|error| (option, error))
    }

    /// The option that names the file of the key.
    fn key_option(&self) -> &'static str {
        if self.key.is_some_and(|key| key != self.certificate) { "client_key" } else { "client_cert" }
    }

    fn of_key(&self, error: pem::KeyError) -> Unusable {
        match error {
            pem::KeyError::Password(error) => ("client_key_password", error),
            pem::KeyError::File(error) => (self.key_option(), error),
        }
    }

    fn private_key(&self, path: &Path) -> Result<PrivateKeyDer<'static>, pem::KeyError> {
        let is_alone = self.key_option() == "client_key";
        pem::private_key(&pem::read(path)?, self.password, is_alone)
    }

    fn archive(&self, content: &[u8]) -> Result<Pkcs12Archive, Unusable> {
        let password = self.password.map_or("", |password| password.expose());
        Pkcs12Archive::from_pkcs12(content, password).map_err(|error| match error {
            // Without a check value (MAC), a wrong password is found when what was decrypted makes no sense.
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) if self.password.is_some() => {
                ("client_key_password", io::Error::other("it does not open the PKCS#12 file that `client_cert` names"))
            }
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => {
                ("client_cert", pem::flawed("it is a PKCS#12 file with a password", "add `client_key_password`"))
            }
            Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
                ("client_cert", pem::flawed("it is PKCS#12 with an encryption that is not supported", EXPORT))
            }
            // What the library has limits for: iterations, and scrypt's memory.
            Error::InvalidParameters => ("client_cert", pem::flawed(COSTLY, CHEAPER)),
            Error::DerError(error) if pem::is_excessive(&error) => ("client_cert", pem::flawed(COSTLY, CHEAPER)),
            _ if is_pfx(content) => ("client_cert", pem::flawed(UNREADABLE, RETRY)),
            _ => (
                "client_cert",
                pem::flawed(
                    "it is neither a PEM file (RFC 7468) nor PKCS#12 (RFC 7292)",
                    "name a file of one of the two; of a certificate in DER, `openssl x509` makes PEM",
                ),
            ),
        })
    }
}

/// How a PKCS#12 file is made that does.
const EXPORT: &str = "write it anew with `openssl pkcs12 -export`, with the certificate and its key";

/// Of a file that takes too long to open.
const COSTLY: &str = "to open it takes more hashing than conn-check does for a file (1,000,000 iterations; of scrypt, 1 GiB and 16 lanes): a limit of conn-check's, and other programs may well open it";
const CHEAPER: &str = "write it anew with fewer iterations: `openssl pkcs12 -export -iter 100000`";

/// Of what is PKCS#12 as far as it can be seen from outside.
const UNREADABLE: &str =
    "it is PKCS#12 (RFC 7292), and there is something in it that conn-check does not read: an encryption, or contents";
const RETRY: &str = "check `client_key_password`, which files without a MAC do not prove wrong; else write it anew with `openssl pkcs12 -export`, with the certificate and its key";

/// A DER file begins with a SEQUENCE of a long form; PEM is text.
fn is_der(content: &[u8]) -> bool {
    matches!(content, [0x30, 0x80..=0x84, ..])
}

/// Whether a DER file begins as PKCS#12 does: with version 3 (RFC 7292, section 4), which nothing else with keys has.
fn is_pfx(content: &[u8]) -> bool {
    let [0x30, length @ 0x80..=0x84, rest @ ..] = content else { return false };
    rest.get(usize::from(length - 0x80)..).is_some_and(|rest| rest.starts_with(&[2, 1, 3]))
}

fn key_in(archive: &Pkcs12Archive) -> Option<PrivateKeyDer<'static>> {
    let bag = archive.keys.first()?;
    Some(PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec()).into())
}

/// The chain, the certificate of this key first, and the key.
fn certified(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'static>) -> Result<CertifiedKey, io::Error> {
    let unsupported = |_| pem::flawed(UNSUPPORTED_KEY, "have a key of one of these kinds certified");
    let key = rustls::crypto::ring::sign::any_supported_type(key).map_err(unsupported)?;
    let mut chain = chain;
    let Some(public) = key.public_key() else { return Ok(CertifiedKey::new(chain, key)) };
    // Not by rustls, which takes certificates of version 3 alone: what the server takes is the server's affair.
    let is_its = |der: &CertificateDer<'static>| Reading::of(der).is_some_and(|read| *public == *read.key_info());
    if chain.first().is_none_or(|own| Reading::of(own).is_none()) {
        return Err(pem::flawed("the certificate in it cannot be read", "put the file there as it was issued"));
    }
    let fitting =
        "name the key and the certificate that were made for each other; a renewed certificate may have a new key";
    let own = chain.iter().position(is_its).ok_or_else(|| pem::flawed("the key is not the certificate's", fitting))?;
    chain[..=own].rotate_right(1);
    Ok(CertifiedKey::new(chain, key))
}

/// Of a key that cannot be used; the library's words may be about its content.
const UNSUPPORTED_KEY: &str =
    "its key is of a kind that is not supported: RSA (from 2048 bits on), ECDSA (P-256, P-384) and Ed25519 are";
