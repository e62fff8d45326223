//! Names and records as zone files and `dig` write them (RFC 1035, section 5.1; RFC 4343 for the
//! escapes).

use std::fmt::Write;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{CNAME, NS, PTR, SOA, TXT};
use hickory_proto::rr::{Name, RData};

/// The name, absolute: a dot ends it.
pub(super) fn name(name: &Name) -> String {
    let mut text = String::new();
    for label in name {
        for &byte in label {
            push_label_byte(&mut text, byte);
        }
        text.push('.');
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// The name as people write it: without its last dot.
pub(super) fn shown(of: &Name) -> String {
    let text = name(of);
    text.strip_suffix('.').filter(|bare| !bare.is_empty()).map_or(text.clone(), str::to_owned)
}

/// The data of a record; `None` when it is without data, or of a type that is not among
/// [`TYPES`](super::TYPES).
pub(super) fn data(data: &RData) -> Option<String> {
    Some(match data {
        RData::A(address) => address.0.to_string(),
        RData::AAAA(address) => address.0.to_string(),
        RData::CNAME(CNAME(target)) | RData::NS(NS(target)) | RData::PTR(PTR(target)) => name(target),
        RData::MX(record) => format!("{} {}", record.preference, name(&record.exchange)),
        RData::SOA(record) => soa(record),
        RData::SRV(record) => {
            format!("{} {} {} {}", record.priority, record.weight, record.port, name(&record.target))
        }
        RData::TXT(record) => record.txt_data.iter().map(|string| quoted(string)).collect::<Vec<_>>().join(" "),
        RData::CAA(record) => {
            let tag = quoted(record.tag.as_bytes());
            format!("{} {} {}", record.flags(), tag.trim_matches('"'), quoted(&record.value))
        }
        _ => return None,
    })
}

fn soa(record: &SOA) -> String {
    format!(
        "{} {} {} {} {} {} {}",
        name(&record.mname),
        name(&record.rname),
        record.serial,
        // The intervals are unsigned on the wire.
        record.refresh.cast_unsigned(),
        record.retry.cast_unsigned(),
        record.expire.cast_unsigned(),
        record.minimum,
    )
}

/// The name that `dig` prints for the usual response codes: `NXDOMAIN`.
pub(crate) fn code(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => format!("RCODE{}", u16::from(other)),
    }
}

/// The strings of a text record, which belong together (RFC 7208, section 3.3; RFC 6376, section 3.6.2.2).
pub(super) fn joined(text: &TXT) -> Vec<u8> {
    text.txt_data.iter().flat_map(|string| string.iter().copied()).collect()
}

/// The bytes of strings between quotes, as zone files have them, one after the other; `None`: that is not what the
/// text is.
pub(super) fn unquoted(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.trim().bytes().peekable());
    while rest.next()? == b'"' {
        loop {
            match rest.next()? {
                b'"' => break,
                b'\\' => bytes.push(escaped(&mut rest)?),
                byte => bytes.push(byte),
            }
        }
        while rest.next_if(|byte| matches!(byte, b' ' | b'\t')).is_some() {}
        if rest.peek().is_none() {
            return Some(bytes);
        }
    }
    None
}

/// What stands behind a backslash: three decimal digits, or the character itself.
fn escaped(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let first = rest.next()?;
    if !first.is_ascii_digit() {
        return Some(first);
    }
    let digits = [first, rest.next()?, rest.next()?];
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => push_decimal(&mut text, byte),
        }
    }
    text.push('"');
    text
}

fn push_label_byte(text: &mut String, byte: u8) {
    match byte {
        b'"' | b'(' | b')' | b'.' | b';' | b'\\' | b'@' | b'$' => {
            text.extend(['\\', char::from(byte)]);
        }
        b'!'..=b'~' => text.push(char::from(byte)),
        _ => push_decimal(text, byte),
    }
}

/// Three decimal digits, as zone files have them (not octal).
fn push_decimal(text: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ = write!(text, "\\{byte:03}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_so_that_it_can_be_read_back() {
        let text = TXT::from_bytes(vec![br#"C:\dir; "x""#, b"", b"\x7f\t"]);
        let expected = r#""C:\\dir; \"x\"" "" "\127\009""#;
        assert_eq!(unquoted(expected), Some(joined(&text)));
        assert_eq!(data(&RData::TXT(text)).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_not_between_quotes_is_not_read_as_strings() {
        for text in ["", "a", "\"a", "\"a\" b", "a \"b\"", "\"a\\\"", "\"\\999\""] {
            assert_eq!(unquoted(text), None, "{text}");
        }
        assert_eq!(unquoted(r#" "a" "b""c" "#).as_deref(), Some(&b"abc"[..]));
    }
}
