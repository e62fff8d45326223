//! A double of an AMQP broker that waits for whole frames: what `RabbitMQ` says until a virtual host is open, in no
//! more time than it takes to say it.

use std::io::{self, Read as _};
use std::net::SocketAddr;

use crate::peers::{Peer, Wire};

/// The frame's last byte.
const END: u8 = 0xce;

/// A broker whose greeting is as long as one likes.
#[derive(Debug)]
pub struct Broker {
    _peer: Peer,
}

impl Broker {
    /// Starts one; its greeting has a property of so many bytes.
    #[must_use]
    pub fn start_at(address: SocketAddr, property: usize) -> Self {
        let greeting = start(property);
        Self { _peer: Peer::serve_at(address, move |wire| _ = serve(&wire, &greeting)) }
    }

    /// Starts one that hangs after its greeting.
    #[must_use]
    pub fn hung_at(address: SocketAddr) -> Self {
        let greeting = start(0);
        let hang = move |wire: Wire| {
            let asked = !wire.first_bytes().is_empty();
            if asked && wire.send(&greeting) {
                wire.drain();
            }
        };
        Self { _peer: Peer::serve_at(address, hang) }
    }
}

/// Speaks until the client leaves.
fn serve(mut wire: &Wire, greeting: &[u8]) -> io::Result<()> {
    let mut header = [0; 8];
    wire.read_exact(&mut header)?;
    let _taken = wire.send(greeting);
    loop {
        let mut head = [0; 7];
        wire.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        let mut rest = vec![0; length as usize + 1];
        wire.read_exact(&mut rest)?;
        let answer = match rest[..4] {
            // connection.start-ok, open, close, close-ok; channel.open.
            [0, 10, 0, 11] => method(0, 10, 30, &[7, 255, 0, 2, 0, 0, 0, 60]),
            [0, 10, 0, 40] => method(0, 10, 41, &[0]),
            [0, 10, 0, 50] => method(0, 10, 51, &[]),
            [0, 10, 0, 51] => return Ok(()),
            [0, 20, 0, 10] => method(head[2], 20, 11, &[0; 4]),
            _ => Vec::new(),
        };
        let _taken = wire.send(&answer);
    }
}

/// `connection.start` of AMQP 0-9-1.
fn start(property: usize) -> Vec<u8> {
    let information = [&b"\x0binformationS"[..], &long(&vec![b'x'; property])].concat();
    let failures = [&b"\x1cauthentication_failure_close"[..], b"t\x01"].concat();
    let capabilities = [&b"\x0ccapabilitiesF"[..], &long(&failures)].concat();
    let properties = [information, capabilities].concat();
    method(0, 10, 10, &[&[0, 9][..], &long(&properties), &long(b"PLAIN"), &long(b"en_US")].concat())
}

/// Bytes with their length before them.
fn long(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

/// A frame with a method.
fn method(channel: u8, class: u8, number: u8, arguments: &[u8]) -> Vec<u8> {
    let payload = [&[0, class, 0, number], arguments].concat();
    [&[1, 0, channel][..], &long(&payload), &[END]].concat()
}
