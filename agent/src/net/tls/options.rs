//! How a check speaks TLS, and the PEM files that say so.

use crate::net::Roots;
use rustls::SupportedProtocolVersion;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use std::path::PathBuf;
use std::sync::Arc;

/// How a check speaks TLS.
#[derive(Clone, Debug)]
pub(crate) struct TlsOptions {
    /// How much of the server's certificate is verified.
    pub(crate) verification: Verification,
    /// These roots instead of the host's.
    pub(crate) roots: Option<Arc<Roots>>,
    /// Where those come from.
    pub(crate) ca_file: Option<PathBuf>,
    /// What we show when the server asks for it.
    pub(crate) client: Option<Arc<CertifiedKey>>,
    /// A certificate that ends sooner is a warning, in days.
    pub(crate) expiry_warning_days: u32,
    /// What the server must speak at least.
    pub(crate) min_version: MinVersion,
}

/// The oldest version of TLS that a check takes; what is older than the first has no place here (RFC 8996).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, PartialOrd)]
pub(crate) enum MinVersion {
    #[default]
    Tls12,
    Tls13,
}

impl MinVersion {
    /// The versions that are offered.
    pub(super) fn offered(self) -> &'static [&'static SupportedProtocolVersion] {
        static NEWEST_FIRST: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Tls12 => &NEWEST_FIRST,
            Self::Tls13 => &NEWEST_FIRST[..1],
        }
    }
}

/// How much of a server's certificate is verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verification {
    /// It is trusted, in date and for the right name.
    Full,
    /// It is trusted and in date, and may be for any name: `verify_name: false`.
    Nameless,
    /// Nothing, as the file says: `disable_tls_verification`.
    Waived,
    /// Nothing, without a word in the file: TLS itself is only preferred.
    Opportunistic,
}

impl Verification {
    /// Whether a certificate can be refused at all.
    pub(crate) const fn judges(self) -> bool {
        matches!(self, Self::Full | Self::Nameless)
    }
}

/// Whether a check asks a server for TLS that speaks its own protocol first (`PostgreSQL`, `MySQL`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TlsMode {
    /// Plain only.
    Never,
    /// TLS where the server offers it, with any certificate, as the clients of these databases do it
    /// (`sslmode=prefer`, `--ssl-mode=PREFERRED`).
    Prefer,
    /// TLS, with the certificate verified, or the check fails.
    Always,
    /// TLS or the check fails, because this option says who is trusted, who we are, or how good it has to be: it would mean nothing
    /// to a server without TLS, and to go on without would hand the login to whoever takes TLS out on the way.
    Implied(&'static str),
}

impl TlsMode {
    /// Whether the check fails at a server without TLS.
    pub(crate) const fn is_required(self) -> bool {
        matches!(self, Self::Always | Self::Implied(_))
    }

    /// The mode and the TLS options as they count together: a preference with `ca_file` or `client_cert` is a
    /// requirement, and one without `ca_file` takes any certificate.
    pub(crate) fn settled(self, options: TlsOptions) -> (Self, TlsOptions) {
        let (has_roots, has_own) = (options.roots.is_some(), options.client.is_some());
        let mode = match self {
            Self::Prefer if has_roots => Self::Implied("ca_file"),
            Self::Prefer if has_own => Self::Implied("client_cert"),
            Self::Prefer if options.min_version > MinVersion::default() => Self::Implied("min_tls_version"),
            mode => mode,
        };
        let verification = match options.verification {
            verification if self != Self::Prefer || has_roots => verification,
            Verification::Waived => Verification::Waived,
            _ => Verification::Opportunistic,
        };
        (mode, TlsOptions { verification, ..options })
    }

    /// Why a server without TLS is not enough; nothing where the file says so itself.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Implied(option) => format!(", but `{option}` in the check requires it"),
            _ => String::new(),
        }
    }
}
