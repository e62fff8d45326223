//! `nagios`: a plugin's output (Monitoring Plugins Development Guidelines), within NRPE's limits.

use crate::outcome::{Verdict, Warning};
use crate::report::view::{CheckView, Overall, View};
use crate::report::{Counts, Format, Refusal, Reporter, reporter};
use crate::text::cut;
use std::io::{self, Write};

/// The format's row.
pub const FORMAT: Format = Format {
    name: "nagios",
    about: "the output of a monitoring plugin, with performance data",
    reporter: |_| Box::new(Nagios),
};

/// NRPE v2 keeps 1,023 bytes of the output.
const FIRST_LINE: usize = 1000;

/// NRPE v4 keeps 65,504 bytes; what is left is for the perfdata of the long output.
const LONG_OUTPUT: usize = 44_000;

/// For the perfdata of the long output.
const LONG_PERFDATA: usize = 14_000;

/// What one check has of the first line where there is no room for all of all; a name alone may be a long URL.
const PART: usize = 240;

/// Between two parts of the first line, at most.
const SEPARATOR: usize = " - ".len();

/// What one check has of the long output.
const LINE: usize = 2_000;

/// One line that says all, then one per check, worst first.
struct Nagios;

impl Reporter for Nagios {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut checks: Vec<_> = view.checks.iter().collect();
        // The sort is stable: within a verdict the file's order stays.
        checks.sort_by_key(|check| std::cmp::Reverse(check.verdict()));
        let perfdata = perfdata(view);
        let room = FIRST_LINE.saturating_sub(perfdata.len() + 1);
        writeln!(out, "{}|{perfdata}", headline(view, &checks, room))?;
        let (lines, left_out) = fitting(checks.iter().map(|check| cut(line(check), LINE)), LONG_OUTPUT);
        let more = if left_out > 0 { format!("\n... and {left_out} more checks") } else { String::new() };
        let times = view.series().map(|(series, check)| {
            let seconds = check.outcome.elapsed.as_secs_f64();
            format!("'{series}'={seconds:.6}s;;;0")
        });
        let (times, _) = fitting(times, LONG_PERFDATA);
        writeln!(out, "{}{more}|{}", lines.join("\n"), times.join("\n"))
    }

    /// UNKNOWN, with the first problem.
    fn refused(&self, refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", cut(harmless(&format!("CONN-CHECK UNKNOWN: {}", refusal.headline())), FIRST_LINE))?;
        let (rest, left_out) = fitting(refusal.lines().skip(1).map(|line| cut(harmless(&line), LINE)), LONG_OUTPUT);
        rest.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        if left_out > 0 { writeln!(out, "... and {left_out} more problems") } else { Ok(()) }
    }

    fn explains_refusals(&self) -> bool {
        true
    }

    fn valid(&self, config: &str, checks: usize, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "CONN-CHECK OK: {}", harmless(&reporter::in_words(config, checks)))
    }
}

fn headline(view: &View<'_>, checks: &[&CheckView<'_>], room: usize) -> String {
    let Counts { fail, warn, .. } = view.counts;
    let total = view.counts.total();
    let word = match view.overall() {
        Overall::Pass => "OK",
        Overall::Warn => "WARNING",
        Overall::Fail => "CRITICAL",
        Overall::Unknown => "UNKNOWN",
    };
    let mut text = format!("CONN-CHECK {word}: {fail} of {total} failed");
    if warn > 0 {
        text = format!("{text}, {warn} with warnings");
    }
    if view.interrupted {
        text += ", interrupted";
    }
    let worst: Vec<_> = checks.iter().filter_map(|check| worst(check)).collect();
    let more = |left_out| format!(" ... and {left_out} more");
    let room = room.saturating_sub(more(worst.len()).len());
    let wanted: usize = worst.iter().map(|part| SEPARATOR + part.len()).sum();
    let share = room.saturating_sub(text.len()) / worst.len().max(1);
    let most = if text.len() + wanted > room { share.saturating_sub(SEPARATOR).max(PART) } else { room };
    let (mut separator, mut left_out) = (" - ", 0);
    for part in worst.into_iter().map(|part| cut(part, most)) {
        if text.len() + SEPARATOR + part.len() > room {
            left_out += 1;
            continue;
        }
        text = text + separator + &part;
        separator = "; ";
    }
    if left_out > 0 { text + &more(left_out) } else { text }
}

/// What the headline says of a check: nothing of one that passed.
fn worst(check: &CheckView<'_>) -> Option<String> {
    let row = check.rows.iter().find(|row| row.step.verdict == check.verdict())?;
    match (check.verdict(), check.failure()) {
        (Verdict::Fail, Some(failure)) => {
            Some(harmless(&format!("{} {}: {}", row.name, failure.code, failure.message)))
        }
        (Verdict::Warn, _) => row
            .warnings
            .first()
            .map(|warning| harmless(&format!("{} {}: {}", row.name, warning.kind.code(), warning.message))),
        _ => None,
    }
}

fn line(check: &CheckView<'_>) -> String {
    let row = check.rows.iter().find(|row| row.step.verdict == check.verdict());
    let name = row.map_or(check.entry.target.as_str(), |row| row.name);
    let label = check.entry.label.as_ref().map(|label| format!(" \"{label}\"")).unwrap_or_default();
    let text = match (check.verdict(), check.failure()) {
        (Verdict::Fail, Some(failure)) => format!("[CRITICAL] {name}{label} {}", failure.line()),
        (Verdict::Warn, _) => {
            let warnings: Vec<_> = check.warnings().map(Warning::line).collect();
            format!("[WARNING] {name}{label} {}", warnings.join("; "))
        }
        (Verdict::Skip, _) => {
            let why = check.skip_reason().map(|reason| format!("; {}", reason.about())).unwrap_or_default();
            format!("[SKIPPED] {name}{label}{why}")
        }
        (Verdict::Pass | Verdict::Fail, _) => format!("[OK] {name}{label}"),
    };
    let notes: Vec<_> = check.notes().map(|note| format!("; {note}")).collect();
    harmless(&(text + &notes.concat()))
}

fn perfdata(view: &View<'_>) -> String {
    let Counts { pass, warn, fail, skip } = view.counts;
    let total = view.counts.total();
    let elapsed = view.elapsed.as_secs_f64();
    format!(
        "pass={pass};;;0;{total} warn={warn};;;0;{total} fail={fail};;;0;{total} skip={skip};;;0;{total} time={elapsed:.6}s;;;0"
    )
}

/// A pipe would begin the perfdata, and a line break the next line.
fn harmless(text: &str) -> String {
    text.replace('|', "/").replace(['\n', '\r'], " ")
}

/// Those that fit, and how many do not.
fn fitting(lines: impl Iterator<Item = String>, room: usize) -> (Vec<String>, usize) {
    let mut fitting = Vec::new();
    let (mut used, mut left_out) = (0, 0);
    for line in lines {
        if used + line.len() < room {
            used += line.len() + 1;
            fitting.push(line);
        } else {
            left_out += 1;
        }
    }
    (fitting, left_out)
}
