//! What is kept of one check between runs, in 1 KB.
//!
//! Nearly every run finds nearly every check as it was: what each run changes are a few numbers, and the rest is carried on
//! as the text that it is, known again by a mark.

use super::facts::{Facts, What};
use super::habit::Habit;
use super::times::Times;
use crate::since::Since;
use crate::text::is_escaped;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So many bytes are kept of a check at most.
pub(super) const MOST: usize = 1024;

/// So many of them are for the numbers: six of them, and one for each phase.
const NUMBERS: usize = 140;

/// So far ahead of this host's clock a time may be: that of another run, read while it was set.
const AHEAD: Duration = Duration::from_secs(60);

/// One check.
#[derive(Clone, Debug)]
pub(super) struct Known {
    numbers: Numbers,
    /// A [`Last`] in JSON.
    last: Arc<RawValue>,
}

/// What each run changes. Times are seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Numbers {
    /// When a run told something of it last.
    heard: u64,
    /// When it passed last.
    passed: Option<u64>,
    /// Since when it has been failing.
    failing: Option<u64>,
    /// How often it passed.
    passes: u32,
    /// Of all that was said in the last pass.
    mark: u32,
    /// How long its phases took at most.
    times: Times,
}

/// What was known when it passed last.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Last {
    /// What it is called, for who looks into the file.
    name: String,
    #[serde(default)]
    facts: BTreeMap<What, Vec<String>>,
    /// What has changed from pass to pass.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    habits: BTreeMap<What, Habit>,
}

/// As it stands in a file: the numbers, in the order of [`Numbers`], and the rest.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Written<'a>(u64, Option<u64>, Option<u64>, u32, u32, Times, #[serde(borrow)] &'a RawValue);

/// A pass.
pub(super) struct Pass<Said> {
    /// When it was.
    pub(super) at: SystemTime,
    /// Of all that is said of it.
    pub(super) mark: u32,
    pub(super) times: Times,
    /// What is said of it, fit to be kept.
    pub(super) facts: Said,
    /// Whether that is all that the check can tell; what a run learnt that asked for a part of it stands beside what was
    /// known.
    pub(super) is_all: bool,
}

impl Known {
    /// Of a check that is heard of for the first time.
    pub(super) fn new(name: String) -> Self {
        Self { numbers: Numbers::default(), last: Last { name, ..Last::default() }.text() }
    }

    /// What a file says of a check, unless that cannot be ours by this time. What it says goes to terminals, and who wrote
    /// the file is not always who reads it: no character that cannot be seen, no more than is kept, no time to come.
    pub(super) fn read(written: Written<'_>, now: SystemTime) -> Option<Self> {
        let Written(heard, passed, failing, count, mark, times, last) = written;
        let numbers = Numbers { heard, passed, failing, passes: count, mark, times };
        let is_ours = numbers.are_past(now) && last.get().len() <= MOST - NUMBERS && is_plain(last.get());
        is_ours.then(|| Self { numbers, last: last.to_owned().into() })
    }

    /// When a run told something of it last, in seconds since 1970.
    pub(super) const fn heard(&self) -> u64 {
        self.numbers.heard
    }

    /// Whether its times are past, as far as clocks agree.
    pub(super) fn is_past(&self, now: SystemTime) -> bool {
        self.numbers.are_past(now)
    }

    /// It passed.
    pub(super) fn pass(&mut self, pass: Pass<impl FnOnce() -> Facts>) {
        let numbers = &mut self.numbers;
        let is_first = numbers.passed.is_none();
        numbers.times.learn(&pass.times);
        numbers.passes = numbers.passes.saturating_add(1);
        numbers.heard = seconds(pass.at);
        (numbers.passed, numbers.failing) = (Some(numbers.heard), None);
        if is_first || numbers.mark != pass.mark {
            numbers.mark = pass.mark;
            self.learn((pass.facts)(), pass.is_all);
        }
    }

    /// Something may be otherwise than it was.
    fn learn(&mut self, facts: Facts, is_all: bool) {
        let (mut last, passes) = (self.last(), self.numbers.passes);
        for (what, values) in &facts.known {
            if let Some(before) = last.facts.get(what).filter(|before| *before != values) {
                last.habits.entry(what.clone()).or_default().change(before, values, passes);
            }
        }
        last.habits.retain(|_, habit| habit.is_alive(passes));
        if is_all {
            last.facts.clear();
        }
        last.facts.extend(facts.known);
        self.last = last.bounded(passes);
    }

    /// It failed.
    pub(super) fn fail(&mut self, now: SystemTime) {
        self.numbers.heard = seconds(now);
        self.numbers.failing.get_or_insert(self.numbers.heard);
    }

    /// What it is a part of passed, and it was not asked itself: whether it goes on failing is not known.
    pub(super) fn rest(&mut self, now: SystemTime) {
        (self.numbers.failing, self.numbers.heard) = (None, seconds(now));
    }

