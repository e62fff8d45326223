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
}

impl Steps {
    /// A new hook begins; this fault happens at the step of this number.
    pub(crate) fn begin(&mut self, planned: Option<(u64, Fault)>) {
        *self = Self { planned, ..Self::default() };
    }

    /// Whether what was planned happened.
    pub(crate) fn happened(&self) -> bool {
        self.killed || self.failed
    }

    pub(crate) fn alive(&self) -> io::Result<()> {
        if self.killed { Err(io::Error::other("killed")) } else { Ok(()) }
    }

    pub(crate) fn take(&mut self) -> io::Result<()> {
        self.step(true)
    }

    /// A step whose error a hook may ignore: only a kill is a fault here.
    pub(crate) fn take_or_die(&mut self) -> io::Result<()> {
        self.step(false)
    }

    fn step(&mut self, may_fail: bool) -> io::Result<()> {
        self.alive()?;
        self.taken += 1;
        match self.planned {
            Some((number, Fault::Killed)) if number == self.taken => {
                self.killed = true;
                self.alive()
            }
            Some((number, Fault::Error)) if number == self.taken && may_fail => {
                self.failed = true;
                Err(io::Error::other("no space left on device"))
            }
            _ => Ok(()),
        }
    }
}
