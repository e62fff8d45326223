//! SMTP, IMAP and POP3, with FTP, whose greeting looks like SMTP's.

use super::Peer;
use super::field::{Line, first_line, mentions, starts};
use crate::services::{self, Service};

/// The words by which mail servers call themselves in greetings.
const MAIL: [&str; 5] = ["mail", "postfix", "exim", "sendmail", "exchange"];
/// The words by which file servers do.
const FILES: [&str; 2] = ["ftp", "filezilla"];
/// The extended codes of POP3 (RFC 2449, RFC 3206).
const POP3_CODES: [&str; 5] = ["[sys/temp]", "[sys/perm]", "[auth]", "[in-use]", "[login-delay]"];

pub(super) fn read(bytes: &[u8]) -> Option<Peer> {
    let line = first_line(bytes)?;
    let service = greeting(line).or_else(|| imap(line)).or_else(|| pop3(line))?;
    // vsftpd hands on what OpenSSL says of plain text on a port with implicit TLS.
    let wants_tls = *service == services::FTP && mentions(line.text, "ssl routines:");
    Some(Peer::said(service, line.text).wanting_tls(wants_tls))
}

/// The first reply of SMTP (RFC 5321, section 4.2) or FTP (RFC 959, section 4.2): three digits,
/// then a blank, or a hyphen when more lines follow.
fn greeting(line: Line<'_>) -> Option<&'static Service> {
    let (code, [b' ' | b'-', text @ ..]) = line.text.split_first_chunk()? else {
        return None;
    };
    match code {
        b"220" | b"421" => by_words(line, text),
        // Only SMTP refuses everybody with these (RFC 5321, section 3.1; RFC 7504).
        b"554" | b"521" if line.ended => Some(&services::SMTP),
        b"530" if is_ftp(text) => Some(&services::FTP),
        b"500" if starts(text, "oops: ") => Some(&services::FTP),
        _ => None,
    }
}

fn by_words(line: Line<'_>, text: &[u8]) -> Option<&'static Service> {
    // A mail server may stand on a host called `ftp`, and the other way round: the protocol's own
    // name decides first, as a word.
    if words(text).any(|word| ["smtp", "esmtp", "lmtp"].iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))) {
        return Some(&services::SMTP);
    }
    if is_ftp(text) {
        return Some(&services::FTP);
    }
    if MAIL.iter().any(|word| mentions(text, word)) {
        return Some(&services::SMTP);
    }
    line.ended.then_some(&services::SMTP_OR_FTP)
}

fn is_ftp(text: &[u8]) -> bool {
    FILES.iter().any(|word| mentions(text, word)) || text == b"Please login with USER and PASS."
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii_alphanumeric())
}

/// The greeting of IMAP (RFC 9051, section 7.1).
fn imap(line: Line<'_>) -> Option<&'static Service> {
    let greets = ["* OK ", "* PREAUTH ", "* BYE "].iter().any(|start| line.text.starts_with(start.as_bytes()));
    (greets && (line.ended || mentions(line.text, "imap"))).then_some(&services::IMAP)
}

/// The greeting of POP3 (RFC 1939, section 4). Redis, too, answers `+OK` and `-ERR`, but never with
/// text behind `+OK`, and with texts of its own behind `-ERR`.
fn pop3(line: Line<'_>) -> Option<&'static Service> {
    let known = if let Some(text) = line.text.strip_prefix(b"+OK ") {
        mentions(text, "pop") || (line.ended && text.iter().any(u8::is_ascii_alphanumeric))
    } else if let Some(text) = line.text.strip_prefix(b"-ERR ") {
        mentions(text, "pop3") || POP3_CODES.iter().any(|code| starts(text, code)) || text == b"Unknown command."
    } else {
        false
    };
    known.then_some(&services::POP3)
}
