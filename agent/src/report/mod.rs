//! From what happened to bytes: one file per format, all over the same [`View`].

mod human;
pub mod journal;
mod json;
mod jsonl;
mod junit;
mod nagios;
mod plain;
mod progress;
mod prometheus;
mod tap;
mod view;

pub use json::bad_file as json_bad_file;
pub use nagios::bad_file as nagios_bad_file;
pub use progress::Progress;
pub use view::{CheckView, Counts, Overall, Row, View};

use crate::event::Event;
use crate::plan::Plan;
use crate::select::Selection;
use std::io::{self, Write};

/// What a report can look like (`--format`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// For a terminal: grouped, coloured, with what to do next.
    Human,
    /// The original's lines.
    Plain,
    /// A Nagios plugin's output.
    Nagios,
    /// One object.
    Json,
    /// One event per line, as it happens.
    Jsonl,
    /// XML for CI systems.
    Junit,
    /// Test Anything Protocol.
    Tap,
    /// Prometheus' text exposition.
    Prometheus,
}

impl Format {
    /// Every format with its name.
    pub const ALL: [(&'static str, Self); 8] = [
        ("human", Self::Human),
        ("plain", Self::Plain),
        ("nagios", Self::Nagios),
        ("json", Self::Json),
        ("jsonl", Self::Jsonl),
        ("junit", Self::Junit),
        ("tap", Self::Tap),
        ("prometheus", Self::Prometheus),
    ];
}

/// How a report is wanted.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Style {
    /// `-v`: also what begins, and what it does.
    pub verbose: bool,
    /// `-d`: when, and how long.
    pub durations: bool,
    /// `-t`: the whole chain of causes under a failure.
    pub tracebacks: bool,
    /// `--explain`: the evidence under a failure.
    pub explain: bool,
    /// `-U`: each line as soon as it is known.
    pub unbuffered: bool,
    /// ANSI colours.
    pub color: bool,
}

/// What a reporter may know while the run goes on.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// The checks.
    pub plan: &'a Plan,
    /// Which results were asked for.
    pub selection: &'a Selection,
}

/// Turns a run into bytes on the writer it is given.
pub trait Reporter {
    /// Whether [`Reporter::event`] wants to be called at all; without a listener a run is cheaper.
    fn listens(&self) -> bool {
        false
    }

    /// Hears one event.
    ///
    /// # Errors
    /// The writer's.
    fn event(&mut self, _event: &Event, _stage: Stage<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// The run is over: writes what can only be known now.
    ///
    /// # Errors
    /// The writer's.
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// The reporter of a format.
#[must_use]
pub fn reporter(format: Format, style: Style) -> Box<dyn Reporter> {
    match format {
        Format::Human => Box::new(human::Human::new(style)),
        Format::Plain => Box::new(plain::Plain::new(style)),
        Format::Nagios => Box::new(nagios::Nagios),
        Format::Json => Box::new(json::Json::new(style)),
        Format::Jsonl => Box::new(jsonl::Jsonl::new(style)),
        Format::Junit => Box::new(junit::Junit),
        Format::Tap => Box::new(tap::Tap),
        Format::Prometheus => Box::new(prometheus::Prometheus),
    }
}
