//! How a check hangs together with others, by what those are called.

use crate::outcome::Outcome;
use crate::plan::Plan;
use serde::Serialize;

/// The checks that one hangs together with.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chain {
    /// The end-to-end check that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// Those of its parts that were run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// The one of them that is guilty of its failure; in a report, it is a fact.
    #[serde(skip)]
    pub guilty: Option<String>,
    /// Those that it waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

impl Chain {
    /// That of a check which is over.
    pub(super) fn of(plan: &Plan, outcome: &Outcome) -> Self {
        let called = |entry: &usize| plan.called(*entry);
        Self {
            part_of: plan.whole_of(outcome.entry).as_ref().map(called),
            parts: outcome.parts().iter().map(called).collect(),
            guilty: outcome.guilty().as_ref().map(called),
            depends_on: plan.waits_for(outcome.entry).iter().map(called).collect(),
        }
    }
}
