//! `OP_MSG` frames (<https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>).

use std::io::{self, Read};

use bson::Document;

/// The operation code of `OP_MSG`.
const OP_MSG: u32 = 2013;

/// Header, flags and the kind of the first section.
const HEAD: usize = 21;

/// A request: its number and its document.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) number: u32,
    pub(super) body: Document,
}

impl Request {
    /// Reads one; `None` when the client has gone or does not speak this protocol.
    pub(super) fn read(stream: &mut impl Read) -> Option<Self> {
        let mut head = [0; 16];
        stream.read_exact(&mut head).ok()?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        // What is said in another protocol is seen at once.
        let length = usize::try_from(word(0)).ok().filter(|_| word(12) == OP_MSG)?;
        if !(HEAD + 5..1 << 20).contains(&length) {
            return None;
        }
        let mut rest = vec![0; length - head.len()];
        stream.read_exact(&mut rest).ok()?;
        // One section of kind 0, the body: what clients of these commands send.
        let body = rest.get(HEAD - head.len()..).filter(|_| rest[4] == 0)?;
        Some(Self { number: word(4), body: Document::from_reader(&mut io::Cursor::new(body)).ok()? })
    }

    /// The command: the first key of the document.
    pub(super) fn command(&self) -> &str {
        self.body.keys().next().map_or("", String::as_str)
    }
}

/// The reply to a request, with any bytes as its document.
pub(super) fn reply(to: u32, document: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEAD + document.len()).unwrap_or(u32::MAX);
    let head = [length, 1, to, OP_MSG, 0].map(u32::to_le_bytes);
    [head.as_flattened(), &[0], document].concat()
}
