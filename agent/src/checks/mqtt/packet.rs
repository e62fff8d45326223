//! The packets of MQTT that a check sends and may receive: 3.1.1 (OASIS, 2014) and 5 (OASIS, 2019).
//! The sections named are those of both, unless it is said which.

use super::options::Version;
use super::properties::{self, variable};
use crate::settings::Credentials;
use crate::text::escape;

/// CONNACK, as its first byte.
const CONNACK: u8 = 0x20;

/// DISCONNECT, as its first byte; only version 5 has one that brokers send.
const DISCONNECT: u8 = 0xe0;

/// AUTH of version 5, as its first byte.
const AUTH: u8 = 0xf0;

/// The longest that a packet is which is not a message, in bytes.
pub(super) const LONGEST: usize = 64 * 1024;

/// What a broker says.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Packet {
    /// Whether it accepts the connection.
    ConnAck(Answer),
    /// The answer to SUBSCRIBE with this identifier.
    SubAck(u16, Answer),
    /// The answer to UNSUBSCRIBE.
    UnsubAck(u16, Answer),
    /// The answer to PUBLISH.
    PubAck(u16, Answer),
    /// It ends the connection.
    Disconnect(Answer),
    /// It wants a log-in in several steps, which nobody asked for.
    Auth,
}

/// A code, and what the broker says beside it.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Answer {
    /// Zero, and others below 0x80, are no errors; except that 3.1.1 counts its refusals from 1 on.
    pub(super) code: u8,
    /// Why, in the broker's words (5: section 3.2.2.3.9).
    pub(super) reason: Option<String>,
    /// Another broker that is to be used (5: section 4.13).
    pub(super) reference: Option<String>,
}

/// The beginning of a packet (section 2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    first: u8,
    /// How long it is itself, in bytes.
    pub(super) length: usize,
    /// How long what follows is.
    pub(super) body: usize,
}

/// CONNECT (section 3.1): a session that ends with the connection, and no will.
pub(super) fn connect(version: Version, client_id: &str, login: Option<&Credentials>) -> Vec<u8> {
    /// Seconds until a broker may take a silent client for dead: longer than the check is there. Zero
    /// or too many are refused by brokers that limit it, as if the client id were wrong.
    const KEEP_ALIVE: u16 = 60;
    let user = login.map(|login| login.user.as_str());
    let password = login.filter(|login| login.has_password()).map(|login| login.password.expose().as_str());
    // Bit 1: a clean session; that of version 5 ends at once where no expiry is asked for.
    let flags = 0b10 | u8::from(user.is_some()) << 7 | u8::from(password.is_some()) << 6;
    let fields = [Some(client_id), user, password].into_iter().flatten().map(field).collect::<Vec<_>>().concat();
    let level = match version {
        Version::V3 => 4,
        Version::V5 => 5,
    };
    let head = [&field("MQTT")[..], &[level, flags], &KEEP_ALIVE.to_be_bytes()].concat();
    packet(0x10, &[&head, no_properties(version), &fields].concat())
}

/// SUBSCRIBE (section 3.8) to one filter with quality of service 0.
pub(super) fn subscribe(version: Version, id: u16, filter: &str) -> Vec<u8> {
    let options = match version {
        Version::V3 => 0,
        // No retained messages, none of our own (5: section 3.8.3.1).
        Version::V5 => 0b10_01_00,
    };
    packet(0x82, &[&id.to_be_bytes(), no_properties(version), &field(filter), &[options]].concat())
}

/// UNSUBSCRIBE (section 3.10).
pub(super) fn unsubscribe(version: Version, id: u16, filter: &str) -> Vec<u8> {
    packet(0xa2, &[&id.to_be_bytes(), no_properties(version), &field(filter)].concat())
}

/// PUBLISH (section 3.3) of an empty message, with quality of service 1 and not retained.
pub(super) fn publish(version: Version, id: u16, topic: &str) -> Vec<u8> {
    packet(0x32, &[&field(topic)[..], &id.to_be_bytes(), no_properties(version)].concat())
}

