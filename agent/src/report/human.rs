//! `human`: for a terminal. What is broken comes first, with whose job it is and what to do next.

use crate::catalogue::Owner;
use crate::outcome::Verdict;
use crate::report::view::{CheckView, Overall, View};
use crate::report::{Format, Reporter, Style};
use std::io::{self, Write};
use std::time::Duration;

/// The format's row.
pub const FORMAT: Format = Format {
    name: "human",
    about: "for a terminal: what is broken first, with what to do next",
    reporter: |style| Box::new(Human { style }),
};

/// Grouped by verdict, worst first.
struct Human {
    style: Style,
}

impl Reporter for Human {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let width = view.checks.iter().map(|check| check.entry.kind.len()).max().unwrap_or_default();
        let targets = view.checks.iter().map(|check| title(check).chars().count()).max().unwrap_or_default().min(60);
        for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Pass, Verdict::Skip] {
            let of_verdict: Vec<_> = view.checks.iter().filter(|check| check.verdict() == verdict).collect();
            for check in &of_verdict {
                self.check(check, width, targets, out)?;
            }
            if !of_verdict.is_empty() && verdict != Verdict::Pass {
                writeln!(out)?;
            }
        }
        self.summary(view, out)
    }
}

impl Human {
    fn check(&self, check: &CheckView<'_>, width: usize, targets: usize, out: &mut dyn Write) -> io::Result<()> {
        let (word, color) = match check.verdict() {
            Verdict::Fail => ("FAIL", RED),
            Verdict::Warn => ("warn", YELLOW),
            Verdict::Pass => ("ok  ", GREEN),
            Verdict::Skip => ("skip", DIM),
        };
        let time = if check.verdict() == Verdict::Skip { String::new() } else { human_time(check.outcome.elapsed) };
        let notes = self.notes(check);
        let title = title(check);
        writeln!(
            out,
            "{} {:width$}  {title:targets$}  {:>9}{notes}",
            self.paint(color, word),
            check.entry.kind,
            self.paint(DIM, &format!("{time:>9}"))
        )?;
        self.failure(check, out)?;
        for warning in check.warnings() {
            writeln!(out, "       {} {}", warning.message, self.paint(DIM, &format!("[{}]", warning.kind.code())))?;
            self.advice(warning.kind.owner(), warning.kind.next_step(), out)?;
        }
        if self.style.verbose || self.style.durations {
            self.phases(check, out)?;
        }
        Ok(())
    }

    fn failure(&self, check: &CheckView<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Some(failure) = check.failure() else { return Ok(()) };
        writeln!(
            out,
            "       {} {}",
            self.paint(BOLD, &failure.message),
            self.paint(RED, &format!("[{}]", failure.code))
        )?;
        self.advice(failure.owner, &failure.next_step, out)?;
        let mut told = self.style.details(failure);
        told.try_for_each(|(title, text)| writeln!(out, "       {} {text}", self.paint(DIM, title)))
    }

    /// Whose job it is, and what to do.
    fn advice(&self, owner: Owner, next_step: &str, out: &mut dyn Write) -> io::Result<()> {
        let (by, next) = (self.paint(DIM, "fix by"), self.paint(DIM, "next:"));
        writeln!(out, "       {by} {}  {next} {next_step}", owner.slug())
    }

    fn phases(&self, check: &CheckView<'_>, out: &mut dyn Write) -> io::Result<()> {
        let phases: Vec<_> = check
            .outcome
            .phases
            .iter()
            .map(|timing| {
                let address = timing.address.map(|address| format!(" to {address}")).unwrap_or_default();
                format!("{}{address} {}", timing.phase.slug(), human_time(timing.elapsed))
            })
            .collect();
        if phases.is_empty() { Ok(()) } else { writeln!(out, "       {}", self.paint(DIM, &phases.join(", "))) }
    }

    /// What must not be overlooked in a check that passed.
    fn notes(&self, check: &CheckView<'_>) -> String {
        let notes: Vec<_> = check.notes().map(|note| format!("  {}", self.paint(YELLOW, &note.to_string()))).collect();
        notes.concat()
    }

    fn summary(&self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let counts = view.counts;
        let parts = [
            (counts.fail, "failed"),
            (counts.warn, "with warnings"),
            (counts.pass, "passed"),
            (counts.skip, "skipped"),
        ];
        let parts: Vec<_> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        let color = match view.overall() {
            Overall::Pass => GREEN,
            Overall::Fail => RED,
            Overall::Warn | Overall::Unknown => YELLOW,
        };
        let of = format!(" ({} results of {} checks)", counts.total(), view.checks.len());
        let of = if counts.total() == view.checks.len() { String::new() } else { self.paint(DIM, &of) };
        let interrupted = if view.interrupted { ", interrupted" } else { "" };
        writeln!(out, "{}{of} in {}{interrupted}", self.paint(color, &parts.join(", ")), human_time(view.elapsed))?;
        if counts.fail > 0 && !self.style.explain {
            writeln!(out, "{}", self.paint(DIM, "--explain shows the evidence, --format json everything."))?;
        }
        Ok(())
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.style.color { format!("{color}{text}\x1b[0m") } else { text.to_owned() }
    }
}

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";

fn title(check: &CheckView<'_>) -> String {
    match &check.entry.label {
        Some(label) => format!("{label} ({})", check.entry.target),
        None => check.entry.target.clone(),
    }
}

fn human_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}
