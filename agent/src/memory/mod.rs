//! What is remembered of checks between runs (`--remember`), so that a failure can say what changed since its check
//! passed last.
//!
//! Of each check, known by its file and its series, the facts of its last pass are kept: [`Facts`] lists them. A failure
//! is held against them ([`Recall`]); what changes from pass to pass anyway (a name with many addresses in turn, two
//! servers behind one address) says nothing. None of this knows of files: the program reads and writes them, one for each
//! user who makes the checks, so that no two of them write the same one; of a check, the file that has heard of it last
//! counts.

mod compare;
mod facts;
mod habit;
mod hash;
mod known;
mod names;
#[cfg(test)]
mod tests;
mod times;

pub use facts::Facts;
pub use names::Names;

use crate::judgement::ACCEPTED;
use crate::outcome::{Outcome, SkipReason, Verdict};
use crate::phase::Phase;
use crate::plan::Plan;
use facts::{mark_of_pass, times};
use known::{Known, Pass, Written, seconds};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::task::{JoinHandle, spawn_blocking};

/// The version of the file's shape; a file of another one is written anew.
const FORMAT: &str = "conn-check-memory/2";

/// Of what no run has told anything for so long nothing is kept.
const GONE: Duration = Duration::from_secs(30 * 86_400);

/// So many checks are remembered at most, those heard of last.
const MOST: usize = 20_000;

/// What is remembered. A clone shares what it knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    checks: BTreeMap<u64, Known>,
}

/// As it stands in a file: each check by its key, in sixteen hexadecimal digits.
#[derive(Debug, Deserialize)]
struct Kept<'a> {
    format: Cow<'a, str>,
    #[serde(borrow)]
    checks: Checks<'a>,
}

/// In the order of the file, where the last one of a key counts; what has no key of ours is left out.
#[derive(Debug)]
struct Checks<'a>(Vec<(u64, Written<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Checks<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Checks<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("checks by their keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut kept: A) -> Result<Checks<'de>, A::Error> {
                let mut checks = Vec::new();
                while let Some((Key(key), check)) = kept.next_entry()? {
                    checks.extend(key.map(|key| (key, check)));
                }
                Ok(Checks(checks))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

/// The key of a check, if it is one of ours.
struct Key(Option<u64>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;

        impl Visitor<'_> for Digits {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hexadecimal digits")
            }

            fn visit_str<E>(self, digits: &str) -> Result<Key, E> {
                Ok(Key(u64::from_str_radix(digits, 16).ok()))
            }
        }

        deserializer.deserialize_str(Digits)
    }
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
        let broken = |error| {
            let is_of_another = serde_json::from_slice::<Head>(text).is_ok_and(|head| head.format != FORMAT);
            if is_of_another { OF_ANOTHER.to_owned() } else { format!("it is broken ({error})") }
        };
        let kept: Kept<'_> = serde_json::from_slice(text).map_err(broken)?;
        if kept.format != FORMAT {
            return Err(OF_ANOTHER.to_owned());
        }
        let known = kept.checks.0.into_iter().filter_map(|(key, check)| Some((key, Known::read(check, now)?)));
        Ok(Self { checks: known.collect() })
    }

    /// What another file holds is known, too: of each check, what was heard last.
    pub fn join(&mut self, other: Self) {
        if self.checks.is_empty() {
            *self = other;
            return;
        }
        for (key, known) in other.checks {
            if self.checks.get(&key).is_none_or(|ours| ours.heard() <= known.heard()) {
                self.checks.insert(key, known);
            }
        }
    }

    /// Forgets what was heard at a time to come: the clock was set back, and it would have the last word until then.
    pub fn forget_times_to_come(&mut self, now: SystemTime) {
        self.checks.retain(|_, known| known.is_past(now));
    }

    /// The text of a file, at this time, without what is long gone.
    #[must_use]
    pub fn text(&self, now: SystemTime) -> String {
        let last = seconds(now - GONE);
        let mut heard: Vec<_> = self.checks.iter().filter(|(_, known)| known.heard() >= last).collect();
        if heard.len() > MOST {
            heard.sort_by_key(|(_, known)| std::cmp::Reverse(known.heard()));
            heard.truncate(MOST);
            heard.sort_by_key(|(key, _)| **key);
        }
        serde_json::to_string(&Keeping { format: FORMAT, checks: &heard }).unwrap_or_default() + "\n"
    }
}

/// As it is written. Texts and numbers always are.
#[derive(Serialize)]
struct Keeping<'a> {
    format: &'static str,
    #[serde(serialize_with = "by_their_keys")]
    checks: &'a [(&'a u64, &'a Known)],
}

