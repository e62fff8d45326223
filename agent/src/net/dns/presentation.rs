//! Names and records as zone files and `dig` write them (RFC 1035, section 5.1; RFC 4343 for the
//! escapes).

use std::fmt::Write;

use hickory_proto::rr::rdata::{CAA, MX, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData};

use super::RecordKind;

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

/// The data of a record of `kind`; `None` when the record is of another kind or without data.
pub(super) fn data(kind: RecordKind, data: &RData) -> Option<String> {
    Some(match (kind, data) {
        (RecordKind::A, RData::A(address)) => address.0.to_string(),
        (RecordKind::Aaaa, RData::AAAA(address)) => address.0.to_string(),
        (RecordKind::Cname, RData::CNAME(target)) => name(&target.0),
        (RecordKind::Ns, RData::NS(target)) => name(&target.0),
        (RecordKind::Ptr, RData::PTR(target)) => name(&target.0),
        (RecordKind::Mx, RData::MX(exchanger)) => mx(exchanger),
        (RecordKind::Soa, RData::SOA(authority)) => soa(authority),
        (RecordKind::Srv, RData::SRV(service)) => srv(service),
        (RecordKind::Txt, RData::TXT(strings)) => txt(strings),
        (RecordKind::Caa, RData::CAA(issuer)) => caa(issuer),
        _ => return None,
    })
}

fn mx(record: &MX) -> String {
    format!("{} {}", record.preference, name(&record.exchange))
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

fn srv(record: &SRV) -> String {
    format!("{} {} {} {}", record.priority, record.weight, record.port, name(&record.target))
}

fn txt(record: &TXT) -> String {
    let strings: Vec<String> = record.txt_data.iter().map(|string| quoted(string)).collect();
    strings.join(" ")
}

fn caa(record: &CAA) -> String {
    format!("{} {} {}", record.flags(), quoted(record.tag.as_bytes()).trim_matches('"'), quoted(&record.value))
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
        assert_eq!(data(RecordKind::Txt, &RData::TXT(text)).as_deref(), Some(expected));
    }
}
