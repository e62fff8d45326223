//! The parser's errors in words for people who do not know YAML's grammar.

use super::source::Source;
use super::{Problem, Span, budget};
use granit_parser::{ErrorKind, Marker, ScanError};

/// Where the tree had got to when the parser gave up.
pub(super) struct Place<'s, 't> {
    /// The text.
    pub(super) source: &'s Source<'t>,
    /// The innermost open `[` or `{` of which the tree knows.
    pub(super) open: Option<usize>,
    /// The last node or bracket.
    pub(super) last: Span,
    /// The next TAB in indentation.
    pub(super) tab: Option<usize>,
}

/// What to say: where, what, and what to do about it.
type Words = (Span, &'static str, Option<&'static str>);

/// Explains an error of the parser.
pub(super) fn problem(error: &ScanError, place: &Place<'_, '_>) -> Problem {
    let at = offset(error.marker(), place.source.text());
    special(error.kind(), at, place).unwrap_or_else(|| {
        let words = structure(error.kind(), at, place)
            .or_else(|| flow(error.kind(), at, place))
            .or_else(|| scalar(error.kind(), at, place))
            .or_else(|| property(error.kind(), at, place));
        match words {
            Some((span, message, help)) => Problem { help: help.map(str::to_owned), ..syntax(span, message) },
            None => syntax(place.source.character(at), error.kind().to_string()),
        }
    })
}

/// The problem of a TAB in indentation.
pub(super) fn tab(span: Span) -> Problem {
    syntax(span, "a TAB is used for indentation").with_help("indent with spaces only")
}

