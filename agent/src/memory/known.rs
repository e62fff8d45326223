//! What is kept of one check between runs, in 1 KB.

use super::facts::{Facts, What};
use super::hash::hash;
use crate::since::Since;
use crate::text::is_escaped;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::iter;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So many bytes are kept of a check at most.
pub(super) const MOST: usize = 1024;

/// So many changes, of as many passes as an [`Habit`] knows, make something one that always changes.
const OFTEN: u32 = 3;

/// So many of its values are known again, each by so many digits.
const SEEN: usize = 24;
const FEWEST: usize = 6;
const MARK: usize = 4;

/// So far ahead of this host's clock a time may be: that of another run, read while it was set.
const AHEAD: Duration = Duration::from_secs(60);

/// One check.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Known {
    /// What it is called, for who looks into the file.
    pub(super) name: String,
    /// When a run told something of it last. Times are seconds since 1970.
    pub(super) heard: u64,
    /// When it passed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passed: Option<u64>,
    /// Since when it has been failing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failing: Option<u64>,
    /// How often it passed, up to as many as an [`Habit`] knows.
    #[serde(default)]
    passes: u32,
    /// What was known when it passed last.
    #[serde(default)]
    facts: BTreeMap<String, Vec<String>>,
    /// How long its phases took at most, in milliseconds.
    #[serde(default)]
    times: BTreeMap<String, u64>,
    /// What has changed from pass to pass.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    habits: BTreeMap<String, Habit>,
}

/// How something changes while its check passes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Habit {
    /// One bit for each of the last 128 passes, half a day where Nagios asks every five minutes: whether it was another one then than the time before.
    changes: u128,
    /// Its values, by their hashes, the last one behind: four hexadecimal digits for each.
    seen: String,
}

impl Known {
    /// Of a check that is heard of for the first time.
    pub(super) fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// It passed. What a run learnt that asked for a part of it stands beside what was known.
    pub(super) fn pass(&mut self, facts: Facts, is_all: bool, now: SystemTime) {
        let mut before = std::mem::take(&mut self.facts);
        let all: BTreeMap<_, _> = facts.known.into_iter().map(|(what, values)| (what.key(), values)).collect();
        self.habits.values_mut().for_each(|habit| habit.changes <<= 1);
        for (key, values) in &all {
            if let Some(before) = before.get(key).filter(|before| *before != values) {
                self.habits.entry(key.clone()).or_default().change(before, values);
            }
        }
        self.habits.retain(|_, habit| habit.changes != 0);
        if is_all {
            before.clear();
        }
        before.extend(all);
        self.facts = before;
        for (phase, time) in facts.times {
            let longest = self.times.entry(phase).or_default();
            // What took long once is forgotten by and by.
            *longest = time.max(*longest - *longest / 8);
        }
        self.passes = self.passes.saturating_add(1).min(u128::BITS);
        self.passed = Some(seconds(now));
        (self.failing, self.heard) = (None, seconds(now));
    }

    /// It failed.
    pub(super) fn fail(&mut self, now: SystemTime) {
        self.heard = seconds(now);
        self.failing.get_or_insert(self.heard);
    }

    /// What it is a part of passed, and it was not asked itself: whether it goes on failing is not known.
    pub(super) fn rest(&mut self, now: SystemTime) {
        (self.failing, self.heard) = (None, seconds(now));
    }

    /// Whether it failed when it was heard of last.
    pub(super) const fn is_failing(&self) -> bool {
        self.failing.is_some()
    }

    /// What there is to tell of it, now that it fails.
    pub(super) fn since(&self, facts: &Facts, now: SystemTime) -> Since {
        let before = Facts {
            known: self.facts.iter().filter_map(|(key, values)| Some((What::of_key(key)?, values.clone()))).collect(),
            times: self.times.clone(),
        };
        let changes = |what: &What, values: &[String]| {
            self.habits.get(&what.key()).is_some_and(|habit| habit.has(values, self.passes))
        };
        let differences = if self.passed.is_some() { before.differences_but(facts, changes) } else { Vec::new() };
        let failing = self.failing.map(|since| Duration::from_secs(seconds(now).saturating_sub(since)));
        Since { passed: self.passed.map(time), failing: failing.unwrap_or_default(), differences, now }
    }

