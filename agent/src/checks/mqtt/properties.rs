//! The properties of version 5 (section 2.2.2): what a broker says beside its codes.

/// The texts among them that are for people.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Texts {
    /// Reason String.
    pub(super) reason: Option<String>,
    /// Server Reference.
    pub(super) reference: Option<String>,
}

/// More than four digits: not a number of MQTT.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct TooLong;

/// A number of one to four bytes (section 2.2.3; 5: 1.5.5), and how many they are; `None` when there
/// must be more to come.
pub(super) fn variable(bytes: &[u8]) -> Result<Option<(usize, usize)>, TooLong> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((value, at + 1)));
        }
    }
    if bytes.len() < 4 { Ok(None) } else { Err(TooLong) }
}

/// Reads the properties, which are all that these bytes may hold; where there are no bytes there are
/// no properties. `None` for what is not well formed.
pub(super) fn read(bytes: &[u8]) -> Option<Texts> {
    let mut texts = Texts::default();
    if bytes.is_empty() {
        return Some(texts);
    }
    let (length, digits) = variable(bytes).ok()??;
    let mut rest = bytes.get(digits..).filter(|rest| rest.len() == length)?;
    while let Some((&kind, value)) = rest.split_first() {
        match kind {
            0x1f => texts.reason = Some(text(value)?),
            0x1c => texts.reference = Some(text(value)?),
            _ => {}
        }
        rest = value.get(size(kind, value)?..)?;
    }
    Some(texts)
}

/// How many bytes the value of a property has (table 2-4); `None` for one that does not exist.
fn size(kind: u8, value: &[u8]) -> Option<usize> {
    Some(match kind {
        0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2a => 1,
        0x13 | 0x21 | 0x22 | 0x23 => 2,
        0x02 | 0x11 | 0x18 | 0x27 => 4,
        0x0b => variable(value).ok()??.1,
        0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => counted(value)?,
        // A name and its value.
        0x26 => {
            let name = counted(value)?;
            name + counted(value.get(name..)?)?
        }
        _ => return None,
    })
}

/// How many bytes a text or binary value has, those of its length included.
fn counted(value: &[u8]) -> Option<usize> {
    let [a, b, ..] = value else { return None };
    Some(2 + usize::from(u16::from_be_bytes([*a, *b])))
}

fn text(value: &[u8]) -> Option<String> {
    Some(String::from_utf8_lossy(value.get(2..counted(value)?)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_among_the_others() {
        let reason = Texts { reason: Some("no".to_owned()), reference: None };
        assert_eq!(read(b"\x11\x21\0\x0a\x26\0\x01a\0\x01b\x1f\0\x02no\x24\x01"), Some(reason));
        let reference = Texts { reason: None, reference: Some("other:1883".to_owned()) };
        assert_eq!(read(b"\x10\x0b\x80\x01\x1c\0\x0aother:1883"), Some(reference));
        assert_eq!(read(b"\0"), Some(Texts::default()));
        assert_eq!(read(b""), Some(Texts::default()));
    }

    #[test]
    fn what_is_cut_or_unknown_is_not_well_formed() {
        for bytes in
            [&b"\x05\x1f\0\x03no"[..], b"\x01\x1f", b"\x02\x7f\0", b"\x01\x24", b"\xff\xff\xff\xff", b"\x80", b"\0\0"]
        {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
