//! Methods and the frames around them, over a wire (AMQP 0-9-1 sections 2.3 and 4.2).

use super::refusal::CloseReason;
use crate::checks::roundtrip::full;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::identify::identify;
use crate::net::{Talk, Wire};
use crate::secret::{sentence, theirs};
use crate::text::escape;
use lapin::protocol::basic::{AMQPProperties, gen_properties};
use lapin::protocol::{AMQPClass, channel, connection, constants, gen_class, parse_class};

/// What a client says first.
const HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";

/// Type, channel and length of a frame, in bytes.
const FRAME_HEAD: usize = 7;

/// The channel of everything that is about the connection as a whole.
pub(super) const CONNECTION: u8 = 0;

/// The one channel that is opened.
pub(super) const CHANNEL: u8 = 1;

/// The channel of a round trip: a refusal ends one, and that of what has to be there may have ended.
pub(super) const ROUND_TRIP: u8 = 2;

/// The class of messages, as the head of their content has it (AMQP 0-9-1 section 2.3.5.2).
const BASIC: u16 = 60;

/// No broker takes smaller frames (AMQP 0-9-1 section 1.1, `frame-min-size`).
pub(super) const FRAME_MIN: usize = 4096;

/// The largest message that is taken: ours.
const LARGEST: u64 = 1024;

/// How deep tables may stand in each other, and some more: see [`is_shallow`].
const MOST_NESTED: usize = 100;

/// What a broker sends.
pub(super) enum Part {
    Method(AMQPClass),
    /// The beginning of a message, whose body has so many bytes.
    Header(u64),
    /// A piece of its body.
    Body(Vec<u8>),
}

/// A connection to a broker, as a client has it.
pub(super) struct BrokerConnection {
    talk: Talk,
    /// The connection has to be closed in good order.
    pub(super) open: bool,
    /// Why the broker does not take messages at the moment, when it said so.
    pub(super) blocked: Option<String>,
    /// A message is on its way: to be told that the broker takes none is an answer.
    publishes: bool,
}

impl BrokerConnection {
    pub(super) const fn new(wire: Wire) -> Self {
        Self { talk: Talk::new(wire, "a frame"), open: false, blocked: None, publishes: false }
    }

    /// Asks for version 0-9-1. A broker that speaks another answers with a header of its own.
    pub(super) async fn begin(&mut self) -> Result<AMQPClass, Fault> {
        self.talk.send(HEADER).await;
        if self.talk.peek().await?.first() != HEADER.first() {
            return self.receive(CloseReason::of_connection).await;
        }
        let header = self.talk.exactly(HEADER.len()).await?;
        // The same one comes from a server that repeats what it is sent.
        let is_other = header.starts_with(&HEADER[..4]) && header != HEADER;
        Err(if is_other { other_version(&header) } else { malformed() })
    }

    /// Sends methods, all in one piece.
    pub(super) async fn send(&mut self, methods: &[(u8, AMQPClass)]) -> Result<(), Fault> {
        let frames: Result<Vec<_>, _> = methods.iter().map(|(channel, method)| frame(*channel, method)).collect();
        self.talk.send(&frames?.concat()).await;
        Ok(())
    }

    /// Waits for the next method that is an answer. A broker that closes the connection, or the
    /// channel, is judged.
    pub(super) async fn receive(&mut self, judge: impl FnOnce(CloseReason) -> Fault) -> Result<AMQPClass, Fault> {
        match self.receive_part(judge).await? {
            Part::Method(method) => Ok(method),
            Part::Header(_) | Part::Body(_) => Err(malformed()),
        }
    }

    /// The same, where messages come too.
    pub(super) async fn receive_part(&mut self, judge: impl FnOnce(CloseReason) -> Fault) -> Result<Part, Fault> {
        use connection::AMQPMethod as Method;
        loop {
            let Some(part) = self.frame().await? else { continue };
            let Part::Method(method) = part else { return Ok(part) };
            match method {
                AMQPClass::Connection(Method::Close(close)) => {
                    self.open = false;
                    self.send(&[(CONNECTION, AMQPClass::Connection(Method::CloseOk(connection::CloseOk {})))]).await?;
                    return Err(judge(CloseReason::new(close.reply_code, close.reply_text)));
                }
                AMQPClass::Channel(channel::AMQPMethod::Close(close)) => {
                    return Err(judge(CloseReason::new(close.reply_code, close.reply_text)));
                }
                AMQPClass::Connection(Method::Blocked(blocked)) => {
                    self.blocked = Some(blocked.reason.into());
                    if self.publishes {
                        return Err(takes_none(self.blocked.as_deref().unwrap_or_default()));
                    }
                }
                AMQPClass::Connection(Method::Unblocked(_)) => self.blocked = None,
                method => return Ok(Part::Method(method)),
            }
        }
    }

