//! Checks that stand in a file more than once: each is run as often, and says the same.

use super::include::Include;
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Lines, Span};
use crate::yaml::{Node, Value};
use foldhash::quality::FixedState;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};

/// A warning at the second of each lot of checks that are the same in all options.
pub(super) fn warnings(items: &[Node], lines: &Lines<'_>) -> Vec<Diagnostic> {
    let mut seen: HashMap<u64, Lot, FixedState> = HashMap::default();
    // Files that are included twice are told where they are read.
    let is_check = |item: &&Node| matches!(&item.value, Value::Map(pairs) if !Include::is_one(pairs));
    for item in items.iter().filter(is_check) {
        let lot = seen.entry(fingerprint(item)).or_insert(Lot { first: item.span, second: None, count: 0 });
        lot.count += 1;
        if lot.count == 2 {
            lot.second = Some(item.span);
        }
    }
    seen.values().filter_map(|lot| lot.warning(lines)).collect()
}

/// Checks that are the same.
struct Lot {
    first: Span,
    second: Option<Span>,
    count: usize,
}

impl Lot {
    /// A warning, where there is more than one.
    fn warning(&self, lines: &Lines<'_>) -> Option<Diagnostic> {
        let (line, _) = lines.position(self.first.start);
        let more = if self.count > 2 { format!(", {} times in all", self.count) } else { String::new() };
        let message = format!("this very check stands in line {line} already{more}");
        Some(Diagnostic::warning(Flaw::Twin, first_line(self.second?), message).help("leave one of them out"))
    }
}

/// Where a check begins.
fn first_line(span: Span) -> Span {
    Span { start: span.start, end: span.end.min(span.start + 1) }
}

/// What two values have in common that say the same, whatever the order of their keys.
fn fingerprint(node: &Node) -> u64 {
    match &node.value {
        Value::Scalar(scalar) => hash((&scalar.text, std::mem::discriminant(&scalar.resolved))),
        Value::Seq(items) => items.iter().map(fingerprint).fold(1, |all, item| hash((all, item))),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| hash((fingerprint(key), fingerprint(value))));
            hash((2, pairs.fold(0, u64::wrapping_add)))
        }
    }
}

/// Who writes a file may have a warning of it that is wrong, and nothing else: no hash that withstands that is needed.
fn hash(value: impl Hash) -> u64 {
    FixedState::with_seed(0).hash_one(value)
}
