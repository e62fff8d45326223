//! `tap`: Test Anything Protocol, version 13.

use crate::outcome::Verdict;
use crate::report::view::{Row, View};
use crate::report::{Format, Refusal, Reporter, reporter};
use crate::text::escaped;
use std::io::{self, Write};

pub(super) const FORMAT: Format =
    Format { name: "tap", about: "Test Anything Protocol, version 13", reporter: |_| Box::new(Tap) };

/// The first line.
const VERSION: &str = "TAP version 13";

/// One test point per result.
struct Tap;

impl Reporter for Tap {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{VERSION}\n1..{}", view.counts.total())?;
        view.rows().enumerate().try_for_each(|(index, row)| point(index + 1, row, out))
    }

    fn refused(&self, refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{VERSION}")?;
        refusal.lines().try_for_each(|line| writeln!(out, "# {line}"))?;
        writeln!(out, "Bail out! {}", refusal.headline())
    }

    fn valid(&self, config: &str, checks: usize, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{VERSION}\n1..1\nok 1 - {}", description(&reporter::in_words(config, checks)))
    }
}

fn point(number: usize, row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    let label = row.entry.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
    let name = description(&format!("{}{label}", row.name));
    match (row.step.verdict, row.failure) {
        (Verdict::Skip, _) => {
            writeln!(out, "ok {number} - {name} # SKIP {}", escaped(&row.why_skipped()))
        }
        (Verdict::Fail, Some(failure)) => {
            // A failure that a harness shows, and does not count.
            let minor = if row.entry.critical { "" } else { " # TODO not critical" };
            writeln!(out, "not ok {number} - {name}{minor}")?;
            let since = row.since.map(ToString::to_string);
            let told = [
                ("code", failure.code.name),
                ("message", &failure.message),
                ("owner", failure.owner.slug()),
                ("next_step", &failure.next_step),
                ("evidence", failure.evidence.as_deref().unwrap_or_default()),
            ];
            let since = since.as_deref().map(|since| ("since", since));
            block(row, &told.into_iter().chain(since).collect::<Vec<_>>(), out)
        }
        _ => {
            writeln!(out, "ok {number} - {name}")?;
            block(row, &[], out)?;
            row.warnings.iter().try_for_each(|warning| writeln!(out, "# warning: {}", warning.line()))?;
            row.notes.iter().try_for_each(|note| writeln!(out, "# note: {note}"))
        }
    }
}

/// What is known of a test point, in YAML below it; what others look for is its time, in milliseconds.
fn block(row: &Row<'_>, told: &[(&str, &str)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  ---\n  duration_ms: {:.3}", row.step.elapsed.as_secs_f64() * 1000.0)?;
    // A JSON string is a YAML string.
    told.iter().try_for_each(|(key, value)| writeln!(out, "  {key}: {}", serde_json::Value::from(*value)))?;
    writeln!(out, "  ...")
}

/// One line; a `#` would begin a directive.
fn description(text: &str) -> String {
    escaped(text).replace('#', "\\#")
}
