//! `--wait`: which checks are asked again, when, and when it is enough. Nothing here looks at a clock, and nothing is
//! asked: whoever makes the rounds says what came of them and how long they took.

use super::Report;
use crate::catalogue::{Code, Repeat};
use crate::outcome::{Outcome, Verdict};
use crate::phase::words;
use crate::plan::{Entry, Plan};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, SystemTime};

/// What is waited for, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// `--wait`: no round begins later, but for those that see whether what is well stays so.
    pub most: Duration,
    /// `--stable`: so many rounds in a row have to find all well.
    pub stable: usize,
    /// A warning is as good as a failure.
    pub warnings_fail: bool,
}

words! {
    /// How a wait ended.
    pub Ended {
        /// All was well, as often as was asked for.
        Well "well",
        /// Something was not, until the end.
        TimeOver "time-over",
        /// What is not well is not asked again.
        Hopeless "hopeless",
        /// Somebody wanted it to end.
        Interrupted "interrupted",
    }
}

/// What came of a wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Waited {
    /// So many rounds were made.
    pub rounds: usize,
    /// How it ended.
    pub ended: Ended,
}

/// Why a check is not asked again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Never {
    /// It would send a second mail, task or order.
    Sent,
    /// It would send a login that was refused.
    Refused,
    /// Nothing that time can change is wrong.
    Stays,
}

impl Never {
    /// For people: why it is not asked again.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Sent => "what it sends must not be sent twice",
            Self::Refused => "a login that was refused is not sent twice",
            Self::Stays => "waiting does not mend it",
        }
    }
}

/// What asking a check again comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prospect {
    /// It works.
    pub is_well: bool,
    /// The wait is for it, too: if it does not work, the whole does not.
    pub counts: bool,
    /// Why it is not asked again, if it is not.
    pub never: Option<Never>,
}

impl Prospect {
    /// The one rule of what is asked again, after the last that came of a check: what failed may be, and what was
    /// skipped, as what it needs may work by then; what was well may be, to see whether it stays so. Nothing is sent twice
    /// that must not be, no login after it was refused, and nothing that is wrong in the file is asked again.
    #[must_use]
    pub fn of(entry: &Entry, outcome: &Outcome, warnings_fail: bool) -> Self {
        let worst = outcome.steps.iter().map(|step| step.verdict).max().unwrap_or(Verdict::Skip);
        let is_well = match worst {
            Verdict::Pass => true,
            Verdict::Warn => !(warnings_fail && entry.critical),
            Verdict::Fail | Verdict::Skip => false,
        };
        // What was skipped waits for what it needs, which counts itself.
        let counts = entry.critical && !outcome.is_skipped();
        let never = never(outcome.code(), outcome.has_sent);
        Self { is_well, counts, never: never.filter(|why| !(is_well && *why == Never::Stays)) }
    }

    const fn is_hoped_for(self) -> bool {
        !self.is_well && self.counts && self.never.is_none()
    }

    const fn is_lost(self) -> bool {
        !self.is_well && self.counts && self.never.is_some()
    }
}

/// Why nothing is asked again after a failure with this code, or none.
pub(super) fn never(code: Option<&Code>, has_sent: bool) -> Option<Never> {
    match code.map(|code| code.repeat) {
        Some(Repeat::Harmful) => Some(Never::Refused),
        _ if has_sent => Some(Never::Sent),
        Some(Repeat::Useless) => Some(Never::Stays),
        Some(Repeat::Worthwhile) | None => None,
    }
}

/// What comes after a round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// Another one, of these checks, after a pause.
    Round {
        /// The checks, by their places in the plan.
        entries: BTreeSet<usize>,
        /// How long nothing is asked.
        pause: Duration,
    },
    /// Nothing.
    End(Ended),
}

/// A wait in progress.
#[derive(Debug)]
pub struct Waiting {
    wish: Wish,
    /// So many rounds in a row have found all well.
    well: usize,
    /// What the last rounds have waited for, and how many of them it was the same.
    hoped: BTreeSet<usize>,
    in_vain: u32,
}

impl Waiting {
    /// A wait that begins.
    #[must_use]
    pub const fn new(wish: Wish) -> Self {
        Self { wish, well: 0, hoped: BTreeSet::new(), in_vain: 0 }
    }

    /// So many rounds in a row have found all well.
    #[must_use]
    pub const fn well(&self) -> usize {
        self.well
    }

    /// So many checks are waited for.
    #[must_use]
    pub fn hoped(&self) -> usize {
        self.hoped.len()
    }

