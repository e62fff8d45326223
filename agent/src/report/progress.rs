//! One line on standard error that tells how far a run is; for a terminal only.

use crate::event::Event;
use crate::outcome::Verdict;
use crate::report::Stage;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Faster than this nobody reads.
const EVERY: Duration = Duration::from_millis(50);

/// How far the run is.
#[derive(Debug)]
pub struct Progress {
    total: usize,
    finished: usize,
    failed: usize,
    running: BTreeSet<usize>,
    drawn: Option<Instant>,
    began: Instant,
}

impl Progress {
    /// A run of so many checks that begins now.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self { total, finished: 0, failed: 0, running: BTreeSet::new(), drawn: None, began: Instant::now() }
    }

    /// Hears an event and draws the line anew, if it is time.
    ///
    /// # Errors
    /// The writer's.
    pub fn event(&mut self, event: &Event, stage: Stage<'_>, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Started { entry, .. } => {
                self.running.insert(*entry);
            }
            Event::Finished(outcome) => {
                self.running.remove(&outcome.entry);
                self.finished += 1;
                self.failed += usize::from(outcome.steps.iter().any(|step| step.verdict == Verdict::Fail));
            }
            Event::Phase { .. } | Event::Passed { .. } => {}
        }
        // A run that is over before anybody could read draws nothing at all.
        let last = self.drawn.unwrap_or(self.began);
        if last.elapsed() < EVERY {
            return Ok(());
        }
        self.drawn = Some(Instant::now());
        write!(out, "\r\x1b[K{}", self.line(stage))?;
        out.flush()
    }

    /// Takes the line away.
    ///
    /// # Errors
    /// The writer's.
    pub fn clear(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.drawn.is_some() { write!(out, "\r\x1b[K").and_then(|()| out.flush()) } else { Ok(()) }
    }

    fn line(&self, stage: Stage<'_>) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let waiting = self.running.first().map(|entry| {
            let entry = &stage.plan.entries[*entry];
            format!("; waiting for {} {}", entry.kind, entry.target)
        });
        let line = format!("{} of {} checks{failed}{}", self.finished, self.total, waiting.unwrap_or_default());
        line.chars().take(78).collect()
    }
}
