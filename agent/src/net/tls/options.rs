//! The TLS options that every check with TLS takes.

use crate::config::shape::{Shape, Shown};
use crate::config::{Diagnostic, Fields, Given, Misfit, Setting};
use crate::file;
use crate::net::trust;
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a check speaks TLS.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// Whether the certificate must be trusted, in date and for the right name.
    pub(crate) verify: bool,
    /// These roots instead of the host's.
    pub(crate) roots: Option<Arc<RootCertStore>>,
    /// What we show when the server asks for it.
    pub(crate) client: Option<Arc<CertifiedKey>>,
    /// A certificate that ends sooner is a warning, in days.
    pub(crate) expiry_warning_days: u32,
}

impl TlsOptions {
    /// Asks for the options; the files that they name are read here, so that a check whose
    /// certificate is not there is refused like any other mistake in the file.
    pub fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let verify =
            !fields.or::<bool>("disable_tls_verification", "false", "Accept any certificate; visible in the output.");
        let ca_file = fields.optional::<PathBuf>("ca_file", "PEM file of the CAs to trust instead of the host's.");
        let certificate =
            fields.optional::<PathBuf>("client_cert", "PEM file of the client certificate, its chain behind it.");
        let key = fields
            .optional::<PathBuf>("client_key", "PEM file of the client certificate's key. Default: in client_cert.");
        let expiry_warning_days =
            fields.or::<u32>("expiry_warning_days", "14", "A certificate that ends within so many days is a warning.");
        let roots = match ca_file.map(|path| read_roots(&path)) {
            None => None,
            Some(Ok(roots)) => Some(Arc::new(roots)),
            Some(Err(error)) => return bad_file(fields, "ca_file", &error),
        };
        if certificate.is_none() && key.is_some() {
            let span = fields.span_of("client_key");
            fields.note(
                Diagnostic::error("missing-key", span, "`client_key` without `client_cert`").help("add `client_cert:`"),
            );
            return None;
        }
        let client = match certificate.map(|path| read_identity(&path, key.as_deref().unwrap_or(&path))) {
            None => None,
            Some(Ok(identity)) => Some(Arc::new(identity)),
            Some(Err((option, error))) => return bad_file(fields, option, &error),
        };
        Some(Self { verify, roots, client, expiry_warning_days })
    }
}

/// Whether a check asks a server for TLS that speaks its own protocol first (`PostgreSQL`, `MySQL`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TlsMode {
    /// Plain only.
    Never,
    /// TLS where the server offers it; the certificate is only verified when `ca_file` is given, as
    /// the clients of these databases do it (`sslmode=prefer`, `--ssl-mode=PREFERRED`).
    Prefer,
    /// TLS, with the certificate verified, or the check fails.
    Always,
}

impl TlsMode {
    /// The TLS options as they count in this mode.
    #[must_use]
    pub fn apply(self, options: TlsOptions) -> TlsOptions {
        let verify = options.verify && (self != Self::Prefer || options.roots.is_some());
        TlsOptions { verify, ..options }
    }
}

impl Setting for TlsMode {
    const SHAPE: Shape = Shape {
        words: "true, false, or prefer",
        short: "flag or prefer",
        shown: Shown::Plain,
        schema: || json!({"anyOf": [{"type": "boolean"}, {"enum": ["prefer", "yes", "no", "on", "off", "true", "false"]}]}),
    };

    fn read(given: &Given<'_>) -> Result<Self, Misfit> {
        given.parse(&Self::SHAPE, |text| match text.to_ascii_lowercase().as_str() {
            "prefer" => Some(Self::Prefer),
            "true" | "yes" | "on" | "1" => Some(Self::Always),
            "false" | "no" | "off" | "0" => Some(Self::Never),
            _ => None,
        })
    }
}

fn bad_file(fields: &mut Fields<'_>, option: &'static str, error: &io::Error) -> Option<TlsOptions> {
    let span = fields.span_of(option);
    fields.note(
        Diagnostic::error("unreadable-pem", span, format!("`{option}`: the file cannot be used: {error}"))
            .help("a PEM file (-----BEGIN ...) that the user who runs conn-check can read"),
    );
    None
}

fn read_roots(path: &Path) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(trust::read(path)?);
    if added == 0 { Err(io::Error::other("there is no usable certificate in it")) } else { Ok(roots) }
}

fn read_identity(certificate: &Path, key: &Path) -> Result<CertifiedKey, (&'static str, io::Error)> {
    let chain = trust::read(certificate).map_err(|error| ("client_cert", error))?;
    let option = if key == certificate { "client_cert" } else { "client_key" };
    let content = file::read_bounded(key, trust::PEM_LIMIT).map_err(|error| (option, error))?;
    let key = PrivateKeyDer::from_pem_slice(&content).map_err(|error| (option, io::Error::other(error.to_string())))?;
    CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider())
        .map_err(|error| (option, io::Error::other(error.to_string())))
}
