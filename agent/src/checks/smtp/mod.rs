//! A login to a mail server, and a mail that it takes.
//!
//! - Proves: the server greets and knows the extensions that a client needs; the user may log in;
//!   it takes a mail from `from_address` for `to_address`. With `send` the mail is really sent, once,
//!   and the server has taken it over.
//! - Protocol: SMTP (RFC 5321), its extensions STARTTLS (RFC 3207), AUTH (RFC 4954; PLAIN, else
//!   LOGIN; CRAM-MD5 and XOAUTH2 where they are asked for), PIPELINING (RFC 2920), SMTPUTF8 (RFC 6531), enhanced codes (RFC 3463). The commands,
//!   the parser of replies, the addresses and the mail itself (Date, Message-ID, encoded headers and
//!   body) are lettre's; the conversation is ours, because lettre's connection has a round trip for every
//!   command, one timeout for all of them, and a TLS configuration of its own for STARTTLS.
//! - Phases: resolve, connect, then tls (`use_tls: true`); protocol (greeting, EHLO and, with
//!   `use_tls: starttls`, STARTTLS; then tls, and protocol with a second EHLO); auth; request (MAIL,
//!   RCPT, and DATA with the mail, or RSET). Where the server offers PIPELINING, MAIL, RCPT and DATA
//!   (or RSET and QUIT) are one flight, and so are the mail and QUIT. A server that said nothing is
//!   nudged at the very end, with an empty TLS `ClientHello` and an empty line, so that a port with
//!   TLS, or another service that waits for its client, shows itself.
//! - Options: see [`options::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*` (`tls.not-tls`: no STARTTLS either; `tls.required`:
//!   the server wants STARTTLS first, 530 or 538, or has its login behind it), `protocol.*`
//!   (`protocol.overloaded`: 421, a limit; `protocol.not-ready`: other 4xx; `protocol.unsupported-version`:
//!   no EHLO), `auth.rejected` (535; 534 for want of an application password), `auth.required` (530),
//!   `auth.method-unsupported`, `auth.locked` (525), `auth.host-not-allowed` (this host, its name or its
//!   address, at whatever command), `request.sender-refused`, `request.recipient-refused`,
//!   `request.permission-denied` (the mail itself is refused). What a refusal is about is told by its
//!   enhanced code and its words, at RCPT too, where Postfix says what it has against a client. Warning
//!   `auth.not-needed`: the server has no login.
//! - Does not check: that the mail is delivered, which is for the servers behind this one.

mod login;
mod mail;
mod mechanism;
mod options;
mod reason;
mod refusal;
mod reply;
mod session;

use crate::catalogue::WarningKind;
use crate::checks::{Check, Profile};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::identify::identify;
use crate::net::{Endpoint, TlsOptions, Wire};
use crate::probe::{Probe, Stop};
use crate::services::{self, Security, Service};
use crate::settings::{Credentials, Fields, Noted};
use lettre::Address;
use mail::Mail;
use mechanism::AuthMechanism;
use session::MailSession;
use std::time::Duration;

/// What is kept of a check's time for the nudge of a silent server.
const FOR_THE_NUDGE: Duration = Duration::from_millis(500);

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Smtp {
    endpoint: Endpoint,
    login: Option<Credentials>,
    /// The way to log in, where one was asked for.
    mechanism: Option<AuthMechanism>,
    from: Address,
    to: Option<Address>,
    /// What is sent; nothing when the check only asks.
    mail: Option<Mail>,
    helo_fallback: bool,
    security: Security,
    tls: TlsOptions,
}

impl Check for Smtp {
    const TYPE: &'static str = "smtp";
    const SERVICE: &'static Service = &services::SMTP;
    const ABOUT: &'static str = "A mail server takes a mail (and is really given one, unless `send: false`).";
    const TRACE: &'static str = "Postfix logs the connection, a recipient that it would take, and the end, Exim nothing; a login or an address that is refused is a line, and a message that is sent is a message.";
    const EXAMPLE: &'static str = "\
- type: smtp
  host: smtp.internal
  port: 587
  use_tls: starttls
  username: app
  password: {env: SMTP_PASSWORD}
  from_address: app@example.com
  to_address: ops@example.com
  send: false
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        options::parse(fields)
    }

    fn review(&self, tags: &[String], fields: &mut Fields<'_>) {
        if self.mail.is_some() && !tags.iter().any(|tag| tag == "no-nagios") {
            let span = fields.span_of("type");
            let message = "this check sends a mail each time it is run: Nagios would do so every few minutes";
            fields.warn(Diagnostic::warning(Flaw::MailByNagios, span, message).help(
                "add `send: false`, which asks the server without sending; or `tags: [no-nagios]`, if it is to be run by hand only",
            ));
        }
    }

    fn profile(&self) -> Profile {
        Profile::of_layers(Self::TYPE, &self.endpoint, self.security != Security::Plain)
            .once(self.mail.is_some())
            .distinct("from_address", Some(&self.from))
            .distinct("username", self.login.as_ref().map(|login| &login.user))
            .distinct("to_address", self.to.as_ref())
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        // The mail comes last.
        probe.note_sent(false);
        let wire = probe.open(&self.endpoint).await?;
        probe.passed()?;
        let mut session = match self.security {
            Security::Plain => self.greeted(probe, wire).await?,
            Security::Tls => {
                let wire = self.encrypt(probe, wire).await?;
                probe.passed()?;
                self.greeted(probe, wire).await?
            }
            Security::StartTls => {
                let wire = self.greeted(probe, wire).await?.into_wire();
                let wire = self.encrypt(probe, wire).await?;
                probe.passed()?;
                self.introduced(probe, wire).await?
            }
        };
        let result = self.transact(probe, &mut session).await;
        probe.linger(session.quit()).await;
        result
    }
}

