//! One hook that was run.

use super::event::Event;
use std::time::Duration;

/// How it ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// With this exit status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// The charm has no such hook.
    Missing,
    /// With success, but the controller did not take what it had set: for Juju the hook has failed.
    Refused,
}

impl End {
    /// Whether Juju goes on: a hook that is not there is no failure.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Exited(0) | Self::Missing)
    }
}

/// A line of the unit's log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// DEBUG for standard output, WARNING for standard error, else as `juju-log` was told.
    pub level: String,
    /// The text.
    pub text: String,
}

/// A call of a hook tool, or of a program that is a recording double.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// Its name.
    pub tool: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its exit status.
    pub code: i32,
}

/// What was run, and what came of it.
#[derive(Clone, Debug)]
pub struct HookRun {
    /// The unit.
    pub unit: String,
    /// Why it was run.
    pub event: Event,
    /// The name of the hook.
    pub hook: String,
    /// How it ended.
    pub end: End,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// What it wrote to the log by `juju-log`.
    pub log: Vec<Line>,
    /// The tools it called, in order.
    pub calls: Vec<Call>,
    /// From its start to its end.
    pub took: Duration,
}

impl HookRun {
    /// Everything, for the message of a test that failed.
    #[must_use]
    pub fn story(&self) -> String {
        let log = self.log.iter().map(|line| format!("  log {}: {}\n", line.level, line.text));
        let call = |call: &Call| format!("  call {} {} -> {}\n", call.tool, call.arguments.join(" "), call.code);
        let calls = self.calls.iter().map(call);
        let head = format!("{} {}: {:?}\n{}{}", self.unit, self.hook, self.end, self.out, self.err);
        [head].into_iter().chain(log).chain(calls).collect()
    }
}
