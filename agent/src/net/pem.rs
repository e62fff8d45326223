//! PEM files (RFC 7468), and what is wrong with them: in our own words alone. A library's quote the file,
//! and what stands in it may be a private key.

use crate::file;
use crate::secret::Secret;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::{Error, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use std::fmt;
use std::io;
use std::path::Path;

/// The largest PEM file that is read, in bytes: fifty times the bundle of a distribution.
const LIMIT: u64 = 16 << 20;

/// The certificates of a file that holds many.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// Entries that cannot be read.
    pub(crate) broken: usize,
}

/// Every certificate in a file that can be read: one broken entry of a bundle says nothing of the others.
///
/// # Errors
/// The file cannot be read, holds no PEM, or no certificate.
pub(crate) fn bundle(path: &Path) -> io::Result<Bundle> {
    let content = file::read_bounded(path, LIMIT)?;
    let (mut certificates, mut broken, mut first) = (Vec::new(), 0, None);
    for entry in CertificateDer::pem_slice_iter(&content) {
        match entry {
            Ok(certificate) => certificates.push(certificate),
            Err(error) => {
                broken += 1;
                first.get_or_insert(error);
            }
        }
    }
    match first {
        _ if !certificates.is_empty() => Ok(Bundle { certificates, broken }),
        Some(error) => Err(objection(&content, &error, Sought::Cas)),
        None => Err(objection(&content, &Error::NoItemsFound, Sought::Cas)),
    }
}

/// A file, as it is.
///
/// # Errors
/// It cannot be read, or is too large.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    Ok(file::read_bounded(path, LIMIT)?)
}

/// Every certificate in a file's content.
///
/// # Errors
/// It is no PEM, or holds no certificate; or one of its entries cannot be read.
pub(crate) fn certificates(content: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(content).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(objection(content, &Error::NoItemsFound, Sought::Certificate)),
        Err(error) => Err(objection(content, &error, Sought::Certificate)),
    }
}

/// The first public key in a file (`-----BEGIN PUBLIC KEY-----`).
///
/// # Errors
/// The file cannot be read, holds no PEM, or no public key; or it cannot be read.
pub(crate) fn public_key(path: &Path) -> io::Result<SubjectPublicKeyInfoDer<'static>> {
    let content = file::read_bounded(path, LIMIT)?;
    SubjectPublicKeyInfoDer::from_pem_slice(&content).map_err(|error| objection(&content, &error, Sought::PublicKey))
}

/// Why there is no private key.
#[derive(Debug)]
pub(crate) enum KeyError {
    /// The password does not open it.
    Password(io::Error),
    /// The file does not do.
    File(io::Error),
}

impl From<io::Error> for KeyError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// The first private key in a file's content, which is alone there or beside its certificate; the password opens an
/// encrypted one (PKCS #8, RFC 5958).
///
/// # Errors
/// It is no PEM, or holds no private key; it is encrypted, and there is no password or another one.
pub(crate) fn private_key(
    content: &[u8],
    password: Option<&Secret<String>>,
    is_alone: bool,
) -> Result<PrivateKeyDer<'static>, KeyError> {
    let error = match PrivateKeyDer::from_pem_slice(content) {
        Ok(key) => return Ok(key),
        Err(error) => error,
    };
    let text = String::from_utf8_lossy(content);
    let encrypted = text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----").map(|at| &text[at..]);
    match (encrypted, password) {
        (Some(encrypted), Some(password)) => decrypted(encrypted, password),
        _ => Err(objection(content, &error, Sought::Key { is_alone }).into()),
    }
}

