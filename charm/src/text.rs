//! Texts for people, as Juju shows them.

use serde::{Deserialize, Deserializer};
use std::ops::Deref;

/// One line in which everything can be seen: files and records have any content. Control characters are spaces; what
/// hides, joins or turns text around (formats, the bidirectional controls, other separators) is escaped.
pub(crate) fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' '..='~' => line.push(character),
            _ if character.is_control() => line.push(' '),
            // The standard library knows what cannot be seen, and accents without a letter.
            _ if character.escape_debug().len() > 1 => line.extend(character.escape_unicode()),
            _ => line.push(character),
        }
    }
    line
}

/// A text that others than root wrote, as [`printable`] has it, of at most [`Foreign::LONGEST`] bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Foreign(String);

impl Foreign {
    /// As many as the agent takes of a server's text.
    const LONGEST: usize = 200;

    fn of(text: &str) -> Self {
        let mut line = printable(text);
        if line.len() > Self::LONGEST {
            let end = (0..=Self::LONGEST - CUT.len()).rev().find(|end| line.is_char_boundary(*end));
            line.truncate(end.unwrap_or(0));
            line += CUT;
        }
        Self(line)
    }
}

/// What stands for the rest.
const CUT: &str = "...";

impl Deref for Foreign {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Foreign {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::of(&text))
    }
}

/// `1 check`, `2 checks`.
pub(crate) fn checks(count: usize) -> String {
    counted(count, "check")
}

/// `1 warning`, `2 warnings`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped_and_what_can_stays() {
        for (text, line) in [
            ("h\u{e9}llo `w\u{f6}rld` \"x\\y'", "h\u{e9}llo `w\u{f6}rld` \"x\\y'"),
            ("a\nb\x1b[2J\u{9b}", "a b [2J "),
            ("a\u{202e}b\u{2028}c\u{61c}", "a\\u{202e}b\\u{2028}c\\u{61c}"),
            ("\u{2060}\u{feff}\u{ad}\u{e0041}\u{301}", "\\u{2060}\\u{feff}\\u{ad}\\u{e0041}\\u{301}"),
        ] {
            assert_eq!(printable(text), line);
        }
    }

    #[test]
    fn a_text_of_others_is_bounded_in_whole_characters() {
        for text in ["x".repeat(1_000), "\u{20ac}".repeat(1_000), "\u{202e}".repeat(1_000)] {
            let foreign = Foreign::of(&text);
            assert!(foreign.len() <= 200 && foreign.len() > 190 && foreign.ends_with(CUT), "{}", &*foreign);
        }
        assert_eq!(&*Foreign::of(&"x".repeat(200)), "x".repeat(200));
    }
}
