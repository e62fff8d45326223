//! Base64 (RFC 4648, section 4), for the tag `!!binary`.

/// Decodes base64 with padding; white space between the characters means nothing.
///
/// Gives `None` for anything that is not base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let padding = digits.iter().rev().take_while(|&&byte| byte == b'=').count();
    if !digits.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    for group in digits[..digits.len() - padding].chunks(4) {
        push_group(group, &mut bytes)?;
    }
    Some(bytes)
}

/// Decodes two to four digits of six bits each to one to three bytes.
fn push_group(group: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
    let mut bits = 0_u32;
    for at in 0..4 {
        bits = bits << 6 | group.get(at).map_or(Some(0), |&digit| value(digit))?;
    }
    bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    Some(())
}

fn value(digit: u8) -> Option<u32> {
    let (base, first) = match digit {
        b'A'..=b'Z' => (0, b'A'),
        b'a'..=b'z' => (26, b'a'),
        b'0'..=b'9' => (52, b'0'),
        b'+' => (62, b'+'),
        b'/' => (63, b'/'),
        _ => return None,
    };
    Some(base + u32::from(digit - first))
}
