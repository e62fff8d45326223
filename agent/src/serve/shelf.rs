//! The latest result of each check, and which checks are due.
//!
//! Each check has its own age, and runs for itself: one that hangs holds up no other. What this node lacks is known as soon
//! as the check that meets it ends, be it one of this host (a full disk) or of another (this node's own firewall): which
//! check that will be is not known before, so none is set apart for it. Only checks that hang together (`depends_on`,
//! `parts`) are made together.

use super::changes::{Since, State};
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::queue::{PROGRAMS, starts_program};
use crate::report::{CheckView, Stage, View, series_of};
use crate::run::{Options, Report};
use crate::select::Selection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// So many checks of this host run at once. They hold no connection, and wait for none that hangs.
const LOCAL: usize = 16;

/// The checks that are made, as far as they are known.
#[derive(Debug)]
pub struct Shelf {
    checks: BTreeMap<usize, Known>,
    /// The latest outcomes, in the plan's order.
    report: Report,
}

/// What is known of a check beside its outcome.
#[derive(Debug, Default)]
struct Known {
    /// It is made where another check needs it, with that one.
    is_part: bool,
    is_running: bool,
    /// When it was begun last.
    began: Option<(Instant, SystemTime)>,
    landed: Option<Landed>,
}

/// When its outcome came.
#[derive(Clone, Copy, Debug)]
struct Landed {
    /// When the run began.
    started: SystemTime,
    /// How long it took, from its begin.
    took: Duration,
    ended: Instant,
    /// It is of files that were read before.
    is_former: bool,
    since: Since,
}

/// Checks that are begun together.
#[derive(Debug)]
pub struct Batch {
    /// Their places in the plan.
    pub entries: Vec<usize>,
    /// How they are run, beside all that runs already.
    pub options: Options,
}

/// Who asks, and how old a result may be.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// When it was asked. What has ended since then is never too old.
    pub at: Instant,
    /// How old a result may be else, from its end.
    pub max_age: Duration,
}

impl Shelf {
    /// Of these checks nothing is known yet.
    #[must_use]
    pub fn of(selection: &Selection) -> Self {
        let report = Report {
            started: SystemTime::now(),
            elapsed: Duration::ZERO,
            outcomes: Vec::new(),
            interrupted: false,
            end: None,
            comparison: None,
            waited: None,
        };
        let known = |entry| Known { is_part: selection.whole_of(entry).is_some(), ..Known::default() };
        Self { checks: selection.entries().map(|entry| (entry, known(entry))).collect(), report }
    }

    /// Takes over what is known of checks that are called as they were, until they are made again.
    #[must_use]
    pub fn taking_over(mut self, plan: &Plan, mut former: Self, former_plan: &Plan) -> Self {
        let names = series_of(former_plan);
        let places: HashMap<_, _> = series_of(plan).into_iter().zip(0..).collect();
        for outcome in former.report.outcomes {
            let Some(entry) = places.get(&names[outcome.entry]).copied() else { continue };
            let is_alike = plan.entries[entry].results == former_plan.entries[outcome.entry].results;
            let landed = former.checks.remove(&outcome.entry).and_then(|known| known.landed);
            if let Some(known) = self.checks.get_mut(&entry).filter(|_| is_alike) {
                known.landed = landed.map(|landed| Landed { is_former: true, ..landed });
                self.report.outcomes.push(Outcome { entry, ..outcome });
            }
        }
        self.report.outcomes.sort_by_key(|outcome| outcome.entry);
        self
    }

    /// The checks that are to begin now, if any result is too old for who asks. With those go all that may begin again, so
    /// that what checks share (a name's addresses) is looked up once.
    #[must_use]
    pub fn due(&self, plan: &Plan, options: &Options, asked: Asked, now: Instant) -> Vec<Batch> {
        let idle = || self.checks.iter().filter(|(_, known)| !known.is_part && !known.is_running);
        if idle().all(|(_, known)| known.is_fresh(asked, now)) {
            return Vec::new();
        }
        let due = idle().filter(|(_, known)| known.may_begin(asked.max_age, now)).map(|(entry, _)| *entry);
        let (due, groups): (BTreeSet<_>, _) = (due.collect(), plan.groups());
        let far = plan.entries.iter().zip(&groups).filter(|(check, _)| !check.is_local);
        let far: BTreeSet<_> = far.map(|(_, group)| *group).collect();
        let complete = self.complete(&due, &groups);
        let alone = self.alone(plan, &due, &groups);
        let is_far = |entry: &usize| {
            if alone.contains(entry) { !plan.entries[*entry].is_local } else { far.contains(&groups[*entry]) }
        };
        let (remote, local): (Vec<_>, Vec<_>) = complete.into_iter().chain(alone.iter().copied()).partition(is_far);
        let local = Batch { entries: local, options: Options { concurrency: LOCAL, ..options.clone() } };
        let remote = self.beside(plan, remote, &groups, options);
        let batches = [local, remote].into_iter().filter(|batch| !batch.entries.is_empty());
        batches.map(|batch| Batch { entries: self.with_parts(plan, batch.entries), ..batch }).collect()
    }

