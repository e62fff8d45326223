//! Redis (RESP) and memcached (text protocol).

use super::Peer;
use super::field::{after, first_line, until};
use crate::services;
use crate::text::detail;

/// The codes with which Redis begins an error, beside `ERR`.
const REDIS_CODES: [&str; 12] = [
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "DENIED",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "READONLY",
    "BUSY",
    "NOPROTO",
    "CLUSTERDOWN",
    "OOM",
];
/// How the errors without a code of their own begin.
const REDIS_ERRORS: [&str; 8] = [
    "unknown command",
    "wrong number of arguments",
    "max number of clients reached",
    "Protocol error: ",
    "AUTH <password> called without",
    "Client sent AUTH, but no password is set",
    "invalid password",
    "operation not permitted",
];

pub(super) fn read(bytes: &[u8]) -> Option<Peer> {
    redis_hello(bytes).or_else(|| redis_line(bytes)).or_else(|| memcached(bytes))
}

/// The answer to `HELLO`: an array (`*`) or a map (`%`) that starts with the server's name and
/// version.
fn redis_hello(bytes: &[u8]) -> Option<Peer> {
    let line = first_line(bytes).filter(|line| line.ended)?.text;
    let [b'*' | b'%', count @ ..] = line else {
        return None;
    };
    let fields = bytes.get(line.len()..)?.strip_prefix(b"\r\n$6\r\nserver\r\n")?;
    if count.is_empty() || !count.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let name = bulk_string(fields).map_or("Redis".to_owned(), detail);
    let version = after(fields, b"$7\r\nversion\r\n").and_then(bulk_string);
    let version = version.map_or(String::new(), |version| format!(" {}", detail(version)));
    Some(Peer::new(&services::REDIS, name + &version))
}

/// The string behind a length such as `$5`, when all of it is there.
fn bulk_string(bytes: &[u8]) -> Option<&[u8]> {
    let length = first_line(bytes).filter(|line| line.ended)?.text;
    let digits = length.strip_prefix(b"$").and_then(|digits| std::str::from_utf8(digits).ok())?;
    let start = length.len() + 2;
    bytes.get(start..start.checked_add(digits.parse().ok()?)?)
}

fn redis_line(bytes: &[u8]) -> Option<Peer> {
    let line = first_line(bytes)?.text;
    let known = line == b"+PONG" || line.strip_prefix(b"-").is_some_and(is_redis_error);
    known.then(|| Peer::said(&services::REDIS, line))
}

fn is_redis_error(text: &[u8]) -> bool {
    let code = until(text, b' ');
    match text.strip_prefix(b"ERR ") {
        Some(text) => REDIS_ERRORS.iter().any(|error| text.starts_with(error.as_bytes())),
        None => code.len() < text.len() && REDIS_CODES.iter().any(|known| code == known.as_bytes()),
    }
}

fn memcached(bytes: &[u8]) -> Option<Peer> {
    let line = first_line(bytes).filter(|line| line.ended)?.text;
    let known = match line {
        b"ERROR" => only_errors(bytes),
        b"ERROR Too many open connections" => true,
        [b'V', b'E', b'R', b'S', b'I', b'O', b'N', b' ', version @ ..] => {
            version.first().is_some_and(u8::is_ascii_digit)
        }
        _ => line.starts_with(b"CLIENT_ERROR ") || line.starts_with(b"SERVER_ERROR "),
    };
    known.then(|| Peer::said(&services::MEMCACHED, line))
}

/// `ERROR` and nothing else, once for each line that was sent. The last may be cut.
fn only_errors(bytes: &[u8]) -> bool {
    const ERROR: &[u8] = b"ERROR\r\n";
    bytes.chunks(ERROR.len()).all(|chunk| ERROR.starts_with(chunk))
}
