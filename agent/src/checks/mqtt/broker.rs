//! Packets over a wire, one request at a time, with whatever messages come between.

use super::options::Version;
use super::packet::{self, Answer, Head, LONGEST, Packet};
use super::refusal;
use crate::fault::{Cause, Fault, Phase};
use crate::net::{Talk, Wire};
use crate::secret::sentence;

/// How many bytes may come in all: messages before each of three answers, and more than the answers.
pub(super) const MOST: u64 = 4 * MOST_BYTES as u64;

/// How many bytes of messages may come before an answer.
const MOST_BYTES: usize = 1024 * 1024;

/// How many messages may.
const MOST_MESSAGES: usize = 100;

/// A connection to a broker.
pub(super) struct BrokerConnection {
    talk: Talk,
    version: Version,
    /// The identifier of the last request.
    id: u16,
    messages: Messages,
}

/// Messages that come while an answer is waited for. They are passed over, not kept.
#[derive(Default)]
struct Messages {
    /// Since the request.
    count: usize,
    bytes: usize,
    /// What is still to come of the last one.
    left: usize,
}

impl BrokerConnection {
    pub(super) fn over(wire: Wire, version: Version) -> Self {
        Self { talk: Talk::new(wire, "a packet"), version, id: 0, messages: Messages::default() }
    }

    /// Sends the CONNECT and waits for the CONNACK.
    pub(super) async fn connect(&mut self, packet: &[u8]) -> Result<Answer, Fault> {
        self.talk.send(packet).await;
        let answer = self.connack().await;
        answer.map_err(|fault| match fault.cause {
            Cause::Closed | Cause::Reset if fault.next_step.is_none() => fault.next_step(reason_to_close(self.version)),
            _ => fault,
        })
    }

    async fn connack(&mut self) -> Result<Answer, Fault> {
        let first = self.talk.peek().await?.first().copied();
        // No message can come yet, and the texts of other protocols look like one.
        if !first.is_some_and(packet::may_answer_connect) {
            return Err(not_mqtt());
        }
        match self.receive().await? {
            Packet::ConnAck(answer) => Ok(answer),
            _ => Err(unexpected()),
        }
    }

    /// Subscribes to a filter, and waits for the answer.
    pub(super) async fn subscribe(&mut self, filter: &str) -> Result<Answer, Fault> {
        let id = self.next();
        self.talk.send(&packet::subscribe(self.version, id, filter)).await;
        match self.receive().await.map_err(perhaps_refused)? {
            Packet::SubAck(of, answer) if of == id => Ok(answer),
            _ => Err(unexpected()),
        }
    }

