//! aiosmtpd, a mail server that keeps the mails it is given.
//!
//! ```
//! use harness::mail::{Mail, Setup};
//!
//! let mail = Mail::start(&Setup::open());
//! assert!(mail.mails().is_empty() && mail.logins().is_empty());
//! ```
//!
//! Debian's python3-aiosmtpd 1.4.3, with a script of ours for what aiosmtpd leaves to its user: whose
//! login is good, what becomes of a mail. Like every aiosmtpd it does not say PIPELINING by itself, though
//! it takes commands as fast as they come ([`Setup::offering`]). [`crate::exim`] is a second, stricter one.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::certs::{Folder, Identity};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::text;

/// The one user that may log in where a login is offered.
pub const USER: &str = "postmaster@mail.test";

/// The password of [`USER`].
pub const PASSWORD: &str = "Corr3ct-mail-horse";

const SCRIPT: &str = include_str!("mail/server.py");

/// How a mail server is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    options: Value,
    /// Where the files are that the options name.
    tls: Option<Folder>,
}

impl Setup {
    /// Takes every mail from everybody, and offers [`USER`] to log in.
    #[must_use]
    pub fn open() -> Self {
        let options = json!({
            "login": [USER, PASSWORD], "login_required": false, "login_needs_tls": false, "without_mechanisms": [], "with_mechanisms": [],
            "starttls_required": false, "certificate": null, "key": null, "offers": [], "utf8": false,
            "refused": {}, "mail_refusal": null, "size_limit": 33_554_432, "answers": {}, "mute": [],
        });
        Self { options, tls: None }
    }

    /// Offers STARTTLS on its plain port, and opens [`Mail::tls_address`].
    #[must_use]
    pub fn tls(mut self, identity: &Identity) -> Self {
        self.tls = Some(identity.folder());
        self.with("certificate", json!(text(identity.certificate_file()))).with("key", json!(text(identity.key_file())))
    }

    /// Takes no command but EHLO and QUIT on the plain port before STARTTLS (530).
    #[must_use]
    pub fn starttls_required(self) -> Self {
        self.with("starttls_required", json!(true))
    }

    /// Takes mails only after a login (530).
    #[must_use]
    pub fn login_required(self) -> Self {
        self.with("login_required", json!(true))
    }

    /// Offers the login on the plain port only after STARTTLS.
    #[must_use]
    pub fn login_needs_tls(self) -> Self {
        self.with("login_needs_tls", json!(true))
    }

    /// Has no logins at all.
    #[must_use]
    pub fn without_logins(self) -> Self {
        self.with("login", json!(null))
    }

    /// Does not offer this mechanism (`PLAIN` or `LOGIN`).
    #[must_use]
    pub fn without_mechanism(mut self, mechanism: &str) -> Self {
        self.list("without_mechanisms").push(json!(mechanism));
        self
    }

    /// Offers this mechanism too: `CRAM-MD5`, or `XOAUTH2`, of which [`PASSWORD`] is the token. Both are the script's.
    #[must_use]
    pub fn with_mechanism(mut self, mechanism: &str) -> Self {
        self.list("with_mechanisms").push(json!(mechanism));
        self
    }

    /// Names another extension in its answer to EHLO: `PIPELINING`, which it can, or one that it cannot.
    #[must_use]
    pub fn offering(mut self, extension: &str) -> Self {
        self.list("offers").push(json!(extension));
        self
    }

    /// Takes addresses that are not ASCII (SMTPUTF8).
    #[must_use]
    pub fn utf8(self) -> Self {
        self.with("utf8", json!(true))
    }

    /// Answers a sender or recipient with this reply instead of taking it.
    #[must_use]
    pub fn refusing(mut self, address: &str, reply: &str) -> Self {
        self.options["refused"][address] = json!(reply);
        self
    }

    /// Answers every mail with this reply instead of taking it.
    #[must_use]
    pub fn refusing_mails(self, reply: &str) -> Self {
        self.with("mail_refusal", json!(reply))
    }

    /// Takes no mail that is longer, in bytes.
    #[must_use]
    pub fn at_most(self, bytes: usize) -> Self {
        self.with("size_limit", json!(bytes))
    }