/// The key in an encrypted entry.
fn decrypted(entry: &str, password: &Secret<String>) -> Result<PrivateKeyDer<'static>, KeyError> {
    const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
    let broken = || flawed("its encrypted key is cut, or no PKCS #8 (RFC 5958)", "put the whole file there");
    let end = entry.find(END).ok_or_else(broken)? + END.len();
    let (_, der) = SecretDocument::from_pem(&entry[..end]).map_err(|_| broken())?;
    let key = EncryptedPrivateKeyInfoRef::try_from(der.as_bytes()).map_err(|error| match error {
        pkcs8::Error::Asn1(error) if is_excessive(&error) => flawed(COSTLY, CHEAPER),
        // What stands between its lines is whole, as was seen above.
        _ => flawed(UNSUPPORTED, ANEW),
    })?;
    if !is_affordable(&key.encryption_algorithm) {
        return Err(flawed(COSTLY, CHEAPER).into());
    }
    match key.decrypt(password.expose()) {
        Ok(key) => Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into()),
        Err(pkcs8::Error::EncryptedPrivateKey(
            pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs8::pkcs5::Error::NoPbes1CryptSupport,
        )) => Err(flawed(UNSUPPORTED, ANEW).into()),
        // What a wrong password decrypts is no key.
        Err(_) => Err(KeyError::Password(io::Error::other("it does not open the key"))),
    }
}

const UNSUPPORTED: &str = "its key is encrypted in a way that is not supported";
const ANEW: &str = "write it anew with `openssl pkcs8 -topk8`";

/// Of a key that takes too long to open.
const COSTLY: &str = "to open its key takes more hashing than conn-check does for a file (1,000,000 iterations; of scrypt, 1 GiB and 16 lanes): a limit of conn-check's, and other programs may well open it";
const CHEAPER: &str = "write it anew with fewer iterations: `openssl pkcs8 -topk8 -iter 100000`";

/// Whether a key is opened in a time that a check has. The limits are those of the crate that reads PKCS#12, so that a
/// key costs as much in one kind of file as in the other.
fn is_affordable(scheme: &EncryptionScheme) -> bool {
    const ITERATIONS: u32 = 1_000_000;
    /// Bytes, and how often they are filled.
    const SCRYPT: (u64, u16) = (1 << 30, 16);
    match scheme.pbes2().map(|parameters| &parameters.kdf) {
        Some(Kdf::Pbkdf2(pbkdf2)) => pbkdf2.iteration_count <= ITERATIONS,
        Some(Kdf::Scrypt(scrypt)) => {
            let memory = scrypt.cost_parameter.saturating_mul(128 * u64::from(scrypt.block_size));
            memory <= SCRYPT.0 && scrypt.parallelization <= SCRYPT.1
        }
        // What there may be besides is not opened at all.
        _ => true,
    }
}

/// Whether a number in a file is greater than the library reads at all, which has the iterations in mind.
pub(crate) fn is_excessive(error: &pkcs8::der::Error) -> bool {
    matches!(error.kind(), pkcs8::der::ErrorKind::Value { tag: pkcs8::der::Tag::Integer })
}

/// What is wrong with a file's content, and what to do about it.
#[derive(Debug)]
struct Flawed {
    what: &'static str,
    next_step: &'static str,
}

impl fmt::Display for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for Flawed {}

/// The error of a file that can be read, and does not do.
pub(crate) fn flawed(what: &'static str, next_step: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Flawed { what, next_step })
}

/// What to do about a file that does not do; nothing of one that cannot be read.
pub(crate) fn next_step(error: &io::Error) -> Option<&'static str> {
    error.get_ref()?.downcast_ref::<Flawed>().map(|flawed| flawed.next_step)
}

/// What is looked for in a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sought {
    /// Ours, `client_cert`.
    Certificate,
    /// Those that are trusted.
    Cas,
    /// Ours; in a file of its own, `client_key`, or beside the certificate.
    Key {
        is_alone: bool,
    },
    PublicKey,
}

/// What is wrong with the content, in which something was looked for.
fn objection(content: &[u8], error: &Error, sought: Sought) -> io::Error {
    let text = String::from_utf8_lossy(content);
    let is_joined = text.lines().any(|line| line.contains("-----BEGIN") && !is_boundary(line.trim()));
    let is_of_key = matches!(sought, Sought::Key { .. });
    match error {
        _ if is_joined => flawed(
            "its line ends are lost: -----BEGIN ...----- and -----END ...----- stand on lines of their own (RFC 7468)",
            "write it anew with its line ends: a shell keeps those of a variable in quotes, YAML those behind `|`",
        ),
        _ if is_of_key && text.contains("Proc-Type: 4,ENCRYPTED") => {
            flawed("the key in it is encrypted in the old form of OpenSSL", "write it anew with `openssl pkcs8 -topk8`")
        }
        _ if is_of_key && text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") => {
            flawed("the key in it is encrypted", "add `client_key_password`, or write the key anew without a password")
        }
        Error::NoItemsFound => missing(&text, sought),
        Error::MissingSectionEnd { .. } => {
            flawed("it is cut: a -----END ...----- line is missing", "put the whole file there")
        }
        Error::Base64Decode(_) => flawed(
            "what stands between its -----BEGIN and -----END lines is not base64",
            "put the file there as it was issued",
        ),
        _ => flawed("it is not a PEM file (RFC 7468)", A_PEM_FILE),
    }
}