    /// Ends the subscription. Whatever the broker answers, it ends with the connection.
    pub(super) async fn unsubscribe(&mut self, filter: &str) -> Result<(), Fault> {
        let id = self.next();
        self.talk.send(&packet::unsubscribe(self.version, id, filter)).await;
        match self.receive().await {
            Ok(Packet::UnsubAck(of, _)) if of == id => Ok(()),
            Ok(_) => Err(unexpected()),
            // A busy topic is not a fault.
            Err(fault) if fault.cause == Cause::TooLarge => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Publishes an empty message, and waits for the answer.
    pub(super) async fn publish(&mut self, topic: &str) -> Result<Answer, Fault> {
        let id = self.next();
        self.talk.send(&packet::publish(self.version, id, topic)).await;
        loop {
            match self.receive().await.map_err(perhaps_refused)? {
                Packet::PubAck(of, answer) if of == id => return Ok(answer),
                // Behind more messages than were waited for.
                Packet::UnsubAck(..) => {}
                _ => return Err(unexpected()),
            }
        }
    }

    /// Ends the connection in good order; there is no answer to it.
    pub(super) async fn disconnect(&mut self) {
        self.talk.send(packet::GOODBYE).await;
    }

    const fn next(&mut self) -> u16 {
        self.id += 1;
        self.id
    }

    /// Waits for the next packet that is not a message.
    async fn receive(&mut self) -> Result<Packet, Fault> {
        let Self { talk, version, messages, .. } = self;
        messages.count_anew();
        match talk.parsed(|received| take(*version, messages, received)).await? {
            Packet::Disconnect(answer) => Err(refusal::of_disconnect(&answer)),
            packet => Ok(packet),
        }
    }
}

/// Takes the next packet that is not a message out of what was received, as soon as all of it is there.
fn take(version: Version, messages: &mut Messages, received: &mut Vec<u8>) -> Result<Option<Packet>, Fault> {
    loop {
        if !messages.pass(received) {
            return Ok(None);
        }
        let Some(head) = Head::read(received).map_err(|_| not_mqtt())? else { return Ok(None) };
        if head.is_message() {
            messages.begin(head)?;
        } else if head.whole() > LONGEST {
            return Err(Fault::new(
                Cause::TooLarge,
                sentence!["the broker announced a packet of ", head.whole(), " bytes"],
            ));
        } else if received.len() < head.whole() {
            return Ok(None);
        } else {
            let packet: Vec<_> = received.drain(..head.whole()).collect();
            let read = Packet::read(version, head, &packet[head.length..]);
            return read.map(Some).ok_or_else(not_mqtt);
        }
    }
}

impl Messages {
    const fn count_anew(&mut self) {
        (self.count, self.bytes) = (0, 0);
    }

    fn begin(&mut self, head: Head) -> Result<(), Fault> {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(head.whole());
        self.left = head.whole();
        if self.count <= MOST_MESSAGES && self.bytes <= MOST_BYTES {
            return Ok(());
        }
        let fault = Fault::new(Cause::TooLarge, "the broker sends messages, and does not answer");
        Err(fault.evidence(sentence![self.count, " messages of ", self.bytes, " bytes came before it"]).next_step(
            "name a topic with fewer messages; with `version: 5` the broker sends none that it has retained",
        ))
    }

    /// Passes over what came of the last message; whether all of it came.
    fn pass(&mut self, received: &mut Vec<u8>) -> bool {
        let came = self.left.min(received.len());
        received.drain(..came);
        self.left -= came;
        self.left == 0
    }
}

/// Brokers close without a word on a version that they do not know, and when they are full.
const fn reason_to_close(version: Version) -> &'static str {
    match version {
        Version::V5 => "look at the broker's log: it may be full, or speak MQTT 3.1.1 alone; then set `version: 3.1.1`",
        Version::V3 => "look at the broker's log: it may be full",
    }
}

fn not_mqtt() -> Fault {
    Fault::new(Cause::Malformed, "the answer is not MQTT")
}

/// A packet, and not the one that has to come now.
fn unexpected() -> Fault {
    Fault::new(Cause::Malformed, "the broker answered something else than was asked")
        .evidence("not the acknowledgement of what was sent")
        .at(Phase::Protocol)
}

/// Some brokers know no other way to say that a topic is not permitted; those of 3.1.1 have none for
/// a message (section 3.3.5).
fn perhaps_refused(fault: Fault) -> Fault {
    match fault.cause {
        Cause::Closed | Cause::Reset if fault.next_step.is_none() => fault
            .next_step("look at the broker's log: some close the connection over a topic that the user may not use"),
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBACK: &[u8] = b"\x90\x03\0\x01\0";

    fn message(payload: usize) -> Vec<u8> {
        let length = u8::try_from(payload % 128).expect("masked") | 128;
        let rest = [
            length,
            u8::try_from(payload / 128 % 128).expect("masked") | 128,
            u8::try_from(payload >> 14).expect("small"),
        ];
        [&[0x30], &rest[..], &vec![0x90; payload]].concat()
    }

    /// What is taken of these bytes when they come in pieces of this size.
    fn taken(bytes: &[u8], piece: usize) -> Result<Option<Packet>, Cause> {
        let (mut messages, mut received) = (Messages::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            received.extend_from_slice(piece);
            if let Some(packet) = take(Version::V3, &mut messages, &mut received).map_err(|fault| fault.cause)? {
                assert!(received.is_empty());
                return Ok(Some(packet));
            }
            assert!(received.len() < SUBACK.len(), "held: {}", received.len());
        }
        Ok(None)
    }

    #[test]
    fn messages_before_an_answer_are_passed_over_and_not_held() {
        let some = [message(5), message(70_000), message(0), SUBACK.to_vec()].concat();
        for piece in [1, 7, 1024, some.len()] {
            assert!(matches!(taken(&some, piece), Ok(Some(Packet::SubAck(1, _)))), "{piece}");
        }
        assert_eq!(taken(&message(70_000), 1024), Ok(None));
    }

    #[test]
    fn there_is_an_end_to_passing_over() {
        let many = |count: usize| [message(1).repeat(count), SUBACK.to_vec()].concat();
        assert!(matches!(taken(&many(MOST_MESSAGES), 1024), Ok(Some(_))));
        assert_eq!(taken(&many(MOST_MESSAGES + 1), 1024), Err(Cause::TooLarge));
        assert_eq!(taken(&message(MOST_BYTES), 1024), Err(Cause::TooLarge));
    }

    #[test]
    fn other_packets_are_small() {
        assert_eq!(taken(b"\x90\x81\x80\x04", 1), Err(Cause::TooLarge));
        assert_eq!(taken(b"\x90\xff\xff\xff\xff", 1), Err(Cause::Malformed));
    }
}