/// DISCONNECT (section 3.14): all is well.
pub(super) const GOODBYE: &[u8] = &[DISCONNECT, 0];

/// Whether a broker may begin like this when it was sent a CONNECT.
pub(super) const fn may_answer_connect(first: u8) -> bool {
    matches!(first, CONNACK | DISCONNECT | AUTH)
}

/// No properties, where the version has them (5: section 2.2.2).
const fn no_properties(version: Version) -> &'static [u8] {
    match version {
        Version::V3 => &[],
        Version::V5 => &[0],
    }
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let (mut packet, mut length) = (vec![first], body.len());
    loop {
        let more = if length < 128 { 0 } else { 128 };
        packet.push(u8::try_from(length % 128).unwrap_or_default() | more);
        length /= 128;
        if length == 0 {
            return [packet, body.to_vec()].concat();
        }
    }
}

/// A text behind its length (section 1.5). That of options is in range.
fn field(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes(), text.as_bytes()].concat()
}

impl Head {
    /// Reads as far as a packet came; `None` as long as there must be more to come.
    pub(super) fn read(begun: &[u8]) -> Result<Option<Self>, NotMqtt> {
        let Some((&first, rest)) = begun.split_first() else { return Ok(None) };
        if !matches!(first, CONNACK | 0x30..=0x3f | 0x40 | 0x90 | 0xb0 | DISCONNECT | AUTH) {
            return Err(NotMqtt);
        }
        let length = variable(rest).map_err(|_| NotMqtt)?;
        Ok(length.map(|(body, digits)| Self { first, length: 1 + digits, body }))
    }

    /// Whether it is a PUBLISH: a message for whoever subscribed.
    pub(super) const fn is_message(self) -> bool {
        self.first >> 4 == 3
    }

    /// How long the packet is in all.
    pub(super) const fn whole(self) -> usize {
        self.length + self.body
    }
}

/// What a broker sent is not a packet that it may send.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct NotMqtt;

impl Packet {
    /// Reads what follows a head; `None` for what a broker may not send.
    pub(super) fn read(version: Version, head: Head, body: &[u8]) -> Option<Self> {
        let v5 = version == Version::V5;
        match (head.first, body) {
            // With the flags before the code. A broker that speaks the other version alone says so
            // in its own form.
            (CONNACK, [_, code, rest @ ..]) => Some(Self::ConnAck(Answer::read(*code, rest)?)),
            // The codes of several topics would stand at the end; there is one.
            (0x90, [a, b, rest @ .., code]) if rest.is_empty() != v5 => {
                Some(Self::SubAck(u16::from_be_bytes([*a, *b]), Answer::read(*code, rest)?))
            }
            (0xb0, [a, b, rest @ .., code]) if v5 => {
                Some(Self::UnsubAck(u16::from_be_bytes([*a, *b]), Answer::read(*code, rest)?))
            }
            (0xb0, [a, b]) => Some(Self::UnsubAck(u16::from_be_bytes([*a, *b]), Answer::default())),
            // A code of zero may be left out (5: section 3.4.2.1).
            (0x40, [a, b]) => Some(Self::PubAck(u16::from_be_bytes([*a, *b]), Answer::default())),
            (0x40, [a, b, code, rest @ ..]) if v5 => {
                Some(Self::PubAck(u16::from_be_bytes([*a, *b]), Answer::read(*code, rest)?))
            }
            (DISCONNECT, []) if v5 => Some(Self::Disconnect(Answer::default())),
            (DISCONNECT, [code, rest @ ..]) if v5 => Some(Self::Disconnect(Answer::read(*code, rest)?)),
            (AUTH, _) if v5 => Some(Self::Auth),
            _ => None,
        }
    }
}

impl Answer {
    fn read(code: u8, properties: &[u8]) -> Option<Self> {
        let texts = properties::read(properties)?;
        Some(Self { code, reason: texts.reason, reference: texts.reference })
    }