    /// Whether it failed when it was heard of last.
    pub(super) const fn is_failing(&self) -> bool {
        self.numbers.failing.is_some()
    }

    /// What there is to tell of it, now that it fails; nothing where nothing is known.
    pub(super) fn since(&self, facts: &Facts, now: SystemTime) -> Option<Since> {
        let Numbers { passed, failing, passes, times, .. } = self.numbers;
        let Last { facts: known, habits, .. } = self.last();
        let before = Facts { known, times };
        let changes = |what: &What, values: &[String]| habits.get(what).is_some_and(|habit| habit.has(values, passes));
        let differences = if passed.is_some() { before.differences_but(facts, changes) } else { Vec::new() };
        let lasting = failing.map(|since| Duration::from_secs(seconds(now).saturating_sub(since)));
        let since = Since { passed: passed.map(time), failing: lasting.unwrap_or_default(), differences, now };
        (passed.is_some() || failing.is_some()).then_some(since)
    }

    fn last(&self) -> Last {
        let last: Last = serde_json::from_str(self.last.get()).unwrap_or_default();
        if last.habits.values().all(Habit::is_ours) { last } else { Last { habits: BTreeMap::new(), ..last } }
    }

    /// As it is kept.
    pub(super) fn written(&self) -> Written<'_> {
        let numbers = &self.numbers;
        let (passed, failing) = (numbers.passed, numbers.failing);
        Written(numbers.heard, passed, failing, numbers.passes, numbers.mark, numbers.times, &self.last)
    }
}

impl Numbers {
    /// A clock that was ahead once must not have the last word for ever.
    fn are_past(&self, now: SystemTime) -> bool {
        let latest = seconds(now + AHEAD);
        iter::once(self.heard).chain(self.passed).chain(self.failing).all(|time| time <= latest)
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers && self.last.get() == other.last.get()
    }
}

impl Last {
    fn text(&self) -> Arc<RawValue> {
        // Texts and numbers are always written.
        to_raw_value(self).unwrap_or_default().into()
    }

    /// Without what is too much: values that something had before go first, the more the oftener it changes, then what
    /// explains least.
    fn bounded(mut self, passes: u32) -> Arc<RawValue> {
        loop {
            let text = self.text();
            if text.get().len() <= MOST - NUMBERS {
                return text;
            }
            let longest = self.habits.values_mut().filter(|habit| habit.is_in_excess(passes).is_some());
            if let Some(habit) = longest.max_by_key(|habit| habit.is_in_excess(passes)) {
                habit.forget(passes);
            } else if let Some((least, _)) = self.facts.pop_last() {
                self.habits.remove(&least);
            } else if self.habits.is_empty() {
                return text;
            } else {
                self.habits.clear();
            }
        }
    }
}

/// Whether a text in JSON is one of ours, which escapes nothing but quotes and backslashes: what cannot be seen is told in
/// other characters before it is kept. Lines may end between the values; within one, JSON has no such character.
fn is_plain(json: &str) -> bool {
    if json.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\') {
        return true;
    }
    let mut characters = json.chars();
    let mut is_plain = true;
    while let Some(character) = characters.next().filter(|_| is_plain) {
        is_plain = match character {
            '\\' => matches!(characters.next(), Some('"' | '\\')),
            '\n' | '\r' | '\t' => true,
            other => !is_escaped(other),
        };
    }
    is_plain
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Phase;

    #[test]
    fn what_is_kept_fits_whatever_it_is_made_of() {
        let what = |number| What::Option(format!("option {number}"));
        let habit =
            |number: u32| (0..80).map(move |pass| (vec![format!("{number} {pass}")], vec![format!("{pass}")], pass));
        let mut last = Last { name: "shop".to_owned(), ..Last::default() };
        for number in 0..40 {
            habit(number).for_each(|(before, now, pass)| {
                last.habits.entry(what(number)).or_default().change(&before, &now, pass);
            });
        }
        let mut times = Times::default();
        Phase::ALL.into_iter().for_each(|phase| times.took(phase, Duration::from_secs(u64::MAX)));
        let numbers = Numbers {
            heard: 1_795_252_480,
            passed: Some(1_795_252_480),
            failing: Some(1_795_252_480),
            passes: u32::MAX,
            mark: u32::MAX,
            times,
        };
        let known = Known { numbers, last: last.bounded(80) };
        let text = serde_json::to_string(&known.written()).expect("JSON");
        assert!(text.len() <= MOST, "{} bytes: {text}", text.len());
        let written = serde_json::from_str(&text).expect("what was written");
        assert_eq!(Known::read(written, UNIX_EPOCH + Duration::from_secs(numbers.heard)), Some(known));
    }
}
