//! Checks that wait for others: for those that they depend on, and parts for being needed.

use crate::plan::Plan;
use std::collections::{BTreeSet, HashMap};

/// What is held back, and why.
#[derive(Debug, Default)]
pub(super) struct Chain {
    held: HashMap<usize, Held>,
    /// Who waits for a check.
    waiting_for: HashMap<usize, Vec<usize>>,
    /// Those that need not be held back any longer.
    freed: BTreeSet<usize>,
}

/// Why a check is held back.
#[derive(Debug)]
struct Held {
    /// So many checks that it waits for are not decided.
    open: usize,
    /// It is to be run: a part is when it is needed.
    is_needed: bool,
    /// One of those that it waits for failed.
    is_blocked: bool,
}

impl Chain {
    /// What of these checks waits for others of them. What is not among them is not waited for.
    pub(super) fn of(all: &BTreeSet<usize>, plan: &Plan, is_on_demand: impl Fn(usize) -> bool) -> Self {
        let mut chain = Self::default();
        for entry in all {
            let waits_for = plan.waits_for(*entry).iter().filter(|other| all.contains(other));
            let open = waits_for.map(|other| chain.waiting_for.entry(*other).or_default().push(*entry)).count();
            let is_needed = !is_on_demand(*entry);
            if open > 0 || !is_needed {
                chain.held.insert(*entry, Held { open, is_needed, is_blocked: false });
            }
        }
        chain
    }

    pub(super) fn holds(&self, entry: usize) -> bool {
        self.held.contains_key(&entry)
    }

    /// Those that may start now.
    pub(super) fn freed(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.freed)
    }

    /// A check is decided. The places of those that are blocked by that, in order.
    pub(super) fn decided(&mut self, entry: usize, has_failed: bool) -> Vec<usize> {
        let mut blocked = Vec::new();
        for other in self.waiting_for.remove(&entry).unwrap_or_default() {
            let Some(held) = self.held.get_mut(&other) else { continue };
            held.open -= 1;
            held.is_blocked |= has_failed;
            if !self.settle(other) {
                blocked.push(other);
            }
        }
        blocked
    }

    /// A part is needed; whether it is not blocked.
    pub(super) fn demand(&mut self, part: usize) -> bool {
        if let Some(held) = self.held.get_mut(&part) {
            held.is_needed = true;
        }
        self.settle(part)
    }

    /// A check is not to be run any more.
    pub(super) fn forget(&mut self, entry: usize) {
        self.held.remove(&entry);
    }

    /// All that is needed and has not started.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = usize> {
        let freed = self.freed();
        let held = std::mem::take(&mut self.held).into_iter().filter(|(_, held)| held.is_needed);
        freed.into_iter().chain(held.map(|(entry, _)| entry))
    }

    /// Lets a check go, if it may. Whether it is not blocked: what is does not wait for the others that it depends on.
    fn settle(&mut self, entry: usize) -> bool {
        let Some(Held { open, is_needed, is_blocked }) = self.held.get(&entry) else { return true };
        let (is_blocked, is_free) = (*is_needed && *is_blocked, *is_needed && *open == 0);
        if is_blocked || is_free {
            self.held.remove(&entry);
        }
        if is_free && !is_blocked {
            self.freed.insert(entry);
        }
        !is_blocked
    }
}
