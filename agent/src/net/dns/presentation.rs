//! Names and records as zone files and `dig` write them (RFC 1035, section 5.1; RFC 4343 for the
//! escapes).

use std::fmt::Write;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{CNAME, NS, PTR, SOA};
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
    use hickory_proto::rr::rdata::TXT;

    #[test]
    fn text_is_quoted_so_that_it_can_be_read_back() {
        let text = TXT::from_bytes(vec![br#"C:\dir; "x""#, b"", b"\x7f\t"]);
        let expected = r#""C:\\dir; \"x\"" "" "\127\009""#;
        assert_eq!(data(&RData::TXT(text)).as_deref(), Some(expected));
    }
}
