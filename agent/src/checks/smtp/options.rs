//! The options of an smtp check.

use super::Smtp;
use super::mail::Mail;
use super::mechanism::{AuthMechanism, bearer};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::net::Endpoint;
use crate::settings::shape::{Shape, StandIn};
use crate::settings::{Credentials, Field, Fields, Misfit, Noted, Setting, Word, tls};
use lettre::Address;
use serde_json::json;

/// The address of a mailbox, its domain in ASCII.
struct Mailbox(Address);

pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Smtp, Noted> {
    let host = fields.required("host", "Name or address.");
    let port = fields.required("port", "TCP port: 465 with TLS, 587 with STARTTLS, usually 25 between servers.");
    let login = Credentials::optional::<Word>(fields, "Logs in as this user; with password.", "Its password.");
    let mechanism = fields.optional::<AuthMechanism>(
        "auth_mechanism",
        "`plain`, `login`, `cram-md5`, or `xoauth2` (`password` is then an access token). Default: PLAIN, else LOGIN.",
    );
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
    let tls = tls(fields, security);
    if !send {
        fields.warn_all_idle(&["subject", "message"], "with `send: false`: no mail is sent", "");
    }
    if let Ok(Some(login)) = &login {
        // AUTH PLAIN sends both as one text in base64 (RFC 4616).
        fields.keep_secret(&format!("\0{}\0{}", login.user, login.password.expose()));
        if mechanism == Some(AuthMechanism::Xoauth2) {
            fields.keep_secret(&bearer(login));
        }
    }
    let has_user = if fields.has("auth_mechanism") && !fields.has("username") {
        Err(fields.refuse_lone("auth_mechanism", "username"))
    } else {
        Ok(())
    };
    let (recipient, subject) = (has_recipient(fields, send), one_line(fields, subject));
    recipient.and(has_user)?;
    let mail = Mail { subject: subject?, message };
    Ok(Smtp {
        endpoint: Endpoint::tcp(host?, port?),
        login: login?,
        mechanism,
        from: from?.0,
        to: to.map(|to| to.0),
        mail: send.then_some(mail),
        helo_fallback,
        security,
        tls: tls?,
    })
}

/// A mail that is sent has a recipient.
fn has_recipient(fields: &mut Fields<'_>, send: bool) -> Result<(), Noted> {
    if !send || fields.has("to_address") {
        return Ok(());
    }
    let diagnostic = Diagnostic::error(Flaw::MissingKey, fields.span_of("type"), "`to_address` is missing");
    Err(fields.refuse(diagnostic.help("add `to_address:` with a mail address, or `send: false` to send no mail")))
}

fn one_line(fields: &mut Fields<'_>, subject: String) -> Result<String, Noted> {
    if !subject.chars().any(char::is_control) {
        return Ok(subject);
    }
    Err(fields.refuse_value("subject", Misfit::new("expected one line without control characters")))
}

impl Setting for Mailbox {
    const SHAPE: Shape =
        Shape::plain("a mail address (user@domain)", "mail address", || json!({"type": "string", "pattern": "@"}))
            .or(StandIn::Like("nobody@?.invalid"));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| {
            let (user, domain) = text.rsplit_once('@').filter(|_| !text.chars().any(char::is_control))?;
            let domain =
                if domain.starts_with('[') { domain.to_owned() } else { idna::domain_to_ascii(domain).ok()? };
            Address::new(user, domain).ok().map(Self)
        })
    }
}
