//! A certificate authority made on the spot, and leaves with every fault a certificate can have.
//!
//! ```
//! use harness::certs::Authority;
//!
//! let ca = Authority::new();
//! let good = ca.valid();
//! let old = ca.expired();
//! let named = ca.leaf().also_named("db.internal").expires_in_days(5).issue();
//! assert!(good.certificate_file().exists() && old.key_file().exists());
//! assert_ne!(named.certificate(), good.certificate());
//! ```
//!
//! Keys are ECDSA P-256; certificates follow RFC 5280. A valid leaf is for the names `localhost`,
//! `127.0.0.1` and `::1`, and for ninety days.

mod identity;
mod leaf;
mod openssl;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints,
};
use rustls::pki_types::CertificateDer;

pub use identity::Identity;
pub use leaf::Leaf;
pub use openssl::{Odd, OddServer};

use crate::or_panic::OrPanic;
use crate::scratch::Scratch;

/// Where a certificate and its key are kept, shared by an authority and all it issued.
pub(crate) type Folder = Arc<Scratch>;

/// An authority that signs leaves, client certificates and other authorities.
///
/// Its files last as long as it or anything it issued is in use.
#[derive(Debug)]
pub struct Authority {
    name: DistinguishedName,
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
    /// What a server has to send along with a leaf: nothing for a root, else from here upwards.
    served: Vec<Certificate>,
    file: PathBuf,
    folder: Folder,
}

impl Authority {
    /// A new root, unlike any other, valid for ten years.
    #[must_use]
    pub fn new() -> Self {
        Self::root(Folder::default(), authority_parameters("root"))
    }

    /// A new root that is called so, however long that is.
    #[must_use]
    pub fn called(name: &str) -> Self {
        let mut parameters = authority_parameters("root");
        parameters.distinguished_name.push(DnType::OrganizationName, name);
        Self::root(Folder::default(), parameters)
    }

    /// A new root whose last day was yesterday.
    #[must_use]
    pub fn ended() -> Self {
        let mut parameters = authority_parameters("root");
        leaf::set_days(&mut parameters, -20, -1);
        Self::root(Folder::default(), parameters)
    }

    /// A new root that does not say what its key is for.
    #[must_use]
    pub fn without_key_usage() -> Self {
        let mut parameters = authority_parameters("root");
        parameters.key_usages = Vec::new();
        Self::root(Folder::default(), parameters)
    }

    /// A new root that may name nothing but this domain (RFC 5280 section 4.2.1.10).
    #[must_use]
    pub fn permitting(&self, domain: &str) -> Self {
        let mut parameters = authority_parameters("root");
        let permitted_subtrees = vec![GeneralSubtree::DnsName(domain.to_owned())];
        parameters.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        Self::root(Arc::clone(&self.folder), parameters)
    }

    /// A root of the same name, with another key.
    #[must_use]
    pub fn with_another_key(&self) -> Self {
        let mut parameters = authority_parameters("root");
        parameters.distinguished_name = self.name.clone();
        Self::root(Arc::clone(&self.folder), parameters)
    }

    /// An authority below this one that may have none below it (path length 0).
    #[must_use]
    pub fn intermediate_without_cas_below(&self) -> Self {
        self.below(|parameters| parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)))
    }

    /// An authority below this one whose first day is `day` days from now.
    #[must_use]
    pub fn intermediate_from_day(&self, day: i64) -> Self {
        self.below(|parameters| leaf::set_days(parameters, day, 3650))
    }

    /// An authority below this one that ends `day` days from now.
    #[must_use]
    pub fn intermediate_to_day(&self, day: i64) -> Self {
        self.below(|parameters| leaf::set_days(parameters, -2, day))
    }

    /// An authority below this one. Servers send its certificate along with what it issued, unless
    /// told otherwise with [`Identity::without_chain`].
    #[must_use]
    pub fn intermediate(&self) -> Self {
        self.below(|_| {})
    }

    /// An authority below this one, as changed.
    fn below(&self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut parameters, key) = (authority_parameters("intermediate"), new_key());
        parameters.use_authority_key_identifier_extension = true;
        change(&mut parameters);
        let certificate = parameters.signed_by(&key, &self.issuer).or_panic("sign the intermediate");
        let mut served = vec![certificate.clone()];
        served.extend_from_slice(&self.served);
        Self::found(Arc::clone(&self.folder), parameters, key, certificate, served)
    }

    /// The authority's certificate as a PEM file: what a client has to trust.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The authority's certificate as DER.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// The directory of its files, for those who name them in a configuration and read them later.
    pub(crate) fn folder(&self) -> Folder {
        Arc::clone(&self.folder)
    }

    /// The certificate of a server, to be varied and then issued.
    #[must_use]
    pub fn leaf(&self) -> Leaf<'_> {
        Leaf::signed_by(self)
    }

    /// A server certificate without fault.
    #[must_use]
    pub fn valid(&self) -> Identity {
        self.leaf().issue()
    }

    /// A server certificate whose last day was yesterday.
    #[must_use]
    pub fn expired(&self) -> Identity {
        self.leaf().expires_in_days(-1).issue()
    }

    /// A server certificate whose first day is tomorrow.
    #[must_use]
    pub fn not_yet_valid(&self) -> Identity {
        self.leaf().starts_in_days(1).issue()
    }

    /// A server certificate that is valid now and for `days` more days.
    #[must_use]
    pub fn expiring_in_days(&self, days: i64) -> Identity {
        self.leaf().expires_in_days(days).issue()
    }

    /// A server certificate for `elsewhere.example` only.
    #[must_use]
    pub fn wrong_name(&self) -> Identity {
        self.leaf().only_named("elsewhere.example").issue()
    }

    /// The certificate of a client called `name` (extended key usage clientAuth only).
    #[must_use]
    pub fn client(&self, name: &str) -> Identity {
        self.leaf().only_named(name).for_clients().issue()
    }

    /// An authority that vouches for itself.
    fn root(folder: Folder, parameters: CertificateParams) -> Self {
        let key = new_key();
        let certificate = parameters.self_signed(&key).or_panic("sign the root");
        Self::found(folder, parameters, key, certificate, Vec::new())
    }

    /// Puts an authority together and writes its certificate.
    fn found(
        folder: Folder,
        parameters: CertificateParams,
        key: KeyPair,
        certificate: Certificate,
        served: Vec<Certificate>,
    ) -> Self {
        let file = folder.write(&format!("authority-{}.pem", next_number()), certificate.pem());
        let name = parameters.distinguished_name.clone();
        Self { name, issuer: Issuer::new(parameters, key), certificate, served, file, folder }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// What an authority's certificate says, with a name no other has.
fn authority_parameters(kind: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let name = format!("conn-check test {kind} {}-{}", std::process::id(), next_number());
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    leaf::set_days(&mut parameters, -2, 3650);
    parameters
}

/// A new P-256 key.
fn new_key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).or_panic("make a key")
}

/// A number for names and files that have to differ.
fn next_number() -> usize {
    static NUMBERS: AtomicUsize = AtomicUsize::new(1);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}
