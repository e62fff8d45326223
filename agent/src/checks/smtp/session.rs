//! One session with a mail server: commands out, replies in, in as few round trips as the server allows.

use super::mechanism::{self, AuthMechanism};
use super::refusal::{LoginState, Side, Stage, refusal};
use super::reply::Reply;
use crate::fault::{Cause, Fault, Phase};
use crate::net::identify::identify;
use crate::net::{Talk, Wire, within};
use crate::secret::sentence;
use crate::services;
use crate::settings::Credentials;
use crate::text::escape;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailParameter};
use std::future;
use std::net::IpAddr;
use std::time::Duration;

/// An empty `ClientHello` in a record of TLS (RFC 8446, sections 4 and 5.1), which makes a server with
/// TLS complain in TLS, and an empty line, which makes others complain in their own protocols.
const NUDGE: &[u8] = b"\x16\x03\x01\x00\x04\x01\x00\x00\x00\r\n";

/// A session.
#[derive(Debug)]
pub(super) struct MailSession {
    talk: Talk,
    /// How we introduce ourselves.
    pub(super) own: ClientId,
    /// What the server called itself in its greeting, without its host name.
    pub(super) banner: Option<String>,
    /// The extensions of the server, as it names them in its answer to EHLO.
    pub(super) offers: Vec<String>,
    /// So many replies are still to come.
    due: usize,
    /// The server waits for a mail: whatever is sent would be part of it.
    in_mail: bool,
    quit_sent: bool,
    side: Side,
}

impl MailSession {
    /// A session of a host that has this name.
    pub(super) fn new(wire: Wire, host_name: &str, encrypted: bool) -> Self {
        let own = own_name(host_name, wire.local_address().map(|address| address.ip()));
        Self {
            talk: Talk::new(wire, "a reply"),
            own,
            banner: None,
            offers: Vec::new(),
            due: 0,
            in_mail: false,
            quit_sent: false,
            side: Side { encrypted, login: LoginState::None },
        }
    }

    /// The connection, for TLS; nothing has been read ahead, see [`MailSession::starttls`].
    pub(super) fn into_wire(self) -> Wire {
        self.talk.into_wire()
    }

    /// Waits for the greeting; after `timeout` a silent server is nudged.
    pub(super) async fn greeting(&mut self, timeout: Duration) -> Result<(), Fault> {
        match within(timeout, self.talk.peek()).await {
            None => return self.nudge().await,
            // An error is reported once.
            Some(heard) => _ = heard?,
        }
        let greeting = self.reply(Stage::Greeting).await?;
        let first = self.talk.wire().seen().first();
        if identify(&first).is_some_and(|peer| !peer.may_be(&services::SMTP)) {
            return Err(Fault::new(Cause::Malformed, "the greeting is another protocol's"));
        }
        let words = greeting.lines().next().and_then(|line| line.split_once(' '));
        self.banner = words.map(|(_, banner)| banner.to_owned());
        Ok(())
    }

    /// Introduces us and learns what the server can.
    pub(super) async fn hello(&mut self, fallback: bool) -> Result<(), Fault> {
        self.send(&Ehlo::new(self.own.clone()).to_string(), 1).await;
        let reply = self.read().await?;
        if fallback && reply.code() >= 500 {
            return self.ask(Stage::Fallback, &format!("HELO {}\r\n", self.own)).await.map(drop);
        }
        let reply = self.judged(Stage::Hello, reply)?;
        self.offers = reply.lines().skip(1).map(str::to_owned).collect();
        Ok(())
    }

    /// Asks for TLS, for a client that logs in behind it or does not. What the server sends behind its consent could
    /// be anybody's, and is refused.
    pub(super) async fn starttls(&mut self, logs_in: bool) -> Result<(), Fault> {
        if !self.can("STARTTLS") {
            // Where there is a login, doing without TLS is no advice.
            let or_plain =
                if logs_in { "; if it should, look for what takes it out on the way" } else { ", or use_tls: false" };
            return Err(Fault::new(Cause::NotTls, "the mail server does not offer STARTTLS")
                .evidence(sentence!["it offers ", self.listed()])
                .next_step(sentence!["set use_tls: true and the port with TLS from the first byte (465)", or_plain])
                .at(Phase::Tls));
        }
        self.ask(Stage::StartTls, &Starttls.to_string()).await?;
        if self.talk.received().is_empty() {
            return Ok(());
        }
        let fault = Fault::new(Cause::Malformed, "something was sent in plain text after the consent to TLS");
        Err(fault
            .evidence(escape(self.talk.received(), 60))
            .next_step("look for a middlebox that adds to what the server sends")
            .at(Phase::Tls))
    }

