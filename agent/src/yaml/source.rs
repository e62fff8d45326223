//! The text of the file: what may stand in it, and finding places in it.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Lines, Span};
use std::cell::OnceCell;

/// The text with what is looked up in it.
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
    /// Where a TAB begins, or is part of, the white space before a line's content; ascending.
    pub(super) tabs: Vec<usize>,
    /// Made when first asked for.
    lines: OnceCell<Lines<'t>>,
}

impl<'t> Source<'t> {
    /// Takes a text after looking for characters that YAML forbids.
    pub(super) fn new(text: &'t str) -> Result<Self, Diagnostic> {
        check_characters(text)?;
        Ok(Self { text, tabs: leading_tabs(text), lines: OnceCell::new() })
    }

    /// The text of a span; nothing if the span does not fit the text.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The byte at a place, if the text reaches that far.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The number of the line of a place, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.get_or_init(|| Lines::of(self.text)).number(at)
    }

    /// Where the line of a place begins.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or(self.text);
        before.rfind(is_break).map_or(0, |found| found + 1)
    }

    /// The span of the character at a place; empty at the end of a line or of the text.
    pub(super) fn character(&self, at: usize) -> Span {
        let rest = self.text.get(at..).unwrap_or_default();
        let width = rest.chars().next().filter(|&first| !is_break(first));
        Span { start: at, end: at + width.map_or(0, char::len_utf8) }
    }

    /// The place of the next white space, or the end of the text.
    pub(super) fn word_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        from + rest.find(char::is_whitespace).unwrap_or(rest.len())
    }

    /// Skips white space, line breaks and comments.
    pub(super) fn skip_blank(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(byte) = self.byte(at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                b'#' => at = self.line_end(at),
                _ => break,
            }
        }
        at
    }

    /// The place behind an indicator such as `:` if that comes next.
    pub(super) fn after_indicator(&self, from: usize, indicator: u8) -> Option<usize> {
        let at = self.skip_blank(from);
        (self.byte(at) == Some(indicator)).then_some(at + 1)
    }

    /// Skips anchors and tags, and the white space around them.
    pub(super) fn skip_properties(&self, from: usize) -> usize {
        let mut at = self.skip_blank(from);
        while matches!(self.byte(at), Some(b'&' | b'!')) {
            at = self.skip_blank(self.word_end(at));
        }
        at
    }

    /// The place of the next line break, or the end of the text.
    fn line_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        from + rest.find(is_break).unwrap_or(rest.len())
    }
}

/// Refuses the first character that may not stand in a YAML file.
fn check_characters(text: &str) -> Result<(), Diagnostic> {
    if !is_suspicious(text.as_bytes()) {
        return Ok(());
    }
    let Some((at, found)) = text.char_indices().find(|&(_, found)| !is_allowed(found)) else {
        return Ok(());
    };
    let span = Span { start: at, end: at + found.len_utf8() };
    let message = format!("the character U+{:04X} may not stand in a YAML file", u32::from(found));
    let help = "remove it; in a quoted text it can be written as an escape such as \"\\x00\"";
    Err(Diagnostic::error(Flaw::YamlSyntax, span, message).help(help))
}

/// Whether a forbidden character is possible. Nearly all files pass here, so it is written in
/// a way that the compiler turns into looking at many bytes at a time.
fn is_suspicious(bytes: &[u8]) -> bool {
    let controls = bytes.iter().map(|&byte| u8::from(is_control(byte)));
    // The controls from U+0080 on begin with C2, U+FFFE and U+FFFF with EF BF.
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let wide = pairs
        .map(|(&first, &second)| u8::from(first == 0xC2 && second < 0xA0) | u8::from(first == 0xEF && second == 0xBF));
    let any = |found, each| found | each;
    controls.fold(0, any) | wide.fold(0, any) != 0
}

fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127)
}

/// The characters that `PyYAML`'s reader lets through (YAML 1.1, section 5.1).
fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}'
            | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}'
    )
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

/// Finds the TABs in indentation. Lines with nothing else but a comment do no harm.
fn leading_tabs(text: &str) -> Vec<usize> {
    if !text.contains('\t') {
        return Vec::new();
    }
    let mut tabs = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(is_break) {
        let (indentation, content) = split_indentation(line);
        if !content.starts_with(['#', '\n', '\r']) && !content.is_empty() {
            tabs.extend(indentation.find('\t').map(|at| start + at));
        }
        start += line.len();
    }
    tabs
}

/// Splits a line where its first key or value begins: what follows the dash of a list entry
/// is indented by it.
fn split_indentation(line: &str) -> (&str, &str) {
    let mut content = line;
    loop {
        content = content.trim_start_matches([' ', '\t']);
        match content.strip_prefix('-') {
            Some(rest) if rest.starts_with([' ', '\t']) => content = rest,
            _ => return (&line[..line.len() - content.len()], content),
        }
    }
}
