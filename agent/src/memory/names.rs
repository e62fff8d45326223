//! By what the checks of a plan are known between runs.

use super::facts::mark_of_entry;
use super::hash::long_hash;
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// By what each check of a plan is known: its file, its kind and its series, of which no two checks have the same ones.
#[derive(Clone, Debug)]
pub struct Names {
    pub(super) keys: Vec<u64>,
    /// What each is called.
    pub(super) series: Vec<String>,
    /// Of what the file says of each.
    pub(super) marks: Vec<u64>,
}

impl Names {
    /// Of a plan whose checks have these series; `place` says of the name of a file which file it is.
    #[must_use]
    pub fn new(plan: &Plan, series: Vec<String>, place: impl Fn(&str) -> String) -> Self {
        let files: BTreeSet<&str> = plan.entries.iter().map(|entry| &*entry.file).collect();
        let places: BTreeMap<_, _> = files.into_iter().map(|file| (file, place(file))).collect();
        let known = plan.entries.iter().zip(&series).map(|(entry, series)| {
            let parts = [&*places[&*entry.file], "\0", entry.kind, "\0", series];
            long_hash(parts.into_iter().flat_map(str::bytes))
        });
        let keys = known.collect();
        Self { keys, series, marks: plan.entries.iter().map(mark_of_entry).collect() }
    }
}
