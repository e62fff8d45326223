//! Texts made fit for people, whoever wrote them: escaped, cut, decoded, and places in them.

mod bytes;
#[cfg(test)]
pub(crate) mod noise;
mod percent;
mod position;
pub(crate) mod screen;
mod shell;

pub(crate) use bytes::{bounded, detail, escape};
pub(crate) use percent::{percent_decoded, percent_decoded_text};
pub(crate) use position::{Lines, Span, floor_boundary};
pub(crate) use shell::shell_word;

/// What stands for the rest of a text that was cut.
pub(crate) const CUT: &str = "...";

/// So many characters of a name, key or value are shown in a message.
const SHOWN_CHARACTERS: usize = 60;

/// The longest text of somebody else's that is shown, in bytes.
const SAID: usize = 200;

/// The characters that are not seen, or turn the text around them: Unicode's format characters (Cf), among
/// them the bidirectional controls and the tags, and its separators of lines and paragraphs (Zl, Zp).
/// From `UnicodeData.txt` of Unicode 16; code points without a character between two of them count too.
const FORMAT: [(char, char); 20] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
];

/// Whether a character would move a terminal's cursor, end a line, hide text or make it read differently
/// from what it says.
pub(crate) fn is_escaped(character: char) -> bool {
    match character {
        ' '..='~' => false,
        c => c.is_control() || FORMAT.iter().any(|(first, last)| (*first..=*last).contains(&c)),
    }
}

/// What somebody else said - a peer, its certificate - made fit for a message: one line, nothing in it that
/// cannot be seen, 200 bytes at most. A text goes through here where it comes in, so that no message, next
/// step, warning or fact is longer than people read, or says something else than it seems to.
pub(crate) fn said(text: &str) -> String {
    let text = text.trim_end();
    if text.len() <= SAID && !text.chars().any(is_escaped) {
        return text.to_owned();
    }
    let mut said = String::new();
    // Up to here there is room for the sign that there was more; no escape is cut in two.
    let mut end = 0;
    for character in text.chars() {
        push_escaped(&mut said, character);
        if said.len() <= SAID - CUT.len() {
            end = said.len();
        } else if said.len() > SAID {
            said.truncate(end);
            said.push_str(CUT);
            break;
        }
    }
    said
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_has_200_bytes_at_most_and_no_half_of_an_escape() {
        assert_eq!(said(&"a".repeat(200)), "a".repeat(200));
        assert_eq!(said(&"a".repeat(201)), "a".repeat(197) + CUT);
        assert_eq!(said(&"\u{fc}".repeat(150)), "\u{fc}".repeat(98) + CUT);
        assert_eq!(said(&"\u{202e}".repeat(99)), "\\u{202e}".repeat(24) + CUT);
        assert_eq!(said("a\u{1b}[2J\r\nb \r\n"), "a\\u{1b}[2J\\r\\nb");
    }

    #[test]
    fn all_that_cannot_be_seen_is_escaped_and_what_can_be_is_not() {
        for hidden in "\u{ad}\u{600}\u{61c}\u{180e}\u{200b}\u{200e}\u{2028}\u{2029}\u{202e}\u{2060}\u{2064}\u{2069}\u{206f}\u{feff}\u{fffb}\u{110bd}\u{1d17a}\u{e0001}\u{e007f}\u{85}\u{7f}\u{0}".chars() {
            assert!(is_escaped(hidden), "{}", hidden.escape_unicode());
        }
        for shown in "a \u{fc}\u{301}\u{a0}\u{4e16}\u{1f600}\u{5d0}\u{627}".chars() {
            assert!(!is_escaped(shown), "{}", shown.escape_unicode());
        }
        let known = |c: &char| !c.is_control() && FORMAT.iter().any(|(first, last)| (first..=last).contains(&c));
        let of_std = |c: &char| c.escape_debug().len() > 1;
        assert!(('\u{80}'..=char::MAX).filter(known).all(|c| of_std(&c)), "the standard library shows one of them");
    }
}