const A_PEM_FILE: &str = "name a PEM file (-----BEGIN ...-----); `openssl` writes one of other forms";

/// What is there in the place of what was looked for.
fn missing(text: &str, sought: Sought) -> io::Error {
    const SWAPPED: &str =
        "name the certificate's file in `client_cert`, and its key's in `client_key`: they may be swapped";
    let has = |label: &str| text.contains(&format!("{label}-----"));
    match sought {
        Sought::Certificate | Sought::Cas if has("CERTIFICATE REQUEST") => flawed(
            "it holds a request for a certificate (CSR), and no certificate",
            "name the certificate that the CA has issued for it",
        ),
        Sought::Certificate if has("PRIVATE KEY") => flawed("it holds a private key, and no certificate", SWAPPED),
        Sought::Cas if has("PRIVATE KEY") => {
            flawed("it holds a private key, and no certificate", "name the CA's certificate, which is no secret")
        }
        Sought::Certificate | Sought::Cas => flawed("there is no certificate in it", A_PEM_FILE),
        Sought::Key { .. } if has("OPENSSH PRIVATE KEY") => flawed(
            "its private key is in the form of OpenSSH",
            "write it anew with `ssh-keygen -p -m PKCS8`, which OpenSSL and others read",
        ),
        Sought::Key { is_alone: true } if has("CERTIFICATE") => {
            flawed("it holds a certificate, and no private key", SWAPPED)
        }
        Sought::Key { is_alone: false } => flawed(
            "there is no private key in it",
            "add `client_key`, with the file of its key; or put the key into this file, too",
        ),
        Sought::Key { is_alone: true } => flawed("there is no private key in it", A_PEM_FILE),
        Sought::PublicKey if has("PRIVATE KEY") => {
            flawed("it holds a private key, and no public key", "name the server's public key, which is no secret")
        }
        Sought::PublicKey => flawed("there is no public key in it", A_PEM_FILE),
    }
}

/// Whether a line is `-----BEGIN LABEL-----` and nothing else.
fn is_boundary(line: &str) -> bool {
    let label = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
    label.is_some_and(|label| !label.contains("-----"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_key_is_told_without_a_byte_of_it() {
        let key = "-----BEGIN PRIVATE KEY-----\nSECRETKEYSECRETK\nSECRETKEYSECRETK\n-----END PRIVATE KEY-----\n";
        for (content, message) in [
            (key.replace('\n', " "), "its line ends are lost"),
            (key.replace('\n', "\\n"), "its line ends are lost"),
            (key.replace('\n', ""), "its line ends are lost"),
            (key.replace("-----END", ""), "it is cut"),
            (key.replace("CRET", "CR-T"), "what stands between"),
            (key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "the key in it is encrypted"),
            (key.replace("PRIVATE KEY", "CERTIFICATE"), "it holds a certificate, and no private key"),
            ("SECRETKEY".to_owned(), "there is no private key in it"),
        ] {
            let content = content.as_bytes();
            let of_key = match private_key(content, None, true).expect_err("no key") {
                KeyError::File(error) | KeyError::Password(error) => error,
            };
            for error in certificates(content).err().iter().chain([&of_key]) {
                assert!(!format!("{error:?} {error}").contains("SECRET"), "{error:?}");
                assert!(!error.to_string().contains("83, 69, 67"), "{error}");
            }
            assert!(of_key.to_string().starts_with(message), "{of_key}");
        }
    }
}
