//! One check in pieces: `- type: tcp`, `- host: a`, with a `- ` before each of its options.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::yaml::{Node, Value};

/// How many items from the first one on are one check in pieces; 1: the first one is whole.
pub(super) fn count(items: &[Node]) -> usize {
    let is_alone = items.first().is_some_and(|first| matches!(keys(first).as_slice(), [Some("type")]));
    let is_piece = |item: &&Node| {
        let keys = keys(item);
        !keys.is_empty() && !keys.contains(&Some("type")) && !keys.contains(&Some("include"))
    };
    if is_alone { 1 + items[1..].iter().take_while(is_piece).count() } else { 1 }
}

/// What is wrong with a check in pieces, of which there are at least two.
pub(super) fn torn(pieces: &[Node]) -> Diagnostic {
    let span = pieces.get(1).map(|second| second.span).unwrap_or_default();
    let message = "this line begins another check, which has no `type`: there is a `- ` too many";
    Diagnostic::error(Flaw::MissingKey, span, message)
        .help("write `- ` before `type:` alone, and the other options of the check below it, indented by two spaces")
}

/// The keys of a mapping; none for anything else.
fn keys(item: &Node) -> Vec<Option<&str>> {
    match &item.value {
        Value::Map(pairs) => pairs.iter().map(|(key, _)| key.text()).collect(),
        Value::Scalar(_) | Value::Seq(_) => Vec::new(),
    }
}
