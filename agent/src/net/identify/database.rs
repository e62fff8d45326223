//! `MySQL`, `PostgreSQL` and `MongoDB`.

use super::Peer;
use super::field::{after, u16_le, u32_be, u32_le, until};
use super::stranger::Treatment;
use super::tls;
use crate::services;
use crate::text::detail;

/// `ER_HOST_IS_BLOCKED`
const HOST_IS_BLOCKED: u16 = 1129;

pub(super) fn read(bytes: &[u8]) -> Option<Peer> {
    mysql(bytes).or_else(|| postgres(bytes)).or_else(|| mongodb(bytes))
}

/// The first packet of a server, numbered 0, or its complaint about the client's first, numbered 1:
/// three bytes of length, the number, the payload.
fn mysql(bytes: &[u8]) -> Option<Peer> {
    // The X Protocol of MySQL 8 (port 33060) starts with this notice.
    if bytes.starts_with(b"\x05\0\0\0\x0b\x08\x05\x1a\0") {
        return Some(Peer::new(&services::MYSQL, "MySQL X Protocol"));
    }
    let (&[low, high, 0, number @ 0..=1], payload) = bytes.split_first_chunk()? else {
        return None;
    };
    let length = usize::from(u16::from_le_bytes([low, high]));
    let payload = payload.get(..length).unwrap_or(payload);
    let is_blocked = number == 0 && u16_le(payload, 1) == Some(HOST_IS_BLOCKED);
    let (detail, treatment) = match payload {
        [10, greeting @ ..] if number == 0 && length >= 30 => (mysql_greeting(greeting)?, Treatment::Greeting),
        [0xff, error @ ..] if (8..=1024).contains(&length) => {
            (mysql_error(error)?, if is_blocked { Treatment::Block } else { Treatment::None })
        }
        _ => return None,
    };
    Some(Peer { treatment, ..Peer::new(&services::MYSQL, detail) })
}

/// Version 10 of the greeting: the server's version up to a zero byte, the thread, eight bytes of
/// salt and a zero byte.
fn mysql_greeting(greeting: &[u8]) -> Option<String> {
    let version = until(greeting, 0);
    let filler = greeting.get(version.len() + 13);
    let plausible = version.first().is_some_and(u8::is_ascii_digit)
        && version.iter().all(u8::is_ascii_graphic)
        && version.contains(&b'.')
        && filler.is_none_or(|&byte| byte == 0);
    // MariaDB puts a version before its own that old clients of replication can read.
    let own = version.strip_prefix(b"5.5.5-").unwrap_or(version);
    let mariadb = own.windows(8).position(|window| window == b"-MariaDB");
    plausible.then(|| match mariadb {
        Some(end) => format!("MariaDB {}", detail(&own[..end])),
        None => format!("MySQL {}", detail(own)),
    })
}

/// A number, `#` with a SQLSTATE (not before the handshake), and a text.
fn mysql_error(error: &[u8]) -> Option<String> {
    let number = u16_le(error, 0).filter(|number| (1000..5000).contains(number))?;
    let text = error.get(2..)?;
    let text = text.strip_prefix(b"#").map_or(Some(text), |rest| rest.get(5..))?;
    let plausible = !text.is_empty() && text.iter().all(|byte| !byte.is_ascii_control());
    plausible.then(|| format!("MySQL error {number}: {}", detail(text)))
}

fn postgres(bytes: &[u8]) -> Option<Peer> {
    let detail = match bytes {
        b"S" => "S (PostgreSQL offers TLS)".to_owned(),
        b"N" => "N (PostgreSQL without TLS)".to_owned(),
        [b'E', ..] => postgres_error(bytes).or_else(|| postgres_old_error(bytes))?,
        [b'R', ..] => postgres_login(bytes)?,
        _ => return None,
    };
    Some(Peer::new(&services::POSTGRES, detail))
}

/// `ErrorResponse`: the length, then fields of a letter and a text up to a zero byte; `S` comes
/// first.
fn postgres_error(bytes: &[u8]) -> Option<String> {
    u32_be(bytes, 1).filter(|length| (8..30_000).contains(length))?;
    let mut fields = bytes.get(5..)?.split(|&byte| byte == 0);
    fields.next().filter(|first| first.len() > 2 && first[0] == b'S')?;
    let of = |letter: u8| {
        let mut rest = fields.clone();
        rest.find(|field| field.first() == Some(&letter)).and_then(|field| field.get(1..))
    };
    let code = of(b'C').filter(|code| code.len() == 5 && code.iter().all(u8::is_ascii_alphanumeric))?;
    let text = of(b'M').unwrap_or_default();
    Some(format!("PostgreSQL error {}: {}", detail(code), detail(text)))
}

/// The error of protocol version 2, to a client that asks for it, or when no process could be
/// started: a text up to a zero byte.
fn postgres_old_error(bytes: &[u8]) -> Option<String> {
    let text = until(bytes.get(1..)?, 0).trim_ascii();
    let known = text.starts_with(b"FATAL:  ") || text.starts_with(b"could not fork new process for connection");
    known.then(|| format!("PostgreSQL error: {}", detail(text)))
}

/// `AuthenticationRequest`: the length, then the kind of login.
fn postgres_login(bytes: &[u8]) -> Option<String> {
    let login = match (u32_be(bytes, 1)?, u32_be(bytes, 5)?) {
        (8, 0) => "nothing",
        (8, 3) => "a clear-text password",
        (12, 5) => "an MD5 password",
        (8, 7 | 9) => "GSSAPI",
        (12..=200, 10) if after(bytes, b"SCRAM-SHA-256").is_some() => "SCRAM-SHA-256",
        _ => return None,
    };
    Some(format!("PostgreSQL asking for {login}"))
}

/// `OP_MSG` (2013) and `OP_REPLY` (1), each around a BSON document. Only answers count: they name
/// the request that they answer, an echo of our own does not.
fn mongodb(bytes: &[u8]) -> Option<Peer> {
    let length = u32_le(bytes, 0).filter(|length| (26..=48_000_000).contains(length))?;
    let document_at = match (u32_le(bytes, 8)?, u32_le(bytes, 12)?) {
        (0, _) => return None,
        // The flags, and a section of kind 0.
        (_, 2013) if u32_le(bytes, 16)? & !0x1_0003 == 0 && bytes.get(20) == Some(&0) => 21,
        // The flags, a cursor, where it starts, and one document.
        (_, 1) if u32_le(bytes, 16)? & !0xf == 0 && u32_le(bytes, 32) == Some(1) => 36,
        _ => return None,
    };
    let room = length.checked_sub(document_at)?;
    // A checksum of four bytes may follow the document.
    let document = u32_le(bytes, usize::try_from(document_at).ok()?)?;
    (document == room || document.checked_add(4) == Some(room)).then(|| mongodb_reply(bytes))
}

fn mongodb_reply(bytes: &[u8]) -> Peer {
    let text = [&b"\x02errmsg\0"[..], b"\x02$err\0"].into_iter().find_map(|field| after(bytes, field));
    let text = text.and_then(|text| text.get(4..)).map(|text| until(text, 0));
    let detail = text.map_or("MongoDB reply".to_owned(), |text| format!("MongoDB error: {}", detail(text)));
    let wants_tls = text.is_some_and(tls::is_demanded);
    Peer::new(&services::MONGODB, detail).wanting_tls(wants_tls)
}