    /// Those of these checks that need no other, where one that hangs together with them is being made: it may hang.
    fn alone(&self, plan: &Plan, due: &BTreeSet<usize>, groups: &[usize]) -> BTreeSet<usize> {
        let running = self.checks.iter().filter(|(_, known)| !known.is_part && known.is_running);
        let running: BTreeSet<_> = running.map(|(entry, _)| groups[*entry]).collect();
        let needs_none = |entry: &usize| plan.waits_for(*entry).is_empty() && plan.parts_of(*entry).is_empty();
        due.iter().copied().filter(|entry| running.contains(&groups[*entry]) && needs_none(entry)).collect()
    }

    /// Those of these checks that are there with all that hang together with them.
    fn complete(&self, entries: &BTreeSet<usize>, groups: &[usize]) -> Vec<usize> {
        let missing = self.checks.iter().filter(|(entry, known)| !known.is_part && !entries.contains(*entry));
        let missing: BTreeSet<_> = missing.map(|(entry, _)| groups[*entry]).collect();
        entries.iter().copied().filter(|entry| !missing.contains(&groups[*entry])).collect()
    }

    /// Their parts, too.
    fn with_parts(&self, plan: &Plan, entries: Vec<usize>) -> Vec<usize> {
        let is_one = |entry: &usize| self.checks.contains_key(entry);
        entries.into_iter().flat_map(|entry| plan.together(entry)).filter(is_one).collect()
    }

    /// What of these checks may run beside those that do: the limits of one run are those of all.
    fn beside(&self, plan: &Plan, mut entries: Vec<usize>, groups: &[usize], options: &Options) -> Batch {
        let running = || {
            let running = self
                .checks
                .iter()
                .filter(|(_, known)| known.is_running && !known.is_part)
                .map(|(entry, _)| &plan.entries[*entry]);
            running.filter(|entry| !entry.is_local)
        };
        let concurrency = options.concurrency.saturating_sub(running().count());
        // Whose hosts they are is not looked at: with a limit for each host one run waits for the other.
        if concurrency == 0 || (options.per_host.is_some() && running().next().is_some()) {
            entries.clear();
        }
        let starts = |entry: &usize| starts_program(&plan.entries[*entry]);
        let programs = running().filter(|entry| starts_program(entry)).count();
        let mut taken = programs;
        // Those that were made longest ago come first, so that each has its turn; a group comes whole, and one that is larger
        // than there is room for comes when nothing else runs: a run of its own bounds it.
        let mut by_group: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        entries.iter().for_each(|entry| by_group.entry(groups[*entry]).or_default().push(*entry));
        let mut by_age: Vec<_> = by_group.into_values().collect();
        by_age.sort_by_key(|group| group.iter().map(|entry| self.checks[entry].began).min().flatten());
        let fits = |group: &Vec<usize>| {
            let needs = group.iter().filter(|entry| starts(entry)).count();
            let has_room = needs == 0 || taken + needs <= PROGRAMS || taken == 0;
            taken += if has_room { needs } else { 0 };
            has_room
        };
        let mut entries: Vec<_> = by_age.into_iter().filter(fits).flatten().collect();
        entries.sort_unstable();
        Batch { entries, options: Options { concurrency, ..options.clone() } }
    }

    /// These checks begin.
    pub fn begin(&mut self, entries: &[usize], now: Instant) {
        let at = (now, SystemTime::now());
        for entry in entries {
            if let Some(known) = self.checks.get_mut(entry) {
                (known.is_running, known.began) = (true, Some(at));
            }
        }
    }

