//! What happened, in order: the only thing that reporters see of a run in progress.

use crate::outcome::{Outcome, Step, Timing};

/// One thing that happened. `entry` counts the checks of the plan from 0.
#[derive(Clone, Debug)]
pub enum Event {
    /// A check works towards its result number `result` (from 0).
    Started {
        /// The check.
        entry: usize,
        /// The result within the check.
        result: usize,
    },
    /// A phase ended, well or not.
    Phase {
        /// The check.
        entry: usize,
        /// Which phase, how long, and where to.
        timing: Timing,
    },
    /// A result is there that passed; the check goes on. The last result of a check comes with
    /// [`Event::Finished`], as does one that failed.
    Passed {
        /// The check.
        entry: usize,
        /// The result within the check.
        result: usize,
        /// What came of it.
        step: Step,
    },
    /// A check is over.
    Finished(Box<Outcome>),
}
