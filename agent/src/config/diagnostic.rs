//! What is wrong with a file, and how it is shown to a person: like a compiler does, with the
//! line and a caret, and with every value that might be a secret masked.

use crate::config::mask::Mask;
use crate::config::yaml::{self, Problem, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

/// Whether the file can be used in spite of the problem.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is used; `--strict` refuses it.
    Warning,
    /// The file is used, with `--strict` too.
    Note,
}

impl Severity {
    /// The word used in machine-readable output.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One problem of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// What kind of problem it is: a stable word, listed in the documentation.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Where it is; `None` when it is about the file as a whole.
    pub span: Option<Span>,
    /// What was found and what was expected; never a secret.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Every code of a diagnostic with what it means: an interface, like the codes of failures.
#[rustfmt::skip]
pub const DIAGNOSTIC_CODES: [(&str, &str); 25] = [
    ("unreadable", "the file is not there, not permitted, or no regular file"),
    ("too-large", "the file, or what its aliases stand for, is too large"),
    ("not-utf8", "the file is not UTF-8"),
    ("yaml-syntax", "the file is no YAML"),
    ("too-deep", "too many lists and mappings stand inside each other"),
    ("several-documents", "a second document begins in the file"),
    ("unknown-alias", "an alias without an anchor before it, or inside its own anchor"),
    ("bad-merge", "a merge key without a mapping"),
    ("unknown-tag", "a tag that has no meaning here"),
    ("bad-tag", "a value that its tag does not fit"),
    ("duplicate-key", "a key that was given already"),
    ("no-checks", "the file is empty"),
    ("not-a-list", "the file is no list of checks"),
    ("not-a-mapping", "a check is no mapping"),
    ("unknown-type", "there is no check of that type"),
    ("deprecated-alias", "an old name of a type"),
    ("unknown-key", "the check has no such option"),
    ("missing-key", "an option that must be there is not"),
    ("wrong-type", "a list or mapping where another kind of value is wanted"),
    ("bad-value", "a value that the option does not take"),
    ("python-tuple", "a tuple as Python writes it"),
    ("unreadable-pem", "a file of certificates or keys cannot be used"),
    ("nothing-selected", "the tags or patterns of the command line select nothing"),
    ("mail-by-nagios", "a check that sends a mail has no tag that keeps Nagios from running it"),
    ("bad-reference", "{env: VAR} or {file: PATH} leads nowhere"),
];

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span: Some(span), message: message.into(), help: None }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// An error about the file as a whole.
    pub fn file(code: &'static str, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(code, Span::default(), message) }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Problem {
    /// A problem of the YAML itself as a diagnostic.
    pub(crate) fn into_diagnostic(self, severity: Severity) -> Diagnostic {
        Diagnostic { code: self.code, severity, span: Some(self.span), message: self.message, help: self.help }
    }
}

/// A diagnostic in the form of `--format json`.
#[derive(Debug, Serialize)]
pub struct JsonDiagnostic<'a> {
    code: &'a str,
    severity: &'static str,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

/// A file that was read, as its diagnostics show it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path, or `<stdin>`.
    pub name: String,
    /// The text; empty when it could not be read.
    pub text: String,
}

/// So many problems are shown to a person; the rest is counted.
const MOST_SHOWN: usize = 100;

impl Source {
    /// The diagnostics as a person reads them, in the order of the file.
    #[must_use]
    pub fn render(&self, diagnostics: &[Diagnostic], color: bool) -> String {
        self.render_showing(&[], diagnostics, color)
    }

    /// The same for a file of something else than checks, in which the values of the keys in `plain`
    /// are no secrets.
    #[must_use]
    pub fn render_showing(&self, plain: &'static [&'static str], diagnostics: &[Diagnostic], color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let broken = diagnostics.iter().any(|one| yaml::PROBLEMS.contains(&one.code));
        // A hostile file is not parsed a second time.
        let mask = if broken { Mask::by_line(plain) } else { Mask::of(&self.text, plain) };
        let lines = Lines::of(&self.text);
        let shown = diagnostics.iter().take(MOST_SHOWN);
        let mut texts: Vec<_> = shown.map(|one| self.render_one(one, &mask, &lines, &renderer) + "\n").collect();
        if diagnostics.len() > MOST_SHOWN {
            texts.push(format!("... and {} more problems\n", diagnostics.len() - MOST_SHOWN));
        }
        texts.join("\n")
    }

    /// All diagnostics, for machines.
    #[must_use]
    pub fn to_json<'a>(&self, diagnostics: &'a [Diagnostic]) -> Vec<JsonDiagnostic<'a>> {
        let lines = Lines::of(&self.text);
        let entry = |one: &'a Diagnostic| {
            let place = one.span.map(|span| lines.place(span.start));
            JsonDiagnostic {
                code: one.code,
                severity: one.severity.slug(),
                line: place.map(|(line, _)| line),
                column: place.map(|(_, column)| column),
                message: &one.message,
                help: one.help.as_deref(),
            }
        };
        diagnostics.iter().map(entry).collect()
    }

    fn render_one(&self, one: &Diagnostic, mask: &Mask, lines: &Lines<'_>, renderer: &Renderer) -> String {
        let level = match one.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(one.message.as_str()).id(one.code);
        let (line, span, number) = one.span.map_or_else(Default::default, |span| self.masked_line(span, mask, lines));
        let mut group = match one.span {
            Some(_) => title.element(
                Snippet::source(line.as_str())
                    .path(self.name.as_str())
                    .line_start(number)
                    .annotation(AnnotationKind::Primary.span(span.start..span.end)),
            ),
            None => Group::with_title(title).element(annotate_snippets::Origin::path(self.name.as_str())),
        };
        if let Some(help) = &one.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    /// The line a span begins on, masked, the span within it, and the line's number.
    fn masked_line(&self, span: Span, mask: &Mask, lines: &Lines<'_>) -> (String, Span, usize) {
        let start = floor_boundary(&self.text, span.start);
        let (number, _) = lines.place(start);
        let line = lines.line(number);
        let inside = Span {
            start: start.min(line.end),
            end: floor_boundary(&self.text, span.end.clamp(start, line.end.max(start))),
        };
        let (line, inside) = mask.apply(&self.text, line, inside);
        (line, inside, number)
    }
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds them, once.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line (from 1) and the column (from 1, in characters) of a byte of the text.
    #[must_use]
    pub fn place(&self, at: usize) -> (usize, usize) {
        let at = floor_boundary(self.text, at);
        let line = self.starts.partition_point(|start| *start <= at);
        (line, self.text[self.starts[line - 1]..at].chars().count() + 1)
    }

    /// A line (from 1) without its end.
    fn line(&self, number: usize) -> Span {
        let start = self.starts[number - 1];
        let end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        Span { start, end: start + self.text[start..end].trim_end_matches('\r').len() }
    }
}

/// The nearest character boundary at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
