//! Names that stand twice: the keys of the flat JSON are told apart by more than the name then.

use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::plan::Plan;
use crate::source::Source;
use std::collections::HashMap;

/// What is wrong with the names of the checks, with the file it is in: a warning, or an error where one is strict.
#[must_use]
pub fn doubled(plan: &Plan, is_strict: bool) -> Vec<(Source, Diagnostic)> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut problems = Vec::new();
    for (number, entry) in plan.entries.iter().enumerate() {
        let Some(label) = entry.label.as_deref() else { continue };
        let Some(other) = first.get(label).map(|other| &plan.entries[*other]) else {
            first.insert(label, number);
            continue;
        };
        let (file, line) = (&other.file, other.line);
        let message = format!(
            "the check of line {} has the name `{}` of that of {file}:{line}, so that in `{{\"NAME\": \"working\"}}` both are \
             called by more than that",
            entry.line,
            label.escape_debug()
        );
        let help = "give each check a name of its own: what watches them looks for it";
        let severity = if is_strict { Severity::Error } else { Severity::Warning };
        let diagnostic = Diagnostic { severity, ..Diagnostic::file(Flaw::Twin, message).help(help) };
        problems.push((Source::own(entry.file.to_string(), String::new()), diagnostic));
    }
    problems
}
