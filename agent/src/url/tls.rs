//! What the query of a URL says about TLS, in the words of many clients.

use super::parts::{Bad, Parts};
use crate::url::{Comment, GeneratedCheck, Item};

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
const NAMELESS: [&str; 1] = ["tlsallowinvalidhostnames"];
const BY_NAME: [&str; 1] = ["ssl_check_hostname"];
const REQUIREMENTS: [&str; 4] = ["ssl_cert_reqs", "cert_reqs", "sslcertreqs", "verify"];

/// Whether a word asks for TLS, and for no verification: node-postgres' word, and Go's.
pub(super) fn is_unverified(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "no-verify" | "skip-verify")
}

/// A mode as libpq writes it: .NET's clients have `VerifyFull`, and `MySQL`'s `VERIFY_CA`.
pub(super) fn mode(word: &str) -> String {
    let word = word.to_ascii_lowercase().replace('_', "-");
    match word.strip_prefix("verify") {
        Some(what) if !what.is_empty() && !what.starts_with('-') => format!("verify-{what}"),
        _ => word,
    }
}

/// Why there is no check where a mode is not one that the client has.
pub(super) fn unclear(origin: &str) -> Comment {
    let why = "the mode of TLS (`sslmode`) is not one that is known, and what the client makes of it is not either: no check is written";
    Comment::gap(origin, why)
}

/// Sees that what is said about TLS is understood: a word that is not is not a "no".
pub(super) fn understood(parts: &Parts) -> Result<(), Bad> {
    let unclear = |names: &[&str]| {
        let value = parts.option(names);
        value.is_some_and(|value| parts.switch(names).is_none() && !is_unverified(value) && !is_preferred(value))
    };
    if unclear(&SWITCH) || unclear(&LATER) || unclear(&LENIENT) {
        return Err(Bad::new(
            "what it says about TLS is not understood, neither as yes nor as no: add the check by hand",
        ));
    }
    Ok(())
}

/// TLS where it is offered, which is the default of the checks that know it.
fn is_preferred(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "prefer" | "preferred" | "allow")
}

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
        let unverified = parts.option(&SWITCH).is_some_and(is_unverified);
        Self {
            wanted: parts.switch(&SWITCH).or_else(|| unverified.then_some(true)),
            starts_later: parts.switch(&LATER) == Some(true),
            lenient: unverified || parts.switch(&LENIENT) == Some(true) || requirement.as_deref().is_some_and(waived),
            nameless: parts.switch(&NAMELESS) == Some(true) || parts.switch(&BY_NAME) == Some(false),
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
                self.nameless |= mode == Some("verify-ca") || self.ca.is_some();
                self.lenient |= mode == Some("require") && self.ca.is_none();
            }
            Some("verify-full") => {}
            _ if self.wanted == Some(true) => {}
            // node-postgres.
            Some(mode) if is_unverified(mode) => self.lenient = true,
            None | Some("allow" | "prefer") => return self.preferred(origin, check),
            Some(_) => return vec![unclear(origin).into()],
        }
        vec![self.apply(check.flag("use_tls", true)).into()]
    }

    /// Of a client that goes on without TLS where there is none: a CA keeps nobody out then, and a check with
    /// `ca_file` would fail where the client does not.
    pub(super) fn preferred(self, origin: &str, check: GeneratedCheck) -> Vec<Item> {
        let note = self.ca.map(|_| {
            let why = "in this mode the client goes on without TLS where it is not offered, whatever CA it is given, and so does the check below; where both are to insist on it, write `use_tls: true` and `ca_file:` here, and tell the client";
            Comment::note(origin, why).into()
        });
        note.into_iter().chain([Self { ca: None, ..self }.apply(check).into()]).collect()
    }

    /// Adds the files and what is not verified; not whether TLS is spoken.
    pub(crate) fn apply(&self, check: GeneratedCheck) -> GeneratedCheck {
        let check = if self.lenient { check.flag("disable_tls_verification", true) } else { check };
        let check = if self.nameless && !self.lenient { check.flag("verify_name", false) } else { check };
        check
            .some_text("ca_file", self.ca)
            .some_text("client_cert", self.cert)
            .some_text("client_key", self.key.filter(|_| self.cert.is_some()))
    }
}
