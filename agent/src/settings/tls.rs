//! The TLS options that every check with TLS takes.

use crate::diagnostic::Flaw;
use crate::net::tls::{TlsMode, TlsOptions, Verification, read_identity, read_roots};
use crate::services::Security;
use crate::settings::setting::flag;
use crate::settings::shape::{self, Shape};
use crate::settings::{Field, Fields, Misfit, Noted, Setting};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Asks for the options; the files that they name are read here, so that a check whose certificate
/// is not there is refused like any other mistake in the file.
pub(crate) fn tls(fields: &mut Fields<'_>) -> Result<TlsOptions, Noted> {
    let waived =
        fields.or::<bool>("disable_tls_verification", "false", "Accept any certificate; visible in the output.");
    let by_name = fields.or::<bool>(
        "verify_name",
        "true",
        "false: the certificate may be for any name; its issuer and dates count. Visible in the output.",
    );
    let verification = match (waived, by_name) {
        (true, _) => Verification::Waived,
        (false, false) => Verification::Nameless,
        (false, true) => Verification::Full,
    };
    let ca_file = fields.optional::<PathBuf>("ca_file", "PEM file of the CAs to trust instead of the host's.");
    let certificate =
        fields.optional::<PathBuf>("client_cert", "PEM file of the client certificate, its chain behind it.");
    let key =
        fields.optional::<PathBuf>("client_key", "PEM file of the client certificate's key. Default: in client_cert.");
    let expiry_warning_days =
        fields.or::<u32>("expiry_warning_days", "14", "A certificate that ends within so many days is a warning.");
    let roots = match ca_file.map(|path| read_roots(&path)).transpose() {
        Ok(roots) => roots.map(Arc::new),
        Err(error) => lack(fields, "ca_file", &error)?,
    };
    if certificate.is_none() && key.is_some() {
        return Err(fields.refuse_lone("client_key", "client_cert"));
    }
    let client = match certificate.map(|path| read_identity(&path, key.as_deref().unwrap_or(&path))).transpose() {
        Ok(client) => client.map(Arc::new),
        Err((option, error)) => lack(fields, option, &error)?,
    };
    Ok(TlsOptions { verification, roots, client, expiry_warning_days })
}

/// A file that cannot be used.
fn lack<T>(fields: &mut Fields<'_>, option: &'static str, error: &io::Error) -> Result<Option<T>, Noted> {
    let misfit = Misfit::new(format!("the file cannot be used: {error}")).flaw(Flaw::UnreadablePem);
    let misfit = misfit.help("a PEM file (-----BEGIN ...) that the user who runs conn-check can read");
    fields.lack_file(option, misfit).map(|()| None)
}

impl Setting for Security {
    const SHAPE: Shape =
        Shape::plain("true, false, or starttls", "flag or starttls", || shape::flag_or(Some("starttls")));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| match text.to_ascii_lowercase().as_str() {
            "starttls" => Some(Self::StartTls),
            other => flag(other).map(|tls| if tls { Self::Tls } else { Self::Plain }),
        })
    }
}

impl Setting for TlsMode {
    const SHAPE: Shape = Shape::plain("true, false, or prefer", "flag or prefer", || shape::flag_or(Some("prefer")));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| match text.to_ascii_lowercase().as_str() {
            "prefer" => Some(Self::Prefer),
            other => flag(other).map(|tls| if tls { Self::Always } else { Self::Never }),
        })
    }
}
