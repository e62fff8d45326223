//! The certificates that are trusted: this host's, loaded once and only when a check needs them, or those of
//! a file.

use crate::net::path::Reading;
use crate::net::pem;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Trusted certificates: as webpki takes them, and as they are, which OpenSSL looks at.
#[derive(Debug)]
pub(crate) struct Roots {
    store: Arc<RootCertStore>,
    certificates: Vec<Root>,
    /// Entries that are no certificates.
    broken: usize,
}

/// One of them.
#[derive(Debug)]
struct Root {
    der: CertificateDer<'static>,
    /// The bytes of its name, without the head.
    subject: Vec<u8>,
    /// webpki can use it.
    is_anchor: bool,
}

impl Roots {
    /// None at all.
    pub(crate) fn none() -> Self {
        Self { store: Arc::new(RootCertStore::empty()), certificates: Vec::new(), broken: 0 }
    }

    /// The certificates of a PEM file; entries that cannot be read are left out.
    ///
    /// # Errors
    /// The file cannot be read, or holds no certificate that can be used.
    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        let roots = Self::of([pem::bundle(path)?]);
        if roots.store.is_empty() {
            Err(pem::flawed("there is no usable certificate in it", "name the CA's certificate, as X.509 in PEM"))
        } else {
            Ok(roots)
        }
    }

    fn of(bundles: impl IntoIterator<Item = pem::Bundle>) -> Self {
        let mut store = RootCertStore::empty();
        let mut certificates = Vec::new();
        let (mut seen, mut anchors) = (HashSet::new(), HashSet::new());
        let mut broken = 0;
        for bundle in bundles {
            broken += bundle.broken;
            for der in bundle.certificates {
                if !seen.insert(der.clone()) {
                    continue;
                }
                // Certificates that webpki cannot use (odd encodings) are kept for what OpenSSL makes of them.
                let is_anchor = store.add(der.clone()).is_ok();
                let subject = match store.roots.last().filter(|_| is_anchor) {
                    Some(root) => Some(root.subject.to_vec()),
                    None => Reading::of(&der).map(|read| read.subject_content().to_vec()),
                };
                if let Some(root) = store.roots.last().filter(|_| is_anchor)
                    && !anchors.insert((root.subject.to_vec(), root.subject_public_key_info.to_vec()))
                {
                    store.roots.pop();
                }
                match subject {
                    Some(subject) => certificates.push(Root { der, subject, is_anchor }),
                    None => broken += 1,
                }
            }
        }
        Self { store: Arc::new(store), certificates, broken }
    }

    /// As webpki takes them.
    pub(crate) const fn store(&self) -> &Arc<RootCertStore> {
        &self.store
    }

    /// There is none that can be used.
    pub(crate) fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// So many entries are no certificates.
    pub(crate) const fn broken(&self) -> usize {
        self.broken
    }

    /// Those that a certificate may name as its issuer: byte by byte, or if there is none and `thorough`, in
    /// another encoding.
    pub(crate) fn issuers_of(&self, certificate: &Reading<'_>, thorough: bool) -> Vec<Reading<'_>> {
        let wanted = certificate.issuer_content();
        let same = self.certificates.iter().filter(|one| one.subject == wanted);
        let found: Vec<_> = same.filter_map(|one| Reading::of(&one.der)).collect();
        if !found.is_empty() || !thorough {
            return found;
        }
        let all = self.certificates.iter().filter_map(|one| Reading::of(&one.der));
        all.filter(|one| certificate.names_as_issuer_in_any_form(one)).collect()
    }

    /// The very certificate is among them.
    pub(crate) fn holds(&self, certificate: &Reading<'_>) -> bool {
        self.certificates.iter().any(|one| *one.der == *certificate.der)
    }

    /// It is among them, and webpki can use it.
    pub(crate) fn has_anchor(&self, certificate: &Reading<'_>) -> bool {
        self.certificates.iter().any(|one| one.is_anchor && *one.der == *certificate.der)
    }
}

/// The directory (or bundle) of `--tls-certs-path`.
#[derive(Debug)]
pub(crate) struct Trust {
    /// Where they come from.
    pub(crate) path: PathBuf,
    roots: OnceCell<Arc<Roots>>,
}

impl Trust {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, roots: OnceCell::const_new() }
    }

    /// The trusted roots; empty when there are none to be read. They are read beside the checks:
    /// a hundred files and more would hold up all others.
    pub(crate) async fn roots(&self) -> Arc<Roots> {
        let load_once = || async {
            let path = self.path.clone();
            let loaded = tokio::task::spawn_blocking(move || load(&path)).await;
            Arc::new(loaded.unwrap_or_else(|_| Roots::none()))
        };
        Arc::clone(self.roots.get_or_init(load_once).await)
    }
}

fn load(path: &Path) -> Roots {
    Roots::of(files(path).iter().filter_map(|file| pem::bundle(file).ok()))
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
