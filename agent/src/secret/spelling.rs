//! The one spelling in which texts are compared: a server that says back what it was sent spells it as
//! its own format wants it.

use std::ops::Range;

/// A text in its plainest spelling, and where each byte of that comes from.
#[derive(Debug, Default)]
pub(super) struct Plainest {
    pub(super) bytes: Vec<u8>,
    /// Where in the text each byte's own spelling begins; one more, the text's end.
    origins: Vec<usize>,
}

impl Plainest {
    /// Undoes percent-encoding (RFC 3986 section 2.1), the escapes of JSON (RFC 8259 section 7), Rust and
    /// C, the character references of HTML, all of them on top of each other; letter case (ASCII); and
    /// what tells base64 from its URL-safe form (RFC 4648 section 5), or a form's `+` from a space.
    pub(super) fn of(text: &str) -> Self {
        let mut plainest = Self::default();
        for (at, character) in text.char_indices() {
            plainest.push(character.encode_utf8(&mut [0; 4]).as_bytes(), at);
            // Each spelling is longer than what it stands for: this ends.
            while let Some((length, meaning)) = spelled(&plainest.bytes) {
                let begin = plainest.bytes.len() - length;
                let origin = plainest.origins[begin];
                plainest.bytes.truncate(begin);
                plainest.origins.truncate(begin);
                plainest.push(&meaning, origin);
            }
        }
        plainest.origins.push(text.len());
        plainest
    }

    /// Which part of the text a part of its plainest spelling stands for.
    pub(super) fn origin(&self, part: &Range<usize>) -> Range<usize> {
        self.origins[part.start]..self.origins[part.end]
    }

    /// Whether a part neither begins nor ends in the middle of a word.
    pub(super) fn is_word(&self, part: &Range<usize>) -> bool {
        let in_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
        let before = part.start.checked_sub(1).and_then(|at| self.bytes.get(at));
        !in_word(before) && !in_word(self.bytes.get(part.end))
    }

    fn push(&mut self, bytes: &[u8], origin: usize) {
        for byte in bytes {
            self.bytes.push(match byte.to_ascii_lowercase() {
                b'+' | b'-' => b' ',
                b'_' => b'/',
                other => other,
            });
            self.origins.push(origin);
        }
    }
}

/// The spelling that a text ends with: its length, and what it stands for.
fn spelled(text: &[u8]) -> Option<(usize, Vec<u8>)> {
    match *text {
        [.., b'%', high, low] => Some((3, byte(&[high, low])?)),
        [.., b'\\', b'x', high, low] => Some((4, byte(&[high, low])?)),
        [.., b'\\', b'u', a, b, c, d] => unit(text, &[a, b, c, d]),
        [.., b'\\', b'n'] => Some((2, b"\n".to_vec())),
        [.., b'\\', b'r'] => Some((2, b"\r".to_vec())),
        [.., b'\\', b't'] => Some((2, b"\t".to_vec())),
        [.., b'\\', quoted @ (b'/' | b'"' | b'\'' | b'\\')] => Some((2, vec![quoted])),
        [.., b'}'] => enclosed(text, b"\\u{", |code| character(number(code, 16)?)),
        [.., b';'] => enclosed(text, b"&", reference),
        _ => None,
    }
}

fn byte(digits: &[u8]) -> Option<Vec<u8>> {
    u8::try_from(number(digits, 16)?).ok().map(|byte| vec![byte])
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()
}

fn character(code: u32) -> Option<Vec<u8>> {
    char::from_u32(code).map(|character| character.to_string().into_bytes())
}

/// A code unit of UTF-16; the second of two counts with the first.
fn unit(text: &[u8], digits: &[u8]) -> Option<(usize, Vec<u8>)> {
    let code = number(digits, 16)?;
    let first = match text[..text.len() - 6] {
        [.., b'\\', b'u', a, b, c, d] => number(&[a, b, c, d], 16),
        _ => None,
    };
    match (first, code) {
        (Some(high @ 0xd800..0xdc00), 0xdc00..0xe000) => {
            Some((12, character(0x1_0000 + ((high - 0xd800) << 10) + (code - 0xdc00))?))
        }
        _ => Some((6, character(code)?)),
    }
}

/// What stands between an opening and the last byte of a text, read by a rule.
fn enclosed(text: &[u8], opening: &[u8], rule: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<(usize, Vec<u8>)> {
    /// The longest are `1f600` and `#x0001f600`.
    const LONGEST: usize = 10;
    let window = &text[text.len().saturating_sub(opening.len() + LONGEST + 1)..];
    let begin = (0..window.len()).rfind(|at| window[*at..].starts_with(opening))?;
    let meaning = rule(&window[begin + opening.len()..window.len() - 1])?;
    Some((window.len() - begin, meaning))
}

/// A character reference of HTML ("13.5 Named character references" of its standard): those that every
/// encoder writes.
fn reference(name: &[u8]) -> Option<Vec<u8>> {
    match name {
        b"amp" => Some(b"&".to_vec()),
        b"lt" => Some(b"<".to_vec()),
        b"gt" => Some(b">".to_vec()),
        b"quot" => Some(b"\"".to_vec()),
        b"apos" => Some(b"'".to_vec()),
        [b'#', b'x', digits @ ..] => character(number(digits, 16)?),
        [b'#', digits @ ..] => character(number(digits, 10)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_text_are_one() {
        for (spelled, plain) in [
            ("P%C3%A4ss%20Word", "päss word"),
            (r"p\u00e4ss\/\u003cword\u003E", "päss/<word>"),
            (r"\ud83d\ude00 \u{1F600} &#x1f600; &#128512;", "😀 😀 😀 😀"),
            ("&lt;a&amp;b&quot;&#39;&apos;&gt;", "<a&b\"''>"),
            (r"\xc3\xa4 a\\b \n", "ä a\\b \n"),
            ("%2541 %26lt%3B &amp;lt; %5cu0041", "a < < a"),
            ("ab-cd_ef", "ab+cd/ef"),
            ("100% \\ud83d &what; \\u{} %zz", "100% \\ud83d &what; \\u{} %zz"),
        ] {
            assert_eq!(Plainest::of(spelled).bytes, Plainest::of(plain).bytes, "{spelled}");
        }
    }

    #[test]
    fn a_part_is_found_again_in_the_text_that_it_stands_for() {
        let text = "x=%68unter&quot;!";
        let plainest = Plainest::of(text);
        assert_eq!(plainest.bytes, b"x=hunter\"!");
        assert_eq!(&text[plainest.origin(&(2..8))], "%68unter");
        assert_eq!(&text[plainest.origin(&(8..10))], "&quot;!");
        assert!(plainest.is_word(&(2..8)));
        assert!(!plainest.is_word(&(3..8)));
    }

    #[test]
    fn the_worst_text_takes_linear_time() {
        let began = std::time::Instant::now();
        Plainest::of(&"%25".repeat(400_000));
        Plainest::of(&"&#x".repeat(400_000));
        assert!(began.elapsed().as_secs_f64() < 1.0, "{:?}", began.elapsed());
    }
}
