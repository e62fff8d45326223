//! What changed: since when a check is as it is, and how it was before.

use crate::outcome::Verdict;
use crate::report::{CheckView, View};
use std::collections::HashMap;
use std::time::SystemTime;

/// How a check is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct State {
    /// The verdict.
    pub verdict: Verdict,
    /// The code of its failure, or of its first warning.
    pub code: Option<&'static str>,
}

impl State {
    fn of(check: &CheckView<'_>) -> Self {
        let warned = || check.warnings().next().map(|warning| warning.kind.code());
        let code = check.failure().map(|failure| failure.code.name).or_else(warned);
        Self { verdict: check.verdict(), code }
    }

    /// The code, or the verdict where there is none.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.code.unwrap_or(self.verdict.slug())
    }
}

/// Since when a check is as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Since {
    /// How it is.
    pub now: State,
    /// The begin of the run that found it so.
    pub at: SystemTime,
    /// How it was before; nothing where it was never otherwise.
    pub before: Option<State>,
}

/// What is known of the runs so far, by the names of the checks' series.
#[derive(Clone, Debug, Default)]
pub struct History(HashMap<String, Since>);

impl History {
    /// One more run is over. Of checks that are no more nothing is kept.
    pub fn hear(&mut self, view: &View<'_>) {
        let mut former = std::mem::take(&mut self.0);
        for (name, check) in view.series() {
            let now = State::of(check);
            let since = match former.remove(&name) {
                Some(since) if since.now == now => since,
                Some(since) => Since { now, at: view.started, before: Some(since.now) },
                None => Since { now, at: view.started, before: None },
            };
            self.0.insert(name, since);
        }
    }

    /// Since when a check is as it is.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Since> {
        self.0.get(name)
    }
}
