//! The packets of the protocol, and what they are made of.
//!
//! A packet is its length (three bytes, the lowest first), its number, and its payload; numbers
//! count up within one exchange and begin anew with each command.

use crate::fault::{Cause, Fault};
use crate::net::{ALLOWANCE, Talk, Wire};
use crate::secret::{Sentence, sentence};

/// The first byte of a packet that reports success.
pub(super) const OK: u8 = 0x00;
/// The first byte of a packet that reports an error.
pub(super) const ERR: u8 = 0xff;
/// The first byte of a packet that ends a list; in a login, of one that asks for another plugin.
pub(super) const EOF: u8 = 0xfe;

const HEADER: usize = 4;
const COM_QUIT: u8 = 0x01;

/// A connection, as a sequence of packets.
#[derive(Debug)]
pub(super) struct Channel {
    talk: Talk,
    /// The number of the next packet of this exchange.
    next: u8,
}

impl Channel {
    /// Goes on with this number, on this layer of the connection; the server's greeting has 0.
    pub(super) const fn new(wire: Wire, next: u8) -> Self {
        Self { talk: Talk::new(wire, "a packet"), next }
    }

    /// The connection and the next number. What came before TLS and was not asked for does not
    /// count as said inside it.
    pub(super) fn into_parts(self) -> (Wire, u8) {
        (self.talk.into_wire(), self.next)
    }

    /// The number and the payload of the server's next packet. Whether the number fits is for the
    /// caller to say: servers do not always count right where they refuse a client.
    pub(super) async fn read(&mut self) -> Result<(u8, Vec<u8>), Fault> {
        let expected = self.next;
        let packet = self.talk.frame(|begun| packet_length(begun, expected)).await?;
        let number = packet[HEADER - 1];
        self.next = number.wrapping_add(1);
        Ok((number, packet[HEADER..].to_vec()))
    }

    /// Sends the next packet of the exchange.
    pub(super) async fn write(&mut self, payload: &[u8]) {
        // Longer ones would have to be split; the longest here is a query of the file's.
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
        let packet = [&[length[0], length[1], length[2], self.next], payload].concat();
        self.next = self.next.wrapping_add(1);
        self.talk.send(&packet).await;
    }

    /// Sends a command: the first packet of an exchange of its own.
    pub(super) async fn command(&mut self, payload: &[u8]) {
        self.next = 0;
        self.write(payload).await;
    }

    /// Says goodbye, so that the server does not count the end of the connection as its loss.
    pub(super) async fn quit(&mut self) {
        self.command(&[COM_QUIT]).await;
    }
}

/// The length of a packet that begins like this, with its header.
fn packet_length(begun: &[u8], expected: u8) -> Result<Option<usize>, Fault> {
    let [low, middle, high, number, ..] = *begun else { return Ok(None) };
    let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
    // Four bytes of something else make a length as well.
    if length as u64 > ALLOWANCE && number != expected {
        return Err(malformed(sentence!["the server announced a packet of ", length, " bytes"]));
    }
    Ok(Some(HEADER + length))
}

/// An answer that is not of this protocol, with what is wrong about it.
pub(super) fn malformed(what: impl Into<Sentence>) -> Fault {
    Fault::new(Cause::Malformed, sentence!["the answer is not in MySQL's protocol: ", what.into()])
}

/// Takes so many bytes from the front.
pub(super) fn take<'p>(rest: &mut &'p [u8], bytes: usize) -> Option<&'p [u8]> {
    let (front, behind) = rest.split_at_checked(bytes)?;
    *rest = behind;
    Some(front)
}

/// Takes what stands before the next zero byte, and that byte; all of it where there is none, as
/// some servers leave out the last one.
pub(super) fn take_text<'p>(rest: &mut &'p [u8]) -> &'p [u8] {
    let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    let text = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    text
}
