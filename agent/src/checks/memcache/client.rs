//! The conversation with a server: what it wants, its version, the two logins.

use super::binary::{self, Frame, Opcode, Status};
use super::text;
use crate::checks::roundtrip::Item;
use crate::fault::{Cause, Fault};
use crate::net::{Talk, Wire};
use crate::secret::{sentence, theirs};

/// The longest line that is read, in bytes; the server's own are far shorter.
const LONGEST_LINE: usize = 8 * 1024;

pub(super) struct MemcachedClient {
    talk: Talk,
    /// The server speaks the binary protocol.
    is_binary: bool,
    /// Answers to the question for the version that nobody has waited for.
    unread: usize,
}

/// What a server wants before it serves.
pub(super) enum Wants {
    Nothing {
        /// Where it tells.
        version: Option<String>,
    },
    TextLogin,
    /// A login over the binary protocol, by one of these mechanisms.
    Sasl {
        version: String,
        mechanisms: String,
    },
}

impl MemcachedClient {
    pub(super) fn new(wire: Wire) -> Self {
        Self { talk: Talk::new(wire, "an answer"), is_binary: false, unread: 0 }
    }

    pub(super) async fn version(&mut self) -> Result<Option<String>, Fault> {
        self.begin(text::VERSIONS.as_bytes(), true).await?;
        self.unread = text::VERSIONS.lines().count() - 1;
        text::version(&self.line().await?)
    }

    /// Asks what the server wants, over both protocols at once.
    pub(super) async fn wants(&mut self) -> Result<Wants, Fault> {
        let first = self.begin(&binary::hello(), false).await?;
        if first == binary::RESPONSE {
            self.is_binary = true;
            return self.wants_in_binary().await;
        }
        match self.line().await?.as_str() {
            text::UNAUTHENTICATED => Ok(Wants::TextLogin),
            // It has read the line as a command, and does not know it: nobody has to log in for that.
            line if text::is_no_command(line) => Ok(Wants::Nothing { version: self.version().await? }),
            other => Err(text::fault_of(other)),
        }
    }

    /// Logs in over the text protocol, and asks for the version in the same round trip.
    pub(super) async fn log_in_by_text(&mut self, user: &str, password: &str) -> Result<Option<String>, Fault> {
        self.talk.send(text::login(user, password).as_bytes()).await;
        match self.line().await?.as_str() {
            text::STORED => text::version(&self.line().await?),
            line => Err(text::fault_of_login(line, user)),
        }
    }

    pub(super) async fn log_in_by_sasl(&mut self, mechanisms: &str, user: &str, password: &str) -> Result<(), Fault> {
        if !mechanisms.split_ascii_whitespace().any(|name| name.eq_ignore_ascii_case("PLAIN")) {
            return Err(Fault::new(Cause::MethodUnsupported, "the server does not offer SASL PLAIN")
                .evidence(sentence!["it offers ", theirs(mechanisms)]));
        }
        self.talk.send(&binary::login(user, password)).await;
        let frame = self.frame(Opcode::SaslAuth).await?;
        match frame.status {
            Status::SUCCESS => Ok(()),
            Status::AUTH_ERROR => Err(text::rejected(user).evidence(frame.summary())),
            _ => Err(frame.fault_of_login()),
        }
    }

    /// Adds an item, reads it and deletes it.
    pub(super) async fn round_trip(&mut self, item: &Item) -> Result<(), Fault> {
        while self.unread > 0 {
            self.line().await?;
            self.unread -= 1;
        }
        self.add(item).await?;
        let found = self.get(item).await;
        // Whatever was found: what we have added goes.
        let deleted = self.delete(item).await;
        item.compare(found?.as_deref())?;
        if deleted? { Ok(()) } else { item.compare(None) }
    }

    async fn add(&mut self, item: &Item) -> Result<(), Fault> {
        if self.is_binary {
            self.talk.send(&binary::add(item)).await;
            let frame = self.frame(Opcode::Add).await?;
            return if frame.status == Status::SUCCESS { Ok(()) } else { Err(frame.fault_of_write()) };
        }
        self.talk.send(text::add(item).as_bytes()).await;
        match self.line().await?.as_str() {
            text::STORED => Ok(()),
            line => Err(text::fault_of_write(line)),
        }
    }

