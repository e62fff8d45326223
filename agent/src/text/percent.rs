//! Percent-encoding (RFC 3986 section 2.1).

/// The bytes that a percent-encoded text stands for; a percent sign that begins no code stands for
/// itself.
pub(crate) fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|code| *first == b'%' && code.iter().all(u8::is_ascii_hexdigit));
        let byte =
            code.and_then(|code| std::str::from_utf8(code).ok()).and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

/// The same as text; what is not UTF-8 is replaced.
pub(crate) fn percent_decoded_text(text: &str) -> String {
    String::from_utf8_lossy(&percent_decoded(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_decoded_and_lone_percent_signs_stay() {
        for (text, decoded) in [
            ("a%20b", &b"a b"[..]),
            ("%c3%BC%ff", b"\xc3\xbc\xff"),
            ("100%", b"100%"),
            ("%+1%zz%4", b"%+1%zz%4"),
            ("%2525", b"%25"),
        ] {
            assert_eq!(percent_decoded(text), decoded, "{text}");
        }
    }
}