    /// Answers every such command (`EHLO`, `AUTH`, `MAIL`...) with this reply.
    #[must_use]
    pub fn answering(mut self, command: &str, reply: &str) -> Self {
        self.options["answers"][command] = json!(reply);
        self
    }

    /// Never answers such a command.
    #[must_use]
    pub fn mute_at(mut self, command: &str) -> Self {
        self.list("mute").push(json!(command));
        self
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.options[key] = value;
        self
    }

    fn list(&mut self, key: &str) -> &mut Vec<Value> {
        self.options[key].as_array_mut().unwrap_or_else(|| panic!("{key} is no list"))
    }
}

/// A mail that was delivered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivered {
    /// The sender of its envelope.
    pub sender: String,
    /// The recipients of its envelope.
    pub recipients: Vec<String>,
    /// Header and body as they came, the dots of transparency taken out.
    pub content: String,
    /// Whether it came over TLS.
    pub tls: bool,
}

/// A login that was tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Login {
    /// Who.
    pub user: String,
    /// `PLAIN`, `LOGIN`, `CRAM-MD5` or `XOAUTH2`.
    pub mechanism: String,
    /// Whether it was good.
    pub accepted: bool,
}

/// A running mail server on 127.0.0.1.
#[derive(Debug)]
pub struct Mail {
    daemon: Daemon,
    plain: Port,
    tls: Port,
}

impl Mail {
    /// Starts the server.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let (daemon, (plain, tls)) = Daemon::start_with(|scratch| {
            let (plain, tls) = (ports::free(), ports::free());
            let _owned = scratch.write_private("events", "");
            let script = scratch.write("server.py", SCRIPT);
            let ports = setup.clone().with("port", json!(plain.number())).with("tls_port", json!(tls.number()));
            let launch = Launch::new("/usr/bin/python3").arg(script).arg(ports.options.to_string()).as_nobody();
            let launch = launch.env("PYTHONDONTWRITEBYTECODE", "1").accepts(plain.address());
            (if setup.tls.is_some() { launch.accepts(tls.address()) } else { launch }, (plain, tls))
        });
        Self { daemon, plain, tls }
    }

    /// The port that is plain at first.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.plain.address()
    }

    /// The port with TLS from the first byte; refuses where [`Setup::tls`] was not called.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.tls.address()
    }

    /// From now on, answers every such command with this reply, and all others as it was set up.
    pub fn answer(&self, command: &str, reply: &str) {
        let _file = self.daemon.scratch().write("answers", json!({ command: reply }).to_string());
    }

    /// From now on, greets with this reply, and closes.
    pub fn greet(&self, reply: &str) {
        self.answer("greeting", reply);
    }

    /// Every mail that was delivered, in order.
    #[must_use]
    pub fn mails(&self) -> Vec<Delivered> {
        let mail = |event: &Value| Delivered {
            sender: of(event, "sender"),
            recipients: event["recipients"].as_array().into_iter().flatten().map(string).collect(),
            content: of(event, "content"),
            tls: event["tls"] == true,
        };
        self.events("mail").iter().map(mail).collect()
    }

    /// Every login that was tried, in order.
    #[must_use]
    pub fn logins(&self) -> Vec<Login> {
        let login = |event: &Value| Login {
            user: of(event, "user"),
            mechanism: of(event, "mechanism"),
            accepted: event["accepted"] == true,
        };
        self.events("login").iter().map(login).collect()
    }

    /// The names by which clients introduced themselves (EHLO), in order.
    #[must_use]
    pub fn hellos(&self) -> Vec<String> {
        self.events("hello").iter().map(|event| of(event, "name")).collect()
    }

    /// How many transactions were reset (RSET).
    #[must_use]
    pub fn resets(&self) -> usize {
        self.events("reset").len()
    }

    /// How many clients said goodbye (QUIT).
    #[must_use]
    pub fn goodbyes(&self) -> usize {
        self.events("quit").len()
    }

    /// What it logged so far, every command among it.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// The daemon: stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.daemon.scratch().path().join("events")).unwrap_or_default();
        // The last line may still be on its way.
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|event: &Value| event["event"] == kind)
            .collect()
    }
}

fn of(event: &Value, key: &str) -> String {
    string(&event[key])
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
