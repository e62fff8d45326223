//! Errors in how lines, keys and list entries follow each other.

use super::super::source::Source;
use super::{Place, Words};
use crate::text::Span;
use granit_parser::ErrorKind;

/// What to say about such an error, if the error is one.
pub(super) fn words(kind: &ErrorKind, at: usize, place: &Place<'_, '_>) -> Option<Words> {
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
        ErrorKind::InvalidBlockEntryWhitespace => (here, "a space is missing after this `-`", None),
        ErrorKind::InvalidDocumentEnd => (here, "unexpected text after the line `...`", None),
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
