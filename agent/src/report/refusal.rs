//! Files that cannot be run.

use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::text::{Lines, escaped};

/// What cannot be run, and why.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The files that something is wrong with, at least one.
    pub files: &'a [Refused],
}

/// A file that cannot be run.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The file.
    pub source: Source,
    /// What is wrong with it, or with what the command line selects of it.
    pub diagnostics: Vec<Diagnostic>,
}

impl Refusal<'_> {
    /// The names of the files.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.files.iter().map(|file| file.source.name.as_str()).collect();
        names.join(", ")
    }

    /// Every problem.
    pub(super) fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.files.iter().flat_map(|file| &file.diagnostics)
    }

    /// `2 problems in the checks file - ` and the first of the lines.
    pub(super) fn headline(&self) -> String {
        let count = self.diagnostics().count();
        let problems = if count == 1 { "problem" } else { "problems" };
        let files = if self.files.len() == 1 { "file" } else { "files" };
        format!("{count} {problems} in the checks {files} - {}", self.lines().next().unwrap_or_default())
    }

    /// `FILE:LINE:COLUMN: MESSAGE [CODE]` of each problem.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.files.iter().flat_map(|Refused { source, diagnostics }| {
            let lines = Lines::of(&source.text);
            let name = escaped(&source.name);
            diagnostics.iter().map(move |one| {
                let place = one.span.map(|span| lines.position(span.start));
                let place = place.map_or_else(|| name.clone(), |(line, column)| format!("{name}:{line}:{column}"));
                format!("{place}: {} [{}]", one.text(), one.flaw.code())
            })
        })
    }
}
