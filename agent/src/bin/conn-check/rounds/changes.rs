//! What changes from round to round: in lines for who watches, and which events are news to reports.

use conn_check::event::Event;
use conn_check::plan::Plan;
use conn_check::report;
use conn_check::run::Outcome;
use conn_check::run::wait::{Ended, Next, Prospect, Waiting, Wish};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

/// So many lines of one round; more would say the same of as many checks, which the report does at the end.
const MOST: usize = 20;

/// The rounds as they are told.
pub(super) struct Changes {
    began: Instant,
    /// What each check of the plan is called.
    titles: Vec<String>,
    /// Whether anybody is told in lines.
    tells: bool,
    rounds: usize,
    /// How each check was when it was last heard of.
    known: BTreeMap<usize, State>,
    /// Those of which it was told that they are not asked again.
    given_up: BTreeSet<usize>,
    lines: Vec<String>,
    told: usize,
}

/// How a check is, and since when it fails with that code, or with none.
struct State {
    outcome: Outcome,
    since: Instant,
}

impl State {
    fn code(&self) -> Option<&'static str> {
        code(&self.outcome)
    }
}

impl Changes {
    pub(super) fn new(plan: &Plan, tells: bool) -> Self {
        let titles = report::titles(plan).into_iter().zip(&plan.entries);
        Self {
            began: Instant::now(),
            titles: titles.map(|(title, entry)| format!("{} {title}", entry.kind)).collect(),
            tells,
            rounds: 0,
            known: BTreeMap::new(),
            given_up: BTreeSet::new(),
            lines: Vec::new(),
            told: 0,
        }
    }

    pub(super) const fn is_later_round(&self) -> bool {
        self.rounds > 0
    }

    pub(super) fn end_round(&mut self) {
        self.rounds += 1;
        let more = self.told.saturating_sub(MOST);
        if more > 0 && self.tells {
            crate::say(&format!("... and {more} more"));
        }
        self.told = 0;
    }

    /// Hears an event; whether it is news: all of the first round is, and later what comes to something else than before.
    pub(super) fn hear(&mut self, event: &Event) -> bool {
        let Event::Finished(outcome) = event else { return !self.is_later_round() };
        let before = self.known.get(&outcome.entry);
        if before.is_some_and(|before| outcome.is_cut_off() || !outcome.differs(&before.outcome)) {
            return false;
        }
        let is_same = before.is_some_and(|before| {
            before.code() == code(outcome) && before.outcome.is_skipped() == outcome.is_skipped()
        });
        let since = before.filter(|_| is_same).map_or_else(Instant::now, |before| before.since);
        let line = Change { title: &self.titles[outcome.entry], before, now: outcome }.to_string();
        if !is_same && !line.is_empty() {
            self.say(&line);
        }
        self.known.insert(outcome.entry, State { outcome: Outcome::clone(outcome), since });
        true
    }

    fn say(&mut self, line: &str) {
        self.told += 1;
        if self.tells && self.told <= MOST {
            self.lines.push(format!("at {}: {line}", Seconds(self.began.elapsed())));
        }
    }

    /// The lines that are to be printed now.
    pub(super) fn lines(&mut self) -> Option<Vec<String>> {
        (!self.lines.is_empty()).then(|| std::mem::take(&mut self.lines))
    }

    /// Tells what comes after a round.
    pub(super) fn tell_of(
        &mut self,
        next: &Next,
        wish: Wish,
        waiting: &Waiting,
        plan: &Plan,
        known: &BTreeMap<usize, Outcome>,
    ) {
        for (entry, outcome) in known {
            let prospect = Prospect::of(&plan.entries[*entry], outcome, wish.warnings_fail);
            if let (false, Some(never)) = (prospect.is_well, prospect.never)
                && self.given_up.insert(*entry)
            {
                self.say(&format!("{} is not asked again: {}", self.titles[*entry], never.about()));
            }
        }
        let (most, checks) = (wish.most.as_secs_f64(), counted(known.len()));
        match next {
            Next::Round { .. } if waiting.well() == 0 && self.rounds == 1 => {
                self.say(&format!("waiting for {} of {checks}, up to {most} s", waiting.hoped()));
            }
            Next::Round { .. } if waiting.well() > 0 => {
                self.say(&format!("all is well, {} of {} times in a row", waiting.well(), wish.stable));
            }
            Next::End(Ended::TimeOver) if !wish.most.is_zero() => self.say(&format!("the {most} s of --wait are over")),
            Next::End(Ended::Hopeless) if self.rounds > 1 || !wish.most.is_zero() => {
                self.say("nothing is left to wait for");
            }
            Next::Round { .. } | Next::End(_) => {}
        }
        self.told = 0;
        self.lines().into_iter().flatten().for_each(|line| crate::say(&line));
    }
}

/// A check that is otherwise than before.
struct Change<'a> {
    title: &'a str,
    before: Option<&'a State>,
    now: &'a Outcome,
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, before, now } = self;
        // Of what was not tried nothing is known.
        let before = before.filter(|before| !before.outcome.is_skipped());
        let so_long = before.map(|before| Seconds(before.since.elapsed()));
        let was_failing = before.and_then(State::code);
        match (so_long, was_failing, now.failure.as_deref()) {
            (None, _, Some(failure)) => write!(f, "{title} fails: {} [{}]", failure.message, failure.code),
            (Some(so_long), None, Some(failure)) => {
                write!(f, "{title} fails again, after {so_long}: {} [{}]", failure.message, failure.code)
            }
            (Some(so_long), Some(code), Some(failure)) => {
                write!(f, "{title} fails otherwise, after {so_long} of {code}: {} [{}]", failure.message, failure.code)
            }
            (Some(so_long), Some(code), None) if !now.is_skipped() => {
                write!(f, "{title} is well, after {so_long} of {code}")
            }
            // It is as it was, was never otherwise than well, or waits for what it needs.
            _ => Ok(()),
        }
    }
}

/// Seconds, for people.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s", self.0.as_secs_f64())
    }
}

fn counted(checks: usize) -> String {
    if checks == 1 { "1 check".to_owned() } else { format!("{checks} checks") }
}

fn code(outcome: &Outcome) -> Option<&'static str> {
    outcome.failure.as_ref().map(|failure| failure.code.name)
}
