//! A file that cannot be run.

use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::text::{Lines, escaped};

/// A file that cannot be run, and why.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The file.
    pub source: &'a Source,
    /// What is wrong with it, or with what the command line selects of it.
    pub diagnostics: &'a [Diagnostic],
}

impl Refusal<'_> {
    /// `2 problems in the checks file - ` and the first of the lines.
    pub(super) fn headline(&self) -> String {
        let count = self.diagnostics.len();
        let problems = if count == 1 { "problem" } else { "problems" };
        format!("{count} {problems} in the checks file - {}", self.lines().next().unwrap_or_default())
    }

    /// `FILE:LINE:COLUMN: MESSAGE [CODE]` of each problem.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let lines = Lines::of(&self.source.text);
        let name = escaped(&self.source.name);
        self.diagnostics.iter().map(move |one| {
            let place = one.span.map(|span| lines.position(span.start));
            let place = place.map_or_else(|| name.clone(), |(line, column)| format!("{name}:{line}:{column}"));
            format!("{place}: {} [{}]", one.text(), one.flaw.code())
        })
    }
}
