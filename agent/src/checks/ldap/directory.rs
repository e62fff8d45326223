//! Requests out, answers in, over a wire.

use super::ber::{NotLdap, sequence_length};
use super::message::{self, Message, Outcome, Response};
use super::refusal;
use crate::fault::{Cause, Fault, Phase};
use crate::net::{Talk, Wire};
use crate::services::LDAP_START_TLS;
use crate::settings::Credentials;
use crate::text::escape;

/// How many messages may come before the end of a search for one entry.
const MOST_MESSAGES: usize = 16;

/// A connection to a directory.
#[derive(Debug)]
pub(super) struct Directory {
    talk: Talk,
    last_id: u8,
    /// It speaks LDAP, and has not hung up: an unbind is due.
    open: bool,
}

/// What a search of one entry brought.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) outcome: Outcome,
    /// The entry itself came.
    pub(super) entry: bool,
}

impl Directory {
    pub(super) const fn new(wire: Wire) -> Self {
        Self { talk: Talk::new(wire, "a message"), last_id: 0, open: false }
    }

    /// Whether the peer has not sent a byte.
    pub(super) fn is_mute(&self) -> bool {
        self.talk.wire().seen().count() == 0
    }

    /// The wire, for TLS; nothing has been received beyond the consent, see [`Directory::start_tls`].
    pub(super) fn into_wire(self) -> Wire {
        self.talk.into_wire()
    }

    /// Asks for TLS, for a client that logs in behind it or does not. What the server sends behind its consent could
    /// be anybody's, and is refused.
    pub(super) async fn start_tls(&mut self, logs_in: bool) -> Result<(), Fault> {
        // It is the first request, as its number says.
        let answer = self.ask(|_| LDAP_START_TLS.to_vec()).await?;
        let Response::Extended(outcome) = answer.response else { return Err(unexpected()) };
        refusal::of_start_tls(&outcome, logs_in)?;
        if self.talk.received().is_empty() {
            return Ok(());
        }
        let fault = Fault::new(Cause::Malformed, "something was sent in plain text behind the consent to TLS");
        Err(fault
            .evidence(escape(self.talk.received(), 60))
            .next_step("look for a middle box that adds to what the server says")
            .at(Phase::Tls))
    }

    /// Logs in, as nobody without a login. The password is sent once.
    pub(super) async fn bind(&mut self, login: Option<&Credentials>) -> Result<Message, Fault> {
        let (name, password) = login.map_or(("", ""), |login| (&login.user, login.password.expose()));
        self.ask(|id| message::bind(id, name, password)).await
    }

    /// Logs in as whom the client certificate, or the socket, names.
    pub(super) async fn bind_external(&mut self) -> Result<Message, Fault> {
        self.ask(message::bind_external).await
    }

    /// Looks for one entry.
    pub(super) async fn search(&mut self, base: &str) -> Result<Found, Fault> {
        let mut message = self.ask(|id| message::search(id, base)).await?;
        let mut entry = false;
        for _ in 0..MOST_MESSAGES {
            match message.response {
                Response::Entry => entry = true,
                Response::Interim => {}
                Response::SearchDone(outcome) => return Ok(Found { outcome, entry }),
                _ => return Err(unexpected()),
            }
            message = self.receive().await?;
        }
        Err(Fault::new(Cause::Malformed, "a search for one entry does not end"))
    }

    /// Ends the session with a server that is still there.
    pub(super) async fn unbind(&mut self) {
        if std::mem::replace(&mut self.open, false) {
            let id = self.next_id();
            self.talk.send(&message::unbind(id)).await;
        }
    }

    async fn ask(&mut self, request: impl FnOnce(u8) -> Vec<u8>) -> Result<Message, Fault> {
        let id = self.next_id();
        self.talk.send(&request(id)).await;
        self.receive().await
    }

    const fn next_id(&mut self) -> u8 {
        self.last_id += 1;
        self.last_id
    }

    /// Waits for the next message, which answers the last request.
    async fn receive(&mut self) -> Result<Message, Fault> {
        let bytes = self.talk.frame(|begun| sequence_length(begun).map_err(|NotLdap| not_ldap())).await?;
        let message = Message::read(&bytes).ok_or_else(not_ldap)?;
        self.open = true;
        match message.response {
            Response::Disconnection(outcome) => {
                self.open = false;
                Err(refusal::of_disconnection(&outcome))
            }
            _ if message.id == u32::from(self.last_id) => Ok(message),
            _ => Err(unexpected()),
        }
    }
}

fn not_ldap() -> Fault {
    Fault::new(Cause::Malformed, "the answer is not a message of LDAP")
}

/// A message, and not the one that has to come now.
pub(super) fn unexpected() -> Fault {
    Fault::new(Cause::Malformed, "the directory answers something else than it was asked").at(Phase::Protocol)
}
