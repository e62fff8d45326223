//! `jsonl`: one event per line, as it happens; the first line is the run, the last the summary. Their shape
//! is `$defs/event` of `schema/report.schema.json`.

use crate::comparison::Subject;
use crate::event::Event;
use crate::report::json::{self, Head, JsonCheck, JsonFile, SCHEMA, phase, rfc3339, seconds};
use crate::report::view::{CheckView, Counts, View};
use crate::report::{Format, Refusal, Reporter, Stage, Style, series};
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};
use std::time::SystemTime;

/// The format's row.
pub const FORMAT: Format = Format {
    name: "jsonl",
    about: "one event per line, as it happens",
    reporter: |style| Box::new(Jsonl { style, series: Vec::new() }),
};

/// One event per line.
struct Jsonl {
    style: Style,
    /// What each check of the plan is called.
    series: Vec<String>,
}

/// A line: what happened, and when.
#[derive(Serialize)]
struct Line<T> {
    event: &'static str,
    time: String,
    #[serde(flatten)]
    what: T,
}

impl<T: Serialize> Line<T> {
    /// Of what happens now.
    fn write(event: &'static str, what: T, out: &mut dyn Write) -> io::Result<()> {
        json::line(&Self { event, time: rfc3339(SystemTime::now()), what }, out)?;
        out.flush()
    }
}

/// What happened to a check.
#[derive(Serialize)]
struct OfCheck<'a> {
    /// Its place in the files, from 0.
    check: usize,
    series: &'a str,
    label: Option<&'a str>,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Started { name: &'a str },
    Phase { phase: Value },
    Passed { name: &'a str, elapsed_seconds: f64 },
    Finished { outcome: Box<JsonCheck<'a>> },
}

#[derive(Serialize)]
struct Summary<'a> {
    schema: &'static str,
    verdict: &'static str,
    interrupted: bool,
    counts: Counts,
    check_counts: Counts,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<Value>,
    elapsed_seconds: f64,
}

impl Reporter for Jsonl {
    fn listens(&self) -> bool {
        true
    }

    fn begin(&mut self, stage: Stage<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.series = series::of(stage.plan);
        Line::write("run", Head::of(stage.config, SystemTime::now()), out)
    }

    fn event(&mut self, event: &Event, stage: Stage<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Some((event, check, what)) = self.what(event, stage) else { return Ok(()) };
        let label = stage.plan.entries[check].label.as_deref();
        Line::write(event, OfCheck { check, series: &self.series[check], label, what }, out)
    }

    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let summary = Summary {
            schema: SCHEMA,
            verdict: view.overall().slug(),
            interrupted: view.interrupted,
            counts: view.counts,
            check_counts: view.check_counts,
            subject: view.subject,
            wait: view.waited.map(json::wait),
            elapsed_seconds: seconds(view.elapsed),
        };
        Line::write("summary", summary, out)
    }

    fn refused(&self, refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        Line::write("refused", JsonFile::refused(refusal, &refusal.names()), out)
    }

    fn explains_refusals(&self) -> bool {
        true
    }

    fn valid(&self, config: &str, _checks: usize, out: &mut dyn Write) -> io::Result<()> {
        Line::write("valid", JsonFile::valid(config), out)
    }
}

impl Jsonl {
    /// The event's name, its check, and the rest of it; `None` for what concerns no wanted result.
    fn what<'a>(&self, event: &'a Event, stage: Stage<'a>) -> Option<(&'static str, usize, What<'a>)> {
        let name = |entry: usize, result: usize| stage.plan.entries[entry].results[result].name.as_str();
        Some(match event {
            Event::Started { entry, result } | Event::Passed { entry, result, .. }
                if !stage.selection.has(*entry, *result) =>
            {
                return None;
            }
            Event::Started { entry, result } => ("started", *entry, What::Started { name: name(*entry, *result) }),
            Event::Phase { entry, timing } => ("phase", *entry, What::Phase { phase: phase(timing) }),
            Event::Passed { entry, result, step } => {
                let elapsed_seconds = seconds(step.elapsed);
                ("passed", *entry, What::Passed { name: name(*entry, *result), elapsed_seconds })
            }
            Event::Finished(outcome) => {
                let check = CheckView::of(stage.plan, stage.selection, outcome);
                let outcome_of = JsonCheck::of(&check, self.series[outcome.entry].clone(), self.style);
                ("finished", outcome.entry, What::Finished { outcome: Box::new(outcome_of) })
            }
        })
    }
}