    /// The message behind the method that announced it.
    pub(super) async fn content(&mut self) -> Result<Vec<u8>, Fault> {
        let Part::Header(length) = self.receive_part(CloseReason::of_connection).await? else {
            return Err(malformed());
        };
        if length > LARGEST {
            return Err(malformed());
        }
        let mut body = Vec::new();
        while (body.len() as u64) < length {
            let Part::Body(piece) = self.receive_part(CloseReason::of_connection).await? else {
                return Err(malformed());
            };
            body.extend(piece);
        }
        Ok(body)
    }

    /// Closes the connection in good order, where it is open: a broker takes note of clients that
    /// just go.
    pub(super) async fn close(&mut self) -> Result<(), Fault> {
        use connection::AMQPMethod as Method;
        if !self.open {
            return Ok(());
        }
        let (reply_code, reply_text) = (constants::REPLY_SUCCESS, "checked".into());
        let close = connection::Close { reply_code, reply_text, ..connection::Close::default() };
        self.send(&[(CONNECTION, AMQPClass::Connection(Method::Close(close)))]).await?;
        loop {
            // Messages that are on their way are nobody's any more.
            let part = self.receive_part(CloseReason::of_connection).await?;
            if matches!(part, Part::Method(AMQPClass::Connection(Method::CloseOk(_)))) {
                return Ok(());
            }
        }
    }

    /// Sends a message behind the method that publishes it, all in one piece, in frames of so many bytes at most (AMQP 0-9-1
    /// section 4.2.6).
    pub(super) async fn publish(
        &mut self,
        (channel, method): (u8, &AMQPClass),
        properties: &AMQPProperties,
        body: &[u8],
        most: usize,
    ) -> Result<(), Fault> {
        if let Some(reason) = &self.blocked {
            return Err(takes_none(reason));
        }
        self.publishes = true;
        let mut sent = frame(channel, method)?;
        sent.extend(framed(constants::FRAME_HEADER, channel, &content_header(properties, body.len())?));
        for part in body.chunks(most.saturating_sub(FRAME_HEAD + 1).max(1)) {
            sent.extend(framed(constants::FRAME_BODY, channel, part));
        }
        self.talk.send(&sent).await;
        Ok(())
    }

    /// Reads a frame; `None` for one that says nothing.
    async fn frame(&mut self) -> Result<Option<Part>, Fault> {
        let frame = self.talk.frame(frame_length).await?;
        let [kind, _, _, _, _, _, _, payload @ .., constants::FRAME_END] = frame.as_slice() else {
            return Err(malformed());
        };
        match *kind {
            constants::FRAME_HEARTBEAT => Ok(None),
            constants::FRAME_HEADER => body_size(payload).map(Part::Header).map(Some),
            constants::FRAME_BODY => Ok(Some(Part::Body(payload.to_vec()))),
            _ => method(payload).map(Part::Method).map(Some),
        }
    }
}

/// The length of a frame that begins like this, with its head and its end.
fn frame_length(begun: &[u8]) -> Result<Option<usize>, Fault> {
    let &[kind, ref rest @ ..] = begun else { return Ok(None) };
    if !matches!(
        kind,
        constants::FRAME_METHOD | constants::FRAME_HEARTBEAT | constants::FRAME_HEADER | constants::FRAME_BODY
    ) {
        return Err(malformed());
    }
    match *rest {
        [0, 0..=ROUND_TRIP, a, b, c, d, ..] => {
            let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
            Ok(Some(length.saturating_add(FRAME_HEAD + 1)))
        }
        _ if begun.len() < FRAME_HEAD => Ok(None),
        _ => Err(malformed()),
    }
}

fn frame(channel: u8, method: &AMQPClass) -> Result<Vec<u8>, Fault> {
    let written = gen_class(method)(Vec::new().into());
    let payload = written.map(|context| context.into_inner().0).map_err(|error| unwritten(&error))?;
    Ok(framed(constants::FRAME_METHOD, channel, &payload))
}

fn framed(kind: u8, channel: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let head = [&[kind][..], &u16::from(channel).to_be_bytes(), &length.to_be_bytes()].concat();
    [&head[..], payload, &[constants::FRAME_END]].concat()
}