    /// Whether there is anything to tell of it.
    pub(super) const fn tells(&self) -> bool {
        self.passed.is_some() || self.failing.is_some()
    }

    /// Whether this program can have written it, by this time. What it says goes to terminals, and who wrote the file is
    /// not always who reads it: no character that cannot be seen, no more than is kept, no time to come.
    pub(super) fn is_ours(&self, now: SystemTime) -> bool {
        // A clock that was ahead once must not have the last word for ever.
        let last = seconds(now + AHEAD);
        let is_possible = iter::once(self.heard).chain(self.passed).chain(self.failing).all(|time| time <= last);
        let facts = self.facts.iter().flat_map(|(key, values)| iter::once(key).chain(values));
        let habits = self.habits.iter().flat_map(|(key, habit)| [key, &habit.seen]);
        let mut texts = iter::once(&self.name).chain(facts).chain(habits).chain(self.times.keys());
        is_possible
            && self.size() <= MOST
            && texts.all(|text| !text.chars().any(is_escaped))
            && self.habits.values().all(|habit| habit.seen.is_ascii())
    }

    /// So many bytes it has in its file.
    fn size(&self) -> usize {
        serde_json::to_string(self).map_or(0, |text| text.len())
    }

    /// As it is kept. Where there is too much, values that something had before go first, the more the oftener it changes,
    /// then what explains least.
    pub(super) fn bounded(mut self) -> Self {
        while self.size() > MOST {
            let passes = self.passes;
            let longest = self.habits.values_mut().filter(|habit| habit.seen.len() > FEWEST * MARK);
            if let Some(habit) = longest.max_by_key(|habit| (habit.is_restless(passes), habit.seen.len())) {
                habit.shorten(if habit.is_restless(passes) { 0 } else { habit.seen.len() / MARK / 2 });
                continue;
            }
            let least = self.facts.keys().filter_map(|key| What::of_key(key)).max().map(|what| what.key());
            let Some(least) = least else {
                let Self { name, heard, passed, failing, passes, .. } = self;
                return Self { name, heard, passed, failing, passes, ..Self::default() };
            };
            self.facts.remove(&least);
            self.habits.remove(&least);
        }
        self
    }
}

impl Habit {
    fn change(&mut self, before: &[String], now: &[String]) {
        self.changes |= 1;
        let mut seen: Vec<_> = self.hashes().map(str::to_owned).collect();
        for mark in before.iter().chain(now).map(|value| mark(value)) {
            seen.retain(|known| *known != mark);
            seen.push(mark);
        }
        self.seen = seen.concat();
        self.shorten(SEEN);
    }

    fn hashes(&self) -> impl Iterator<Item = &str> {
        (0..self.seen.len()).step_by(MARK).filter_map(|at| self.seen.get(at..at + MARK))
    }

    /// Whether these values are the habit and no difference: it changes often, and these were there before, or there is
    /// a new one nearly every time.
    fn has(&self, values: &[String], passes: u32) -> bool {
        let is_known = || values.iter().all(|value| self.hashes().any(|known| known == mark(value)));
        self.changes.count_ones() >= OFTEN && (self.is_restless(passes) || is_known())
    }

    /// It is another one nearly every time.
    const fn is_restless(&self, passes: u32) -> bool {
        self.changes.count_ones() * 2 >= passes
    }

    /// Knows so many values again, those of last.
    fn shorten(&mut self, count: usize) {
        let more = self.seen.len().saturating_sub(count * MARK);
        self.seen.drain(..more);
    }
}

/// By this a value is known again.
fn mark(value: &str) -> String {
    format!("{:04x}", hash(value) & 0xffff)
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}
