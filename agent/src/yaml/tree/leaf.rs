//! Scalars: their text, their meaning and their place.

use super::super::{Node, Resolved, Scalar, Value};
use super::{Head, Tree};
use crate::diagnostic::Diagnostic;
use crate::text::Span;
use crate::yaml::scalar;
use granit_parser::ScalarStyle;

/// A scalar as the parser gives it.
pub(super) struct Leaf<'e, 't> {
    /// The text after quotes and escapes are undone.
    pub(super) text: &'e str,
    /// How it is written.
    pub(super) style: ScalarStyle,
    /// The parser's idea of where it stands.
    pub(super) span: Span,
    /// What stands before it.
    pub(super) head: Head<'t>,
}

impl<'t> Tree<'_, 't> {
    /// Takes a scalar.
    pub(super) fn scalar(&mut self, leaf: &Leaf<'_, 't>) -> Result<(), Diagnostic> {
        let plain = leaf.style == ScalarStyle::Plain;
        // The parser gives `~` as the text of an empty value.
        let empty = plain && leaf.span.start == leaf.span.end;
        let bare = empty && leaf.head.tag.is_none() && leaf.head.anchor == 0;
        if bare && self.frames.is_empty() {
            return Ok(());
        }
        let span = self.scalar_span(leaf, bare);
        self.check_tabs(span, !plain)?;
        self.budget.node(span)?;
        let text = if empty { String::new() } else { self.without_made_up_break(leaf).to_owned() };
        let merge = match leaf.head.tag {
            Some(tag) => tag.is_merge(),
            None => plain && text == "<<",
        };
        let scalar = match leaf.head.tag {
            Some(tag) => tag.scalar(text)?,
            None => untagged(text, plain),
        };
        let value = Value::Scalar(scalar);
        self.complete(Node { span, value }, leaf.head.anchor, merge)
    }

    /// The text of a scalar; the parser ends a text block with a line break even where the
    /// file ends without one, and `PyYAML` does not.
    fn without_made_up_break<'e>(&self, leaf: &Leaf<'e, '_>) -> &'e str {
        let block = matches!(leaf.style, ScalarStyle::Literal | ScalarStyle::Folded);
        if !block || leaf.span.end < self.source.text().len() {
            return leaf.text;
        }
        let content = self.source.slice(leaf.span).trim_end_matches([' ', '\t']);
        match leaf.text.strip_suffix('\n') {
            Some(text) if !content.ends_with(['\n', '\r']) => text,
            _ => leaf.text,
        }
    }

    fn scalar_span(&self, leaf: &Leaf<'_, '_>, bare: bool) -> Span {
        match leaf.style {
            ScalarStyle::Literal | ScalarStyle::Folded => self.block_scalar_span(leaf.span),
            _ if bare => self.bare_span(leaf.span),
            _ => leaf.span,
        }
    }

    /// The parser's span has only the content, with the blank lines after it.
    fn block_scalar_span(&self, content: Span) -> Span {
        let header = self
            .behind_indicator()
            .map(|at| self.source.skip_properties(at))
            .filter(|&at| matches!(self.source.byte(at), Some(b'|' | b'>')));
        let start = header.unwrap_or(content.start);
        let trimmed = self.source.slice(content).trim_end_matches([' ', '\t', '\n', '\r']);
        let end = match (header, trimmed) {
            (Some(at), "") => self.source.word(at).end,
            _ => content.start + trimmed.len(),
        };
        Span { start, end }
    }

    /// The parser puts an empty value before its colon or behind a comment.
    fn bare_span(&self, given: Span) -> Span {
        let waiting = self.waiting_key();
        let at = self.behind_indicator().or(waiting).unwrap_or(given.start);
        Span { start: at, end: at }
    }
}

/// A scalar without a tag: only a plain one can be anything but text.
fn untagged(text: String, plain: bool) -> Scalar {
    let resolved = if plain { scalar::resolve(&text) } else { Resolved::Str };
    Scalar { text, resolved }
}
