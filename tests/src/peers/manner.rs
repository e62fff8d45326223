//! The ways a TCP peer can behave.

use std::io::Read;
use std::time::Duration;

use super::Wire;

/// Length of what [`Manner::Garbage`] sends, bytes.
const GARBAGE: usize = 4096;

/// The header of an answer without a length: its body ends where the connection does.
const HTTP_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";

/// What a peer does with each connection.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Accepts, takes everything, never says a word.
    Silent,
    /// Ends at once (FIN), and ignores what still comes: the client sees an end, never a reset.
    Closes,
    /// The same after the client's first bytes.
    ClosesAfterFirstBytes,
    /// Resets at once (RST).
    Resets,
    /// Waits for the client's first bytes, then resets (RST).
    ResetsAfterFirstBytes,
    /// Sends 4096 bytes of noise at once, the same ones every time, and ends.
    Garbage,
    /// Sends these bytes at once, then takes everything and says no more.
    Banner(Vec<u8>),
    /// Waits for a request that starts with the left side of a pair and sends its right side, for as
    /// long as such requests come; closes after any other. A request ends where the client pauses:
    /// this is for clients that wait for each answer.
    Answers(Vec<(Vec<u8>, Vec<u8>)>),
    /// Sends these bytes at once, then goes on as [`Manner::Answers`].
    Greets(Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>),
    /// Sends the letter `x` for ever, from the start, never a line end.
    Endless,
    /// Waits for a request, then sends a valid HTTP/1.1 header without a length and the letter `x` for ever.
    EndlessHttp,
    /// Sends `head` at once, then the letter `x` for ever, one at a time.
    Drip {
        /// What is sent in one piece.
        head: Vec<u8>,
        /// The time before each letter.
        every: Duration,
    },
    /// Waits for the `ClientHello`, sends the beginning of a TLS 1.2 `ServerHello` and closes (FIN).
    TruncatedTls,
    /// The same, but keeps the connection open and says no more.
    StalledTls,
}

impl Manner {
    /// Serves one connection.
    pub(super) fn serve(&self, wire: &Wire) {
        match self {
            Self::Silent => wire.drain(),
            Self::Closes => wire.finish(),
            Self::ClosesAfterFirstBytes => {
                let _request = wire.first_bytes();
                wire.finish();
            }
            Self::Resets => wire.reset_on_close(),
            Self::ResetsAfterFirstBytes => {
                let _request = wire.first_bytes();
                wire.reset_on_close();
            }
            Self::Garbage => say_and(wire, &noise(GARBAGE), Wire::finish),
            Self::Banner(text) => say_and(wire, text, Wire::drain),
            Self::Answers(dialogue) => converse(wire, dialogue),
            Self::Greets(text, dialogue) => say_and(wire, text, |wire| converse(wire, dialogue)),
            Self::Endless => flood(wire),
            Self::EndlessHttp => {
                let _request = wire.first_bytes();
                say_and(wire, HTTP_HEAD, flood);
            }
            Self::Drip { head, every } => say_and(wire, head, |wire| drip(wire, *every)),
            Self::TruncatedTls => half_a_handshake(wire, Wire::finish),
            Self::StalledTls => half_a_handshake(wire, Wire::drain),
        }
    }
}

/// Sends `text` and goes on with `then`.
fn say_and(wire: &Wire, text: &[u8], then: impl FnOnce(&Wire)) {
    if wire.send(text) {
        then(wire);
    }
}

/// Sends the letter `x` until nobody takes it any more.
fn flood(wire: &Wire) {
    let letters = [b'x'; 8192];
    while wire.send(&letters) {}
}

/// Sends the letter `x` now and then until nobody takes it any more.
fn drip(wire: &Wire, every: Duration) {
    while wire.pause(every) && wire.send(b"x") {}
}

/// Answers what it knows an answer for.
fn converse(wire: &Wire, dialogue: &[(Vec<u8>, Vec<u8>)]) {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = (&*wire).read(&mut buffer) {
        request.extend_from_slice(&buffer[..length]);
        if let Some((_, answer)) = dialogue.iter().find(|(start, _)| request.starts_with(start)) {
            request.clear();
            if !wire.send(answer) {
                return;
            }
        } else if !dialogue.iter().any(|(start, _)| start.starts_with(&request)) {
            return;
        }
    }
}

/// A record that promises 122 bytes of `ServerHello` (RFC 5246 section 7.4.1.3) and holds 16.
fn half_a_handshake(wire: &Wire, then: impl FnOnce(&Wire)) {
    const START: [u8; 11] = [22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3];
    if !wire.first_bytes().is_empty() {
        say_and(wire, &[&START[..], &[7; 10]].concat(), then);
    }
}

/// Bytes that are no protocol, the same ones every time (xorshift, fixed seed).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    });
    next.take(length).collect()
}