    /// The code as people look it up, with the broker's own words.
    pub(super) fn evidence(&self, name: &str) -> String {
        let said = [&self.reason, &self.reference].into_iter().flatten().map(|text| escape(text.as_bytes(), 200));
        [format!("reason code 0x{:02x} ({name})", self.code)].into_iter().chain(said).collect::<Vec<_>>().join(": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn login(user: &str, password: &str) -> Credentials {
        Credentials { user: user.to_owned(), password: Secret::new(password.to_owned()) }
    }

    fn answer(code: u8) -> Answer {
        Answer { code, ..Answer::default() }
    }

    fn because(code: u8, reason: &str) -> Answer {
        Answer { reason: Some(reason.to_owned()), ..answer(code) }
    }

    fn read(version: Version, packet: &[u8]) -> Option<Packet> {
        let head = Head::read(packet).ok()??;
        assert_eq!(head.whole(), packet.len());
        Packet::read(version, head, &packet[head.length..])
    }

    /// What mosquitto 2.0.11 took.
    #[test]
    fn requests_are_those_of_the_standards() {
        assert_eq!(connect(Version::V3, "", None), b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0");
        let app = login("app", "x");
        assert_eq!(connect(Version::V5, "a", Some(&app)), b"\x10\x16\0\x04MQTT\x05\xc2\0\x3c\0\0\x01a\0\x03app\0\x01x");
        let token = login("app", "");
        assert_eq!(connect(Version::V3, "a", Some(&token)), b"\x10\x12\0\x04MQTT\x04\x82\0\x3c\0\x01a\0\x03app");
        assert_eq!(subscribe(Version::V3, 1, "a"), b"\x82\x06\0\x01\0\x01a\0");
        assert_eq!(subscribe(Version::V5, 1, "a"), b"\x82\x07\0\x01\0\0\x01a\x24");
        assert_eq!(unsubscribe(Version::V3, 2, "a"), b"\xa2\x05\0\x02\0\x01a");
        assert_eq!(unsubscribe(Version::V5, 2, "a"), b"\xa2\x06\0\x02\0\0\x01a");
        assert_eq!(publish(Version::V3, 3, "orders/new"), b"\x32\x0e\0\x0aorders/new\0\x03");
        assert_eq!(publish(Version::V5, 3, "a"), b"\x32\x06\0\x01a\0\x03\0");
    }

    #[test]
    fn a_length_has_as_many_digits_as_it_needs() {
        for (length, digits) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3)] {
            let packet = packet(0x20, &vec![0; length]);
            let head = Head { first: 0x20, length: 1 + digits, body: length };
            assert_eq!((Head::read(&packet), packet.len()), (Ok(Some(head)), head.whole()), "{length}");
        }
        assert_eq!(Head::read(b""), Ok(None));
        assert_eq!(Head::read(b"\x20\xff\xff\xff"), Ok(None));
        assert_eq!(Head::read(b"\x20\xff\xff\xff\xff"), Err(NotMqtt));
        assert_eq!(Head::read(b"HTTP"), Err(NotMqtt));
    }

