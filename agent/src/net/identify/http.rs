//! HTTP, and `MongoDB`, which answers HTTP in HTTP.

use super::Peer;
use super::field::{after, first_line, mentions, starts, u16_be, until};
use super::tls;
use crate::services;
use crate::text::detail;

/// The header of a frame of HTTP/2 (RFC 9113, section 4.1).
const FRAME_HEADER_BYTES: usize = 9;

pub(super) fn read(bytes: &[u8]) -> Option<Peer> {
    http1(bytes).or_else(|| http2(bytes)).or_else(|| page(bytes))
}

/// A status line (RFC 9112, section 4).
fn http1(bytes: &[u8]) -> Option<Peer> {
    let line = first_line(bytes)?.text;
    let status = line.strip_prefix(b"HTTP/1.").and_then(status)?;
    if mentions(bytes, "trying to access mongodb over http") {
        return Some(Peer::new(&services::MONGODB, "MongoDB's page for HTTP clients"));
    }
    let mut about = detail(line);
    if let Some(software) = header(bytes, "server:") {
        about = format!("{about}, Server: {}", detail(software));
    }
    // A page that is served all right may well hold such a sentence.
    let wants_tls = status[0] == b'4' && tls::is_demanded(bytes);
    Some(Peer::new(&services::HTTP, about).wanting_tls(wants_tls))
}

/// The status code behind the minor version.
fn status(rest: &[u8]) -> Option<[u8; 3]> {
    match *rest {
        [b'0' | b'1', b' ', class @ b'1'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9', ref rest @ ..]
            if matches!(rest, [] | [b' ', ..]) =>
        {
            Some([class, tens, ones])
        }
        _ => None,
    }
}

/// The value of a header; its name comes in lower case with its colon.
fn header<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut lines = bytes.split(|&byte| byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let line = lines.find(|line| starts(line, name))?;
    line.get(name.len()..).map(<[u8]>::trim_ascii).filter(|value| !value.is_empty())
}

/// The SETTINGS frame with which every HTTP/2 server starts (RFC 9113, sections 3.4 and 6.5), or the GOAWAY with
/// which it may end at once (section 6.8).
fn http2(bytes: &[u8]) -> Option<Peer> {
    /// Of the last stream's number and the error.
    const LEAST_OF_GOAWAY: u8 = 8;
    let (header, rest) = bytes.split_at_checked(FRAME_HEADER_BYTES)?;
    let (kind, plausible) = match *header {
        [0, 0, length, 4, 0, 0, 0, 0, 0] => {
            let known = length == 0 || u16_be(rest, 0).is_none_or(|id| (1..=16).contains(&id));
            ("HTTP/2 SETTINGS", length % 6 == 0 && known)
        }
        [0, 0, length, 7, 0, 0, 0, 0, 0] => ("HTTP/2 GOAWAY", length >= LEAST_OF_GOAWAY && rest.len() >= 8),
        _ => return None,
    };
    plausible.then(|| Peer { speaks_http2: true, ..Peer::new(&services::HTTP, kind) })
}

/// A page without a header: some servers take what is not a request for HTTP/0.9 and answer so.
fn page(bytes: &[u8]) -> Option<Peer> {
    if !starts(bytes, "<!doctype html") && !starts(bytes, "<html>") {
        return None;
    }
    let title = after(bytes, b"<title>").map(|title| detail(until(title, b'<')));
    let detail = title.map_or("an HTML page".to_owned(), |title| format!("an HTML page: {title}"));
    Some(Peer::new(&services::HTTP, detail).wanting_tls(tls::is_demanded(bytes)))
}