    /// How to log in; `None` where the server has no login.
    pub(super) fn mechanism(&mut self, wanted: Option<AuthMechanism>) -> Result<Option<AuthMechanism>, Fault> {
        if self.can("AUTH") {
            let named = self.offers.iter().filter(|offer| keyword(offer).eq_ignore_ascii_case("AUTH"));
            let named: Vec<_> = named.flat_map(|offer| offer.split([' ', '=']).skip(1)).collect();
            return AuthMechanism::choose(wanted, &named).map(Some);
        }
        if self.can("STARTTLS") && !self.side.encrypted {
            return Err(Fault::new(Cause::Required, "the mail server offers STARTTLS, and no login before it")
                .evidence(sentence!["it offers ", self.listed()])
                .next_step("set use_tls: starttls")
                .at(Phase::Tls));
        }
        self.side.login = LoginState::NotOffered;
        Ok(None)
    }

    /// Logs in; the password is sent once, by CRAM-MD5 not at all.
    pub(super) async fn login(&mut self, login: &Credentials, mechanism: AuthMechanism) -> Result<(), Fault> {
        match mechanism {
            AuthMechanism::Plain => {
                let all = format!("\0{}\0{}", login.user, login.password.expose());
                self.ask(Stage::Login, &format!("AUTH PLAIN {}\r\n", STANDARD.encode(all))).await?;
            }
            // Its prompts are not standardised, their order is: first the user, then the password.
            AuthMechanism::Login => {
                self.ask(Stage::Challenge, "AUTH LOGIN\r\n").await?;
                self.ask(Stage::Challenge, &format!("{}\r\n", STANDARD.encode(&login.user))).await?;
                let password = STANDARD.encode(login.password.expose());
                self.ask(Stage::Login, &format!("{password}\r\n")).await?;
            }
            AuthMechanism::CramMd5 => {
                let challenge = self.ask(Stage::Challenge, "AUTH CRAM-MD5\r\n").await?;
                let challenge = challenge.lines().next().and_then(|text| STANDARD.decode(text.trim()).ok());
                let challenge = challenge.ok_or_else(|| {
                    Fault::new(Cause::Malformed, "the mail server's challenge is not in base64").at(Phase::Protocol)
                })?;
                let proof = STANDARD.encode(mechanism::proof(login, &challenge));
                self.ask(Stage::Login, &format!("{proof}\r\n")).await?;
            }
            AuthMechanism::Xoauth2 => self.bring_token(login).await?,
        }
        self.side.login = LoginState::Done;
        Ok(())
    }

    /// XOAUTH2. What a server has against a token it says in a challenge, which is answered with nothing; then it refuses.
    async fn bring_token(&mut self, login: &Credentials) -> Result<(), Fault> {
        self.send(&format!("AUTH XOAUTH2 {}\r\n", STANDARD.encode(mechanism::bearer(login))), 1).await;
        let reply = self.read().await?;
        if reply.code() != 334 {
            return self.judged(Stage::Login, reply).map(drop);
        }
        let why = reply.lines().next().and_then(|text| STANDARD.decode(text.trim()).ok()).unwrap_or_default();
        self.ask(Stage::Login, "\r\n").await.map(drop).map_err(|fault| match fault.cause {
            Cause::Rejected => Fault::new(Cause::Rejected, "the mail server does not accept the access token")
                .evidence(sentence![fault.evidence.unwrap_or_default(), " ", escape(&why, 120)])
                .next_step("get a new access token: they last an hour as a rule; then check its scope and its user"),
            _ => fault,
        })
    }

    /// Asks whether the server would take a mail, and sends none.
    pub(super) async fn verify_recipient(&mut self, from: &Address, to: &Address) -> Result<(), Fault> {
        let [mail, rcpt] = self.envelope(from, to)?;
        self.pipeline(&[mail, rcpt, (Stage::Reset, Rset.to_string())], Some(Quit)).await.map(drop)
    }

    /// Sends a mail; returns what the server said when it took it over.
    pub(super) async fn deliver(&mut self, from: &Address, to: &Address, text: &str) -> Result<String, Fault> {
        let [mail, rcpt] = self.envelope(from, to)?;
        self.pipeline(&[mail, rcpt, (Stage::Data, Data.to_string())], None).await?;
        self.pipeline(&[(Stage::Content, text.to_owned())], Some(Quit)).await
    }

