//! `human`: for a terminal. What is broken comes first, once for each cause, with whose job it is and what to do
//! next; what is well takes one line, unless there is little of it.

mod block;
mod brief;
mod causes;
mod flow;
mod summary;

use crate::event::Event;
use crate::outcome::Verdict;
use crate::report::view::{CheckView, View};
use crate::report::{Format, Reporter, Shown, Stage, Style, title};
use block::{Block, Widths};
use flow::{Ink, Paragraph, Screen};
use std::io::{self, Write};
use std::time::Duration;

/// The format's row.
pub const FORMAT: Format = Format {
    name: "human",
    about: "for a terminal: what is broken first, with what to do next",
    reporter: |style| Box::new(Human { style, streamed: None }),
};

/// So many checks that are well have a line each; more become one.
const FEW: usize = 10;

/// Grouped by verdict, worst first; or, unbuffered, as they come.
struct Human {
    style: Style,
    /// The titles and their columns, while checks are written as they end (`-U`).
    streamed: Option<(Vec<String>, Widths)>,
}

impl Reporter for Human {
    fn listens(&self) -> bool {
        self.streams()
    }

    fn begin(&mut self, stage: Stage<'_>, _out: &mut dyn Write) -> io::Result<()> {
        if self.streams() {
            let titles = title::of(stage.plan);
            let wanted =
                stage.selection.entries().map(|entry| (stage.plan.entries[entry].kind, titles[entry].as_str()));
            let widths = Widths::of(wanted, self.style.columns);
            self.streamed = Some((titles, widths));
        }
        Ok(())
    }

    fn event(&mut self, event: &Event, stage: Stage<'_>, out: &mut dyn Write) -> io::Result<()> {
        let (Event::Finished(outcome), Some((titles, widths))) = (event, &self.streamed) else { return Ok(()) };
        let check = CheckView::of(stage.plan, stage.selection, outcome);
        if self.is_shown(check.verdict()) {
            // What it has in common with others is known in the end.
            Block::of(&check, &titles[outcome.entry], None, self.style).write(*widths, self.screen(), out)?;
        }
        out.flush()
    }

    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        if self.style.shown == Shown::Brief {
            return brief::write(view, self.screen(), out);
        }
        causes::write(view, self.streamed.is_some(), self.screen(), out)?;
        if self.streamed.is_none() {
            self.checks(view, out)?;
        }
        let is_quiet = self.style.shown == Shown::Problems && view.check_counts.pass == view.checks.len();
        if is_quiet { Ok(()) } else { summary::write(view, self.style, self.screen(), out) }
    }
}

impl Human {
    const fn streams(&self) -> bool {
        self.style.unbuffered && !matches!(self.style.shown, Shown::Brief)
    }

    const fn screen(&self) -> Screen {
        Screen { columns: self.style.columns, color: self.style.color }
    }

    fn is_shown(&self, verdict: Verdict) -> bool {
        self.style.shown != Shown::Problems || verdict != Verdict::Pass
    }

    /// Every check, alone or with those of which the same is to be said.
    fn checks(&self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let (titles, folded) = (title::of(view.plan), view.folded());
        let mut blocks = Vec::new();
        for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Pass, Verdict::Skip] {
            let checks = view.checks.iter().filter(|check| check.verdict() == verdict && self.is_shown(verdict));
            let alone = checks.map(|check| {
                let entry = check.outcome.entry;
                Block::of(check, &titles[entry], folded.get(&entry), self.style)
            });
            let mut alone: Vec<_> = alone.collect();
            // Those of one cause beside each other, as it is told; the others in the order of the file.
            alone.sort_by_key(Block::rank);
            blocks.push(if self.folds(verdict, alone.len()) { block::together(alone) } else { alone });
        }
        let rows = blocks.iter().flatten().filter_map(Block::row);
        let widths = Widths::of(rows, self.style.columns);
        for blocks in blocks.iter().filter(|blocks| !blocks.is_empty()) {
            blocks.iter().try_for_each(|block| block.write(widths, self.screen(), out))?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// Whether checks of this verdict are told together, where the same is to be said of them.
    const fn folds(&self, verdict: Verdict, count: usize) -> bool {
        let each = self.style.verbose || self.style.durations;
        !each && (matches!(verdict, Verdict::Fail | Verdict::Warn) || count > FEW)
    }
}

/// For people: `4.2 ms`, `1.30 s`.
fn human_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}
