//! The certificates that this host trusts, loaded once and only when a check needs them.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The largest PEM file that is read, in bytes: fifty times the bundle of a distribution.
pub(crate) const PEM_LIMIT: u64 = 16 << 20;

/// The directory (or bundle) of `--tls-certs-path`.
#[derive(Debug)]
pub(crate) struct Trust {
    /// Where they come from.
    pub(crate) path: PathBuf,
    roots: OnceCell<Arc<RootCertStore>>,
}

impl Trust {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, roots: OnceCell::const_new() }
    }

    /// The trusted roots; empty when there are none to be read. They are read beside the checks:
    /// a hundred files and more would hold up all others.
    pub(crate) async fn roots(&self) -> Arc<RootCertStore> {
        let load_once = || async {
            let path = self.path.clone();
            let loaded = tokio::task::spawn_blocking(move || load(&path)).await;
            Arc::new(loaded.unwrap_or_else(|_| RootCertStore::empty()))
        };
        Arc::clone(self.roots.get_or_init(load_once).await)
    }
}

fn load(path: &Path) -> RootCertStore {
    let mut store = RootCertStore::empty();
    for file in files(path) {
        if let Ok(certificates) = read(&file) {
            // Certificates that webpki cannot use (old versions, odd encodings) are left out.
            store.add_parsable_certificates(certificates);
        }
    }
    let mut seen = HashSet::new();
    store.roots.retain(|root| seen.insert((root.subject.to_vec(), root.subject_public_key_info.to_vec())));
    store
}

/// Every certificate in a PEM file.
///
/// # Errors
/// The file cannot be read, holds no PEM, or no certificate.
pub(crate) fn read(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let content = crate::file::read_bounded(path, PEM_LIMIT)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&content).collect();
    let found = found.map_err(|error| io::Error::other(error.to_string()))?;
    if found.is_empty() { Err(io::Error::other("there is no certificate in it")) } else { Ok(found) }
}

/// The file itself, or the directory's certificate files: `*.pem`, `*.crt`, and the hash names of
/// `c_rehash`; each file once, whatever links lead to it.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let mut seen = HashSet::new();
    let wanted = entries.flatten().map(|entry| entry.path()).filter(|path| is_certificate_name(path));
    wanted
        .filter(|path| fs::metadata(path).is_ok_and(|file| file.is_file() && seen.insert((file.dev(), file.ino()))))
        .collect()
}

fn is_certificate_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    matches!(extension, "pem" | "crt" | "cer")
        || (!extension.is_empty() && extension.bytes().all(|b| b.is_ascii_digit()))
}
