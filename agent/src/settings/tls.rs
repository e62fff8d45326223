//! The TLS options that every check with TLS takes.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::file::lack;
use crate::net::tls::{IdentityFiles, MinVersion, TlsMode, TlsOptions, Verification};
use crate::net::{Roots, pem};
use crate::remedy::files;
use crate::secret::Secret;
use crate::services::Security;
use crate::settings::detour::Wishes;
use crate::settings::setting::flag;
use crate::settings::shape::{self, Shape};
use crate::settings::{Field, Fields, Misfit, Noted, Setting};
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether a check speaks TLS, as far as its other options say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spoken {
    /// It does, or fails.
    Always,
    /// Where the server offers it; without `ca_file`, with any certificate.
    Preferred,
    /// It does not: `use_tls` is false, written or not.
    Never,
    /// It does not: the service listens on a Unix socket.
    OverSocket,
    /// It does not: neither the URL nor the proxy's is one of https://, and no redirect leads to one.
    ByUrl,
    /// The same where the URL is a broker's.
    ByBrokerUrl,
}

/// Asks for the options; the files that they name are read here, so that a certificate that is not there is known
/// before anything is sent.
pub(crate) fn tls(fields: &mut Fields<'_>, spoken: impl Into<Spoken>) -> Result<TlsOptions, Noted> {
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
    let certificate = fields
        .optional::<PathBuf>("client_cert", "PEM file of the client certificate, its chain behind it; or PKCS#12.");
    let key =
        fields.optional::<PathBuf>("client_key", "PEM file of the client certificate's key. Default: in client_cert.");
    let password =
        fields.optional::<Secret<String>>("client_key_password", "Opens an encrypted client key, or PKCS#12.");
    let min_version =
        fields.or::<MinVersion>("min_tls_version", "1.2", "`1.2` or `1.3`: an older version is a failure.");
    let wishes = Wishes::parse(fields);
    fields.keep_wishes(wishes);
    let expiry_warning_days =
        fields.or::<u32>("expiry_warning_days", "14", "A certificate that ends within so many days is a warning.");
    warn_of_idle(fields, spoken.into(), waived);
    let roots = match ca_file.as_deref().map(Roots::of_file).transpose() {
        Ok(roots) => {
            warn_of_broken(fields, roots.as_ref().map_or(0, Roots::broken));
            roots.map(Arc::new)
        }
        Err(error) => lacking(fields, "ca_file", ca_file.as_deref(), &error)?,
    };
    if certificate.is_none() && key.is_some() {
        return Err(fields.refuse_lone("client_key", "client_cert"));
    }
    if certificate.is_none() {
        let help = "add `client_cert:`, or leave `client_key_password` out";
        fields.warn_idle("client_key_password", "without `client_cert`", help);
    }
    let files = certificate.as_deref().map(|certificate| IdentityFiles {
        certificate,
        key: key.as_deref(),
        password: password.as_ref(),
    });
    let client = match files.map(|files| files.read()).transpose() {
        Ok(client) => client.map(Arc::new),
        Err((option, error)) => {
            let file = key.as_deref().filter(|_| option == "client_key").or(certificate.as_deref());
            lacking(fields, option, file, &error)?
        }
    };
    Ok(TlsOptions { verification, roots, ca_file, client, expiry_warning_days, min_version })
}

/// Warns of entries of `ca_file` that were left out.
fn warn_of_broken(fields: &mut Fields<'_>, broken: usize) {
    if broken > 0 {
        let message = format!("`ca_file`: {broken} of its entries cannot be read, and are left out");
        let warning = Diagnostic::warning(Flaw::UnreadablePem, fields.span_of("ca_file"), message);
        fields.warn(warning.help("take them out: other programs may refuse the whole file for them"));
    }
}

