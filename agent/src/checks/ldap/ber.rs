//! The subset of BER in which LDAP is written (RFC 4511, section 5.1; X.690): definite lengths, and
//! strings in one piece. Nothing recurses, however deep a peer nests its elements.

/// BOOLEAN.
pub(super) const BOOLEAN: u8 = 0x01;

/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;

/// OCTET STRING.
pub(super) const OCTETS: u8 = 0x04;

/// ENUMERATED.
pub(super) const ENUMERATED: u8 = 0x0a;

/// SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;

/// The first byte of a length that stands in the bytes behind it says how many: four at most, which is
/// what Active Directory writes for every length.
const LONG: std::ops::RangeInclusive<u8> = 0x81..=0x84;

/// One element, with as short a length as there is.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let first = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    let head = match &length[first..] {
        [short @ ..0x80] => vec![tag, *short],
        long => [&[tag, 0x80 | u8::try_from(long.len()).unwrap_or(u8::MAX)], long].concat(),
    };
    [&head, content].concat()
}

/// How long the element is that begins like this, all of it; `None` while that cannot be told.
pub(super) fn sequence_length(begun: &[u8]) -> Result<Option<usize>, NotLdap> {
    match *begun {
        [] | [SEQUENCE] => Ok(None),
        [SEQUENCE, short @ ..0x80, ..] => Ok(Some(2 + usize::from(short))),
        [SEQUENCE, long, ref more @ ..] if LONG.contains(&long) => {
            let count = usize::from(long - 0x80);
            Ok(more.get(..count).and_then(number).map(|length| length as usize + count + 2))
        }
        _ => Err(NotLdap),
    }
}

/// What came cannot be a message of LDAP.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct NotLdap;

/// The content of the element that the bytes begin with, if it has this tag, and what stands behind it.
pub(super) fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match *bytes {
        [found, short @ ..0x80, ref rest @ ..] if found == tag => (u32::from(short), rest),
        [found, long, ref rest @ ..] if found == tag && LONG.contains(&long) => {
            let (length, rest) = rest.split_at_checked(usize::from(long - 0x80))?;
            (number(length)?, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length as usize)
}

/// A number that is not negative, of four bytes at most.
pub(super) fn number(bytes: &[u8]) -> Option<u32> {
    let fits = (1..=4).contains(&bytes.len());
    fits.then(|| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_short_as_they_can_be() {
        for (length, head) in [
            (0, &[4, 0][..]),
            (127, &[4, 127]),
            (128, &[4, 0x81, 128]),
            (300, &[4, 0x82, 1, 44]),
            (70_000, &[4, 0x83, 1, 17, 112]),
        ] {
            let written = element(OCTETS, &vec![b'x'; length]);
            assert_eq!((&written[..head.len()], written.len()), (head, head.len() + length));
            assert_eq!(take(&written, OCTETS).map(|(content, _)| content.len()), Some(length));
        }
    }

    #[test]
    fn the_length_of_a_message_is_known_as_soon_as_it_can_be() {
        for (begun, length) in [
            (&b""[..], Ok(None)),
            (b"0", Ok(None)),
            (b"0\x0c", Ok(Some(14))),
            (b"0\x84\0\0\0", Ok(None)),
            (b"0\x84\0\0\0\x0c", Ok(Some(18))),
            (b"0\x84\xff\xff\xff\xff", Ok(Some(0xffff_ffff + 6))),
            (b"0\x80", Err(NotLdap)),
            (b"0\x85", Err(NotLdap)),
            (b"HTTP/1.1", Err(NotLdap)),
        ] {
            assert_eq!(sequence_length(begun), length, "{begun:?}");
        }
    }

    #[test]
    fn an_element_that_is_cut_off_or_another_is_not_taken() {
        assert_eq!(take(b"\x04\x02ab!", OCTETS), Some((&b"ab"[..], &b"!"[..])));
        assert_eq!(take(b"\x04\x82\0\x02ab!", OCTETS), Some((&b"ab"[..], &b"!"[..])));
        for bytes in [&b""[..], b"\x04", b"\x04\x03ab", b"\x04\x82\0", b"\x04\x80ab\0\0", b"\x02\x02ab"] {
            assert_eq!(take(bytes, OCTETS), None, "{bytes:?}");
        }
    }
}
