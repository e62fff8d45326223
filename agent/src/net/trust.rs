//! The certificates that this host trusts, loaded once and only when a check needs them.

use crate::net::pem;
use rustls::RootCertStore;
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

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
        if let Ok(certificates) = pem::certificates(&file) {
            // Certificates that webpki cannot use (old versions, odd encodings) are left out.
            store.add_parsable_certificates(certificates);
        }
    }
    let mut seen = HashSet::new();
    store.roots.retain(|root| seen.insert((root.subject.to_vec(), root.subject_public_key_info.to_vec())));
    store
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
