//! Writes, one by one: any of them can fail, or be the last that a hook does before it is killed.

use std::io;

/// What happens at a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The write fails, and the hook goes on as it likes.
    Error,
    /// The hook is killed before the write: nothing works any more until it is run again.
    Killed,
}

/// The steps of a hook.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// How many there were.
    pub(crate) taken: u64,
    planned: Option<(u64, Fault)>,
    killed: bool,
    failed: bool,
    doubtful: bool,
}

/// What a hook makes of a step that fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Failure {
    /// It fails, too.
    Counts,
    /// It may go on without.
    MayCount,
    /// There is none.
    Never,
}

impl Steps {
    /// A new hook begins; this fault happens at the step of this number.
    pub(crate) fn begin(&mut self, planned: Option<(u64, Fault)>) {
        *self = Self { planned, ..Self::default() };
    }

    /// Whether what was planned happened.
    pub(crate) fn happened(&self) -> bool {
        self.killed || self.failed || self.doubtful
    }

    /// Whether a hook may end like this after what happened.
    pub(crate) fn allow(&self, has_failed: bool) -> bool {
        if self.killed || self.failed { has_failed } else { !has_failed || self.doubtful }
    }

    pub(crate) fn alive(&self) -> io::Result<()> {
        if self.killed { Err(io::Error::other("killed")) } else { Ok(()) }
    }

    pub(crate) fn take(&mut self) -> io::Result<()> {
        self.step(Failure::Counts)
    }

    /// A step whose error a hook may ignore.
    pub(crate) fn take_or_go_on(&mut self) -> io::Result<()> {
        self.step(Failure::MayCount)
    }

    /// Only a kill is a fault here.
    pub(crate) fn take_or_die(&mut self) -> io::Result<()> {
        self.step(Failure::Never)
    }

    fn step(&mut self, failure: Failure) -> io::Result<()> {
        self.alive()?;
        self.taken += 1;
        match self.planned {
            Some((number, Fault::Killed)) if number == self.taken => {
                self.killed = true;
                self.alive()
            }
            Some((number, Fault::Error)) if number == self.taken && failure != Failure::Never => {
                self.failed |= failure == Failure::Counts;
                self.doubtful |= failure == Failure::MayCount;
                Err(io::Error::other("no space left on device"))
            }
            _ => Ok(()),
        }
    }
}
