//! Texts for people, as Juju shows them.

/// Replaces control characters, because Juju shows one line, and files and records have any content.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// `1 check`, `2 checks`.
pub(crate) fn checks(count: usize) -> String {
    counted(count, "check")
}

/// `1 warning`, `2 warnings`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
