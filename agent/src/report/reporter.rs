//! What every format says: at the start, per event, at the end, and of a file that is not run.

use super::{Refusal, View};
use crate::event::Event;
use crate::fault::Failure;
use crate::plan::Plan;
use crate::select::Selection;
use std::io::{self, Write};

/// How a report is wanted.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Style {
    /// `-v`: also what begins, and what it does.
    pub verbose: bool,
    /// `-d`: when, and how long.
    pub durations: bool,
    /// `-t`: the whole chain of causes under a failure; the evidence where there is none.
    pub tracebacks: bool,
    /// `--explain`: the evidence under a failure.
    pub explain: bool,
    /// `-U`: each line as soon as it is known.
    pub unbuffered: bool,
    /// ANSI colours.
    pub color: bool,
    /// How much of it, in the format for people.
    pub shown: Shown,
    /// The columns of the screen.
    pub columns: usize,
}

/// How much of a run the format for people shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Shown {
    /// Every check.
    #[default]
    All,
    /// `--quiet`: what is not well, and the summary; nothing when all is well.
    Problems,
    /// `--brief`: failures, in some lines.
    Brief,
}

impl Style {
    /// What is told under a failure, each with its title.
    pub(super) fn details(self, failure: &Failure) -> impl Iterator<Item = (&'static str, &str)> {
        // A server's own refusal has no error of a library below it.
        let explained = self.explain || (self.tracebacks && failure.causes.is_empty());
        let evidence = failure.evidence.as_deref().filter(|_| explained);
        let causes = failure.shown_causes(explained).filter(move |_| self.tracebacks);
        evidence.map(|text| ("evidence:", text)).into_iter().chain(causes.map(|cause| ("caused by:", cause.as_str())))
    }
}

/// What a warning comes to in the judgement over a run (`--warnings-as-errors`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Warnings {
    /// A judgement of its own, between good and bad.
    #[default]
    Count,
    /// As a failure.
    AreErrors,
    /// Nothing.
    AreFine,
}

impl From<Option<bool>> for Warnings {
    /// Whether warnings are errors, if that is said.
    fn from(are_errors: Option<bool>) -> Self {
        are_errors.map_or(Self::Count, |are_errors| if are_errors { Self::AreErrors } else { Self::AreFine })
    }
}

/// What a reporter may know while the run goes on.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// What a warning comes to.
    pub warnings: Warnings,
    /// The file of checks: its path, or `<stdin>`.
    pub config: &'a str,
    /// The checks.
    pub plan: &'a Plan,
    /// Which results were asked for.
    pub selection: &'a Selection,
}

/// Turns a run into bytes on the writer it is given.
#[expect(clippy::missing_errors_doc, reason = "every error is the writer's")]
pub trait Reporter {
    /// Whether [`Reporter::event`] wants to be called at all; without a listener a run is cheaper.
    fn listens(&self) -> bool {
        false
    }

    /// The run begins.
    fn begin(&mut self, _stage: Stage<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Hears one event.
    fn event(&mut self, _event: &Event, _stage: Stage<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// The run is over: writes what can only be known now.
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// The file cannot be run. A format that writes nothing leaves an older report where it is.
    fn refused(&self, _refusal: &Refusal<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Whether [`Reporter::refused`] says all there is to say, so that nothing is left for standard
    /// error.
    fn explains_refusals(&self) -> bool {
        false
    }

    /// The file could be run, and is not meant to be (`--validate`).
    fn valid(&self, config: &str, checks: usize, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", in_words(config, checks))
    }
}

/// `FILE is valid: 3 checks`.
pub(super) fn in_words(config: &str, checks: usize) -> String {
    format!("{config} is valid: {checks} {}", if checks == 1 { "check" } else { "checks" })
}