/// The broker's memory or disk is used up: it reads nothing more from who publishes.
fn takes_none(reason: &str) -> Fault {
    full("the broker takes no messages at the moment")
        .evidence(sentence!["connection.blocked: ", theirs(&reason)])
        .next_step("make room on the broker's node: its alarms say what is short (memory, disk)")
        .at(Phase::Request)
}

/// Class, weight, size and properties (AMQP 0-9-1 section 4.2.6.1).
fn content_header(properties: &AMQPProperties, size: usize) -> Result<Vec<u8>, Fault> {
    let written = gen_properties(properties)(Vec::new().into());
    let properties = written.map(|context| context.into_inner().0).map_err(|error| unwritten(&error))?;
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    Ok([&BASIC.to_be_bytes()[..], &[0, 0], &size.to_be_bytes(), &properties].concat())
}

/// How long the body behind this header is. Its properties are nobody's concern here.
fn body_size(header: &[u8]) -> Result<u64, Fault> {
    let size = header.get(4..12).and_then(|size| size.try_into().ok());
    size.map(u64::from_be_bytes).ok_or_else(malformed)
}

fn unwritten(error: &impl ToString) -> Fault {
    Fault::new(Cause::OwnFault, "a method could not be written").evidence(error.to_string()).at(Phase::Run)
}

fn method(payload: &[u8]) -> Result<AMQPClass, Fault> {
    match is_shallow(payload).then(|| parse_class(payload)) {
        Some(Ok(([], method))) => Ok(method),
        _ => Err(malformed()),
    }
}

/// Whether a method is safe to read. lapin reads a table inside a table by calling itself, and a
/// frame that holds nothing else would overflow the stack. Every level needs an `A` or an `F` to say
/// what it is, so few of these letters mean few levels. Methods whose only content is a free text
/// have no tables, and any letters.
fn is_shallow(payload: &[u8]) -> bool {
    let is_text = matches!(payload, [0, 10, 0, 50 | 60, ..] | [0, 20, 0, 40, ..] | [0, 50, 0, 11, ..]);
    is_text || payload.iter().filter(|byte| matches!(byte, b'A' | b'F')).count() <= MOST_NESTED
}

pub(super) fn malformed() -> Fault {
    Fault::new(Cause::Malformed, "the answer is not AMQP")
}

fn other_version(first: &[u8]) -> Fault {
    let spoken = identify(first).map_or_else(|| "another version of AMQP".to_owned(), |peer| peer.detail);
    unsupported(&spoken).evidence(sentence!["it answered ", escape(first, 16)])
}

/// The broker speaks something like AMQP 0-9-1: no version of this one, but another protocol of the same name.
pub(super) fn unsupported(spoken: &str) -> Fault {
    Fault::new(
        Cause::UnsupportedVersion,
        sentence!["the broker speaks ", theirs(spoken), ", but this check speaks AMQP 0-9-1"],
    )
    .owner(Owner::Config)
    .next_step(
        "if the application speaks that too, use a tcp or tls check for this broker; otherwise name the port on which it \
         speaks AMQP 0-9-1 (RabbitMQ and its relatives)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `connection.start` with so many tables in each other.
    fn start(levels: usize) -> Vec<u8> {
        let sized = |bytes: Vec<u8>| [&u32::try_from(bytes.len()).expect("small").to_be_bytes()[..], &bytes].concat();
        let entry = |table: Vec<u8>| [&b"\x01tF"[..], &sized(table)].concat();
        let table = (0..levels).fold(Vec::new(), |inner, _| entry(inner));
        [&[0, 10, 0, 10, 0, 9][..], &sized(table), &sized(b"PLAIN".to_vec()), &sized(b"en_US".to_vec())].concat()
    }

    #[test]
    fn tables_in_tables_are_read_to_a_depth_that_is_sane() {
        assert!(method(&start(MOST_NESTED / 2)).is_ok());
        // As deep as a frame can be; read without a limit, this ends the process.
        assert!(method(&start(9000)).is_err());
    }

    #[test]
    fn a_method_with_something_behind_it_is_none() {
        let whole = start(1);
        assert!(method(&[&whole[..], &[0]].concat()).is_err());
        assert!(method(&whole[..whole.len() - 1]).is_err());
        assert!(method(&[]).is_err());
    }

    #[test]
    fn a_refusal_may_have_any_letters() {
        let text = "A".repeat(250);
        let close = [&[0, 10, 0, 50, 0x02, 0x12, 250][..], text.as_bytes(), &[0, 0, 0, 0]].concat();
        assert!(method(&close).is_ok());
    }
}
