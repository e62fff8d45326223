//! A YAML file as a tree of nodes with their spans: files of checks and files of firewall rules.
//!
//! The events come from `granit-parser`, and [`read`] makes nodes of them, with aliases expanded
//! ([`expand`]) and keys sorted out ([`mapping`]). The meaning of the scalars, tags and merge keys
//! is that of `PyYAML` (see [`scalar`]). Every node has its span, so that a later complaint about a
//! value can show the very characters. What a hostile file may cost is bounded: see [`parse`].

mod expand;
mod mapping;
mod read;
pub(crate) mod scalar;
mod source;
mod syntax;
mod tags;
#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::text::Span;
use granit_parser::{Options, Parser, StrInput};
use read::Reader;
pub(crate) use scalar::Resolved;
use source::Source;

/// A value and where it stands.
///
/// The span of a quoted scalar has the quotes in it, that of a block scalar reaches from its
/// `|` or `>` to its last character that is not white space, that of an empty value is empty
/// and stands right behind the `:` or `-` it belongs to. A mapping or list reaches from its
/// first character to the end of its last child. What an alias brings in has the span of the
/// alias; its children keep their own.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub value: Value,
}

impl Node {
    /// A plain scalar that stands in no file.
    pub(crate) fn word(text: &str) -> Self {
        let scalar = Scalar { text: text.to_owned(), resolved: scalar::resolve(text), literal: false, plain: true };
        Self { span: Span::default(), value: Value::Scalar(scalar) }
    }

    /// A scalar that stands for a part of another value, there; taken as it is, whatever it looks like.
    pub(crate) fn part(text: &str, span: Span) -> Self {
        let scalar = Scalar { text: text.to_owned(), resolved: Resolved::Str, literal: true, plain: false };
        Self { span, value: Value::Scalar(scalar) }
    }

    /// Whether nothing stands there: null, or no value at all.
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar(Scalar { resolved: Resolved::Null, .. }))
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            Value::Seq(_) | Value::Map(_) => None,
        }
    }
}

/// A scalar, a list or a mapping.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list, in the order of the file.
    Seq(Vec<Node>),
    /// Keys and values: what merge keys brought in first, then the rest in the order of the
    /// file. No two scalar keys are equal.
    Map(Vec<(Node, Node)>),
}

/// A single value, as it was written and as it is understood.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The text after quotes, escapes and line folding are undone: `password: 0644` may be
    /// wanted as the text "0644".
    pub text: String,
    /// What the text stands for.
    pub resolved: Resolved,
    /// Whether `!!str` says that it is a text as it stands.
    pub literal: bool,
    /// Whether it stands there without quotes and without a tag.
    pub plain: bool,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The outermost value; nothing if the file is empty or has only comments.
    pub root: Option<Node>,
    /// Warnings, in the order of the file: duplicate keys, at most 1,000 of them.
    pub notes: Vec<Diagnostic>,
}

/// Reads a YAML file that holds at most one document.
///
/// # Errors
///
/// The first problem met, with one of these codes: `yaml-syntax`, `several-documents`,
/// `unknown-alias`, `unknown-tag`, `bad-tag` (a tag that does not fit its value), `bad-merge`,
/// `too-deep` (more than 64 levels) and `too-large` (more than 1,000,000 nodes, or aliases
/// that bring in more than 100,000 nodes or 16 MiB of text).
pub(crate) fn parse(text: &str) -> Result<Document, Diagnostic> {
    let source = Source::new(text)?;
    let mut reader = Reader::new(&source);
    for event in parser(text) {
        match &event {
            Ok((event, span)) => reader.accept(event, span)?,
            Err(error) => return Err(syntax::problem(error, &source)),
        }
    }
    Ok(reader.finish())
}

/// The parser with limits of its own, which stop it before a hostile file costs much.
fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let mut options = Options::default();
    options.flow_nesting_limit = expand::MAX_DEPTH;
    options.block_nesting_limit = expand::MAX_DEPTH;
    // An unknown alias then comes with its name.
    options.emit_unresolved_aliases = true;
    options.emit_anchor_events = true;
    options.set_emit_comments(false);
    Parser::new_from_str_with_options(text, options)
}
