//! What is wrong with the head of an answer, or with a connection that gave none.

use super::exchange::MOST_FIELDS;
use crate::fault::{Cause, Fault, Phase};
use crate::net::ALLOWANCE;
use crate::secret::{Sentence, ours, sentence, theirs};
use crate::text::escape;
use std::error::Error as _;
use std::io;

/// With what every answer begins (RFC 9112 section 4).
const BEGINNING: &[u8] = b"HTTP/1.";

/// The cause of an error of hyper's; `first` is what the server has sent.
pub(super) fn fault(error: &hyper::Error, first: &[u8]) -> Fault {
    if let Some(error) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        return error.into();
    }
    if error.is_parse_too_large() {
        let message = "the head of the answer is longer than this program takes";
        let limits = sentence!["at most ", ALLOWANCE / 1024, " KiB and ", MOST_FIELDS, " fields are read"];
        return Fault::new(Cause::TooLarge, message).evidence(limits);
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        let how = if first.is_empty() { "it ended before an answer" } else { "it ended in the middle of the head" };
        return Fault::new(Cause::Closed, "the server closed the connection before it had answered")
            .evidence(how)
            .caused_by(error);
    }
    if error.is_parse() && first.starts_with(b"HTTP/") {
        return broken(error, first);
    }
    not_http(error)
}

/// It is HTTP, and its head is not as it has to be.
fn broken(error: &hyper::Error, first: &[u8]) -> Fault {
    let mut lines = first.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status = lines.next().unwrap_or_default();
    let fields: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let (what, where_): (&'static str, Sentence) = match illegal_length(status, &fields) {
        _ if !is_status_line(status) => {
            ("its status line is not legal", sentence!["it answered ", escape(status, 100)])
        }
        Some(line) => {
            ("its Content-Length or Transfer-Encoding is not legal", sentence!["it answered ", escape(line, 100)])
        }
        None => ("its head is not legal", sentence!["the parser says: ", theirs(error)]),
    };
    Fault::new(Cause::Malformed, sentence!["the server speaks HTTP, and breaks its rules: ", ours(what)])
        .evidence(where_)
        .caused_by(error)
        // Here, and not by its first bytes, is known what is wrong with it.
        .at(Phase::Protocol)
}

/// The field that says how long the body is, and cannot (RFC 9112 section 6): a coding in HTTP/1.0, which has none; or
/// else a length that is no number, or another one than before.
fn illegal_length<'a>(status: &[u8], fields: &[&'a [u8]]) -> Option<&'a [u8]> {
    let coding = fields.iter().copied().find(|line| value_of(line, b"transfer-encoding").is_some());
    if coding.is_some() {
        return coding.filter(|_| status.starts_with(b"HTTP/1.0"));
    }
    let mut length = None;
    fields.iter().copied().find(|line| {
        let values = value_of(line, b"content-length").into_iter().flat_map(|value| value.split(|byte| *byte == b','));
        let numbers = values.map(|value| std::str::from_utf8(value).ok()?.trim().parse::<u64>().ok());
        // A sign is no digit.
        let is_signed = value_of(line, b"content-length").is_some_and(|value| value.contains(&b'+'));
        is_signed || numbers.into_iter().any(|number| number.is_none() || *length.get_or_insert(number) != number)
    })
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    line[..colon].trim_ascii().eq_ignore_ascii_case(name).then(|| line[colon + 1..].trim_ascii())
}

/// `HTTP/1.1 200` with whatever reason behind a space.
fn is_status_line(line: &[u8]) -> bool {
    matches!(line.strip_prefix(BEGINNING), Some([b'0' | b'1', b' ', a, b, c, rest @ ..])
        if [a, b, c].iter().all(|digit| digit.is_ascii_digit()) && matches!(rest, [] | [b' ', ..]))
}

pub(super) fn not_http(error: &hyper::Error) -> Fault {
    Fault::new(Cause::Malformed, "the answer is not HTTP").caused_by(error)
}

/// Whether an answer begins as one of HTTP does, as far as it goes.
pub(super) fn may_be_http(first: &[u8]) -> bool {
    first.iter().zip(BEGINNING).all(|(byte, wanted)| byte == wanted)
}
