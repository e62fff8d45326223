//! What is remembered of checks between runs (`--remember`), so that a failure can say what changed since its check
//! passed last.
//!
//! Of each check, known by its file and its series, the facts of its last pass are kept: [`Facts`] lists them. A failure
//! is held against them ([`Recall`]); what changes from pass to pass anyway (a name with many addresses in turn, two
//! servers behind one address) says nothing. All of this is pure: the program reads and writes the files, one for each
//! user who makes the checks, so that no two of them write the same one; of a check, the file that has heard of it last
//! counts.

mod compare;
mod facts;
mod hash;
mod known;
#[cfg(test)]
mod tests;

pub use facts::Facts;

use crate::judgement::ACCEPTED;
use crate::outcome::{Outcome, SkipReason, Verdict};
use crate::phase::Phase;
use crate::plan::{Entry, Plan};
use known::{Known, seconds};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The version of the file's shape; a file of another one is written anew.
const FORMAT: &str = "conn-check-memory/1";

/// Of what no run has told anything for so long nothing is kept.
const GONE: Duration = Duration::from_secs(30 * 86_400);

/// So many checks are remembered at most, those heard of last.
const MOST: usize = 20_000;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    checks: BTreeMap<String, Known>,
}

/// As it stands in a file.
#[derive(Debug, Deserialize, Serialize)]
struct Kept<'a> {
    format: std::borrow::Cow<'a, str>,
    checks: BTreeMap<String, Known>,
}

/// What the files of all versions have.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// Why a file is none of ours.
const OF_ANOTHER: &str = "another version of conn-check has written it";

impl Memory {
    /// What a file holds, at this time, without what cannot be ours.
    ///
    /// # Errors
    /// Why it is no memory, or one of another version.
    pub fn read(text: &[u8], now: SystemTime) -> Result<Self, String> {
        let kept: Kept<'_> = serde_json::from_slice(text).map_err(|error| {
            let is_of_another = serde_json::from_slice::<Head>(text).is_ok_and(|head| head.format != FORMAT);
            if is_of_another { OF_ANOTHER.to_owned() } else { format!("it is broken ({error})") }
        })?;
        if kept.format != FORMAT {
            return Err(OF_ANOTHER.to_owned());
        }
        Ok(Self { checks: kept.checks.into_iter().filter(|(_, known)| known.is_ours(now)).collect() })
    }

    /// What another file holds is known, too: of each check, what was heard last.
    pub fn join(&mut self, other: Self) {
        for (key, known) in other.checks {
            if self.checks.get(&key).is_none_or(|ours| ours.heard <= known.heard) {
                self.checks.insert(key, known);
            }
        }
    }

    /// The text of a file, at this time, without what is long gone.
    #[must_use]
    pub fn text(&self, now: SystemTime) -> String {
        let last = seconds(now - GONE);
        let mut heard: Vec<_> = self.checks.iter().filter(|(_, known)| known.heard >= last).collect();
        heard.sort_by_key(|(_, known)| std::cmp::Reverse(known.heard));
        let checks = heard.into_iter().take(MOST).map(|(key, known)| (key.clone(), known.clone().bounded())).collect();
        // Texts and numbers are always written.
        serde_json::to_string(&Kept { format: FORMAT.into(), checks }).unwrap_or_default() + "\n"
    }
}

/// The memory of the checks of a plan, in a run, or in the rounds of one.
#[derive(Debug)]
pub struct Recall {
    memory: Memory,
    /// What is known since of the checks of which something was heard.
    heard: Mutex<Memory>,
    /// By what each check of the plan is known.
    keys: Vec<String>,
    names: Vec<String>,
}

impl Recall {
    /// Of a plan whose checks have these series; `place` says of the name of a file which file it is.
    #[must_use]
    pub fn new(memory: Memory, plan: &Plan, names: Vec<String>, place: impl Fn(&str) -> String) -> Self {
        let names_of_files: BTreeSet<&str> = plan.entries.iter().map(|entry| &*entry.file).collect();
        let files: BTreeMap<_, _> = names_of_files.into_iter().map(|file| (file, place(file))).collect();
        let key = |(entry, name): (&Entry, &String)| {
            let parts = [&files[&*entry.file], entry.kind, name];
            format!("{:016x}", hash::long_hash(&parts.join("\0")))
        };
        let keys = plan.entries.iter().zip(&names).map(key).collect();
        Self { memory, heard: Mutex::default(), keys, names }
    }

    /// Holds a failed check against its last pass, at this time.
    pub(crate) fn tell(&self, plan: &Plan, outcome: &mut Outcome, now: SystemTime) {
        if outcome.failure.is_none() {
            return;
        }
        let heard = self.listen();
        let Some(known) = self.known(outcome.entry, &heard).filter(|known| known.tells()) else { return };
        let facts = Facts::of(&plan.entries[outcome.entry], outcome);
        outcome.since = Some(Box::new(known.since(&facts, now)));
    }

    /// Hears what came of a run, or of a round, that began at this time: the next round knows of it.
    pub fn hear(&self, plan: &Plan, outcomes: &[Outcome], began: SystemTime) {
        let mut heard = self.listen();
        for outcome in outcomes {
            let at = outcome.steps.iter().map(|step| step.at).max();
            self.hear_of(plan, outcome, began + at.unwrap_or_default(), &mut heard);
        }
    }

    /// What is known of the checks of which something was heard, and of no other: of those another run may have heard
    /// meanwhile.
    #[must_use]
    pub fn heard(&self) -> Memory {
        self.listen().clone()
    }

    fn hear_of(&self, plan: &Plan, outcome: &Outcome, now: SystemTime, heard: &mut Memory) {
        let has = |verdict| outcome.steps.iter().any(|step| step.verdict == verdict);
        let is_cut_off = outcome.steps.iter().any(|step| step.reason == Some(SkipReason::Interrupted));
        // Of what was not found out nothing is known.
        let is_unknown = outcome.failure.as_ref().is_some_and(|failure| failure.code.phase == Phase::Run);
        if is_cut_off || is_unknown || !(has(Verdict::Pass) || has(Verdict::Warn) || has(Verdict::Fail)) {
            return;
        }
        let known = self.learning(outcome.entry, heard);
        // What fails and may is no pass.
        let is_accepted = outcome.facts.iter().any(|(fact, _)| *fact == ACCEPTED);
        if has(Verdict::Fail) || is_accepted {
            return known.fail(now);
        }
        let entry = &plan.entries[outcome.entry];
        let is_all = outcome.steps.len() == entry.results.len() && !has(Verdict::Skip);
        known.pass(Facts::of(entry, outcome), is_all, now);
        for part in plan.parts_of(outcome.entry).filter(|part| !outcome.parts().contains(part)) {
            if self.known(part, heard).is_some_and(Known::is_failing) {
                self.learning(part, heard).rest(now);
            }
        }
    }

    /// What is known of a check.
    fn known<'a>(&'a self, entry: usize, heard: &'a Memory) -> Option<&'a Known> {
        let key = &self.keys[entry];
        heard.checks.get(key).or_else(|| self.memory.checks.get(key))
    }

    /// The same, to hear more of it.
    fn learning<'a>(&self, entry: usize, heard: &'a mut Memory) -> &'a mut Known {
        let key = &self.keys[entry];
        let before = || self.memory.checks.get(key).cloned();
        let new = || Known::new(crate::text::shortened(&self.names[entry]));
        heard.checks.entry(key.clone()).or_insert_with(|| before().unwrap_or_else(new))
    }

    fn listen(&self) -> MutexGuard<'_, Memory> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
