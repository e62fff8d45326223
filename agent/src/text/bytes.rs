//! Bytes of a peer, made fit for a terminal and a log.

use super::{CUT, cut};
use std::fmt::Write;

/// The longest [`detail`](crate::net::identify::Peer::detail), in bytes.
const DETAIL_BYTES: usize = 120;

/// The bytes for people: printable text as it is, `\r`, `\n` and `\t` by these names, all other
/// bytes as `\xNN`. At most `max` bytes of the input are shown, without half a character at the
/// end;
/// `...` follows when there are more.
pub(crate) fn escape(bytes: &[u8], max: usize) -> String {
    let shown = whole_characters(bytes, max);
    let mut text = String::with_capacity(shown.len());
    for chunk in shown.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_character(&mut text, c));
        push_bytes(&mut text, chunk.invalid());
    }
    if shown.len() < bytes.len() {
        text.push_str(CUT);
    }
    text
}

/// A line of the peer as [`Peer::detail`](crate::net::identify::Peer::detail) has it.
pub(crate) fn detail(line: &[u8]) -> String {
    bounded(escape(line, DETAIL_BYTES))
}

/// Cuts a text to the length of a detail.
pub(crate) fn bounded(text: String) -> String {
    cut(text, DETAIL_BYTES)
}

fn whole_characters(bytes: &[u8], max: usize) -> &[u8] {
    let Some(head) = bytes.get(..max) else {
        return bytes;
    };
    let half = head.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
    let (before, rest) = bytes.split_at(max - half);
    // Only half a character when the bytes behind the cut complete it.
    let completed = rest.utf8_chunks().next().is_some_and(|chunk| !chunk.valid().is_empty());
    if completed { before } else { head }
}

fn push_character(text: &mut String, c: char) {
    match c {
        '\r' => text.push_str("\\r"),
        '\n' => text.push_str("\\n"),
        '\t' => text.push_str("\\t"),
        _ if is_printable(c) => text.push(c),
        _ => push_bytes(text, c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// Characters that turn the direction of the text or join the one before are not: a peer must not
/// repaint what stands around its words.
fn is_printable(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.escape_debug().eq([c]))
}

fn push_bytes(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_stays_and_the_rest_is_escaped() {
        for (bytes, expected) in [
            (&b"+OK ready.\r\n"[..], r"+OK ready.\r\n"),
            (b"a\tb\\ \"\x00\x1b[31m\x7f", r#"a\tb\ "\x00\x1b[31m\x7f"#),
            ("Grüße, 世界".as_bytes(), "Grüße, 世界"),
            (b"\xff\xc3", r"\xff\xc3"),
            ("a\u{202e}b\u{200b}\u{85}".as_bytes(), r"a\xe2\x80\xaeb\xe2\x80\x8b\xc2\x85"),
            ("e\u{301}".as_bytes(), r"e\xcc\x81"),
            (b"", ""),
        ] {
            assert_eq!(escape(bytes, 100), expected);
        }
    }

    #[test]
    fn the_cut_is_shown_and_splits_no_character() {
        assert_eq!(escape(b"abcdef", 6), "abcdef");
        assert_eq!(escape(b"abcdef", 5), "abcde...");
        assert_eq!(escape(b"abcdef", 0), "...");
        assert_eq!(escape("aüb".as_bytes(), 2), "a...");
        assert_eq!(escape("aüb".as_bytes(), 3), "aü...");
        assert_eq!(escape("a世b".as_bytes(), 3), "a...");
        assert_eq!(escape(b"a\xc3\xffb", 2), r"a\xc3...", "no character: shown as it is");
        assert_eq!(escape(b"a\xc3", 2), r"a\xc3");
    }

    #[test]
    fn a_detail_has_at_most_120_bytes() {
        let bounded_to = |line: &str| detail(line.as_bytes());
        assert_eq!(bounded_to(&"a".repeat(120)), "a".repeat(120));
        assert_eq!(bounded_to(&"a".repeat(121)), "a".repeat(117) + "...");
        assert_eq!(bounded_to(&"ü".repeat(61)), "ü".repeat(58) + "...");
        assert_eq!(detail(&[0; 30]), "\\x00".repeat(30));
        assert_eq!(detail(&[0; 31]), "\\x00".repeat(29) + "\\...");
    }
}