/// Warns of the options that do nothing, so that nobody takes a server for verified whom nobody has looked at.
fn warn_of_idle(fields: &mut Fields<'_>, spoken: Spoken, waived: bool) {
    let written = fields.has("use_tls");
    let (why, instead) = match spoken {
        Spoken::Always | Spoken::Preferred => return warn_of_idle_verification(fields, spoken, waived),
        Spoken::Never if written => ("with `use_tls: false`", "write `use_tls: true`, or "),
        Spoken::Never => ("without `use_tls: true`", "add `use_tls: true`, or "),
        Spoken::OverSocket => {
            fields.warn_idle("connect_to", "over a Unix socket", "leave `connect_to` out, or write a name in `host`");
            ("over a Unix socket, where there is no TLS", "")
        }
        Spoken::ByUrl => ("with a URL of http://", "write https:// in `url`, or "),
        Spoken::ByBrokerUrl => ("with a URL without TLS", "write amqps:// or rediss:// in the URL, or "),
    };
    fields.warn_all_idle(&OPTIONS, why, instead);
}

/// The same of what is said about the server's certificate where nobody verifies it.
fn warn_of_idle_verification(fields: &mut Fields<'_>, spoken: Spoken, waived: bool) {
    let is_preferred = spoken == Spoken::Preferred;
    if waived {
        let why = "with `disable_tls_verification: true`";
        fields.warn_idle("verify_name", why, "leave one of the two out");
        // Where TLS is only preferred, this makes it a demand.
        if !is_preferred {
            fields.warn_idle("ca_file", why, "leave one of the two out");
        }
    } else if is_preferred && !fields.has("ca_file") {
        let why = "with `use_tls: prefer` and without `ca_file`: any certificate will do";
        let instead = "write `use_tls: true`, add `ca_file:`, or ";
        fields.warn_all_idle(&["verify_name", "disable_tls_verification"], why, instead);
    }
}

/// All of them.
const OPTIONS: [&str; 9] = [
    "disable_tls_verification",
    "verify_name",
    "ca_file",
    "client_cert",
    "client_key",
    "client_key_password",
    "expiry_warning_days",
    "min_tls_version",
    "server_name",
];

impl From<bool> for Spoken {
    fn from(use_tls: bool) -> Self {
        if use_tls { Self::Always } else { Self::Never }
    }
}

impl From<Security> for Spoken {
    fn from(security: Security) -> Self {
        (security != Security::Plain).into()
    }
}

impl From<TlsMode> for Spoken {
    fn from(mode: TlsMode) -> Self {
        match mode {
            TlsMode::Never => Self::Never,
            TlsMode::Prefer => Self::Preferred,
            TlsMode::Always | TlsMode::Implied(_) => Self::Always,
        }
    }
}

/// What to do about a file that cannot be read at all.
pub(crate) const READABLE: &str = "a PEM file (-----BEGIN ...) that the user who runs conn-check can read";

/// A file that cannot be used.
fn lacking<T>(
    fields: &mut Fields<'_>,
    option: &'static str,
    path: Option<&Path>,
    error: &io::Error,
) -> Result<Option<T>, Noted> {
    let (message, next_step) = if option == "client_key_password" {
        (error.to_string(), Some("correct it: it has to be the one that the key or the PKCS#12 file was written with"))
    } else {
        (format!("the file cannot be used: {error}"), pem::next_step(error))
    };
    let misfit = Misfit::new(message).flaw(Flaw::UnreadablePem).because(error);
    let misfit = misfit.help(next_step.unwrap_or(READABLE));
    let is_denied = error.kind() == io::ErrorKind::PermissionDenied;
    let remedy = path.filter(|_| is_denied).and_then(|path| files::permit(&lack(path, "r")));
    fields.lack_file(option, misfit, next_step, remedy).map(|()| None)
}

impl Setting for MinVersion {
    const SHAPE: Shape =
        Shape::plain("a version of TLS: 1.2 or 1.3", "TLS version", || json!({"enum": ["1.2", "1.3", 1.2, 1.3]}));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| match text {
            "1.2" => Some(Self::Tls12),
            "1.3" => Some(Self::Tls13),
            _ => None,
        })
    }
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
