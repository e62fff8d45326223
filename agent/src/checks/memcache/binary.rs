//! The binary protocol: as much of it as asking for the version and logging in takes
//! (<https://docs.memcached.org/protocols/binary/>, <https://docs.memcached.org/protocols/binarysasl/>).

use super::text::out_of_memory;
use crate::checks::roundtrip::Item;
use crate::fault::{Cause, Fault, Phase};

/// The first byte of every answer.
pub(super) const RESPONSE: u8 = 0x81;

/// The length of the header of every message, in bytes.
const HEADER: usize = 24;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Opcode {
    Get = 0x00,
    Add = 0x02,
    Delete = 0x04,
    Version = 0x0b,
    SaslListMechanisms = 0x20,
    SaslAuth = 0x21,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Status(u16);

impl Status {
    pub(super) const SUCCESS: Self = Self(0);
    pub(super) const NOT_FOUND: Self = Self(0x01);
    pub(super) const AUTH_ERROR: Self = Self(0x20);
    /// More of a login is to come.
    const AUTH_CONTINUE: Self = Self(0x21);
    pub(super) const UNKNOWN_COMMAND: Self = Self(0x81);
    const OUT_OF_MEMORY: Self = Self(0x82);
    const NOT_SUPPORTED: Self = Self(0x83);
    const BUSY: Self = Self(0x85);
    const TEMPORARY_FAILURE: Self = Self(0x86);
}

/// An answer.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) status: Status,
    /// Extras, key and value.
    pub(super) body: Vec<u8>,
    /// Where the value begins in it.
    value: usize,
}

/// Asks for the version and for the SASL mechanisms. For a server of the text protocol it is one line.
pub(super) fn hello() -> Vec<u8> {
    const NOTHING: [u8; 8] = [0; 8];
    // The CAS value, the last field of the header, means nothing in these requests.
    const LINE_END: [u8; 8] = *b"\0\0\0\0\0\0\r\n";
    let version = request(Opcode::Version, NOTHING, &[], b"", b"");
    [version, request(Opcode::SaslListMechanisms, LINE_END, &[], b"", b"")].concat()
}

/// A login by SASL PLAIN (RFC 4616 section 2), for oneself.
pub(super) fn login(user: &str, password: &str) -> Vec<u8> {
    request(Opcode::SaslAuth, [0; 8], &[], b"PLAIN", format!("\0{user}\0{password}").as_bytes())
}

impl Frame {
    /// The answer that these bytes are, all of it.
    pub(super) fn of(frame: &[u8]) -> Self {
        let number = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
        let value = usize::from(number(2)) + usize::from(frame[4]);
        Self { status: Status(number(6)), body: frame[HEADER..].to_vec(), value }
    }

    pub(super) fn value(&self) -> &[u8] {
        self.body.get(self.value..).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(self.value()).into_owned()
    }

    pub(super) fn summary(&self) -> String {
        format!("status 0x{:02x} {}", self.status.0, self.text())
    }

    /// A status that the request is not expected to have.
    pub(super) fn fault(&self) -> Fault {
        Fault::new(Cause::UnexpectedReply, "the server refuses, and says why in its own words")
            .next_step("read its words and its status, and look at its log")
            .evidence(self.summary())
            .at(Phase::Request)
    }

    /// The same of a command of a round trip.
    pub(super) fn fault_of_write(&self) -> Fault {
        let fault = if self.status == Status::OUT_OF_MEMORY { out_of_memory() } else { self.fault() };
        fault.evidence(self.summary())
    }

    /// The same of a login, where it is not the user or the password.
    pub(super) fn fault_of_login(&self) -> Fault {
        let fault = match self.status {
            Status::AUTH_CONTINUE | Status::UNKNOWN_COMMAND | Status::NOT_SUPPORTED => {
                Fault::new(Cause::MethodUnsupported, "the server does not take a login by SASL PLAIN alone")
                    .next_step("see which mechanisms of SASL the server is set up for, and enable PLAIN")
            }
            Status::OUT_OF_MEMORY | Status::BUSY => {
                Fault::new(Cause::Overloaded, "the server has no room for this login")
                    .next_step("look at the server's memory and load, and at who uses them up")
                    .at(Phase::Protocol)
            }
            Status::TEMPORARY_FAILURE => {
                Fault::new(Cause::NotReady, "the server reports a failure that is not to last")
                    .next_step("try again in a moment, then look at the server's log")
                    .at(Phase::Protocol)
            }
            _ => self.fault(),
        };
        fault.evidence(self.summary())
    }
}

/// The length of an answer that begins like this, with its header.
pub(super) fn length(begun: &[u8], opcode: Opcode) -> Result<Option<usize>, Fault> {
    let wanted = [RESPONSE, opcode as u8];
    if begun.iter().zip(wanted).any(|(byte, wanted)| *byte != wanted) {
        return Err(Fault::new(Cause::Malformed, "the answer is not in memcached's protocol"));
    }
    let Some(&[a, b, c, d]) = begun.get(8..12) else { return Ok(None) };
    let body = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    Ok(Some(body.saturating_add(HEADER)))
}

/// Adds an item where there is none of its name; before its name stand its flags, and when it ends.
pub(super) fn add(item: &Item) -> Vec<u8> {
    let seconds = u32::try_from(item.seconds).unwrap_or_default().to_be_bytes();
    let extras = [[0; 4], seconds].concat();
    request(Opcode::Add, [0; 8], &extras, item.key.as_bytes(), item.value.as_bytes())
}

pub(super) fn get(item: &Item) -> Vec<u8> {
    request(Opcode::Get, [0; 8], &[], item.key.as_bytes(), b"")
}

pub(super) fn delete(item: &Item) -> Vec<u8> {
    request(Opcode::Delete, [0; 8], &[], item.key.as_bytes(), b"")
}

fn request(opcode: Opcode, cas: [u8; 8], extras: &[u8], key: &[u8], value: &[u8]) -> Vec<u8> {
    const REQUEST: u8 = 0x80;
    // All are short: a mechanism's name, a login, which the file's size bounds, and an item of our own.
    let key_length = u16::try_from(key.len()).unwrap_or_default().to_be_bytes();
    let extras_length = u8::try_from(extras.len()).unwrap_or_default();
    let length = u32::try_from(extras.len() + key.len() + value.len()).unwrap_or_default().to_be_bytes();
    let head = [&[REQUEST, opcode as u8][..], &key_length, &[extras_length, 0, 0, 0], &length, &[0; 4], &cas];
    [&head.concat(), extras, key, value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_is_two_requests_and_one_line() {
        let hello = hello();
        assert_eq!((hello.len(), hello[0], hello[HEADER]), (2 * HEADER, 0x80, 0x80));
        assert_eq!(hello.iter().position(|byte| *byte == b'\n'), Some(2 * HEADER - 1));
    }
}
