//! What changed: since when a check is as it is, and how it was before.

use crate::outcome::Verdict;
use crate::report::CheckView;
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
    pub(super) fn of(check: &CheckView<'_>) -> Self {
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
    /// The begin of the run that found it so first.
    pub at: SystemTime,
    /// How it was before; nothing where it was never otherwise.
    pub before: Option<State>,
    /// The last run has found it.
    pub is_new: bool,
}

impl Since {
    /// After one more run, which began then.
    pub(super) fn after(former: Option<&Self>, now: State, at: SystemTime) -> Self {
        match former {
            Some(former) if former.now == now => Self { is_new: false, ..*former },
            former => Self { now, at, before: former.map(|former| former.now), is_new: true },
        }
    }
}
