//! Names that stand twice: the keys of the flat JSON are told apart by more than the name then.

use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::plan::{Entry, Plan};
use crate::report::unnumbered_names;
use crate::source::Source;
use crate::text::{Lines, Span};
use std::collections::HashMap;
use std::hash::Hash;
use std::ptr;

/// What is wrong with the names of the checks, with the file it is in: a warning, or an error where one is strict.
#[must_use]
pub fn doubled(plan: &Plan, is_strict: bool) -> Vec<(Source, Diagnostic)> {
    let mut labels: HashMap<&str, &Entry> = HashMap::new();
    let mut keys: HashMap<String, &Entry> = HashMap::new();
    let mut problems = Vec::new();
    for (entry, key) in plan.entries.iter().zip(unnumbered_names(plan)) {
        let of_label = entry.label.as_deref().and_then(|label| earlier(&mut labels, label, entry));
        let of_key = earlier(&mut keys, key.clone(), entry);
        // Of checks that differ in nothing, none of which has a name, the file itself is told.
        let of_key = of_key.filter(|other| entry.label.is_some() || other.label.is_some());
        let (name, other, called) = match (entry.label.as_deref(), of_label, of_key) {
            (Some(label), Some(other), _) => (label, other, "both are called by more than that"),
            (_, _, Some(other)) => (key.as_str(), other, "one of them has a number behind it"),
            _ => continue,
        };
        let message = format!(
            "the check of line {} has the name `{}` of that of {}:{}, so that in `{{\"NAME\": \"working\"}}` {called}",
            entry.line,
            name.escape_debug(),
            other.file,
            other.line
        );
        let help = "give each check a name of its own: what watches them looks for it";
        let severity = if is_strict { Severity::Error } else { Severity::Warning };
        let (source, span) = place(entry);
        problems.push((source, Diagnostic { severity, span, ..Diagnostic::file(Flaw::Twin, message).help(help) }));
    }
    problems
}

/// The first check of this name, where it is another one.
fn earlier<'a, K: Eq + Hash>(first: &mut HashMap<K, &'a Entry>, name: K, entry: &'a Entry) -> Option<&'a Entry> {
    let other = *first.entry(name).or_insert(entry);
    (!ptr::eq(other, entry)).then_some(other)
}

/// The file of a check and where in it the check begins; without its text and the place where it cannot be read again:
/// standard input, say.
fn place(entry: &Entry) -> (Source, Option<Span>) {
    let name = entry.file.to_string();
    let Some(source) = Some(&name).filter(|name| *name != "-").and_then(|name| Source::read(name).ok()) else {
        return (Source::own(name, String::new()), None);
    };
    let line = Lines::of(&source.text).get(entry.line);
    (source, line.map(|Span { start, end }| Span { start, end: end.min(start + 1) }))
}
