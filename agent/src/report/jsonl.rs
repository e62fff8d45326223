//! `jsonl`: one event per line, as it happens; the first line is the run, the last the summary.

use crate::event::Event;
use crate::report::json::{self, Head, JsonCheck, SCHEMA, phase, seconds};
use crate::report::view::{CheckView, View};
use crate::report::{Format, Refusal, Reporter, Stage, Style};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::SystemTime;

pub(super) const FORMAT: Format =
    Format { name: "jsonl", about: "one event per line, as it happens", reporter: |style| Box::new(Jsonl { style }) };

/// The first line.
#[derive(Serialize)]
struct Begun<'a> {
    event: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
}

/// One event per line.
struct Jsonl {
    style: Style,
}

impl Reporter for Jsonl {
    fn listens(&self) -> bool {
        true
    }

    fn begin(&mut self, stage: Stage<'_>, out: &mut dyn Write) -> io::Result<()> {
        let head = Head::of(stage.config, SystemTime::now());
        json::line(&Begun { event: "run", head }, out)?;
        out.flush()
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
            "interrupted": view.interrupted,
            "counts": view.counts,
            "check_counts": view.check_counts,
            "elapsed_seconds": seconds(view.elapsed),
        });
        writeln!(out, "{summary}")
    }

    fn refused(&self, refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        json::refused(refusal, out)
    }

    fn explains_refusals(&self) -> bool {
        true
    }

    fn valid(&self, config: &str, _checks: usize, out: &mut dyn Write) -> io::Result<()> {
        json::valid(config, out)
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
                let check = CheckView::of(stage.plan, stage.selection, outcome);
                json!({"event": "finished", "check": outcome.entry, "outcome": serde_json::to_value(JsonCheck::of(&check, self.style))?})
            }
        }))
    }
}
