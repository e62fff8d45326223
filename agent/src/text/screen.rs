//! Texts on a screen: how many columns one takes, and what to do with one that takes too many.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Stands for the middle of a text that was too wide.
const GAP: &str = "\u{2026}";

/// The columns that a text takes on a terminal: two for most East Asian characters, none for a combining one
/// (Unicode Standard Annex 11).
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns: what is too much is left out of its middle, because the ends of a name
/// or a path tell it from others.
pub(crate) fn cut_middle(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(columns(GAP));
    let mut left = 0;
    let head: String = text.chars().take_while(|c| fits(*c, &mut left, room.div_ceil(2))).collect();
    let mut right = 0;
    let tail: Vec<char> = text.chars().rev().take_while(|c| fits(*c, &mut right, room / 2)).collect();
    head + GAP + &tail.into_iter().rev().collect::<String>()
}

/// Whether the character fits, too; then it counts.
fn fits(character: char, used: &mut usize, most: usize) -> bool {
    *used += character.width().unwrap_or(0);
    *used <= most
}

/// The text with blanks behind it, up to so many columns.
pub(crate) fn padded(text: &str, to: usize) -> String {
    let blanks = to.saturating_sub(columns(text));
    format!("{text}{:blanks$}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_wide_keeps_both_ends() {
        for (text, most, expected) in [
            ("shop", 4, "shop"),
            ("catalogue", 5, "ca\u{2026}ue"),
            ("catalogue", 4, "ca\u{2026}e"),
            ("catalogue", 1, "\u{2026}"),
            ("catalogue", 0, "\u{2026}"),
            // Two columns each: three of them do not fit into five.
            ("データベース", 5, "デ\u{2026}ス"),
            ("データベース", 12, "データベース"),
        ] {
            assert_eq!(cut_middle(text, most), expected, "{text} in {most}");
            assert!(columns(expected) <= most.max(1));
        }
    }

    #[test]
    fn blanks_are_counted_in_columns() {
        assert_eq!(padded("デ", 4), "デ  ");
        assert_eq!(padded("e\u{301}", 3), "e\u{301}  ");
        assert_eq!(padded("long", 2), "long");
    }
}
