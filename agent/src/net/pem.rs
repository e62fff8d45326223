//! PEM files (RFC 7468), and what is wrong with them: in our own words alone. A library's quote the file,
//! and what stands in it may be a private key.

use crate::file;
use rustls::pki_types::pem::{Error, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};
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
        Some(error) => Err(objection(&content, &error, "")),
        None => Err(objection(&content, &Error::NoItemsFound, "there is no certificate in it")),
    }
}

/// Every certificate in a file.
///
/// # Errors
/// The file cannot be read, holds no PEM, or no certificate; or one of its entries cannot be read.
pub(crate) fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let content = file::read_bounded(path, LIMIT)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&content).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(objection(&content, &Error::NoItemsFound, "there is no certificate in it")),
        Err(error) => Err(objection(&content, &error, "")),
    }
}

/// The first public key in a file (`-----BEGIN PUBLIC KEY-----`).
///
/// # Errors
/// The file cannot be read, holds no PEM, or no public key; or it cannot be read.
pub(crate) fn public_key(path: &Path) -> io::Result<SubjectPublicKeyInfoDer<'static>> {
    let content = file::read_bounded(path, LIMIT)?;
    SubjectPublicKeyInfoDer::from_pem_slice(&content)
        .map_err(|error| objection(&content, &error, "there is no public key in it"))
}

/// The first private key in a file.
///
/// # Errors
/// The file cannot be read, holds no PEM, or no private key that is not encrypted.
pub(crate) fn private_key(path: &Path) -> io::Result<PrivateKeyDer<'static>> {
    let content = file::read_bounded(path, LIMIT)?;
    PrivateKeyDer::from_pem_slice(&content)
        .map_err(|error| objection(&content, &error, "there is no private key in it"))
}

/// What is wrong with the content; `missing` says what was looked for.
fn objection(content: &[u8], error: &Error, missing: &'static str) -> io::Error {
    let text = String::from_utf8_lossy(content);
    let is_joined = text.lines().any(|line| line.contains("-----BEGIN") && !is_boundary(line.trim()));
    io::Error::other(match error {
        _ if is_joined => {
            "its line ends are lost: -----BEGIN ...----- and -----END ...----- stand on lines of their own (RFC 7468)"
        }
        _ if text.contains("ENCRYPTED") => "the key in it is encrypted, and there is no option for a passphrase",
        Error::NoItemsFound => missing,
        Error::MissingSectionEnd { .. } => "it is cut: a -----END ...----- line is missing",
        Error::Base64Decode(_) => "what stands between its -----BEGIN and -----END lines is not base64",
        _ => "it is not a PEM file (RFC 7468)",
    })
}

/// Whether a line is `-----BEGIN LABEL-----` and nothing else.
fn is_boundary(line: &str) -> bool {
    let label = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
    label.is_some_and(|label| !label.contains("-----"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_wrong_with_a_key_is_told_without_a_byte_of_it() {
        let path = std::env::temp_dir().join(format!("conn-check-pem-{}.pem", std::process::id()));
        let key = "-----BEGIN PRIVATE KEY-----\nSECRETKEYSECRETK\nSECRETKEYSECRETK\n-----END PRIVATE KEY-----\n";
        for (content, message) in [
            (key.replace('\n', " "), "its line ends are lost"),
            (key.replace('\n', "\\n"), "its line ends are lost"),
            (key.replace('\n', ""), "its line ends are lost"),
            (key.replace("-----END", ""), "it is cut"),
            (key.replace("CRET", "CR-T"), "what stands between"),
            (key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "the key in it is encrypted"),
            (key.replace("PRIVATE KEY", "CERTIFICATE"), "there is no private key in it"),
            ("SECRETKEY".to_owned(), "there is no private key in it"),
        ] {
            fs::write(&path, &content).expect("written");
            for error in [private_key(&path).err(), certificates(&path).err()].into_iter().flatten() {
                assert!(!format!("{error:?} {error}").contains("SECRET"), "{error:?}");
                assert!(!error.to_string().contains("83, 69, 67"), "{error}");
            }
            let error = private_key(&path).expect_err("no key").to_string();
            assert!(error.starts_with(message), "{content:?}: {error}");
        }
        fs::remove_file(&path).expect("removed");
    }
}