    /// A check is over.
    pub fn land(&mut self, stage: Stage<'_>, outcome: Outcome, now: Instant) {
        let Some(known) = self.checks.get_mut(&outcome.entry) else { return };
        let (began, started) = known.began.unwrap_or_else(|| (now, SystemTime::now()));
        let found = State::of(&CheckView::of(stage.plan, stage.selection, &outcome));
        let since = Since::after(known.landed.as_ref().map(|landed| &landed.since), found, started);
        let landed = Landed { started, took: now - began, ended: now, is_former: false, since };
        (known.is_running, known.landed) = (false, Some(landed));
        // Its parts that were not needed this time are none of what is known.
        let parts: Vec<_> = stage.plan.parts_of(outcome.entry).filter(|part| !outcome.parts().contains(part)).collect();
        for part in &parts {
            if let Some(known) = self.checks.get_mut(part) {
                known.landed = None;
            }
        }
        let outcomes = &mut self.report.outcomes;
        outcomes.retain(|known| !parts.contains(&known.entry));
        match outcomes.binary_search_by_key(&outcome.entry, |outcome| outcome.entry) {
            Ok(at) => outcomes[at] = outcome,
            Err(at) => outcomes.insert(at, outcome),
        }
    }

    /// The run of these checks, which began then, is over: those that have not landed will not.
    pub fn end(&mut self, entries: &[usize], began: Instant) {
        for entry in entries {
            if let Some(known) = self.checks.get_mut(entry).filter(|known| known.began.is_some_and(|at| at.0 == began))
            {
                known.is_running = false;
            }
        }
    }

    /// Whether no result is too old for who asks.
    #[must_use]
    pub fn is_fresh(&self, asked: Asked, now: Instant) -> bool {
        self.checks.values().all(|known| known.is_part || known.is_fresh(asked, now))
    }

    /// When the last of the checks began that are being made and whose results are too old for who asks.
    #[must_use]
    pub fn latest_begin(&self, asked: Asked, now: Instant) -> Option<Instant> {
        let running =
            self.checks.values().filter(|known| !known.is_part && known.is_running && !known.is_fresh(asked, now));
        running.filter_map(|known| known.began).map(|at| at.0).max()
    }

    /// Those of which nothing is known.
    pub fn unknown(&self) -> impl Iterator<Item = usize> {
        self.checks.iter().filter(|(_, known)| !known.is_part && known.landed.is_none()).map(|(entry, _)| *entry)
    }

    /// What is known, as if it were of one run: it began when the oldest of it did, and took as long as the longest.
    #[must_use]
    pub fn view<'a>(&'a self, stage: Stage<'a>) -> View<'a> {
        let mut view = View::of(stage, &self.report);
        let landed = || view.checks.iter().filter_map(|check| self.landed(check.outcome.entry));
        let started = landed().map(|landed| landed.started).min().unwrap_or(view.started);
        let elapsed = landed().map(|landed| landed.took).max().unwrap_or_default();
        (view.started, view.elapsed) = (started, elapsed);
        view
    }

    /// How old the oldest result is; nothing where there is none.
    #[must_use]
    pub fn age(&self, now: Instant) -> Option<Duration> {
        self.checks.values().filter_map(|known| known.landed.as_ref()).map(|landed| now - landed.ended).max()
    }

    /// The same of what is shown.
    #[must_use]
    pub fn age_of(&self, view: &View<'_>, now: Instant) -> Duration {
        let landed = view.checks.iter().filter_map(|check| self.landed(check.outcome.entry));
        landed.map(|landed| now - landed.ended).max().unwrap_or_default()
    }

    /// Since when a check is as it is.
    #[must_use]
    pub fn since(&self, entry: usize) -> Option<&Since> {
        self.landed(entry).map(|landed| &landed.since)
    }

    fn landed(&self, entry: usize) -> Option<&Landed> {
        self.checks.get(&entry)?.landed.as_ref()
    }
}

impl Known {
    fn is_fresh(&self, asked: Asked, now: Instant) -> bool {
        let of_these_files = self.landed.as_ref().filter(|landed| !landed.is_former);
        of_these_files.is_some_and(|landed| landed.ended >= asked.at || now - landed.ended <= asked.max_age)
    }

    /// Whether it began long enough ago, or never: so nobody is asked more often.
    fn may_begin(&self, max_age: Duration, now: Instant) -> bool {
        let is_known = self.landed.as_ref().is_some_and(|landed| !landed.is_former);
        !is_known || self.began.is_none_or(|at| now - at.0 >= max_age)
    }
}

#[cfg(test)]
mod tests;