impl Smtp {
    async fn encrypt(&self, probe: &mut Probe, wire: Wire) -> Result<Wire, Failure> {
        let wire = probe.tls(wire, &self.tls, &self.endpoint.host, &[]).await;
        wire.map_err(|failure| {
            let is_smtp = identify(&probe.heard_first()).is_some_and(|peer| peer.may_be(Self::SERVICE));
            let next_step = "set use_tls: starttls for this port, or use the port with TLS from the first byte (465)";
            if is_smtp { failure.advise(Phase::Tls, Cause::NotTls, next_step) } else { failure }
        })
    }

    /// A session whose server greeted us, knows us and, where that is wanted, waits for our `ClientHello`.
    async fn greeted(&self, probe: &mut Probe, wire: Wire) -> Result<MailSession, Failure> {
        let mut session = MailSession::new(wire, probe.name_of_this_host(), self.security == Security::Tls);
        // What is left of the check is for the nudge.
        let left = probe.left();
        let timeout = left.saturating_sub(FOR_THE_NUDGE.min(left / 4));
        let result = probe
            .phase(Phase::Protocol, async {
                session.greeting(timeout).await?;
                session.hello(self.helo_fallback).await?;
                if self.security == Security::StartTls { session.starttls(self.login.is_some()).await } else { Ok(()) }
            })
            .await;
        if let Some(banner) = &session.banner {
            probe.fact("server_version", probe.clean(banner));
        }
        if result.is_err() || self.security != Security::StartTls {
            note_offers(probe, &session);
        }
        let next_step =
            "check whether the service hangs; a port with TLS from the first byte (465) waits for its client too";
        result.map_err(|failure| failure.advise(Phase::Protocol, Cause::Silent, next_step)).map(|()| session)
    }

    /// A session after STARTTLS, which begins with EHLO again (RFC 3207, section 4.2).
    async fn introduced(&self, probe: &mut Probe, wire: Wire) -> Result<MailSession, Failure> {
        let mut session = MailSession::new(wire, probe.name_of_this_host(), true);
        let result = probe.phase(Phase::Protocol, session.hello(self.helo_fallback)).await;
        note_offers(probe, &session);
        result.map_err(|failure| {
            // It is not a silent peer: it greeted us before TLS.
            if failure.code.is(Phase::Protocol, Cause::Silent) {
                let fault = Fault::new(Cause::Timeout, "no answer to EHLO after STARTTLS");
                return probe.fail(Phase::Protocol, fault.evidence(failure.evidence.unwrap_or_default()));
            }
            failure
        })?;
        Ok(session)
    }

    /// What comes between the introduction and the goodbye.
    async fn transact(&self, probe: &mut Probe, session: &mut MailSession) -> Result<(), Stop> {
        if let Some(login) = &self.login {
            match session.mechanism(self.mechanism) {
                Ok(Some(mechanism)) => {
                    probe.note_login();
                    probe.phase(Phase::Auth, session.login(login, mechanism)).await?;
                }
                Ok(None) => probe.warn(
                    WarningKind::AuthNotNeeded,
                    "a login is configured, but the mail server does not offer one: it accepts mail without",
                ),
                Err(fault) => return Err(probe.fail(Phase::Auth, fault).into()),
            }
        }
        let Some(to) = &self.to else { return Ok(()) };
        let Some(mail) = &self.mail else {
            return Ok(probe.phase(Phase::Request, session.verify_recipient(&self.from, to)).await?);
        };
        let mail = mail.written(&self.from, to);
        probe.note_sent(true);
        let taken = probe.phase(Phase::Request, session.deliver(&self.from, to, &mail.text)).await?;
        probe.fact("message_id", mail.id);
        probe.fact("accepted_with", probe.clean(&taken));
        Ok(())
    }
}

/// What the server can do, and by which name it knows this host.
fn note_offers(probe: &mut Probe, session: &MailSession) {
    if !session.offers.is_empty() {
        let offers: Vec<_> = session.offers.iter().map(|offer| probe.clean(offer)).collect();
        probe.fact("extensions", offers);
        probe.fact("introduced_as", session.own.to_string());
    }
}
