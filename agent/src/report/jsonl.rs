//! `jsonl`: one event per line, as it happens; the last line is the summary.

use crate::event::Event;
use crate::report::json::{JsonCheck, SCHEMA, phase, seconds};
use crate::report::view::{CheckView, View, rows};
use crate::report::{Reporter, Stage, Style};
use serde_json::{Value, json};
use std::io::{self, Write};

/// One event per line.
pub(super) struct Jsonl {
    style: Style,
}

impl Jsonl {
    pub(super) const fn new(style: Style) -> Self {
        Self { style }
    }
}

impl Reporter for Jsonl {
    fn listens(&self) -> bool {
        true
    }

    fn event(&mut self, event: &Event, stage: Stage<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Some(object) = self.object(event, stage)? else { return Ok(()) };
        writeln!(out, "{object}")?;
        out.flush()
    }

    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let summary = json!({
            "event": "summary",
            "schema": SCHEMA,
            "verdict": view.overall().slug(),
            "counts": view.counts,
            "elapsed_seconds": seconds(view.elapsed),
        });
        writeln!(out, "{summary}")
    }
}

impl Jsonl {
    /// `None` for what concerns no wanted result.
    fn object(&self, event: &Event, stage: Stage<'_>) -> io::Result<Option<Value>> {
        let name = |entry: usize, result: usize| &stage.plan.entries[entry].results[result].name;
        Ok(Some(match event {
            Event::Started { entry, result } | Event::Passed { entry, result, .. }
                if !stage.selection.has(*entry, *result) =>
            {
                return Ok(None);
            }
            Event::Started { entry, result } => {
                json!({"event": "started", "check": entry, "name": name(*entry, *result)})
            }
            Event::Phase { entry, timing } => json!({"event": "phase", "check": entry, "phase": phase(timing)}),
            Event::Passed { entry, result, step } => {
                json!({"event": "passed", "check": entry, "name": name(*entry, *result), "elapsed_seconds": seconds(step.elapsed)})
            }
            Event::Finished(outcome) => {
                let entry = &stage.plan.entries[outcome.entry];
                let check = CheckView { entry, outcome, rows: rows(entry, stage.selection, outcome) };
                json!({"event": "finished", "check": outcome.entry, "outcome": serde_json::to_value(JsonCheck::of(&check, self.style))?})
            }
        }))
    }
}
