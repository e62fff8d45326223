//! What the query of a URL says about TLS, in the words of many clients.

use super::parts::Parts;
use crate::generate::draft::Draft;

const SWITCH: [&str; 6] = ["tls", "ssl", "use_tls", "use_ssl", "usessl", "secure"];
const CA: [&str; 10] = [
    "sslrootcert",
    "ssl_ca",
    "ssl-ca",
    "sslca",
    "ssl_ca_certs",
    "ssl_cafile",
    "tlscafile",
    "cacertfile",
    "ca_file",
    "cafile",
];
const CERT: [&str; 6] = ["sslcert", "ssl_cert", "ssl-cert", "ssl_certfile", "tlscertificatekeyfile", "certfile"];
const KEY: [&str; 5] = ["sslkey", "ssl_key", "ssl-key", "ssl_keyfile", "keyfile"];
const LENIENT: [&str; 3] = ["tlsinsecure", "tlsallowinvalidcertificates", "disable_tls_verification"];
const REQUIREMENTS: [&str; 4] = ["ssl_cert_reqs", "cert_reqs", "sslcertreqs", "verify"];

/// What a URL says about TLS.
#[derive(Debug, Default)]
pub(super) struct Tls<'a> {
    /// Whether it is spoken at all.
    pub(super) wanted: Option<bool>,
    /// Any certificate is accepted.
    pub(super) lenient: bool,
    pub(super) ca: Option<&'a str>,
    cert: Option<&'a str>,
    key: Option<&'a str>,
}

impl<'a> Tls<'a> {
    pub(super) fn read(parts: &'a Parts) -> Self {
        let requirement = parts.option(&REQUIREMENTS).map(str::to_ascii_lowercase);
        let waived = |word: &str| matches!(word, "none" | "cert_none" | "verify_none" | "false" | "0");
        Self {
            wanted: parts.switch(&SWITCH),
            lenient: parts.switch(&LENIENT) == Some(true) || requirement.as_deref().is_some_and(waived),
            // libpq: `system` are the host's own, which are the check's default.
            ca: parts.option(&CA).filter(|ca| *ca != "system"),
            cert: parts.option(&CERT),
            key: parts.option(&KEY),
        }
    }

    /// Adds the files and the leniency; not whether TLS is spoken.
    pub(super) fn apply(&self, draft: Draft) -> Draft {
        let draft = if self.lenient { draft.flag("disable_tls_verification", true) } else { draft };
        let draft = draft.some_text("ca_file", self.ca).some_text("client_cert", self.cert);
        if self.cert.is_some() { draft.some_text("client_key", self.key) } else { draft }
    }
}