    /// What mosquitto 2.0.11 and `RabbitMQ` 3.10 said.
    #[test]
    fn answers_are_read() {
        let v3 = |packet: &[u8]| read(Version::V3, packet);
        assert_eq!(v3(b"\x20\x02\0\x05"), Some(Packet::ConnAck(answer(5))));
        assert_eq!(v3(b"\x20\x02\0\x04"), Some(Packet::ConnAck(answer(4))));
        assert_eq!(v3(b"\x90\x03\0\x01\0"), Some(Packet::SubAck(1, answer(0))));
        assert_eq!(v3(b"\x90\x03\0\x01\x80"), Some(Packet::SubAck(1, answer(0x80))));
        assert_eq!(v3(b"\xb0\x02\0\x02"), Some(Packet::UnsubAck(2, answer(0))));
        assert_eq!(v3(b"\x40\x02\0\x03"), Some(Packet::PubAck(3, answer(0))));
        let v5 = |packet: &[u8]| read(Version::V5, packet);
        assert_eq!(v5(b"\x20\x09\0\0\x06\x22\0\x0a\x21\0\x14"), Some(Packet::ConnAck(answer(0))));
        assert_eq!(v5(b"\x20\x03\0\x87\0"), Some(Packet::ConnAck(answer(0x87))));
        assert_eq!(v5(b"\x20\x02\0\x01"), Some(Packet::ConnAck(answer(1))));
        assert_eq!(v5(b"\x90\x04\0\x01\0\x87"), Some(Packet::SubAck(1, answer(0x87))));
        assert_eq!(v5(b"\xb0\x04\0\x02\0\x11"), Some(Packet::UnsubAck(2, answer(0x11))));
        assert_eq!(v5(b"\x40\x02\0\x03"), Some(Packet::PubAck(3, answer(0))));
        assert_eq!(v5(b"\x40\x03\0\x03\x10"), Some(Packet::PubAck(3, answer(0x10))));
        assert_eq!(v5(b"\xe0\x01\x9b"), Some(Packet::Disconnect(answer(0x9b))));
        assert!(Head::read(b"\x31\x11\0\x0aorders/new\0kept").is_ok_and(|head| head.is_some_and(Head::is_message)));
    }

    /// As the standards have them: no broker at hand says it.
    #[test]
    fn words_of_a_broker_are_kept() {
        let v5 = |packet: &[u8]| read(Version::V5, packet);
        assert_eq!(v5(b"\x20\x09\0\x88\x06\x1f\0\x03bye"), Some(Packet::ConnAck(because(0x88, "bye"))));
        assert_eq!(v5(b"\x90\x0a\0\x01\x06\x1f\0\x03bye\x87"), Some(Packet::SubAck(1, because(0x87, "bye"))));
        assert_eq!(v5(b"\xe0\0"), Some(Packet::Disconnect(answer(0))));
        assert_eq!(v5(b"\xf0\0"), Some(Packet::Auth));
        // One of version 5 alone says so to a client of 3.1.1.
        assert_eq!(read(Version::V3, b"\x20\x03\0\x84\0"), Some(Packet::ConnAck(answer(0x84))));
        let moved = v5(b"\x20\x0b\0\x9d\x08\x1c\0\x05other");
        let Some(Packet::ConnAck(moved)) = moved else { panic!("{moved:?}") };
        assert_eq!(moved.evidence("server moved"), "reason code 0x9d (server moved): other");
    }

    #[test]
    fn what_a_broker_may_not_send_is_nothing() {
        for packet in [&b"\x20\0"[..], b"\x20\x01\0", b"\x90\x02\0\x01", b"\x40\x01\0", b"\xe0\0", b"\xf0\0"] {
            assert_eq!(read(Version::V3, packet), None, "{packet:?}");
        }
        for packet in [&b"\x90\x03\0\x01\0"[..], b"\xb0\x02\0", b"\x20\x04\0\0\x02\x1f", b"\x40\x04\0\x03\0\x05"] {
            assert_eq!(
                Head::read(packet)
                    .ok()
                    .flatten()
                    .and_then(|head| { Packet::read(Version::V5, head, packet.get(head.length..)?) }),
                None,
                "{packet:?}"
            );
        }
    }

    #[test]
    fn no_bytes_at_all_are_too_much_for_the_reader() {
        let seeds: [&[u8]; 3] = [
            b"\x20\x09\0\x88\x06\x1f\0\x03bye",
            b"\x90\x0a\0\x01\x06\x26\0\x01a\0\0\x87",
            b"\xe0\x09\x8b\x07\x1f\0\x04late",
        ];
        let mut state = 1_u64;
        for round in 0..200_000 {
            let mut bytes = seeds[round % 3].to_vec();
            for _ in 0..3 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = usize::try_from(state >> 20).expect("64 bits") % bytes.len();
                bytes[at] = u8::try_from(state >> 40 & 0xff).expect("masked");
            }
            for version in [Version::V3, Version::V5] {
                let head = Head::read(&bytes).ok().flatten();
                let _ = head.and_then(|head| Packet::read(version, head, bytes.get(head.length..)?));
            }
        }
    }
}