    /// What comes after a round: `known` is the last that came of each check, `elapsed` how long it has taken so far, and
    /// `chance` any number from 0 to 1, so that many who wait for one service do not ask in step.
    pub fn after(&mut self, plan: &Plan, known: &BTreeMap<usize, Outcome>, elapsed: Duration, chance: f64) -> Next {
        /// Between two looks at what is well: a service that falls over when it gets its first requests needs a moment.
        const STEADY: Duration = Duration::from_secs(1);
        let prospect = |entry: &usize| Prospect::of(&plan.entries[*entry], &known[entry], self.wish.warnings_fail);
        let all: Vec<_> = known.keys().map(|entry| (*entry, prospect(entry))).collect();
        let those = |is_one: fn(&Prospect) -> bool| -> BTreeSet<usize> {
            all.iter().filter(|(_, prospect)| is_one(prospect)).map(|(entry, _)| *entry).collect()
        };
        let hoped = those(|prospect| prospect.is_hoped_for());
        if !hoped.is_empty() {
            self.well = 0;
            self.in_vain = if hoped == self.hoped { self.in_vain + 1 } else { 0 };
            self.hoped = hoped;
            let left = self.wish.most.saturating_sub(elapsed);
            if left.is_zero() {
                return Next::End(Ended::TimeOver);
            }
            let entries = those(|prospect| !prospect.is_well && prospect.never.is_none());
            let entries = with_others(plan, &entries, &all);
            if entries.is_empty() {
                return Next::End(Ended::Hopeless);
            }
            // The last round is at the end of the time.
            return Next::Round { entries, pause: pause(self.in_vain, chance).min(left) };
        }
        self.hoped.clear();
        if !those(|prospect| prospect.is_lost()).is_empty() {
            return Next::End(Ended::Hopeless);
        }
        self.well += 1;
        let entries = with_others(plan, &those(|prospect| prospect.never.is_none()), &all);
        if self.well >= self.wish.stable || entries.is_empty() {
            return Next::End(Ended::Well);
        }
        Next::Round { entries, pause: spread(STEADY, chance) }
    }
}

/// Those with which they are asked: an end-to-end check and its parts are made together. What waits for a check that does
/// not work and is not asked again is not asked either.
fn with_others(plan: &Plan, asked: &BTreeSet<usize>, all: &[(usize, Prospect)]) -> BTreeSet<usize> {
    let known: BTreeMap<_, _> = all.iter().copied().collect();
    let may_be = |entry: &usize| known.get(entry).is_none_or(|prospect| prospect.never.is_none());
    let mut entries: BTreeSet<usize> = asked.iter().flat_map(|entry| plan.together(*entry)).filter(may_be).collect();
    loop {
        let is_idle = |entry: &usize| {
            let works = |other: &usize| known.get(other).is_none_or(|prospect| prospect.is_well);
            plan.whole_of(*entry).is_some_and(|whole| !entries.contains(&whole))
                || plan.waits_for(*entry).iter().any(|other| !entries.contains(other) && !works(other))
        };
        let idle: Vec<_> = entries.iter().copied().filter(is_idle).collect();
        if idle.is_empty() {
            return entries;
        }
        idle.iter().for_each(|entry| _ = entries.remove(entry));
    }
}

/// How long to wait before asking again, when that was in vain so often: doubled each time, up to five seconds.
pub(super) fn pause(in_vain: u32, chance: f64) -> Duration {
    const FIRST: Duration = Duration::from_millis(250);
    const MOST: Duration = Duration::from_secs(5);
    spread((FIRST * 2_u32.pow(in_vain.min(8))).min(MOST), chance)
}

/// A time, a quarter more or less.
fn spread(time: Duration, chance: f64) -> Duration {
    time.mul_f64(0.75 + chance.clamp(0.0, 1.0) / 2.0)
}

/// Any number from 0 to 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "any number will do")]
pub fn chance() -> f64 {
    RandomState::new().hash_one(0_u8) as f64 / u64::MAX as f64
}

/// The last that came of each check, over all rounds of a wait.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<usize, Outcome>);

impl Known {
    /// What is known of each check, by its place in the plan.
    #[must_use]
    pub const fn outcomes(&self) -> &BTreeMap<usize, Outcome> {
        &self.0
    }

    /// Takes what came of a round that began so long after the first.
    pub fn take(&mut self, round: Vec<Outcome>, began: Duration) {
        // What was cut off says nothing: what was known before stands, of an end-to-end check with all its parts.
        let cut_off: BTreeSet<_> =
            round.iter().filter(|outcome| outcome.is_cut_off()).map(|outcome| outcome.entry).collect();
        let is_stale = |outcome: &&Outcome| {
            let is_cut_off =
                cut_off.contains(&outcome.entry) || outcome.parts().iter().any(|part| cut_off.contains(part));
            is_cut_off && self.0.contains_key(&outcome.entry)
        };
        let stale: BTreeSet<_> = round
            .iter()
            .filter(is_stale)
            .flat_map(|outcome| outcome.parts().iter().copied().chain([outcome.entry]))
            .collect();
        for mut outcome in round.into_iter().filter(|outcome| !stale.contains(&outcome.entry)) {
            outcome.steps.iter_mut().for_each(|step| step.at += began);
            // Its parts that were not needed this time are none of what is known.
            let before = self.0.get(&outcome.entry).map_or(&[][..], Outcome::parts);
            let unneeded: Vec<_> = before.iter().copied().filter(|part| !outcome.parts().contains(part)).collect();
            unneeded.iter().for_each(|part| _ = self.0.remove(part));
            self.0.insert(outcome.entry, outcome);
        }
    }

    /// All of it as one run, from the begin of the first round to the end of the wait.
    #[must_use]
    pub fn report(self, started: SystemTime, elapsed: Duration, waited: Waited) -> Report {
        Report {
            started,
            elapsed,
            outcomes: self.0.into_values().collect(),
            interrupted: waited.ended == Ended::Interrupted,
            end: None,
            comparison: None,
            waited: Some(waited),
        }
    }
}

#[cfg(test)]
mod tests;
