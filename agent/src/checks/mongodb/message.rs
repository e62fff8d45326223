//! `OP_MSG`, the frame around every command and every reply
//! (<https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>).

use crate::fault::{Cause, Fault};
use crate::net::{Talk, Wire};
use mongodb::bson::{RawBsonRef, RawDocument, RawDocumentBuf};

const OP_MSG: u32 = 2013;

/// Flag: a checksum of four bytes follows the sections.
const CHECKSUM: u32 = 1;

/// How deep documents may lie in documents (the manual's page on limits). Whoever goes down into
/// each has no stack for the thousands that a server may send.
const DEEPEST: usize = 100;

/// The header, the flags, and the kind of the first section.
const HEAD: usize = 21;

/// A command or a reply: one document, sound to its depths.
#[derive(Debug)]
pub(super) struct Message {
    number: u32,
    answers: u32,
    pub(super) body: RawDocumentBuf,
}

impl Message {
    /// A conversation that is made of messages.
    pub(super) const fn talk(wire: Wire) -> Talk {
        Talk::new(wire, "a message")
    }

    async fn receive(talk: &mut Talk) -> Result<Self, Fault> {
        let message = talk.frame(length).await?;
        let (head, mut section) = message.split_at(HEAD);
        if head[16] & CHECKSUM.to_le_bytes()[0] != 0 {
            section = &section[..section.len().saturating_sub(4)];
        }
        match RawDocumentBuf::from_bytes(section.to_vec()) {
            Ok(body) if head[20] == 0 && is_sound(&body, DEEPEST) => {
                Ok(Self { number: word(head, 4), answers: word(head, 8), body })
            }
            _ => Err(no_message()),
        }
    }

    /// One command and its answer.
    pub(super) async fn ask(talk: &mut Talk, body: RawDocumentBuf) -> Result<Self, Fault> {
        const NUMBER: u32 = 1;
        Self { number: NUMBER, answers: 0, body }.send(talk).await;
        let message = Self::receive(talk).await?;
        if message.answers == NUMBER {
            return Ok(message);
        }
        Err(Fault::new(Cause::Malformed, "the answer belongs to another command than ours"))
    }

    /// Sends it, in one piece: a small command is one packet.
    async fn send(&self, talk: &mut Talk) {
        let document = self.body.as_bytes();
        let length = u32::try_from(HEAD + document.len()).unwrap_or(u32::MAX);
        let head = [length, self.number, self.answers, OP_MSG, 0].map(u32::to_le_bytes);
        talk.send(&[head.as_flattened(), &[0], document].concat()).await;
    }
}

/// The length of a message that begins like this.
fn length(begun: &[u8]) -> Result<Option<usize>, Fault> {
    if begun.len() < 16 {
        return Ok(None);
    }
    let length = usize::try_from(word(begun, 0)).unwrap_or(usize::MAX);
    if word(begun, 12) != OP_MSG || length < HEAD { Err(no_message()) } else { Ok(Some(length)) }
}

fn word(head: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

fn no_message() -> Fault {
    Fault::new(Cause::Malformed, "the answer is not a MongoDB message")
}

/// Whether every field can be read, down to this depth, and nothing lies deeper.
fn is_sound(document: &RawDocument, depth: usize) -> bool {
    let inner = |value: RawBsonRef<'_>| match value {
        RawBsonRef::Document(inner) => is_sound(inner, depth - 1),
        RawBsonRef::Array(inner) => RawDocument::from_bytes(inner.as_bytes()).is_ok_and(|all| is_sound(all, depth - 1)),
        RawBsonRef::JavaScriptCodeWithScope(code) => is_sound(code.scope, depth - 1),
        _ => true,
    };
    depth > 0 && document.iter().all(|field| field.is_ok_and(|(_, value)| inner(value)))
}

/// The value of a field that is a number of any kind, or a truth.
pub(super) fn number(document: &RawDocument, field: &str) -> Option<i64> {
    match document.get(field).ok()?? {
        RawBsonRef::Int32(number) => Some(number.into()),
        RawBsonRef::Int64(number) => Some(number),
        #[expect(clippy::cast_possible_truncation, reason = "codes, versions and flags are small and whole")]
        RawBsonRef::Double(number) => Some(number as i64),
        RawBsonRef::Boolean(yes) => Some(yes.into()),
        _ => None,
    }
}

/// The value of a field that is a text, else an empty one.
pub(super) fn text<'a>(document: &'a RawDocument, field: &str) -> &'a str {
    document.get_str(field).unwrap_or_default()
}
