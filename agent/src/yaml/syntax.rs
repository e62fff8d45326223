//! The parser's errors, reworded where it does not say what to do or points elsewhere.

use super::source::Source;
use super::{expand, parser, tags};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::Span;
use granit_parser::{ErrorKind, Marker, ScanError};

const NEEDS_QUOTES: &str = "a value that begins with a special character needs quotes";
const ALIGN: &str = "align this line with those that it belongs to, and write `key: value` with a space; \
                     a value with special characters needs quotes";

/// Explains an error of the parser.
pub(super) fn problem(error: &ScanError, source: &Source<'_>) -> Diagnostic {
    let kind = error.kind();
    let at = offset(error.marker(), source.text);
    let here = source.character(at);
    if let Some(found) = guilty_tab(kind, at, source) {
        return tab(source.character(found));
    }
    match kind {
        ErrorKind::RecursionLimitExceeded => expand::too_deep(here),
        ErrorKind::UndeclaredTagHandle => {
            let span = Span { start: at, end: source.word_end(at) };
            let name = source.slice(span).split([',', '[', ']', '{', '}']).next().unwrap_or_default();
            tags::unknown(Span { start: at, end: at + name.len() }, None)
        }
        _ => unclosed(kind, at, source).unwrap_or_else(|| match kind {
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => misplaced_colon(at, source),
            _ => reworded(kind, here),
        }),
    }
}

/// The problem of a TAB in indentation.
pub(super) fn tab(span: Span) -> Diagnostic {
    syntax(span, "a TAB is used for indentation").help("indent with spaces only")
}

/// The TAB in indentation that is behind an error, if one is: the parser may point to what stands
/// before it.
fn guilty_tab(kind: &ErrorKind, at: usize, source: &Source<'_>) -> Option<usize> {
    let (before, after) = source.tabs.split_at(source.tabs.partition_point(|&tab| tab < at));
    let same_line = before.last().copied().filter(|&tab| source.line(tab) == source.line(at));
    let about_tabs = matches!(
        kind,
        ErrorKind::TabInIndentation
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabNotAllowed
    );
    same_line.or_else(|| about_tabs.then(|| after.first().copied().unwrap_or(at)))
}

/// A quote or bracket that is not closed, with its place: the parser only finds that a later line
/// does not fit into it. Without that line, it says what is open.
fn unclosed(kind: &ErrorKind, at: usize, source: &Source<'_>) -> Option<Diagnostic> {
    if let Some(closing) = closing(kind, at, source) {
        return Some(not_closed(at, source, &format!("write the missing `{closing}`")));
    }
    if !is_about_open(kind) {
        return None;
    }
    let before = source.text.get(..source.line_start(at))?.trim_end();
    let error = parser(before).find_map(Result::err)?;
    let open = offset(error.marker(), before);
    let closing = closing(error.kind(), open, source)?;
    let line = source.line(at);
    let or_comma = if matches!(closing, '"' | '\'') { "" } else { " or `,`" };
    let help = format!("line {line} does not fit into it: write the missing `{closing}`{or_comma} before that line");
    Some(not_closed(open, source, &help))
}

/// What would close the quote or bracket at a place, if an error is about such a one.
fn closing(kind: &ErrorKind, open: usize, source: &Source<'_>) -> Option<char> {
    match kind {
        ErrorKind::UnclosedQuotedScalar => source.byte(open).map(char::from),
        ErrorKind::UnclosedFlowCollection { open: '[' } => Some(']'),
        ErrorKind::UnclosedFlowCollection { .. } => Some('}'),
        _ => None,
    }
}

fn not_closed(open: usize, source: &Source<'_>, help: &str) -> Diagnostic {
    let span = source.character(open);
    syntax(span, format!("the `{}` that begins here is not closed", source.slice(span))).help(help)
}

/// Errors that arise when a quote or bracket is missing at the end of an earlier line.
fn is_about_open(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::BlockEntryInFlowCollection
            | ErrorKind::FlowMappingValueAdjacentCollection
            | ErrorKind::PlainScalarStartsWithDashFlowIndicator
            | ErrorKind::MappingValueNotAllowed
    )
}

/// A `:` where no key can end: a second one on its line, or the first of a line that goes on with
/// the text above it.
fn misplaced_colon(at: usize, source: &Source<'_>) -> Diagnostic {
    let message = "mapping values are not allowed here";
    let before = source.slice(Span { start: source.line_start(at), end: at }).trim_start_matches([' ', '\t']);
    if before.contains(':') {
        return syntax(source.character(at), message).help("if the `:` belongs to the value, put the value in quotes");
    }
    syntax(Span { start: at - before.len(), end: at + 1 }, message).help(
        "this line is read as part of the text above it: check the indentation, \
         and that each key is followed by `: ` with a space",
    )
}

/// Any other error: the parser's own words where they are good enough, and what to do about it.
fn reworded(kind: &ErrorKind, span: Span) -> Diagnostic {
    let (message, help) = match kind {
        // Of a comma without a value before it the parser says that the file ends.
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEof => return syntax(span, "a value is missing here"),
        // Which character it is: the first one of a password, perhaps.
        ErrorKind::UnexpectedCharacter { .. } => (Some("a value cannot begin with this character"), NEEDS_QUOTES),
        ErrorKind::ExpectedBlockMappingKey => (Some("the next key of a mapping is expected here"), ALIGN),
        ErrorKind::ExpectedBlockSequenceEntry => (Some("the next `- ` of a list is expected here"), ALIGN),
        ErrorKind::ExpectedDocumentStart => (Some("this is not part of what stands above it"), ALIGN),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            Some("a `:` is missing after this key"),
            "write `key: value`; a text that goes on from the line above is indented more",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => {
            (None, "begin the list on the line below its key, or write it as [a, b]")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar => {
            (Some("unexpected text after the closing quote"), "inside single quotes, write '' for a single quote")
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            (Some("unexpected text after the closing quote"), "inside double quotes, write \\\" for a double quote")
        }
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape => {
            (None, "write \\\\ for a backslash, or put the text in single quotes")
        }
        ErrorKind::MissingAnchorOrAliasName
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidBlockScalarHeader => (None, NEEDS_QUOTES),
        _ => return syntax(span, kind.to_string()),
    };
    syntax(span, message.map_or_else(|| kind.to_string(), str::to_owned)).help(help)
}

fn syntax(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Flaw::YamlSyntax, span, message)
}

/// The byte offset of a marker of the parser.
fn offset(marker: &Marker, text: &str) -> usize {
    marker.byte_offset().unwrap_or_else(|| {
        let found = text.char_indices().nth(marker.index());
        found.map_or(text.len(), |(at, _)| at)
    })
}
