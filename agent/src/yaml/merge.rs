//! The merge key `<<` (YAML 1.1, <https://yaml.org/type/merge.html>).

use super::{Node, Value};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::Span;

/// The pairs that the value of a merge key brings in, the weakest first.
///
/// The value is a mapping, or a list of mappings of which the earlier ones are stronger.
/// Anything else is the problem `bad-merge`.
pub(super) fn pairs(value: Node) -> Result<Vec<(Node, Node)>, Diagnostic> {
    match value.value {
        Value::Map(pairs) => Ok(pairs),
        Value::Seq(items) => {
            let lists: Vec<_> = items.into_iter().map(entry).collect::<Result<_, _>>()?;
            Ok(lists.into_iter().rev().flatten().collect())
        }
        Value::Scalar(_) => Err(problem(value.span)),
    }
}

fn entry(item: Node) -> Result<Vec<(Node, Node)>, Diagnostic> {
    match item.value {
        Value::Map(pairs) => Ok(pairs),
        Value::Seq(_) | Value::Scalar(_) => Err(problem(item.span)),
    }
}

fn problem(span: Span) -> Diagnostic {
    let message = "the merge key `<<` needs a mapping or a list of mappings";
    let help = "write `<<: *name` with the anchor `&name` on a mapping";
    Diagnostic::error(Flaw::BadMerge, span, message).help(help)
}
