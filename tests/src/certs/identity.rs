//! A certificate with its key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{Certificate, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Folder, Leaf, next_number};

/// A certificate, what is served along with it, and the private key: as PEM files and as DER.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<Certificate>,
    key: Arc<KeyPair>,
    certificate_file: PathBuf,
    key_file: PathBuf,
    folder: Folder,
}

impl Identity {
    /// Writes the files.
    pub(super) fn new(folder: Folder, chain: Vec<Certificate>, key: Arc<KeyPair>) -> Self {
        let number = next_number();
        let certificates = chain.iter().map(Certificate::pem).collect::<String>();
        let certificate_file = folder.write(&format!("{number}.pem"), certificates);
        let key_file = folder.write_private(&format!("{number}.key"), key.serialize_pem());
        Self { chain, key, certificate_file, key_file, folder }
    }

    /// A server certificate signed by itself that says it is no authority (CA:FALSE).
    #[must_use]
    pub fn self_signed() -> Self {
        Leaf::self_signed().issue()
    }

    /// A server certificate signed by itself that says it is an authority (CA:TRUE), as tools make by default.
    #[must_use]
    pub fn self_signed_ca() -> Self {
        Leaf::self_signed().with_ca_flag().issue()
    }

    /// The same without the intermediate authorities: what a badly configured server sends.
    #[must_use]
    pub fn without_chain(&self) -> Self {
        let leaf = self.chain.iter().take(1).cloned().collect();
        Self::new(Folder::clone(&self.folder), leaf, Arc::clone(&self.key))
    }

    /// PEM file with the certificate and, after it, the intermediate authorities.
    #[must_use]
    pub fn certificate_file(&self) -> &Path {
        &self.certificate_file
    }

    /// PEM file (PKCS #8) with the key; mode 0600, owner `nobody` where the test user is root.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// The directory of its files, for those who name them in a configuration and read them later.
    pub(crate) fn folder(&self) -> Folder {
        Folder::clone(&self.folder)
    }

    /// The certificate as DER.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.chain[0].der()
    }

    /// The certificate and, after it, the intermediate authorities, as DER.
    #[must_use]
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.iter().map(|certificate| certificate.der().clone()).collect()
    }

    /// The key as DER (PKCS #8).
    #[must_use]
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.serialize_der().into())
    }
}
