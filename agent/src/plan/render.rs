//! Diagnostics as a person reads them: like a compiler shows them, with the line and a caret, and with
//! every value that might be a secret masked.

use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::mask::Mask;
use crate::source::Source;
use crate::text::{CUT, Lines, Span, floor_boundary};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// So many problems are shown to a person; the rest is counted.
const MOST_SHOWN: usize = 100;

/// The diagnostics of a file of checks, in the order of the file.
#[must_use]
pub fn render(source: &Source, diagnostics: &[Diagnostic], color: bool) -> String {
    render_showing(source, &[], diagnostics, color)
}

/// The same for a file of something else than checks, in which the values of the keys in `plain`
/// are not secrets.
#[must_use]
pub fn render_showing(
    source: &Source,
    plain: &'static [&'static str],
    diagnostics: &[Diagnostic],
    color: bool,
) -> String {
    // A hostile file is not parsed a second time.
    let broken = diagnostics.iter().any(|one| one.flaw.is_of_yaml());
    let mask = if broken { Mask::by_line(plain) } else { Mask::of(&source.text, plain) };
    let page = Page {
        source,
        mask,
        lines: Lines::of(&source.text),
        renderer: if color { Renderer::styled() } else { Renderer::plain() },
    };
    let shown = diagnostics.iter().take(MOST_SHOWN);
    let mut texts: Vec<_> = shown.map(|one| page.render(one) + "\n").collect();
    if diagnostics.len() > MOST_SHOWN {
        texts.push(format!("... and {} more problems\n", diagnostics.len() - MOST_SHOWN));
    }
    texts.join("\n")
}

/// A file that is shown, and how.
struct Page<'a> {
    source: &'a Source,
    mask: Mask,
    lines: Lines<'a>,
    renderer: Renderer,
}

impl Page<'_> {
    fn render(&self, one: &Diagnostic) -> String {
        let level = match one.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let message = one.text();
        let title = level.primary_title(message.as_str()).id(one.flaw.code());
        let (line, span, number) = one.span.map_or_else(Default::default, |span| self.masked_line(span));
        let path = self.source.name.as_str();
        let mut group = match one.span {
            Some(_) => title.element(
                Snippet::source(line.as_str())
                    .path(path)
                    .line_start(number)
                    .annotation(AnnotationKind::Primary.span(span.start..span.end)),
            ),
            None => Group::with_title(title).element(Origin::path(path)),
        };
        if let Some(help) = &one.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let text = self.renderer.render(&[group]);
        if one.span.is_some() { text } else { with_margin(&text) }
    }

    /// The line a span begins on, masked, the span within it, and the line's number.
    fn masked_line(&self, span: Span) -> (String, Span, usize) {
        let text = &self.source.text;
        let start = floor_boundary(text, span.start);
        let (number, _) = self.lines.position(start);
        let line = self.lines.line(number);
        let inside =
            Span { start: start.min(line.end), end: floor_boundary(text, span.end.clamp(start, line.end.max(start))) };
        let (line, inside) = self.mask.apply(text, line, inside);
        let (line, inside) = excerpt(&line, inside);
        (line, inside, number)
    }
}

/// A problem of a file as a whole, with the margin of those that have a line.
fn with_margin(text: &str) -> String {
    let mut lines = text.lines();
    let title = lines.next().unwrap_or_default();
    let rest: Vec<_> = lines.map(|line| format!(" {line}")).collect();
    let Some((place, help)) = rest.split_first() else { return text.to_owned() };
    let blank = if help.is_empty() { "" } else { "\n  |" };
    [&[title, "\n", place, blank].concat(), help.join("\n").as_str()]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

/// The part of a long line that is shown: its beginning, or what stands around the span.
fn excerpt(line: &str, inside: Span) -> (String, Span) {
    const LONGEST: usize = 240;
    const BEFORE: usize = 40;
    let start = if inside.start < LONGEST - BEFORE { 0 } else { floor_boundary(line, inside.start - BEFORE) };
    let end = floor_boundary(line, start + LONGEST);
    let (left, right) = (if start > 0 { CUT } else { "" }, if end < line.len() { CUT } else { "" });
    let moved = |at: usize| at.clamp(start, end) - start + left.len();
    let inside = Span { start: moved(inside.start), end: moved(inside.end) };
    ([left, &line[start..end], right].concat(), inside)
}