/// Errors for which the parser points elsewhere, or which have a code of their own.
fn special(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Problem> {
    let tab_at = place.tab.filter(|&tab| tab < at || is_about_tabs(kind));
    if let Some(found) = tab_at {
        return Some(tab(place.source.character(found)));
    }
    match kind {
        ErrorKind::RecursionLimitExceeded => Some(budget::too_deep(place.source.character(at))),
        ErrorKind::UndeclaredTagHandle => {
            let span = place.source.word(at);
            Some(super::tag::unknown(place.source.slice(span), span, None))
        }
        _ => open_quote(kind, at, place).or_else(|| open_bracket(kind, at, place)),
    }
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
fn open_quote(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Problem> {
    let open = match kind {
        ErrorKind::UnclosedQuotedScalar => at,
        ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::TabInIndentation => place.source.open_quote(place.last.end, at)?,
        _ => return None,
    };
    let quote = char::from(place.source.byte(open)?);
    let message = format!("the closing quote {quote} is missing for the text that begins here");
    let problem = syntax(place.source.character(open), message);
    if open == at {
        return Some(problem.with_help(format!("write a {quote} at the end of the text")));
    }
    let line = place.source.line(at);
    Some(problem.with_help(format!(
        "write a {quote} at the end of the text; to go on with it on line {line}, indent that line"
    )))
}

/// A list or mapping in brackets that does not end: points to where it was opened.
fn open_bracket(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Problem> {
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
        return Some(problem.with_help(format!("write the `{closing}`")));
    }
    let line = source.line(at);
    Some(
        problem.with_help(format!(
            "line {line} does not fit into it: write the missing `{closing}` or `,` before that line"
        )),
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

/// Errors in how lines, keys and list entries follow each other.
fn structure(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
    let source = place.source;
    let here = source.character(at);
    Some(match kind {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            return Some(colon(at, place));
        }
        ErrorKind::ExpectedDocumentStart if place.last == Span::default() => (
            here,
            "a line `---` is missing after the line that begins with `%`",
            Some("a value that begins with `%` needs quotes"),
        ),
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::ExpectedDocumentStart => return Some(misplaced(kind, at, source)),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            source.word(at),
            "a `:` is missing after this key",
            Some("write `key: value`; a text that goes on from the line above is indented more"),
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => (
            here,
            "a list entry is not allowed here",
            Some("begin the list on the line below its key, or write it as [a, b]"),
        ),
        ErrorKind::MappingKeyNotAllowed => (here, "a key is not allowed here", None),
        ErrorKind::ExpectedNodeContent => (here, "a value is missing here", None),
        ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent => {
            (here, "bad indentation", Some("indent the line more than the key it belongs to"))
        }
        _ => return None,
    })
}

/// A `:` where no key can end.
fn colon(at: usize, place: &Place<'_, '_>) -> Words {
    let source = place.source;
    let message = "mapping values are not allowed here";
    let runs_on = source.line(place.last.start) < source.line(at) && place.last.end == at;
    if !runs_on {
        let help = "if the `:` belongs to the value, put the value in quotes";
        return (source.character(at), message, Some(help));
    }
    let start = source.line_content(at);
    let help = "this line is read as part of the text above it: check the indentation, \
                and that each key is followed by `: ` with a space";
    (Span { start, end: at + 1 }, message, Some(help))
}

/// Something that stands where only the next key, list entry or document could stand.
fn misplaced(kind: &ErrorKind, at: usize, source: &Source<'_>) -> Words {
    let content = source.line_content(at);
    let dash = matches!(source.slice(Span { start: content, end: at }).trim_end(), "-");
    let entry = dash || (content == at && is_dash(source, at));
    let here = source.character(if dash { content } else { at });
    match kind {
        _ if content < at && !dash => (
            here,
            "unexpected text after the end of the value",
            Some("a value with special characters needs quotes; a key needs `: ` with a space"),
        ),
        ErrorKind::ExpectedBlockMappingKey if entry => (
            here,
            "bad indentation: a list entry stands between the keys of a mapping",
            Some("indent all entries of a list alike, below its key"),
        ),
        ErrorKind::ExpectedBlockSequenceEntry => (
            here,
            "bad indentation: this line is not part of the list entry above it",
            Some("align it with the keys of the entry, or begin a new entry with `- `"),
        ),
        ErrorKind::ExpectedDocumentStart => (
            here,
            "bad indentation: this line is not part of what stands above it",
            Some("align it with the lines above it"),
        ),
        _ => (
            here,
            "bad indentation: this line does not align with any key above it",
            Some("align it with the other keys of its mapping"),
        ),
    }
}

fn is_dash(source: &Source<'_>, at: usize) -> bool {
    source.byte(at) == Some(b'-') && matches!(source.byte(at + 1), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
}

/// Errors inside brackets and braces.
fn flow(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
    let here = place.source.character(at);
    let comma = place.source.byte(at) == Some(b',');
    Some(match kind {
        ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence
            if comma =>
        {
            (here, "a value is missing before this `,`", None)
        }
        ErrorKind::ExpectedFlowSequenceSeparator => (here, "a `,` or `]` is expected here", Some(QUOTE_OR_COMMA)),
        ErrorKind::ExpectedFlowMappingSeparator => (here, "a `,` or `}` is expected here", Some(QUOTE_OR_COMMA)),
        ErrorKind::MisplacedFlowCollectionEnd => {
            (here, "this closing bracket has no opening one", Some("remove it, or put the value in quotes"))
        }
        ErrorKind::BlockEntryInFlowCollection => {
            (here, "a list entry with `-` is not allowed inside brackets", Some("separate the entries with commas"))
        }
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            (here, "a value cannot be a lone `-`", Some("put it in quotes"))
        }
        ErrorKind::FlowMappingValueAdjacentCollection | ErrorKind::InvalidMappingValueWhitespace => {
            (here, "a space is missing after this `:`", None)
        }
        _ => return None,
    })
}

const QUOTE_OR_COMMA: &str = "separate the values with commas; put a value with `: `, brackets or braces in quotes";

/// Errors inside a scalar.
fn scalar(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
    let source = place.source;
    let here = source.character(at);
    Some(match kind {
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            return Some(after_quote(kind, at, place));
        }
        ErrorKind::UnexpectedCharacter { .. } => {
            (here, "a value cannot begin with this character", Some("put the value in quotes"))
        }
        ErrorKind::UnknownQuotedScalarEscape => (
            source.bad_escape(at).unwrap_or(here),
            "unknown escape after a backslash",
            Some("write \\\\ for a backslash, or put the text in single quotes"),
        ),
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => (
            source.bad_escape(at).unwrap_or(here),
            "this escape does not stand for a character",
            Some("write \\x and two, \\u and four, or \\U and eight hexadecimal digits"),
        ),
        ErrorKind::ZeroBlockScalarIndent | ErrorKind::InvalidBlockScalarHeader => (
            here,
            "only `-`, `+`, a digit from 1 to 9 and a comment may follow this on its line",
            Some("begin the text on the next line; a value that begins with `|` or `>` needs quotes"),
        ),
        ErrorKind::InvalidBlockScalarIndent => (
            here,
            "bad indentation: a line of a text block is indented differently",
            Some("indent all lines of the text alike"),
        ),
        ErrorKind::CommentInterceptedScalar => (
            here,
            "a comment stands in the middle of a text of several lines",
            Some("move the comment, or put the text in quotes"),
        ),
        ErrorKind::CommentNotSeparated => (here, "a space is missing before this comment", None),
        _ => return None,
    })
}

/// Text behind a closing quote.
fn after_quote(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Words {
    let here = place.source.character(at);
    if place.source.byte(at) == Some(b')') {
        return (
            here,
            "a Python tuple in parentheses is not YAML",
            Some("write [a, b] instead of (a, b), and a list of pairs as [[a, b], [c, d]]"),
        );
    }
    if place.source.byte(at) == Some(b':') {
        return (here, "a key has to fit on one line", None);
    }
    let help = if *kind == ErrorKind::InvalidTrailingSingleQuotedScalar {
        "inside single quotes, write '' for a single quote"
    } else {
        "inside double quotes, write \\\" for a double quote"
    };
    (here, "unexpected text after the closing quote", Some(help))
}

/// Errors in anchors, aliases, tags and directives.
fn property(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
    let here = place.source.character(at);
    Some(match kind {
        ErrorKind::MissingAnchorOrAliasName => {
            (here, "a name is missing after this character", Some("a value that begins with `*` or `&` needs quotes"))
        }
        ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape
        | ErrorKind::InvalidGlobalTagCharacter => {
            (here, "this is not a valid tag", Some("a value that begins with `!` needs quotes"))
        }
        ErrorKind::UnsupportedYamlMajorVersion => {
            (here, "this version of YAML is not supported", Some("remove the line that begins with `%YAML`"))
        }
        _ => return None,
    })
}

fn syntax(span: Span, message: impl Into<String>) -> Problem {
    Problem::new("yaml-syntax", span, message)
}

/// The byte offset of a marker of the parser.
fn offset(marker: &Marker, text: &str) -> usize {
    marker.byte_offset().unwrap_or_else(|| {
        let found = text.char_indices().nth(marker.index());
        found.map_or(text.len(), |(at, _)| at)
    })
}
