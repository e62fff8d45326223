//! `--brief`: what is broken in ten lines at most, to be pasted into a chat.

use super::summary::{counted, owners};
use super::{Ink, Screen};
use crate::causes::Cause;
use crate::host;
use crate::report::view::View;
use crate::report::{Folded, title};
use crate::text::screen::{columns, cut_middle};
use std::collections::HashMap;
use std::io::{self, Write};

/// So many lines, the first and the last one included.
const LINES: usize = 10;

/// So many columns of a line: what a chat shows without a click.
const COLUMNS: usize = 160;

/// So many names in a line, and so many columns of it for them.
const NAMES: usize = 3;
const NAMED: usize = 60;

/// For how many more there are.
const MORE: usize = 20;

pub(super) fn write(view: &View<'_>, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let titles = title::of(view.plan);
    let folded = view.folded();
    let shared: Vec<_> = view.shared_causes().map(|(_, cause)| of_several(cause, &folded, &titles)).collect();
    let mut causes: Vec<(String, Vec<&str>)> = Vec::new();
    for check in &view.checks {
        let Some(failure) = check.failure() else { continue };
        let message = match folded.get(&check.outcome.entry).map(Folded::guilt) {
            Some(None) => continue,
            Some(Some(guilt)) => guilt,
            None => failure.message.clone(),
        };
        let before =
            check.difference().map(|one| format!("; as {}: {}", one.user_before, one.before)).unwrap_or_default();
        let said = format!("{message} [{}, {}]{before}", failure.code, failure.owner.slug());
        let title = titles[check.outcome.entry].as_str();
        match causes.iter_mut().find(|(known, _)| *known == said) {
            Some((_, names)) => names.push(title),
            None => causes.push((said, vec![title])),
        }
    }
    let is_well = shared.is_empty() && causes.is_empty();
    let by = owners(view).filter(|_| !is_well).map(|owners| format!(" (fix: {owners})")).unwrap_or_default();
    let ink = if is_well { Ink::Plain } else { Ink::Red };
    writeln!(out, "{}", screen.paint(ink, &format!("{}: {}{by}", host::name(), counted(view))))?;
    let alone = causes.iter().map(|(said, names)| format!("- {}: {said}", listed(names, NAMED)));
    let lines: Vec<_> = shared.into_iter().chain(alone).collect();
    let fitting = if lines.len() < LINES { lines.len() } else { LINES - 2 };
    lines[..fitting].iter().try_for_each(|line| writeln!(out, "{}", cut_middle(line, COLUMNS)))?;
    if fitting < lines.len() { writeln!(out, "... and {} more", lines.len() - fitting) } else { Ok(()) }
}

/// What several checks fail for: the cause before their names, which have what is left of the line. Those of which a part
/// is guilty have a line of their own.
fn of_several(cause: &Cause, folded: &HashMap<usize, Folded<'_>>, titles: &[String]) -> String {
    let own = cause.checks.iter().filter_map(|check| {
        let folded = folded.get(check).filter(|folded| folded.part.is_none())?;
        let owner = folded.owner.map(|owner| format!(" ({})", owner.slug())).unwrap_or_default();
        Some(titles[*check].clone() + &owner)
    });
    let own: Vec<_> = own.collect();
    let names: Vec<_> = own.iter().map(String::as_str).collect();
    let said = format!("- {} [{}, {}]", cause.what, cause.code, cause.owner.slug());
    let left = COLUMNS.saturating_sub(columns(&said) + MORE);
    format!("{said}: {}", listed(&names, left.min(NAMED)))
}

/// Some names in so many columns, and how many more there are.
fn listed(names: &[&str], most: usize) -> String {
    let more = names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", cut_middle(&names[..names.len().min(NAMES)].join(", "), most))
}
