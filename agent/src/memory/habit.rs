//! What changes from pass to pass.

use super::hash::hash;
use serde::{Deserialize, Serialize};

/// So many changes, of as many passes as a [`Habit`] knows, make something one that always changes.
const OFTEN: u32 = 3;

/// So many of its values are known again, each by so many digits.
const SEEN: usize = 24;
const FEWEST: usize = 6;
const MARK: usize = 4;

/// How something changes while its check passes. Passes are counted, so that one in which nothing changes need not be noted.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(from = "Kept", into = "Kept")]
pub(super) struct Habit {
    /// One bit for each of the last 128 passes up to the last change, half a day where Nagios asks every five minutes:
    /// whether it was another one then than the time before.
    changes: u128,
    /// In which pass it changed last.
    at: u32,
    /// Its values, by their hashes, the last one behind: four hexadecimal digits for each.
    seen: String,
}

/// As it is kept: there is not much room.
type Kept = (u128, u32, String);

impl From<Habit> for Kept {
    fn from(Habit { changes, at, seen }: Habit) -> Self {
        (changes, at, seen)
    }
}

impl From<Kept> for Habit {
    fn from((changes, at, seen): Kept) -> Self {
        Self { changes, at, seen }
    }
}

impl Habit {
    /// It is another one in the pass of this number.
    pub(super) fn change(&mut self, before: &[String], now: &[String], pass: u32) {
        self.changes = self.by(pass) | 1;
        self.at = pass;
        let mut seen: Vec<_> = self.hashes().map(str::to_owned).collect();
        for mark in before.iter().chain(now).map(|value| mark(value)) {
            seen.retain(|known| *known != mark);
            seen.push(mark);
        }
        self.seen = seen.concat();
        self.shorten(SEEN);
    }

    /// The changes of the last 128 passes.
    fn by(&self, passes: u32) -> u128 {
        self.changes.checked_shl(passes.saturating_sub(self.at)).unwrap_or_default()
    }

    fn hashes(&self) -> impl Iterator<Item = &str> {
        (0..self.seen.len()).step_by(MARK).filter_map(|at| self.seen.get(at..at + MARK))
    }

    /// Whether this program can have written it.
    pub(super) fn is_ours(&self) -> bool {
        self.seen.is_ascii()
    }

    /// Whether it has changed within the last 128 passes.
    pub(super) fn is_alive(&self, passes: u32) -> bool {
        self.by(passes) != 0
    }

    /// Whether these values are the habit and no difference: it changes often, and these were there before, or there is
    /// a new one nearly every time.
    pub(super) fn has(&self, values: &[String], passes: u32) -> bool {
        let is_known = || values.iter().all(|value| self.hashes().any(|known| known == mark(value)));
        self.by(passes).count_ones() >= OFTEN && (self.is_restless(passes) || is_known())
    }

    /// It is another one nearly every time.
    fn is_restless(&self, passes: u32) -> bool {
        self.by(passes).count_ones() * 2 >= passes.min(u128::BITS)
    }

    /// How much there is to forget of it: the more the oftener it changes.
    pub(super) fn is_in_excess(&self, passes: u32) -> Option<(bool, usize)> {
        (self.seen.len() > FEWEST * MARK).then(|| (self.is_restless(passes), self.seen.len()))
    }

    /// Forgets values that it had before.
    pub(super) fn forget(&mut self, passes: u32) {
        self.shorten(if self.is_restless(passes) { 0 } else { self.seen.len() / MARK / 2 });
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
