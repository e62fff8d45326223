//! Finding the mistake in a quoted text that the parser could not read.

use super::source::Source;
use crate::text::Span;

/// What may follow the backslash of an escape without digits (YAML 1.2.2, section 5.7).
const ESCAPES: &str = "0abt\tnvfre \"/\\N_LP\r\n";

impl Source<'_> {
    /// The first quote between two places that is opened there and not closed again.
    pub(super) fn open_quote(&self, from: usize, to: usize) -> Option<usize> {
        let mut at = from;
        // Whether a value can begin here; a quote inside a plain text opens nothing.
        let mut fresh = true;
        while at < to {
            let byte = self.byte(at)?;
            match byte {
                b'"' | b'\'' if fresh => match self.closing_quote(at, to) {
                    Some(end) => at = end,
                    None => return Some(at),
                },
                b'&' | b'!' if fresh => at = self.word(at).end,
                b'#' if self.after_blank(at) => at = self.line_end(at),
                _ => {
                    fresh = match byte {
                        b'\n' | b'\r' | b'[' | b'{' | b',' | b':' => true,
                        b' ' | b'\t' | b'-' | b'?' => fresh,
                        _ => false,
                    };
                    at += 1;
                }
            }
        }
        None
    }

    /// The place behind the quote that closes the one at `open`, if it stands before `to`.
    fn closing_quote(&self, open: usize, to: usize) -> Option<usize> {
        let quote = self.byte(open)?;
        let mut at = open + 1;
        while at < to {
            let byte = self.byte(at)?;
            let doubled = byte == b'\'' && self.byte(at + 1) == Some(b'\'');
            if byte == quote && !doubled {
                return Some(at + 1);
            }
            let pair = (byte == b'\\' && quote == b'"') || (doubled && quote == b'\'');
            at += if pair { 2 } else { 1 };
        }
        None
    }

    /// The first escape of the double-quoted text at `open` that is not one of YAML's.
    pub(super) fn bad_escape(&self, open: usize) -> Option<Span> {
        let mut at = open + 1;
        loop {
            match self.byte(at)? {
                b'"' => return None,
                b'\\' => match self.escape(at) {
                    (length, true) => at += length,
                    (length, false) => {
                        let end = at + length;
                        return Some(Span { start: at, end });
                    }
                },
                _ => at += 1,
            }
        }
    }

    /// The length of the escape at a backslash, and whether it is one of YAML's.
    fn escape(&self, at: usize) -> (usize, bool) {
        let rest = self.text().get(at + 1..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            return (1, false);
        };
        let width = match first {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return (1 + first.len_utf8(), ESCAPES.contains(first)),
        };
        let digits = rest[1..].bytes().take(width);
        let count = digits.take_while(u8::is_ascii_hexdigit).count();
        (2 + count, count == width)
    }

    fn after_blank(&self, at: usize) -> bool {
        at == 0 || matches!(self.byte(at - 1), Some(b' ' | b'\t' | b'\n' | b'\r'))
    }
}
