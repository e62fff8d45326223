//! `--brief`: what is broken in ten lines at most, to be pasted into a chat.

use super::summary::{counted, owners};
use super::{Ink, Screen};
use crate::host;
use crate::report::title;
use crate::report::view::View;
use crate::text::screen::cut_middle;
use std::io::{self, Write};

/// So many lines, the first and the last one included.
const LINES: usize = 10;

/// So many columns of a line: what a chat shows without a click.
const COLUMNS: usize = 160;

/// So many names in a line, and so many columns of it for them.
const NAMES: usize = 3;
const NAMED: usize = 60;

pub(super) fn write(view: &View<'_>, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let titles = title::of(view.plan);
    let mut causes: Vec<(String, Vec<&str>)> = view
        .shared_causes()
        .map(|(_, cause)| {
            let names = cause.checks.iter().map(|check| titles[*check].as_str()).collect();
            (format!("{} [{}, {}]", cause.what, cause.code, cause.owner.slug()), names)
        })
        .collect();
    let marks = view.marks();
    for check in view.checks.iter().filter(|check| !marks.contains_key(&check.outcome.entry)) {
        let Some(failure) = check.failure() else { continue };
        let before =
            check.difference().map(|one| format!("; as {}: {}", one.user_before, one.before)).unwrap_or_default();
        let said = format!("{} [{}, {}]{before}", failure.message, failure.code, failure.owner.slug());
        let title = titles[check.outcome.entry].as_str();
        match causes.iter_mut().find(|(known, _)| *known == said) {
            Some((_, names)) => names.push(title),
            None => causes.push((said, vec![title])),
        }
    }
    let by = owners(view).filter(|_| !causes.is_empty()).map(|owners| format!(" (fix: {owners})")).unwrap_or_default();
    let ink = if causes.is_empty() { Ink::Plain } else { Ink::Red };
    writeln!(out, "{}", screen.paint(ink, &format!("{}: {}{by}", host::name(), counted(view))))?;
    let fitting = if causes.len() < LINES { causes.len() } else { LINES - 2 };
    for (said, names) in &causes[..fitting] {
        let more = names.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = names[..names.len().min(NAMES)].join(", ");
        writeln!(out, "{}", cut_middle(&format!("- {}{more}: {said}", cut_middle(&names, NAMED)), COLUMNS))?;
    }
    if fitting < causes.len() { writeln!(out, "... and {} more", causes.len() - fitting) } else { Ok(()) }
}
