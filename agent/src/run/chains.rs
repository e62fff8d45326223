//! Checks that hang together, while they are run: an end-to-end check is decided when its parts are, where they are
//! needed; and what waits for a check that failed is not tried.

use super::{Running, guilt};
use crate::event::Event;
use crate::fault::Phase;
use crate::outcome::{Blocked, Others, Outcome};
use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

/// What is known of checks that hang together.
#[derive(Default)]
pub(super) struct Chains {
    /// The end-to-end checks whose parts are being run.
    pending: BTreeMap<usize, Pending>,
    /// The checks that failed, or were not tried for that, each with the one that failed.
    failed: HashMap<usize, usize>,
    /// No part is begun any more.
    pub(super) is_over: bool,
}

/// An end-to-end check whose parts are being run.
struct Pending {
    outcome: Outcome,
    /// So many parts are run.
    count: usize,
    /// Those that are decided.
    parts: Vec<Outcome>,
}

impl Running<'_> {
    /// A check has ended. It is decided now, or when its parts are.
    pub(super) fn ended(&mut self, outcome: Outcome, tell: &mut impl FnMut(&Event)) {
        let parts = self.parts_of(outcome.entry);
        if parts.is_empty() || self.chains.is_over || !(self.options.all_parts || self.is_unexplained(&outcome)) {
            parts.into_iter().for_each(|part| self.queue.dismiss(part));
            let outcome = self.judged(outcome);
            return self.decide(outcome, tell);
        }
        let (blocked, _): (Vec<_>, Vec<_>) = parts.iter().partition(|part| !self.queue.demand(**part));
        self.chains.pending.insert(outcome.entry, Pending { outcome, count: parts.len(), parts: Vec::new() });
        for part in blocked {
            let by = self.plan.waits_for(part).iter().find(|other| self.chains.failed.contains_key(other)).copied();
            let outcome = self.blocked(part, by.unwrap_or(part));
            self.decide(outcome, tell);
        }
    }

    /// The parts of a check of which anything is wanted.
    fn parts_of(&self, entry: usize) -> Vec<usize> {
        let is_wanted =
            |part: &usize| self.selection.whole_of(*part).is_some() && self.selection.last_of(*part).is_some();
        self.plan.parts_of(entry).filter(is_wanted).collect()
    }

    /// Whether its parts can tell why it failed: not what it could not even begin with, and not what is right or known.
    fn is_unexplained(&self, outcome: &Outcome) -> bool {
        let judgement = &self.plan.entries[outcome.entry].judgement;
        outcome.failure.as_ref().is_some_and(|failure| {
            !matches!(failure.code.phase, Phase::Config | Phase::Run) && !judgement.excuses(failure.code, self.today)
        })
    }

    /// What the file, and the run before, say of it.
    fn judged(&self, mut outcome: Outcome) -> Outcome {
        self.plan.entries[outcome.entry].judgement.apply(&mut outcome, self.today);
        self.compared(outcome)
    }

    /// What is known of it from before.
    fn compared(&self, mut outcome: Outcome) -> Outcome {
        if let Some(comparison) = &self.options.comparison {
            outcome.compare(comparison, self.shared.end());
        }
        if let Some(recall) = &self.options.recall {
            recall.tell(self.plan, &mut outcome, SystemTime::now());
        }
        outcome
    }

    /// A check is decided, and with it those that have waited for that alone.
    pub(super) fn decide(&mut self, outcome: Outcome, tell: &mut impl FnMut(&Event)) {
        let mut decided = vec![outcome];
        while let Some(outcome) = decided.pop() {
            let entry = outcome.entry;
            let has_failed = outcome.failure.is_some() || outcome.blocked_by().is_some();
            if has_failed {
                self.chains.failed.entry(entry).or_insert(entry);
            }
            for other in self.queue.decided(entry, has_failed) {
                self.parts_of(other).into_iter().for_each(|part| self.queue.dismiss(part));
                decided.push(self.blocked(other, entry));
            }
            decided.extend(self.whole_with(&outcome));
            if self.events.is_some() {
                tell(&Event::Finished(Box::new(outcome.clone())));
            }
            self.keep(outcome);
        }
    }

    /// The outcome of a check that waits for one that failed, or that was not tried itself.
    fn blocked(&mut self, entry: usize, by: usize) -> Outcome {
        let failed = self.chains.failed.get(&by).copied().unwrap_or(by);
        self.chains.failed.insert(entry, failed);
        let blocked = Blocked { by: self.plan.called(by), failed: self.plan.called(failed) };
        Outcome::blocked(entry, self.plan.entries[entry].results.len(), blocked, self.shared.began.elapsed())
    }

    /// The end-to-end check that this one was the last needed part of.
    fn whole_with(&mut self, part: &Outcome) -> Option<Outcome> {
        let whole = self.selection.whole_of(part.entry)?;
        let pending = self.chains.pending.get_mut(&whole)?;
        pending.parts.push(part.clone());
        if pending.parts.len() < pending.count {
            return None;
        }
        let pending = self.chains.pending.remove(&whole)?;
        Some(self.explained(pending))
    }

    /// The end-to-end checks whose parts were not all run when the run was interrupted.
    pub(super) fn unexplained(&mut self) -> Vec<Outcome> {
        let pending = std::mem::take(&mut self.chains.pending);
        pending.into_values().map(|pending| self.explained(pending)).collect()
    }

    fn explained(&self, Pending { mut outcome, mut parts, .. }: Pending) -> Outcome {
        parts.sort_by_key(|part| part.entry);
        let run = parts.iter().map(|part| part.entry).collect();
        let judgement = &self.plan.entries[outcome.entry].judgement;
        if !self.is_unexplained(&outcome) {
            outcome.others = Some(Box::new(Others::Parts { run, guilty: None }));
            return self.judged(outcome);
        }
        // Of a part that nobody asked for nothing is known.
        let are_all = parts.len() == self.plan.parts_of(outcome.entry).count();
        let guilty = guilt::told(&mut outcome, &parts, are_all, self.plan);
        outcome.others = Some(Box::new(Others::Parts { run, guilty }));
        if guilty.is_some() {
            judgement.without_hint().apply(&mut outcome, self.today);
        } else {
            judgement.apply(&mut outcome, self.today);
        }
        self.compared(outcome)
    }
}
