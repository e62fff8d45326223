//! How problems are put together and how names appear in them.

use super::{Problem, Span};

/// How many characters of a name are shown.
const SHOWN: usize = 60;

impl Problem {
    /// A problem without advice.
    pub(super) fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None }
    }

    /// The same with advice.
    pub(super) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A key, tag or anchor name for a message: on one line, and not longer than a line.
pub(super) fn name(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(visible).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A character as it is, or as an escape if it would disturb the terminal.
fn visible(character: char) -> impl Iterator<Item = char> {
    let escape = character.is_control().then(|| character.escape_default()).into_iter().flatten();
    let plain = (!character.is_control()).then_some(character);
    escape.chain(plain)
}
