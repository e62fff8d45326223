//! The causes of a run's failures: what several of them have in common, told once.
//!
//! [`TABLE`] says which failures have one cause: by their code, and by what they concern (the resolver, a host, an
//! address and port, a certificate, an authority, an account ...), which was noted where it was learnt. What is wider
//! than a failure shows by itself (a host, a router, a resolver) counts only while nothing in the run speaks against
//! it. Each failed check is in exactly one cause; no cause is of two rows, so that none hides another.
//!
//! A pure function of the plan and the outcomes, once through them; nothing is done while all is well.

mod evidence;
mod table;
#[cfg(test)]
mod tests;
mod told;

pub use table::{By, Row, TABLE, Unless};

use crate::catalogue::{Code, Owner};
use crate::fault::Failure;
use crate::outcome::Outcome;
use crate::plan::Entry;
use evidence::{Evidence, value};
use std::collections::HashMap;
use std::fmt;
use told::Subject;

/// Why some checks fail.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Stable from run to run: `resolver:10.0.0.53`; `check:SERIES` where it is nothing but one check's.
    pub id: String,
    /// The code that the first of its checks has.
    pub code: &'static Code,
    /// Whose job the fix is.
    pub owner: Owner,
    /// One sentence, with how many checks it is that fail for it.
    pub what: String,
    /// What to do next.
    pub next_step: String,
    /// The checks that fail for it, by their places in the plan, in order.
    pub checks: Vec<usize>,
    /// So many of those fail for it by themselves. The others are end-to-end checks of which such a one is a part: they may
    /// have failed in another way.
    own: usize,
}

impl Cause {
    /// Whether several checks fail for it, a check and its part not counted as two.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.own > 1
    }
}

/// The mark of a cause that is told once, by its place among those: its checks have it, too.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Mark(pub usize);

impl fmt::Display for Mark {
    /// A letter, as long as there are any: `A`, `z`, `#53`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        match LETTERS.get(self.0) {
            Some(letter) => write!(f, "{}", char::from(*letter)),
            None => write!(f, "#{}", self.0 + 1),
        }
    }
}

/// A failed check, and the one by which its failure is judged: itself, or its guilty part.
#[derive(Clone, Copy)]
struct Member<'a> {
    outcome: &'a Outcome,
    failure: &'a Failure,
    entry: &'a Entry,
}

/// Those that fail for a cause by themselves, which come before the end-to-end checks of which they are parts; all, where
/// no part is told.
fn own<'m, 'a>(members: &'m [Member<'a>]) -> &'m [Member<'a>] {
    let count = members.iter().take_while(|member| member.outcome.guilty().is_none()).count();
    if count == 0 { members } else { &members[..count] }
}

/// Where a failure goes: the row's place in the table, and what is the same of all that go there.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Key {
    row: usize,
    subject: Subject,
}

/// The causes of the failures among these outcomes, those of several checks first, those of the most before others.
///
/// `is_told`: which failed checks are to be told; all outcomes are evidence. `series`: what each check of the plan is
/// called.
#[must_use]
pub fn of(
    entries: &[Entry],
    outcomes: &[Outcome],
    is_told: impl Fn(&Outcome) -> bool,
    series: impl FnOnce() -> Vec<String>,
) -> Vec<Cause> {
    let failed = |outcome: &&Outcome| outcome.failure.is_some() && is_told(outcome);
    if !outcomes.iter().any(|outcome| failed(&outcome)) {
        return Vec::new();
    }
    let (evidence, series) = (Evidence::of(outcomes), series());
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut groups: Vec<(Key, Vec<Member<'_>>)> = Vec::new();
    // An end-to-end check fails for what its guilty part fails for, of which the part tells.
    let (wholes, others): (Vec<_>, Vec<_>) =
        outcomes.iter().filter(failed).partition(|outcome| outcome.guilty().is_some());
    for outcome in others.into_iter().chain(wholes) {
        let Some(failure) = outcome.failure.as_deref() else { continue };
        let entry = outcome.guilty().unwrap_or(outcome.entry);
        let key = key(failure, &entries[entry], &evidence).unwrap_or_else(|| Key::alone(&series[entry]));
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(Member { outcome, failure, entry: &entries[entry] });
    }
    groups.sort_by_key(|(_, members)| std::cmp::Reverse(Some(own(members).len()).filter(|count| *count > 1)));
    let mut causes: Vec<_> = groups.into_iter().map(|(key, members)| Cause::of(&key, &members)).collect();
    tell_apart(&mut causes);
    causes
}

/// The first row of the table that a failure may go by.
fn key(failure: &Failure, entry: &Entry, evidence: &Evidence) -> Option<Key> {
    let rows = TABLE.iter().enumerate().filter(|(_, row)| row.has(failure.code.name));
    rows.filter(|(_, row)| evidence.allows(row, failure)).find_map(|(place, row)| {
        let values = row.by.iter().map(|by| value(*by, failure, entry)).collect::<Option<Vec<_>>>()?;
        let code = if row.mixes { "" } else { failure.code.name };
        Some(Key { row: place, subject: Subject::of(row, &values, code) })
    })
}

impl Key {
    /// That of a check which shares its cause with no other.
    fn alone(series: &str) -> Self {
        Self { row: usize::MAX, subject: Subject::alone(series) }
    }
}

impl Cause {
    fn of(key: &Key, members: &[Member<'_>]) -> Self {
        let own = own(members);
        let failures: Vec<_> = own.iter().map(|member| member.failure).collect();
        let first = failures[0];
        let mut checks: Vec<_> = members.iter().map(|member| member.outcome.entry).collect();
        checks.sort_unstable();
        // What the file says of one check is not said of the others.
        let is_owners = failures.iter().all(|failure| failure.owner == first.owner);
        let is_advised = failures.iter().all(|failure| failure.next_step == first.next_step);
        let next_step = if is_advised { &first.next_step } else { own[0].entry.judgement.next_step_of(first) };
        Self {
            id: key.subject.id(),
            code: first.code,
            owner: if is_owners { first.owner } else { first.own_owner.unwrap_or(first.owner) },
            what: key.subject.what(TABLE.get(key.row), &failures),
            next_step: next_step.to_owned(),
            checks,
            own: own.len(),
        }
    }
}

/// Causes of one subject that differ in their code say it.
fn tell_apart(causes: &mut [Cause]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    causes.iter().for_each(|cause| *counts.entry(cause.id.clone()).or_default() += 1);
    for cause in causes.iter_mut().filter(|cause| counts[&cause.id] > 1) {
        cause.id = format!("{} {}", cause.id, cause.code);
    }
}
