//! The driver's connection, joined with ours.
//!
//! The driver opens its connections itself and takes none that is open. So it connects to an
//! [`LocalSocket`] of this process, and what it says goes over the wire of the check: the address that was
//! found, the TLS that was verified, the bytes that are counted. It opens two. Its monitor wants
//! to hear a hello, and hears the one that the server gave already. The other is joined with the
//! wire, and there is no second one: whatever the driver thinks of trying again, a password is
//! sent once.
//!
//! Two fields are left out on the way. `client`: a server hears it in the first hello of a
//! connection only, and that was ours. `logicalSessionTimeoutMinutes`: a driver that is not
//! offered sessions starts none, and so none stays with the server for half an hour.

use super::Mongodb;
use super::message::{Message, number};
use super::refusal::{self, Refused};
use crate::checks::scram;
use crate::fault::{Cause, Fault};
use crate::net::{self, LocalSocket, Talk};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, RawBsonRef, RawDocument, rawdoc};
use std::future::pending;
use std::time::Duration;

/// How long the driver may take to say why it went away.
const MOMENT: Duration = Duration::from_millis(100);

/// The driver's connection, joined with ours.
#[derive(Debug)]
pub(super) struct Relay<'a> {
    check: &'a Mongodb,
    hello: Message,
    server: Talk,
    driver: Driver,
    /// What the driver asks and the server has not heard yet.
    next: Option<Message>,
}

#[derive(Debug)]
enum Driver {
    Expected(LocalSocket),
    Joined(Talk),
}

impl<'a> Relay<'a> {
    pub(super) const fn new(check: &'a Mongodb, hello: Message, server: Talk, socket: LocalSocket) -> Self {
        Self { check, hello, server, driver: Driver::Expected(socket), next: None }
    }

    /// Carries the login, up to the driver's first command after it.
    pub(super) async fn login(&mut self) -> Result<(), Fault> {
        loop {
            let command = self.command().await?;
            if !matches!(command.name(), "isMaster" | "ismaster" | "hello" | "saslStart" | "saslContinue") {
                self.next = Some(command);
                return Ok(());
            }
            self.carry(command, Refused::Login).await?;
        }
    }

    /// Carries everything, until something fails.
    pub(super) async fn rest(&mut self) -> Fault {
        loop {
            let carried = match self.command().await {
                Ok(command) => self.carry(command, Refused::Command).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = carried {
                return fault;
            }
        }
    }

    async fn carry(&mut self, command: Message, refused: Refused) -> Result<(), Fault> {
        let mut answer = self.ask(&command.without("client"), refused).await?;
        affordable(&answer.body)?;
        if is_unfinished(&answer.body) {
            self.ask(&self.nothing_more(&answer), refused).await?;
            answer = answer.finished();
        }
        let answer = answer.without("logicalSessionTimeoutMinutes");
        answer.send(self.joined().await?).await;
        Ok(())
    }

    /// One round trip.
    async fn ask(&mut self, command: &Message, refused: Refused) -> Result<Message, Fault> {
        command.send(&mut self.server).await;
        let answer = Message::answer(&mut self.server, command).await?;
        refusal::of_reply(self.check, &answer.body, refused).map_or(Ok(answer), Err)
    }

    /// The empty last message of a login, for servers that insist on it (`FerretDB`): the driver asks
    /// them to do without, and is at a loss when they do not
    /// (<https://github.com/mongodb/specifications/blob/master/source/auth/auth.md>).
    fn nothing_more(&self, answer: &Message) -> Message {
        let conversation = i32::try_from(number(&answer.body, "conversationId").unwrap_or(1)).unwrap_or(1);
        let nothing = Binary { subtype: BinarySubtype::Generic, bytes: Vec::new() };
        let source = self.check.auth_source.as_str();
        let body = rawdoc! {"saslContinue": 1, "conversationId": conversation, "payload": nothing, "$db": source};
        Message::command(u32::MAX, body)
    }

    /// What the driver asks next.
    async fn command(&mut self) -> Result<Message, Fault> {
        if let Some(command) = self.next.take() {
            return Ok(command);
        }
        of_driver(Message::receive(self.joined().await?)).await
    }

    async fn joined(&mut self) -> Result<&mut Talk, Fault> {
        let mut tries = 0..1;
        while let Driver::Expected(socket) = &self.driver {
            let mut monitor = Message::talk(socket.accept().await?);
            let asked = of_driver(Message::receive(&mut monitor)).await?;
            self.hello.again(&asked).without("logicalSessionTimeoutMinutes").send(&mut monitor).await;
            self.driver = tokio::select! {
                biased;
                heard = monitor.peek() => match heard.err().filter(is_of_this_host) {
                    Some(fault) => return Err(fault),
                    // For want of memory here a driver that understands goes away as well, and comes again.
                    None if tries.next().is_some() => continue,
                    None => return Err(not_understood()),
                },
                joined = socket.accept() => Driver::Joined(Message::talk(joined?)),
            };
        }
        match &mut self.driver {
            Driver::Joined(talk) => Ok(talk),
            Driver::Expected(_) => Err(Fault::new(Cause::OwnFault, "the driver did not connect")),
        }
    }
}

/// What the driver sends. It says itself why it went away, unless this host stood between it and us: then it
/// says nothing, and waits for another server.
async fn of_driver<T>(received: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    match received.await {
        Err(fault) if !is_of_this_host(&fault) => {
            let _said_elsewhere: Option<()> = net::within(MOMENT, pending()).await;
            let message = "this host has cut the driver off from its check";
            Err(Fault::new(Cause::LocalLimit, message).evidence(fault.message))
        }
        received => received,
    }
}

fn is_of_this_host(fault: &Fault) -> bool {
    fault.cause == Cause::LocalLimit
}

/// The monitor goes away over a hello that it cannot read.
fn not_understood() -> Fault {
    Fault::new(Cause::Malformed, "the driver does not understand what the server says about itself")
        .evidence("an answer to hello with a field of the wrong type")
}

/// Whether the server has proved itself, and still waits for a message without anything in it.
fn is_unfinished(answer: &RawDocument) -> bool {
    let proved = answer.get_binary("payload").is_ok_and(|payload| payload.bytes.starts_with(b"v="));
    proved && number(answer, "done") == Some(0)
}

/// Whether the server asks for as much hashing as is sane, in whatever field of that name the driver may find it.
fn affordable(answer: &RawDocument) -> Result<(), Fault> {
    answer.iter().flatten().try_for_each(|(name, value)| match (name.as_str(), value) {
        ("speculativeAuthenticate", RawBsonRef::Document(first)) => affordable(first),
        ("payload", RawBsonRef::Binary(payload)) => scram::judge(payload.bytes),
        _ => Ok(()),
    })
}
