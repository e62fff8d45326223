//! `plain`: the original's lines, for scripts and Nagios set-ups that know them.

use crate::event::Event;
use crate::outcome::Verdict;
use crate::plan::Entry;
use crate::report::view::{Row, View, rows};
use crate::report::{Format, Reporter, Stage, Style};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

/// The format's row.
pub const FORMAT: Format = Format {
    name: "plain",
    about: "one line per result, for scripts",
    reporter: |style| Box::new(Plain { style, printed: HashMap::new() }),
};

/// Failed first, then passed, skipped last, grouped by `type:host`; or, unbuffered, as they come.
struct Plain {
    style: Style,
    /// Results of each check that are already printed (`-U` only).
    printed: HashMap<usize, usize>,
}

impl Reporter for Plain {
    fn listens(&self) -> bool {
        self.style.unbuffered
    }

    fn event(&mut self, event: &Event, stage: Stage<'_>, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Started { entry, result } if self.style.verbose && stage.selection.has(*entry, *result) => {
                let name = &stage.plan.entries[*entry].results[*result];
                writeln!(out, "{}", starting(&name.name, &name.info))?;
            }
            Event::Passed { entry, result, step } => {
                self.printed.insert(*entry, *result + 1);
                let name = &stage.plan.entries[*entry].results[*result];
                // Its warnings are not known before the check's end; then it is printed again.
                if stage.selection.has(*entry, *result) {
                    let label = label(&stage.plan.entries[*entry]);
                    writeln!(out, "{}{} OK{label}{}", self.stamp(step.at), name.name, self.duration(step.elapsed))?;
                }
            }
            Event::Finished(outcome) => {
                let done = self.printed.remove(&outcome.entry).unwrap_or_default();
                let entry = &stage.plan.entries[outcome.entry];
                let names: Vec<_> = entry.results.iter().take(done).map(|result| result.name.as_str()).collect();
                let rows = rows(entry, stage.selection, outcome);
                for row in rows.iter().filter(|row| !names.contains(&row.name) || row.step.verdict == Verdict::Warn) {
                    out.write_all(self.lines(row).as_bytes())?;
                }
            }
            Event::Started { .. } | Event::Phase { .. } => return Ok(()),
        }
        out.flush()
    }

    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        if self.style.unbuffered {
            return Ok(());
        }
        let mut rows: Vec<_> = view.rows().collect();
        // The sort is stable: within a group the file's order stays.
        rows.sort_by_cached_key(|row| (rank(row.step.verdict), group(row)));
        for row in rows {
            if self.style.verbose && row.step.verdict != Verdict::Skip {
                writeln!(out, "{}", starting(row.name, row.info))?;
            }
            out.write_all(self.lines(row).as_bytes())?;
        }
        Ok(())
    }
}

impl Plain {
    fn stamp(&self, at: Duration) -> String {
        if self.style.durations { format!("{:.3}: ", at.as_secs_f64()) } else { String::new() }
    }

    fn duration(&self, elapsed: Duration) -> String {
        if self.style.durations { format!(": ({:.3} ms)", elapsed.as_secs_f64() * 1000.0) } else { String::new() }
    }

    /// The line of a result, with what belongs under it.
    fn lines(&self, row: &Row<'_>) -> String {
        let Row { name, info, step, .. } = row;
        let stamp = self.stamp(step.at);
        let duration = self.duration(step.elapsed);
        let label = label(row.entry);
        let bracket = || match (info.is_empty(), &row.entry.label) {
            (true, None) => String::new(),
            (true, Some(label)) => format!("({label}) "),
            (false, None) => format!("({info}) "),
            (false, Some(label)) => format!("({info}, {label}) "),
        };
        let notes: Vec<_> = row.notes.iter().map(|note| format!("    note: {note}\n")).collect();
        let differs = row.difference.map(|one| format!("    {one}\n")).unwrap_or_default();
        let notes = notes.concat() + &differs;
        match (step.verdict, row.failure) {
            (Verdict::Fail, Some(failure)) => {
                let mut lines = format!("{stamp}{name} FAILED{duration} - {}{}\n", bracket(), failure.line());
                lines.extend(row.since.map(|since| format!("    {since}\n")));
                for (title, text) in self.style.details(failure) {
                    // Writing to a string cannot fail.
                    let _ = writeln!(lines, "    {title} {text}");
                }
                lines + &differs
            }
            (Verdict::Warn, _) => {
                let warnings: Vec<_> = row.warnings.iter().map(|warning| warning.line()).collect();
                format!("{stamp}{name} WARNING{label}{duration} - {}\n{notes}", warnings.join("; "))
            }
            (Verdict::Skip, _) => {
                let why = row.blocked.map(|blocked| format!("    {blocked}\n")).unwrap_or_default();
                format!("{stamp}SKIPPED: {name}{label}\n{why}")
            }
            (Verdict::Pass | Verdict::Fail, _) => format!("{stamp}{name} OK{label}{duration}\n{notes}"),
        }
    }
}

/// Behind a verdict, what the check is called, if it is.
fn label(entry: &Entry) -> String {
    entry.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default()
}

fn starting(name: &str, info: &str) -> String {
    if info.is_empty() { format!("Starting {name}...") } else { format!("Starting {name} ({info})...") }
}

const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::Warn => 1,
        Verdict::Pass => 2,
        Verdict::Skip => 3,
    }
}

/// `type:host`, so that what belongs together stands together.
fn group(row: &Row<'_>) -> String {
    [row.entry.kind, ":", &row.entry.target].concat()
}