    /// Says goodbye, and hears it returned.
    pub(super) async fn quit(&mut self) -> Result<(), Fault> {
        while self.due > 0 {
            self.read().await?;
        }
        if self.quit_sent || self.in_mail {
            return Ok(());
        }
        self.send(&Quit.to_string(), 1).await;
        self.read().await.map(drop)
    }

    async fn nudge(&mut self) -> Result<(), Fault> {
        self.talk.send(NUDGE).await;
        let heard = self.talk.peek().await.unwrap_or_default();
        let is_late = identify(heard).is_some_and(|peer| peer.may_be(&services::SMTP));
        if heard.is_empty() || is_late {
            // There is nothing to learn from a peer that only ends: it was silent, till the end of the phase.
            return future::pending().await;
        }
        Err(Fault::new(Cause::Malformed, "there was no greeting, and what came in the end is not an SMTP reply"))
    }

    /// MAIL and RCPT.
    fn envelope(&self, from: &Address, to: &Address) -> Result<[(Stage, String); 2], Fault> {
        let foreign = |address: &Address| !AsRef::<str>::as_ref(address).is_ascii();
        let cause = if foreign(from) { Cause::SenderRefused } else { Cause::RecipientRefused };
        let mut parameters = Vec::new();
        if foreign(from) || foreign(to) {
            if !self.can("SMTPUTF8") {
                return Err(Fault::new(cause, "the mail server accepts only ASCII addresses (no SMTPUTF8)")
                    .evidence(sentence!["it offers ", self.listed()]));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let mail = Mail::new(Some(from.clone()), parameters).to_string();
        Ok([(Stage::Sender, mail), (Stage::Recipient, Rcpt::new(to.clone(), Vec::new()).to_string())])
    }

    /// Sends commands, in one flight where the server offers PIPELINING (RFC 2920), with the goodbye
    /// behind them where nothing else follows. Returns the last reply.
    async fn pipeline(&mut self, commands: &[(Stage, String)], goodbye: Option<Quit>) -> Result<String, Fault> {
        let pipelines = self.can("PIPELINING");
        if pipelines {
            let mut all: String = commands.iter().map(|(_, command)| command.as_str()).collect();
            all.extend(goodbye.map(|quit| quit.to_string()));
            self.quit_sent = goodbye.is_some();
            self.send(&all, commands.len() + usize::from(self.quit_sent)).await;
        }
        let mut last = String::new();
        for (stage, command) in commands {
            if !pipelines {
                self.send(command, 1).await;
            }
            // What is known already does not depend on how the server takes a reset.
            if *stage == Stage::Reset {
                self.read().await.ok();
                break;
            }
            last = self.reply(*stage).await?.summary();
        }
        Ok(last)
    }

    /// Whether the server offers an extension.
    fn can(&self, wanted: &str) -> bool {
        self.offers.iter().any(|offer| keyword(offer).eq_ignore_ascii_case(wanted))
    }

    fn listed(&self) -> String {
        if self.offers.is_empty() { "nothing".to_owned() } else { self.offers.join(", ") }
    }

    async fn ask(&mut self, stage: Stage, command: &str) -> Result<Reply, Fault> {
        self.send(command, 1).await;
        self.reply(stage).await
    }

    async fn send(&mut self, commands: &str, replies: usize) {
        self.due += replies;
        self.talk.send(commands.as_bytes()).await;
    }

    async fn reply(&mut self, stage: Stage) -> Result<Reply, Fault> {
        let reply = self.read().await?;
        self.judged(stage, reply)
    }

    fn judged(&self, stage: Stage, reply: Reply) -> Result<Reply, Fault> {
        if stage.accepts(reply.code()) { Ok(reply) } else { Err(refusal(stage, &reply, self.side)) }
    }

    async fn read(&mut self) -> Result<Reply, Fault> {
        let reply = Reply::read(&mut self.talk).await?;
        self.due = self.due.saturating_sub(1);
        // Which a server may say in a flight though it has refused the recipient.
        self.in_mail = reply.code() == 354;
        Ok(reply)
    }
}

/// What an extension is called: `AUTH` of `AUTH PLAIN LOGIN`, and of the older `AUTH=PLAIN LOGIN`.
fn keyword(offer: &str) -> &str {
    offer.split([' ', '=']).next().unwrap_or_default()
}

/// This host's full name, else its address in the connection (RFC 5321, section 4.1.4).
fn own_name(name: &str, address: Option<IpAddr>) -> ClientId {
    let is_sound =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match address {
        _ if name.contains('.') && name.split('.').all(is_sound) => ClientId::Domain(name.to_owned()),
        Some(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Some(IpAddr::V6(address)) => ClientId::Ipv6(address),
        None => ClientId::Domain("localhost".to_owned()),
    }
}