fn by_their_keys<S: Serializer>(checks: &[(&u64, &Known)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(checks.iter().map(|(key, known)| (format!("{key:016x}"), known.written())))
}

/// How what is known is found, in a thread of its own.
type Find = Box<dyn FnOnce() -> (Memory, Arc<Names>) + Send>;

/// The memory of the checks of a plan, in a run, or in the rounds of one.
#[derive(Default)]
pub struct Recall {
    find: Mutex<Option<Find>>,
    known: OnceLock<(Memory, Arc<Names>)>,
    /// What is known since of the checks of which something was heard.
    heard: Mutex<BTreeMap<u64, Known>>,
}

impl Recall {
    /// Of a plan whose checks are known by these names.
    #[cfg(test)]
    fn new(memory: Memory, names: Arc<Names>) -> Self {
        Self { known: (memory, names).into(), ..Self::default() }
    }

    /// What is found while the checks are made, before the first of them is told of.
    #[must_use]
    pub fn later(find: impl FnOnce() -> (Memory, Arc<Names>) + Send + 'static) -> Self {
        let find: Find = Box::new(find);
        Self { find: Mutex::new(Some(find)), ..Self::default() }
    }

    /// Begins to find what is not known yet, on the runtime that this is called on; until that is there, nothing is told
    /// and nothing is heard.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let find = locked(&self.find).take()?;
        let recall = Arc::clone(self);
        Some(spawn_blocking(move || drop(recall.known.set(find()))))
    }

    /// Whether what is remembered was found.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known.get().is_some()
    }

    /// Holds a failed check against its last pass, at this time.
    pub(crate) fn tell(&self, plan: &Plan, outcome: &mut Outcome, now: SystemTime) {
        if outcome.failure.is_none() {
            return;
        }
        let heard = locked(&self.heard);
        let Some(known) = self.known(outcome.entry, &heard) else { return };
        let facts = Facts::of(&plan.entries[outcome.entry], outcome);
        outcome.since = known.since(&facts, now).map(Box::new);
    }

    /// Gives away what is known of the checks of which something was heard, and of no other: of those another run may have
    /// heard meanwhile.
    #[must_use]
    pub fn heard(&self) -> Memory {
        Memory { checks: std::mem::take(&mut *locked(&self.heard)) }
    }

    /// Hears what came of a check of a run that began at this time: the next round knows of it.
    pub(crate) fn hear(&self, plan: &Plan, outcome: &Outcome, began: SystemTime) {
        let at = outcome.steps.iter().map(|step| step.at).max();
        self.hear_at(plan, outcome, began + at.unwrap_or_default());
    }

    fn hear_at(&self, plan: &Plan, outcome: &Outcome, now: SystemTime) {
        let has = |verdict| outcome.steps.iter().any(|step| step.verdict == verdict);
        let is_cut_off = outcome.steps.iter().any(|step| step.reason == Some(SkipReason::Interrupted));
        // Of what was not found out nothing is known.
        let is_unknown = outcome.failure.as_ref().is_some_and(|failure| failure.code.phase == Phase::Run);
        if is_cut_off || is_unknown || !(has(Verdict::Pass) || has(Verdict::Warn) || has(Verdict::Fail)) {
            return;
        }
        let mut heard = locked(&self.heard);
        let Some(known) = self.learning(outcome.entry, &mut heard) else { return };
        // What fails and may is no pass.
        let is_accepted = outcome.facts.iter().any(|(fact, _)| *fact == ACCEPTED);
        if has(Verdict::Fail) || is_accepted {
            return known.fail(now);
        }
        let entry = &plan.entries[outcome.entry];
        let is_all = outcome.steps.len() == entry.results.len() && !has(Verdict::Skip);
        let of_entry = self.known.get().map_or(0, |(_, names)| names.marks[outcome.entry]);
        known.pass(Pass {
            at: now,
            mark: mark_of_pass(of_entry, outcome, is_all),
            times: times(outcome),
            facts: || Facts::of(entry, outcome),
            is_all,
        });
        for part in plan.parts_of(outcome.entry).filter(|part| !outcome.parts().contains(part)) {
            if self.known(part, &heard).is_some_and(Known::is_failing) {
                self.learning(part, &mut heard).into_iter().for_each(|known| known.rest(now));
            }
        }
    }

    /// What is known of a check.
    fn known<'a>(&'a self, entry: usize, heard: &'a BTreeMap<u64, Known>) -> Option<&'a Known> {
        let (memory, names) = self.known.get()?;
        let key = &names.keys[entry];
        heard.get(key).or_else(|| memory.checks.get(key))
    }

    /// The same, to hear more of it.
    fn learning<'a>(&self, entry: usize, heard: &'a mut BTreeMap<u64, Known>) -> Option<&'a mut Known> {
        let (memory, names) = self.known.get()?;
        let key = names.keys[entry];
        let before = || memory.checks.get(&key).cloned();
        let new = || Known::new(crate::text::shortened(&names.series[entry]));
        Some(heard.entry(key).or_insert_with(|| before().unwrap_or_else(new)))
    }
}

impl fmt::Debug for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recall").field("known", &self.known).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
