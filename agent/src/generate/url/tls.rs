//! What the query of a URL says about TLS, in the words of many clients.

use super::parts::Parts;
use crate::generate::{Comment, GeneratedCheck, Item};

const SWITCH: [&str; 6] = ["tls", "ssl", "use_tls", "use_ssl", "usessl", "secure"];
const LATER: [&str; 2] = ["starttls", "start_tls"];
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
pub(crate) struct Tls<'a> {
    /// Whether it is spoken at all.
    pub(crate) wanted: Option<bool>,
    /// It begins after a word of the service's own protocol.
    pub(crate) starts_later: bool,
    /// Any certificate is accepted.
    pub(crate) lenient: bool,
    /// The certificate has to come from the CA, and may be of any name.
    pub(crate) nameless: bool,
    pub(crate) ca: Option<&'a str>,
    pub(crate) cert: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
}

impl<'a> Tls<'a> {
    pub(super) fn read(parts: &'a Parts) -> Self {
        let requirement = parts.option(&REQUIREMENTS).map(str::to_ascii_lowercase);
        let waived = |word: &str| matches!(word, "none" | "cert_none" | "verify_none" | "false" | "0");
        Self {
            wanted: parts.switch(&SWITCH),
            starts_later: parts.switch(&LATER) == Some(true),
            lenient: parts.switch(&LENIENT) == Some(true) || requirement.as_deref().is_some_and(waived),
            nameless: false,
            // libpq: `system` are the host's own, which are the check's default.
            ca: parts.option(&CA).filter(|ca| *ca != "system"),
            cert: parts.option(&CERT),
            key: parts.option(&KEY),
        }
    }

    /// `sslmode` as libpq has it; table 34.1 of its manual says which modes verify what.
    pub(crate) fn postgres(mut self, origin: &str, check: GeneratedCheck, mode: Option<&str>) -> Vec<Item> {
        match mode {
            Some("disable") => return vec![check.flag("use_tls", false).into()],
            Some("require" | "verify-ca") => {
                // With a CA at hand, libpq takes `require` for `verify-ca`.
                self.nameless = mode == Some("verify-ca") || self.ca.is_some();
                self.lenient |= !self.nameless;
            }
            Some("verify-full") => {}
            _ if self.wanted == Some(true) => {}
            // allow, prefer, nothing: the check's own default.
            _ => return self.items(origin, check),
        }
        self.items(origin, check.flag("use_tls", true))
    }

    /// As [`Tls::apply`], below a comment where the check verifies less than the client.
    pub(crate) fn items(&self, origin: &str, check: GeneratedCheck) -> Vec<Item> {
        let note = (self.nameless && !self.lenient).then(|| name_unverified(origin).into());
        note.into_iter().chain([self.apply(check).into()]).collect()
    }

    /// Adds the files and the leniency; not whether TLS is spoken.
    pub(super) fn apply(&self, check: GeneratedCheck) -> GeneratedCheck {
        let lenient = self.lenient || self.nameless;
        let check = if lenient { check.flag("disable_tls_verification", true) } else { check };
        // Nothing is held against the CA of such a check.
        check
            .some_text("ca_file", self.ca.filter(|_| !self.nameless))
            .some_text("client_cert", self.cert)
            .some_text("client_key", self.key.filter(|_| self.cert.is_some()))
    }
}

/// No check verifies the CA and not the name; one that verifies both fails at a server in good health.
pub(crate) fn name_unverified(origin: impl Into<String>) -> Comment {
    Comment::note(
        origin,
        "the client verifies who signed the certificate, but not its name, which no check does: the check below accepts any certificate; if the certificate has the server's name, put `ca_file:` in the place of `disable_tls_verification:`",
    )
}
