//! Anchors, and the copies that aliases stand for.

use super::Node;
use super::budget::{self, Budget, Size};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Span, shortened};

/// The finished nodes that carry an anchor, by the parser's numbers.
///
/// A name that is given again gets a new number, so that an alias means the last node before
/// it.
#[derive(Default)]
pub(super) struct Anchors {
    known: Vec<Option<Anchor>>,
}

struct Anchor {
    node: Node,
    size: Size,
}

impl Anchors {
    /// Keeps a copy of a finished node; the number 0 means that it has no anchor.
    pub(super) fn define(&mut self, number: usize, node: &Node, budget: &mut Budget) -> Result<(), Diagnostic> {
        if number == 0 {
            return Ok(());
        }
        let size = Size::of(node);
        budget.anchor(size, node.span)?;
        if self.known.len() <= number {
            self.known.resize_with(number + 1, || None);
        }
        let node = node.clone();
        self.known[number] = Some(Anchor { node, size });
        Ok(())
    }

    /// The node that an alias stands for, at the place of the alias.
    ///
    /// `depth` is the number of lists and mappings around the alias, `name` is what the file
    /// calls it. An anchor that is known to the parser but not yet here belongs to a node
    /// around the alias.
    pub(super) fn resolve(
        &self,
        number: usize,
        (name, span): (&str, Span),
        depth: usize,
        budget: &mut Budget,
    ) -> Result<Node, Diagnostic> {
        let Some(Some(anchor)) = self.known.get(number) else {
            return Err(recursive(name, span));
        };
        budget.alias(anchor.size, span)?;
        budget::check_depth(depth + anchor.size.height, span)?;
        Ok(Node { span, value: anchor.node.value.clone() })
    }
}

/// Refuses an anchor with a name that `PyYAML` refuses: it may well be a text without quotes.
pub(super) fn check_name(name: &str, span: Span) -> Result<(), Diagnostic> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.bytes().all(allowed) {
        return Ok(());
    }
    let message = "the name of an anchor has only letters, digits, `-` and `_`";
    let help = "a value that begins with `&` needs quotes";
    Err(Diagnostic::error(Flaw::YamlSyntax, span, message).help(help))
}

/// The problem of an alias without an anchor before it.
pub(super) fn unknown(span: Span) -> Diagnostic {
    // Not the name: it may well be a password without quotes.
    let message = "this alias has no anchor of its name before it";
    let help = "check the name; a text that begins with `*` needs quotes";
    Diagnostic::error(Flaw::UnknownAlias, span, message).help(help)
}

fn recursive(name: &str, span: Span) -> Diagnostic {
    let name = shortened(name);
    let message = format!("the alias `*{name}` stands inside the value of its anchor `&{name}`");
    let help = "a value cannot hold itself: move the anchor or remove the alias";
    Diagnostic::error(Flaw::UnknownAlias, span, message).help(help)
}
