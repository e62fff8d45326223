//! Texts made fit for people, whoever wrote them: escaped, cut, decoded, and places in them.

mod bytes;
#[cfg(test)]
pub(crate) mod noise;
mod percent;
mod position;

pub(crate) use bytes::{bounded, detail, escape};
pub(crate) use percent::percent_decoded;
pub(crate) use position::{Lines, Span, floor_boundary};

/// What stands for the rest of a text that was cut.
pub(crate) const CUT: &str = "...";

/// So many characters of a name, key or value are shown in a message.
const SHOWN_CHARACTERS: usize = 60;

/// Whether a character would move a terminal's cursor, end a line or hide text (also the bidirectional
/// controls of Unicode, which can make a text read differently from what it says).
pub(crate) fn is_escaped(character: char) -> bool {
    match character {
        ' '..='~' => false,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => true,
        c => c.is_control(),
    }
}

/// Adds a character, escaped where [`is_escaped`] says so.
pub(crate) fn push_escaped(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_escaped(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
}

/// [`push_escaped`] over a whole text.
pub(crate) fn escaped(text: &str) -> String {
    if !text.chars().any(is_escaped) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_escaped(&mut out, c));
    out
}

/// A text that has so many bytes at most.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(floor_boundary(&text, most.saturating_sub(CUT.len())));
        text.push_str(CUT);
    }
    text
}

/// A name, key or value for a message: one line, 60 characters at most.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => escaped(&text[..end]) + CUT,
        None => escaped(text),
    }
}
