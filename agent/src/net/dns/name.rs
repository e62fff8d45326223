//! Domain names as people write them.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;

use hickory_proto::rr::Name;

/// The longest name as text without its last dot, in bytes (RFC 1035, section 3.1: 255 on the
/// wire).
const NAME_BYTES: usize = 253;
/// The longest label, in bytes (RFC 1035, section 3.1).
const LABEL_BYTES: usize = 63;
/// What labels may hold besides letters and digits: host names have `-`, service names `_` (RFC
/// 2782), wildcards `*` and classless reverse zones `/` (RFC 2317).
const PUNCTUATION: &str = "-_*/";

/// Why a text is not a domain name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum NameError {
    /// Nothing was given.
    Empty,
    /// Two dots follow each other, or the name starts with one.
    EmptyLabel,
    /// A label is longer than 63 bytes; this one.
    LabelTooLong(String),
    /// The name is longer than 253 bytes; its length.
    TooLong(usize),
    /// A character that no name has.
    BadCharacter(char),
    /// The name has no IDNA form (RFC 5891).
    NotInternational,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the name is empty"),
            Self::EmptyLabel => f.write_str("the name has an empty part between its dots"),
            Self::LabelTooLong(label) => {
                write!(f, "{label:?} is longer than the {LABEL_BYTES} bytes a part of a name may have")
            }
            Self::TooLong(bytes) => {
                write!(f, "the name has {bytes} bytes, more than the {NAME_BYTES} it may have")
            }
            Self::BadCharacter(found) => write!(f, "the name holds {found:?}"),
            Self::NotInternational => f.write_str("the name has no international (IDNA) form"),
        }
    }
}

impl Error for NameError {}

/// The absolute name that `text` stands for. `.` is the root.
pub(super) fn parse(text: &str) -> Result<Name, NameError> {
    if text == "." {
        return Ok(Name::root());
    }
    let relative = text.strip_suffix('.').unwrap_or(text);
    if relative.is_empty() {
        return Err(if text.is_empty() { NameError::Empty } else { NameError::EmptyLabel });
    }
    if let Some(found) = relative.chars().find(|&c| !allowed(c)) {
        return Err(NameError::BadCharacter(found));
    }
    if relative.is_ascii() { ascii(relative) } else { international(relative) }
}

/// The name that holds the `PTR` records of an address (RFC 1035, section 3.5; RFC 3596, section
/// 2.5).
pub(super) fn of_address(address: IpAddr) -> Name {
    Name::from(address)
}

fn allowed(c: char) -> bool {
    c == '.' || c.is_ascii_alphanumeric() || PUNCTUATION.contains(c) || !(c.is_ascii() || c.is_control())
}

fn ascii(text: &str) -> Result<Name, NameError> {
    for label in text.split('.') {
        match label.len() {
            0 => return Err(NameError::EmptyLabel),
            1..=LABEL_BYTES => {}
            _ => return Err(NameError::LabelTooLong(label.to_owned())),
        }
    }
    if text.len() > NAME_BYTES {
        return Err(NameError::TooLong(text.len()));
    }
    // The labels go in as bytes: as text they would be folded to lower case.
    Name::from_labels(text.split('.').map(str::as_bytes)).map_err(|_| NameError::TooLong(text.len()))
}

/// Encodes each label for itself, then holds the result to the limits of ASCII names.
fn international(text: &str) -> Result<Name, NameError> {
    let encoded = Name::from_utf8(text).map_err(|_| NameError::NotInternational)?;
    ascii(encoded.to_ascii().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::super::{Query, RecordKind, presentation};
    use super::*;

    fn asked(name: &str, kind: RecordKind) -> String {
        presentation::name(&Query::new(name, kind, 1).unwrap().name)
    }

    #[test]
    fn an_address_is_asked_for_under_its_reverse_name() {
        let of = |text: &str| asked(text, RecordKind::Ptr);
        assert_eq!(of("192.0.2.1"), "1.2.0.192.in-addr.arpa.");
        let expected = format!("1.{}8.b.d.0.1.0.0.2.ip6.arpa.", "0.".repeat(23));
        assert_eq!(of("2001:db8::1"), expected);
        assert_eq!(of("www.example"), "www.example.");
        assert_eq!(asked("192.0.2.1", RecordKind::A), "192.0.2.1.");
    }

    #[test]
    fn names_keep_their_letters_and_become_absolute() {
        for (given, expected) in [
            ("example", "example."),
            ("WWW.Example.", "WWW.Example."),
            (".", "."),
            ("_sip._tcp.example", "_sip._tcp.example."),
            ("*.example", "*.example."),
            ("a_b.example", "a_b.example."),
            ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa."),
            ("bücher.example", "xn--bcher-kva.example."),
        ] {
            assert_eq!(presentation::name(&parse(given).unwrap()), expected);
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        let long = "a".repeat(64);
        let deep = "abc.".repeat(64);
        for (given, expected) in [
            ("", NameError::Empty),
            ("..", NameError::EmptyLabel),
            (".example", NameError::EmptyLabel),
            ("a..example", NameError::EmptyLabel),
            ("a b", NameError::BadCharacter(' ')),
            ("a\\.b", NameError::BadCharacter('\\')),
            ("a\n", NameError::BadCharacter('\n')),
            ("fe80::1%eth0", NameError::BadCharacter(':')),
            (&long, NameError::LabelTooLong(long.clone())),
            (&deep, NameError::TooLong(255)),
            ("b\u{fffd}r.example", NameError::NotInternational),
        ] {
            assert_eq!(parse(given), Err(expected), "{given:?}");
        }
        assert_eq!(NameError::BadCharacter('\n').to_string(), r"the name holds '\n'");
    }
}
