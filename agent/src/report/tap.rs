//! `tap`: Test Anything Protocol, version 13.

use crate::outcome::Verdict;
use crate::report::Reporter;
use crate::report::view::{Row, View};
use std::io::{self, Write};

/// One test point per result.
pub(super) struct Tap;

impl Reporter for Tap {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "TAP version 13\n1..{}", view.counts.total())?;
        view.rows().enumerate().try_for_each(|(index, row)| point(index + 1, row, out))
    }
}

fn point(number: usize, row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    // A `#` would begin a directive.
    let name = row.name.replace('#', "\\#");
    match (row.step.verdict, row.failure) {
        (Verdict::Skip, _) => writeln!(out, "ok {number} - {name} # SKIP not run"),
        (Verdict::Fail, Some(failure)) => {
            writeln!(out, "not ok {number} - {name}\n  ---")?;
            let lines = [
                ("code", failure.code.as_str()),
                ("message", &failure.message),
                ("owner", failure.owner.slug()),
                ("next_step", &failure.next_step),
                ("evidence", failure.evidence.as_deref().unwrap_or_default()),
            ];
            // A JSON string is a YAML string.
            lines
                .into_iter()
                .try_for_each(|(key, value)| writeln!(out, "  {key}: {}", serde_json::Value::from(value)))?;
            writeln!(out, "  ...")
        }
        _ => {
            writeln!(out, "ok {number} - {name}")?;
            row.warnings
                .iter()
                .try_for_each(|warning| writeln!(out, "# warning: {} [{}]", warning.message, warning.kind.code()))?;
            row.note.map_or(Ok(()), |note| writeln!(out, "# note: {note}"))
        }
    }
}