    async fn get(&mut self, item: &Item) -> Result<Option<Vec<u8>>, Fault> {
        if self.is_binary {
            self.talk.send(&binary::get(item)).await;
            let frame = self.frame(Opcode::Get).await?;
            return match frame.status {
                Status::SUCCESS => Ok(Some(frame.value().to_vec())),
                Status::NOT_FOUND => Ok(None),
                _ => Err(frame.fault_of_write()),
            };
        }
        self.talk.send(text::get(item).as_bytes()).await;
        let head = self.line().await?;
        if head == text::END {
            return Ok(None);
        }
        if !head.starts_with("VALUE ") {
            return Err(text::fault_of_write(&head));
        }
        let value = self.line().await?;
        match self.line().await?.as_str() {
            text::END => Ok(Some(value.into_bytes())),
            line => Err(text::fault_of_write(line)),
        }
    }

    /// Whether it was there.
    async fn delete(&mut self, item: &Item) -> Result<bool, Fault> {
        if self.is_binary {
            self.talk.send(&binary::delete(item)).await;
            let frame = self.frame(Opcode::Delete).await?;
            return match frame.status {
                Status::SUCCESS => Ok(true),
                Status::NOT_FOUND => Ok(false),
                _ => Err(frame.fault_of_write()),
            };
        }
        self.talk.send(text::delete(item).as_bytes()).await;
        match self.line().await?.as_str() {
            text::DELETED => Ok(true),
            text::NOT_FOUND => Ok(false),
            line => Err(text::fault_of_write(line)),
        }
    }

    async fn wants_in_binary(&mut self) -> Result<Wants, Fault> {
        let version = self.frame(Opcode::Version).await?;
        if version.status != Status::SUCCESS {
            return Err(version.fault());
        }
        let (version, mechanisms) = (version.text(), self.frame(Opcode::SaslListMechanisms).await?);
        match mechanisms.status {
            Status::SUCCESS => Ok(Wants::Sasl { version, mechanisms: mechanisms.text() }),
            Status::UNKNOWN_COMMAND => Ok(Wants::Nothing { version: Some(version) }),
            _ => Err(mechanisms.fault()),
        }
    }

    /// Sends the first message and waits for the first byte of the answer, which stays to be read.
    async fn begin(&mut self, message: &[u8], in_text: bool) -> Result<u8, Fault> {
        self.talk.send(message).await;
        let first = self.talk.peek().await.map(|heard| heard.first().copied().unwrap_or_default());
        first.map_err(|fault| match fault.cause {
            Cause::Closed | Cause::Reset => self.with_reasons_to_close(fault, in_text),
            _ => fault,
        })
    }

    /// Waits for a line, and gives it without its end.
    async fn line(&mut self) -> Result<String, Fault> {
        self.talk.line(LONGEST_LINE, |_| Ok(())).await
    }

    /// Waits for the answer to a command of the binary protocol.
    async fn frame(&mut self, opcode: Opcode) -> Result<Frame, Fault> {
        let frame = self.talk.frame(|begun| binary::length(begun, opcode)).await?;
        Ok(Frame::of(&frame))
    }

    /// A server that ends the connection at the first message may want something else.
    fn with_reasons_to_close(&self, fault: Fault, in_text: bool) -> Fault {
        let reason = match (self.talk.wire().is_plain_tcp(), in_text) {
            (true, true) => {
                "; a port with TLS only (in that case set use_tls) and a server with SASL (in that case set username and password) \
                 end a connection like this too"
            }
            (true, false) => {
                "; a port with TLS only ends a connection like this too (in that case set use_tls), and so does a proxy that \
                 knows no logins (twemproxy: in that case leave username and password out)"
            }
            (false, true) => {
                "; a server with SASL ends a connection like this too: in that case set username and password"
            }
            (false, false) => {
                "; a proxy that knows no logins ends a connection like this too: in that case leave username and password out"
            }
        };
        fault.next_step(sentence!["look at the server's log", reason])
    }
}
