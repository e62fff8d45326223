//! The changes for a terminal.

use super::{Changed, Changes, Pair, Record};
use crate::comparison::Found;
use std::fmt::Write as _;

/// Each pair of records, and below it the checks that are otherwise, those that fail first.
#[must_use]
pub fn page(changes: &Changes) -> String {
    let mut page = String::new();
    for (number, pair) in changes.pairs.iter().enumerate() {
        if number > 0 {
            page.push('\n');
        }
        of_pair(pair, &mut page);
    }
    // A page in memory takes everything.
    for (unit, of_before) in &changes.alone {
        let side = if *of_before { "before" } else { "now" };
        let _ = writeln!(page, "{unit}: there is a record of {side} alone");
    }
    page
}

fn of_pair(pair: &Pair, page: &mut String) {
    let Pair { before, now, changed, checks, of_run } = pair;
    let units = if before.unit == now.unit { now.unit.clone() } else { format!("{} -> {}", before.unit, now.unit) };
    let summary = match changed.len() {
        0 if *checks == 1 => "1 check, and it is the same".to_owned(),
        0 => format!("{checks} checks, and all are the same"),
        1 => format!("1 of {checks} checks is otherwise"),
        many => format!("{many} of {checks} checks are otherwise"),
    };
    let _ = writeln!(page, "{units}, {} -> {}: {summary}", minute(&before.started), minute(&now.started));
    for (side, record) in [("before", before), ("now", now)] {
        let Record { refused: Some(why), .. } = record else { continue };
        let _ = writeln!(page, "{side}, nothing was checked: {why}");
    }
    for difference in of_run {
        let _ = writeln!(page, "{difference}");
    }
    changed.iter().for_each(|changed| of_check(changed, page));
}

fn of_check(changed: &Changed, page: &mut String) {
    let Changed { series, kind, before, now, message, differences } = changed;
    let word = |found: &Option<Found>| found.as_ref().map_or_else(|| "not checked".to_owned(), Found::to_string);
    let name = if series.starts_with(&format!("{kind}:")) { series.clone() } else { format!("{series} ({kind})") };
    let (before, now) = (word(before), word(now));
    let verdict = if before == now { now } else { format!("{before} -> {now}") };
    let _ = writeln!(page, "\n{name}: {verdict}");
    for difference in differences {
        let _ = writeln!(page, "   {difference}");
    }
    if let Some(message) = message {
        let _ = writeln!(page, "   {message}");
    }
}

/// `2026-11-28 09:14`, of a time as RFC 3339 has it; all records have theirs in UTC.
fn minute(time: &str) -> String {
    match (time.get(..10), time.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute}"),
        _ => time.to_owned(),
    }
}
