//! Errors inside brackets, quotes, text blocks, tags and anchors.

use super::{Place, Words};
use crate::text::Span;
use granit_parser::ErrorKind;

/// What to say about such an error, if the error is one.
pub(super) fn words(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
    flow(kind, at, place)
        .or_else(|| quoted(kind, at, place))
        .or_else(|| scalar(kind, at, place))
        .or_else(|| property(kind, at, place))
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
        ErrorKind::UnexpectedEofBlockSequence | ErrorKind::UnexpectedEofBlockMapping | ErrorKind::UnexpectedEof
            if comma =>
        {
            (here, CANNOT_BEGIN, Some("put the value in quotes"))
        }
        ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEof => (here, "a value is missing here", None),
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

const CANNOT_BEGIN: &str = "a value cannot begin with this character";
const QUOTE_OR_COMMA: &str = "separate the values with commas; put a value with `: `, brackets or braces in quotes";

/// Errors inside and behind quotes.
fn quoted(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
    let source = place.source;
    let here = source.character(at);
    Some(match kind {
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            return Some(after_quote(kind, at, place));
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
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::DocumentIndicatorInQuotedScalar => (
            here,
            "the text in quotes above is not closed before this line",
            Some("write the closing quote, or indent the line"),
        ),
        _ => return None,
    })
}

/// Text behind a closing quote.
fn after_quote(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Words {
    let source = place.source;
    let here = source.character(at);
    let start = source.line_content(at);
    let before = source.slice(Span { start, end: at });
    if source.byte(at) == Some(b')') && before.contains('(') {
        return (
            here,
            "a Python tuple in parentheses is not YAML",
            Some("write [a, b] instead of (a, b), and a list of pairs as [[a, b], [c, d]]"),
        );
    }
    if source.byte(at) == Some(b':') {
        return (here, "a key has to fit on one line", None);
    }
    let help = if *kind == ErrorKind::InvalidTrailingSingleQuotedScalar {
        "inside single quotes, write '' for a single quote"
    } else {
        "inside double quotes, write \\\" for a double quote"
    };
    (here, "unexpected text after the closing quote", Some(help))
}

/// Errors inside plain texts, text blocks and comments.
fn scalar(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
    let here = place.source.character(at);
    Some(match kind {
        ErrorKind::UnexpectedCharacter { .. } => (here, CANNOT_BEGIN, Some("put the value in quotes")),
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
        ErrorKind::BomInsideDocument => (
            here,
            "the character U+FEFF (byte order mark) may only stand at the beginning of the file",
            Some("remove it"),
        ),
        _ => return None,
    })
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
        ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::InvalidTagDirectiveTerminator
        | ErrorKind::ExpectedTagDirectiveBang
        | ErrorKind::MissingYamlVersion
        | ErrorKind::MissingYamlVersionSeparator
        | ErrorKind::YamlVersionTooLong
        | ErrorKind::MissingDocumentEndBeforeDirective => (
            here,
            "this line begins with `%` but is not a directive of YAML",
            Some("a value that begins with `%` needs quotes"),
        ),
        ErrorKind::UnsupportedYamlMajorVersion => {
            (here, "this version of YAML is not supported", Some("remove the line that begins with `%YAML`"))
        }
        _ => return None,
    })
}
