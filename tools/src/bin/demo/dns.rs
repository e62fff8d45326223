//! A stand-in for the resolver: one address for every name (RFC 1035).
#![expect(clippy::disallowed_methods, reason = "the other end of the product's sockets")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

/// What every name resolves to.
const ADDRESS: [u8; 4] = [10, 0, 0, 42];

/// Length of a message's header, bytes.
const HEADER: usize = 12;

/// Starts it; it ends with the process.
pub(crate) fn start() -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = socket.local_addr()?;
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            // Who asked may be gone by now.
            let _sent = answer(&buffer[..length]).map(|reply| socket.send_to(&reply, from));
        }
    });
    Ok(address)
}

/// The question again, and an A record for its name.
fn answer(query: &[u8]) -> Option<Vec<u8>> {
    const ONE_QUESTION_ONE_ANSWER: [u8; 8] = [0, 1, 0, 1, 0, 0, 0, 0];
    // An answer, recursion available; a pointer to the name, A, IN, 60 s, four bytes.
    const FLAGS: [u8; 2] = [0x81, 0x80];
    const RECORD: [u8; 12] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
    let name = query.get(HEADER..)?.iter().position(|byte| *byte == 0)?;
    let question = query.get(HEADER..HEADER + name + 5)?;
    Some([&query[..2], &FLAGS, &ONE_QUESTION_ONE_ANSWER, question, &RECORD, &ADDRESS].concat())
}
