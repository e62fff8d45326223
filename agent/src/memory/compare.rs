//! What is otherwise between two times, what explains a failure best first.

use super::facts::{Facts, What};
use crate::phase::Phase;
use crate::since::Difference;
use std::collections::BTreeSet;

/// A phase that is over in less than this is not what a failure comes of, in milliseconds.
const LONG: u32 = 1_000;

/// So many times as long as ever is longer.
const LONGER: u32 = 10;

/// What stands in the place of an option that the file does not have.
const UNSET: &str = "(not set)";

impl Facts {
    /// What is otherwise now.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        self.differences_but(now, |_, _| false)
    }

    /// As [`Facts::differences`], without what always changes.
    pub(super) fn differences_but(&self, now: &Self, changes: impl Fn(&What, &[String]) -> bool) -> Vec<Difference> {
        let all: BTreeSet<_> = self.known.keys().chain(now.known.keys()).collect();
        let otherwise = all.into_iter().filter_map(|what| self.otherwise(what, now));
        let mut told: Vec<Difference> = Vec::new();
        let mut has_certificate = false;
        for (what, difference) in otherwise.filter(|(what, _)| !changes(what, now.values(what))) {
            if !(what.is_of_certificate() && has_certificate) {
                has_certificate |= what.is_of_certificate();
                told.push(difference);
            }
        }
        told.extend(self.longer(now));
        told
    }

    /// One thing, if it is otherwise. What is not known at one of the times is not; an option that is not there is not set.
    fn otherwise<'a>(&self, what: &'a What, now: &Self) -> Option<(&'a What, Difference)> {
        let is_option = matches!(what, What::Option(_));
        let (before, values) = (self.known.get(what), now.known.get(what));
        let differ = match (before, values) {
            (Some(before), Some(values)) if what.is_whole() => before != values,
            (Some(before), Some(values)) => values.iter().any(|value| !before.contains(value)),
            (None, _) | (_, None) => is_option,
        };
        let shown = |values: Option<&Vec<String>>| values.map_or_else(|| UNSET.to_owned(), |values| values.join(", "));
        let difference = || Difference {
            what: what.slug().into_owned(),
            named: what.named(),
            before: shown(before),
            now: shown(values),
        };
        differ.then(|| (what, difference()))
    }

    /// The values of one thing.
    fn values(&self, what: &What) -> &[String] {
        self.known.get(what).map_or(&[], Vec::as_slice)
    }

    /// The phases that take much longer than they ever did.
    fn longer<'a>(&'a self, now: &'a Self) -> impl Iterator<Item = Difference> + 'a {
        let seconds = |time: u32| format!("{}.{:03} s", time / 1000, time % 1000);
        Phase::ALL.into_iter().filter_map(move |phase| {
            let (before, time) = (self.times.of(phase)?, now.times.of(phase)?);
            let is_longer = time >= LONG && time >= before.saturating_mul(LONGER);
            is_longer.then(|| Difference {
                what: format!("time.{}", phase.slug()),
                named: format!("the time of the phase {}", phase.slug()),
                before: seconds(before),
                now: seconds(time),
            })
        })
    }
}
