//! Causes and matrix for a terminal.

use super::causes::Causes;
use super::matrix::{Cell, Matrix};
use crate::causes::Mark;
use crate::text::screen::{cut_middle, padded};
use std::fmt::Write as _;

/// So many units stand beside each other at most; more are counted.
const UNITS: usize = 60;

/// The columns for the name of a check.
const NAMED: usize = 40;

/// The causes, each with what to do, then units and checks side by side.
#[must_use]
pub fn page(matrix: &Matrix, causes: &Causes) -> String {
    let mut page = String::new();
    // A page in memory takes everything.
    let _ = writeln!(page, "{}", summary(matrix, causes));
    for (number, cause) in causes.all.iter().enumerate() {
        let _ = writeln!(page, "\n{}  {} [{}]", Mark(number), cause.what(matrix), cause.code);
        let _ = writeln!(page, "   fix:  {}", cause.whose());
        if let Some(next) = cause.next_step(matrix) {
            let _ = writeln!(page, "   next: {next}");
        }
    }
    for unit in matrix.units.iter().filter(|unit| unit.refused.is_some()) {
        let why = unit.refused.as_deref().unwrap_or_default();
        let _ = writeln!(page, "\n{}: nothing was checked: {why}", unit.name);
    }
    if matrix.units.len() > 1 && !matrix.checks.is_empty() {
        let _ = write!(page, "\n{}", drawn(matrix, causes));
    }
    page
}

/// `14 units, 12 checks: 2 causes`.
pub(super) fn summary(matrix: &Matrix, causes: &Causes) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let failing = matrix.failures().count();
    let causes = match (causes.all.len(), failing) {
        (0, _) => "all is well".to_owned(),
        (causes, failing) => format!("{} of {}", counted(causes, "cause"), counted(failing, "failure")),
    };
    format!("{}, {}: {causes}", counted(matrix.units.len(), "unit"), counted(matrix.checks.len(), "check"))
}

/// The matrix: one line per check, one column per unit.
fn drawn(matrix: &Matrix, causes: &Causes) -> String {
    let mut text = String::new();
    let columns = columns(matrix, causes);
    let shown = columns.len().min(UNITS);
    // Beyond the letters, marks are wider than one column.
    let widest = columns.iter().flatten().map(String::len).max().unwrap_or_default();
    let between = if widest > 1 { " " } else { "" };
    for (check, described) in matrix.checks.iter().enumerate() {
        let marks: Vec<_> = columns[..shown].iter().map(|column| padded(&column[check], widest)).collect();
        let name = padded(&cut_middle(&described.series, NAMED), NAMED);
        let _ = writeln!(text, "{name}  {}", marks.join(between));
    }
    let names = matrix.units.iter().take(shown).map(|unit| unit.name.as_str()).collect::<Vec<_>>().join(" ");
    let more = match columns.len() - shown {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let _ = writeln!(text, "units: {names}{more}\n. passed   letter: failed, by that cause   blank: not checked");
    text
}

/// One column per unit, with a mark per check.
pub(super) fn columns(matrix: &Matrix, causes: &Causes) -> Vec<Vec<String>> {
    let mut columns: Vec<Vec<String>> = (0..matrix.units.len())
        .map(|unit| {
            let of_cell = |check| match matrix.cell(unit, check) {
                Cell::Absent => " ",
                Cell::Passed(_) => ".",
                Cell::Failed(_) => "!",
            };
            (0..matrix.checks.len()).map(|check| of_cell(check).to_owned()).collect()
        })
        .collect();
    for (number, cause) in causes.all.iter().enumerate() {
        for (unit, check) in &cause.cells {
            columns[*unit][*check] = Mark(number).to_string();
        }
    }
    columns
}
