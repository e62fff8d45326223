//! What is left to say of a failed check where the cause that it has in common with others has been told.

use crate::catalogue::Owner;
use crate::causes::{Cause, Mark};
use crate::report::CheckView;

/// What is this check's alone.
#[derive(Clone, Copy, Debug)]
pub struct Folded<'a> {
    /// The mark of the cause.
    pub mark: Mark,
    /// The part that is guilty, of an end-to-end check.
    pub part: Option<&'a str>,
    /// Whose job the fix is, where it is not the job of whom the cause names.
    pub owner: Option<Owner>,
    /// What the file says to do, where the cause does not say it.
    pub hint: Option<&'a str>,
}

impl<'a> Folded<'a> {
    /// That of a check which has failed.
    pub(super) fn of(mark: Mark, cause: &Cause, check: &'a CheckView<'_>) -> Option<Self> {
        let failure = check.failure()?;
        let hint = check.entry.judgement.hint.as_deref();
        let is_own = |hint: &&str| failure.next_step.starts_with(hint) && !cause.next_step.starts_with(hint);
        Some(Self {
            mark,
            part: check.chain.guilty.as_deref(),
            owner: Some(failure.owner).filter(|owner| *owner != cause.owner),
            hint: hint.filter(is_own),
        })
    }

    /// Which part is guilty, in words.
    pub(super) fn guilt(&self) -> Option<String> {
        self.part.map(|part| format!("the part `{part}` fails"))
    }
}
