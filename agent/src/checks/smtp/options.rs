//! The options of an smtp check.

use super::Smtp;
use super::letter::Letter;
use crate::config::shape::{Shape, Shown};
use crate::config::{Diagnostic, Fields, Given, Misfit, Setting, Word};
use crate::net::{Endpoint, TlsOptions};
use crate::secret::Secret;
use lettre::Address;
use serde_json::json;

/// How a connection is secured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Security {
    /// Not at all.
    Plain,
    /// By TLS after the command STARTTLS (RFC 3207).
    StartTls,
    /// By TLS from the first byte (RFC 8314, section 3.3).
    Tls,
}

/// Who logs in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Secret<String>,
}

/// The address of a mailbox, its domain in ASCII.
struct Mailbox(Address);

pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Smtp> {
    let host = fields.required("host", "Name or address.");
    let port = fields.required("port", "TCP port: 465 with TLS, 587 with STARTTLS, 25 between servers, as a rule.");
    let user = fields.optional("username", "Logs in as this user; with password.");
    let password = fields.optional("password", "Its password.");
    let from = fields.required::<Mailbox>("from_address", "Sender of the mail.");
    let to = fields.optional::<Mailbox>("to_address", "Recipient of the mail; required unless `send: false`.");
    let subject = fields.or::<String>("subject", "conn-check test mail", "Subject of the mail.");
    let message =
        fields.or::<String>("message", "This mail was sent to verify that mail can be sent.", "Text of the mail.");
    let helo_fallback = fields.or("helo_fallback", "false", "Say HELO to a server that refuses EHLO.");
    let security =
        fields.or("use_tls", "true", "true: TLS from the first byte; starttls: after STARTTLS; false: no TLS.");
    let send = fields.or::<bool>(
        "send",
        "true",
        "Really send the mail. false: stop after RCPT TO, or after the login without to_address, and reset.",
    );
    let tls = TlsOptions::parse(fields);
    let login = login(fields, user, password);
    let sound = has_recipient(fields, send) & is_one_line(fields, &subject);
    Some(Smtp {
        endpoint: Endpoint::tcp(host?, port?),
        login: login.ok()?,
        from: from?.0,
        to: to.map(|to| to.0),
        letter: send.then_some(Letter { subject, message }).filter(|_| sound),
        helo_fallback,
        security,
        tls: tls?,
    })
    .filter(|_| sound)
}

/// A problem was noted with the file.
struct Noted;

/// The login, if there is one.
fn login(
    fields: &mut Fields<'_>,
    user: Option<Word>,
    password: Option<Secret<String>>,
) -> Result<Option<Login>, Noted> {
    match (user, password) {
        (Some(Word(user)), Some(password)) => {
            // AUTH PLAIN sends both as one text in base64 (RFC 4616).
            fields.keep_secret(&format!("\0{user}\0{}", password.expose()));
            Ok(Some(Login { user, password }))
        }
        (None, None) => Ok(None),
        (user, _) => {
            let (given, missing) = if user.is_some() { ("username", "password") } else { ("password", "username") };
            // One that is there and wrong was noted already.
            if !fields.has(missing) {
                let message = format!("`{given}` without `{missing}`");
                let diagnostic = Diagnostic::error("missing-key", fields.span_of(given), message);
                fields.note(diagnostic.help(format!("add `{missing}:`")));
            }
            Err(Noted)
        }
    }
}

fn has_recipient(fields: &mut Fields<'_>, send: bool) -> bool {
    let sound = !send || fields.has("to_address");
    if !sound {
        let diagnostic = Diagnostic::error("missing-key", fields.span_of("type"), "`to_address` is missing");
        fields.note(diagnostic.help("add `to_address:` with a mail address, or `send: false` to send no mail"));
    }
    sound
}

fn is_one_line(fields: &mut Fields<'_>, subject: &str) -> bool {
    let sound = !subject.chars().any(char::is_control);
    if !sound {
        let span = fields.span_of("subject");
        let diagnostic =
            Diagnostic::error("bad-value", span, "`subject`: expected one line without control characters");
        fields.note(diagnostic);
    }
    sound
}

impl Setting for Security {
    const SHAPE: Shape = Shape {
        words: "true, false, or starttls",
        short: "flag or starttls",
        shown: Shown::Plain,
        schema: || json!({"anyOf": [{"type": "boolean"}, {"enum": ["starttls", "yes", "no", "on", "off", "true", "false"]}]}),
    };

    fn read(given: &Given<'_>) -> Result<Self, Misfit> {
        given.parse(&Self::SHAPE, |text| match text.to_ascii_lowercase().as_str() {
            "starttls" => Some(Self::StartTls),
            "true" | "yes" | "on" | "1" => Some(Self::Tls),
            "false" | "no" | "off" | "0" => Some(Self::Plain),
            _ => None,
        })
    }
}

impl Setting for Mailbox {
    const SHAPE: Shape = Shape {
        words: "a mail address (user@domain)",
        short: "mail address",
        shown: Shown::Plain,
        schema: || json!({"type": "string", "pattern": "@"}),
    };

    fn read(given: &Given<'_>) -> Result<Self, Misfit> {
        given.parse(&Self::SHAPE, |text| {
            let (user, domain) = text.rsplit_once('@').filter(|_| !text.chars().any(char::is_control))?;
            let domain =
                if domain.starts_with('[') { domain.to_owned() } else { idna::domain_to_ascii(domain).ok()? };
            Address::new(user, domain).ok().map(Self)
        })
    }
}
