//! The parser's errors in words for people who do not know YAML's grammar.

mod layout;
mod token;

use super::budget;
use super::source::Source;
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::Span;
use granit_parser::{ErrorKind, Marker, ScanError};

/// Where the tree had got to when the parser gave up.
pub(super) struct Place<'s, 't> {
    /// The text.
    pub(super) source: &'s Source<'t>,
    /// The innermost open `[` or `{` of which the tree knows.
    pub(super) open: Option<usize>,
    /// The last node or bracket.
    pub(super) last: Span,
    /// The TABs in indentation from there on.
    pub(super) tabs: &'s [usize],
}

/// What to say: where, what, and what to do about it.
type Words = (Span, &'static str, Option<&'static str>);

/// Explains an error of the parser.
pub(super) fn problem(error: &ScanError, place: &Place<'_, '_>) -> Diagnostic {
    let at = offset(error.marker(), place.source.text());
    special(error.kind(), at, place).unwrap_or_else(|| {
        let words = layout::words(error.kind(), at, place).or_else(|| token::words(error.kind(), at, place));
        match words {
            Some((span, message, help)) => Diagnostic { help: help.map(str::to_owned), ..syntax(span, message) },
            None => syntax(place.source.character(at), error.kind().to_string()),
        }
    })
}

/// The problem of a TAB in indentation.
pub(super) fn tab(span: Span) -> Diagnostic {
    syntax(span, "a TAB is used for indentation").help("indent with spaces only")
}

/// Errors for which the parser points elsewhere, or which have a code of their own.
fn special(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Diagnostic> {
    if let Some(found) = guilty_tab(kind, at, place) {
        return Some(tab(place.source.character(found)));
    }
    match kind {
        _ if is_about_tabs(kind) => Some(tab(place.source.character(at))),
        ErrorKind::RecursionLimitExceeded => Some(budget::too_deep(place.source.character(at))),
        ErrorKind::UndeclaredTagHandle => {
            let word = place.source.slice(place.source.word(at));
            let name = word.split([',', '[', ']', '{', '}']).next()?;
            let end = at + name.len();
            Some(super::tag::unknown(name, Span { start: at, end }, None))
        }
        _ => open_quote(kind, at, place).or_else(|| open_bracket(kind, at, place)),
    }
}

/// The TAB in indentation that is behind an error, if one is.
fn guilty_tab(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<usize> {
    let source = place.source;
    let (before, after) = place.tabs.split_at(place.tabs.partition_point(|&tab| tab < at));
    let same_line = |tab: &usize| source.line(*tab) == source.line(at);
    if let Some(found) = before.last().copied().filter(same_line) {
        return Some(found);
    }
    if is_about_tabs(kind) {
        return after.first().copied();
    }
    // The parser reads ahead of the tree, so a TAB may be part of a quoted text that the tree
    // has not seen. A few attempts are enough for an explanation.
    let unquoted = |tab: &&usize| source.open_quote(place.last.end, **tab).is_none();
    before.iter().take(16).find(unquoted).copied()
}

fn is_about_tabs(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabInIndentation
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabNotAllowed
    )
}

/// A quoted text that the parser saw no end of: points to where it was opened.
fn open_quote(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Diagnostic> {
    let open = match kind {
        ErrorKind::UnclosedQuotedScalar => at,
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::DocumentIndicatorInQuotedScalar => {
            place.source.open_quote(place.last.end, at)?
        }
        _ => return None,
    };
    let quote = char::from(place.source.byte(open)?);
    let message = format!("the closing quote {quote} is missing for the text that begins here");
    let problem = syntax(place.source.character(open), message);
    if open == at {
        return Some(problem.help(format!("write a {quote} at the end of the text")));
    }
    let line = place.source.line(at);
    Some(
        problem
            .help(format!("write a {quote} at the end of the text; to go on with it on line {line}, indent that line")),
    )
}

/// A list or mapping in brackets that does not end: points to where it was opened.
fn open_bracket(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Diagnostic> {
    let source = place.source;
    let open = match kind {
        ErrorKind::UnclosedFlowCollection { .. } => at,
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("this `{open}` is closed by a `{close}`");
            return Some(syntax(source.character(at), message));
        }
        _ if is_about_flow(kind) => place.open.filter(|&open| source.line(open) < source.line(at))?,
        _ => return None,
    };
    let bracket = char::from(source.byte(open)?);
    let closing = if bracket == '[' { ']' } else { '}' };
    let problem = syntax(source.character(open), format!("the `{bracket}` that begins here is not closed"));
    if open == at {
        return Some(problem.help(format!("write the `{closing}`")));
    }
    let line = source.line(at);
    Some(
        problem
            .help(format!("line {line} does not fit into it: write the missing `{closing}` or `,` before that line")),
    )
}

/// Errors that arise when a bracket is missing at the end of an earlier line.
fn is_about_flow(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ExpectedFlowMappingSeparator
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
