//! The fewest causes that explain a matrix.
//!
//! A candidate is some units and some checks ([`groups`](super::groups)) and a [`Kind`] of failure. It explains the
//! cells of that kind in it, and the cells in it that passed speak against it; what failed before it could come to
//! that says nothing. Some cells fail, or pass, by accident: a candidate is worth telling when what it explains is
//! less likely by accident than that one of so many candidates is true ([`Weights`], a minimum description length).
//! The best is taken, what it explains is taken out, and so on. What is left are causes of their own, so that none is
//! ever hidden.

use super::groups::{self, Common, Group};
use super::matrix::{Cell, Failed, Matrix};
use crate::catalogue::{self, Owner};
use crate::phase::Phase;
use std::collections::{BTreeMap, BTreeSet};

/// A cause, and what it explains.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The units that it concerns, by their places.
    pub units: Vec<usize>,
    /// What these have in common.
    pub of_units: Common,
    /// The checks that it concerns.
    pub checks: Vec<usize>,
    /// What these have in common.
    pub of_checks: Common,
    /// The code that most of its cells have.
    pub code: String,
    /// Whose job the fix is, by most of its cells.
    pub owner: String,
    /// The failing cells that are told with it: unit, check.
    pub cells: Vec<(usize, usize)>,
    /// How many of its cells pass nevertheless.
    pub against: usize,
}

/// All causes of a matrix.
#[derive(Clone, Debug, Default)]
pub struct Causes {
    /// Those that concern more than one cell, the widest first; then the others.
    pub all: Vec<Cause>,
}

/// How far a check came, and whose fault it is: cells of one cause have both in common.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Kind {
    stage: usize,
    owner: Option<Owner>,
}

impl Kind {
    fn of(failed: &Failed) -> Self {
        let phase = failed.code.split('.').next().unwrap_or_default();
        let stage = Phase::ALL.into_iter().position(|known| known.slug() == phase).unwrap_or(Phase::ALL.len());
        // A proxy is on the way as a router is.
        let way = [Phase::Connect, Phase::Proxy].map(|phase| Phase::ALL.iter().position(|known| *known == phase));
        let stage = if way.contains(&Some(stage)) { way[0].unwrap_or(stage) } else { stage };
        Self { stage, owner: Owner::ALL.into_iter().find(|owner| owner.slug() == failed.owner) }
    }

    /// A fault of a unit's own says nothing of anybody else.
    fn is_of_units(self) -> bool {
        self.owner == Some(Owner::Host)
    }
}

/// What a cell says of a candidate.
enum Says {
    For,
    Against,
    Nothing,
}

/// What speaks for a candidate and against it, as logarithms of how likely that is.
struct Weights {
    /// That one of so many candidates is true.
    claim: f64,
}

impl Weights {
    /// A cell fails in this way by accident, or passes where it should not: one in twenty, by two ways to fail.
    const FOR: f64 = 3.6;
    const AGAINST: f64 = 2.9;

    /// Among so many units and checks; a claim costs something even where there is one alone.
    fn of(units: usize, checks: usize) -> Self {
        /// Each unit and each check may be meant with a few others, or alone.
        const GROUPS: f64 = 6.0;
        const ALONE: f64 = 2.0;
        let count = u32::try_from(units + checks).map_or(f64::MAX, f64::from);
        Self { claim: ALONE + (GROUPS * count).ln() }
    }

    /// How much is gained by telling it, if anything is.
    fn gain(&self, explains: usize, against: usize) -> Option<f64> {
        let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
        let gain = Self::FOR * count(explains) - Self::AGAINST * count(against) - self.claim;
        (gain > 0.0 && explains > 1).then_some(gain)
    }
}

/// Units and checks that may have a cause in common.
struct Candidate {
    units: Group,
    checks: Group,
    kind: Kind,
    explains: Vec<(usize, usize)>,
    against: usize,
}

impl Causes {
    /// Finds them.
    #[must_use]
    pub fn of(matrix: &Matrix) -> Self {
        let mut left: BTreeMap<(usize, usize), Kind> =
            matrix.failures().map(|(unit, check, failed)| ((unit, check), Kind::of(failed))).collect();
        let weights = Weights::of(matrix.units.len(), matrix.checks.len());
        let mut candidates = candidates(matrix, &left);
        candidates.retain(|one| weights.gain(one.explains.len(), one.against).is_some());
        let mut chosen = Vec::new();
        while let Some(best) = best(&candidates, &left, &weights) {
            let candidate = candidates.swap_remove(best);
            let cells: Vec<_> = candidate.explains.iter().copied().filter(|cell| left.remove(cell).is_some()).collect();
            chosen.push((candidate, cells));
        }
        let mut all: Vec<_> = chosen.into_iter().map(|(candidate, cells)| candidate.cause(matrix, cells)).collect();
        all.sort_by_key(|cause| std::cmp::Reverse(cause.cells.len()));
        all.extend(rest(matrix, left.keys().copied()));
        Self { all }
    }
}

/// The candidate that explains the most of what is left; of equals the one with the fewest cells beside.
fn best(candidates: &[Candidate], left: &BTreeMap<(usize, usize), Kind>, weights: &Weights) -> Option<usize> {
    let gain = |candidate: &Candidate| {
        // Cells that are explained already neither speak for it nor against it.
        let news = candidate.explains.iter().filter(|cell| left.contains_key(cell)).count();
        weights.gain(news, candidate.against)
    };
    let gains = candidates.iter().enumerate().filter_map(|(place, one)| Some((gain(one)?, place)));
    let better = |(gain, place): &(f64, usize), (other_gain, other): &(f64, usize)| {
        gain.total_cmp(other_gain).then(candidates[*other].size().cmp(&candidates[*place].size()))
    };
    gains.max_by(better).map(|(_, place)| place)
}

impl Candidate {
    fn new(matrix: &Matrix, units: &Group, checks: &Group, kind: Kind) -> Self {
        let mut candidate =
            Self { units: units.clone(), checks: checks.clone(), kind, explains: Vec::new(), against: 0 };
        for &unit in &units.members {
            for &check in &checks.members {
                match candidate.hears(matrix.cell(unit, check)) {
                    Says::For => candidate.explains.push((unit, check)),
                    Says::Against => candidate.against += 1,
                    Says::Nothing => {}
                }
            }
        }
        candidate
    }

    fn hears(&self, cell: &Cell) -> Says {
        let Cell::Failed(failed) = cell else {
            return if matches!(cell, Cell::Passed(_)) { Says::Against } else { Says::Nothing };
        };
        let kind = Kind::of(failed);
        match kind.stage.cmp(&self.kind.stage) {
            std::cmp::Ordering::Equal if kind == self.kind => Says::For,
            // It got past where this should have ended.
            std::cmp::Ordering::Greater => Says::Against,
            std::cmp::Ordering::Equal | std::cmp::Ordering::Less => Says::Nothing,
        }
    }

    fn size(&self) -> usize {
        self.units.members.len() * self.checks.members.len()
    }

    fn cause(self, matrix: &Matrix, cells: Vec<(usize, usize)>) -> Cause {
        let codes = cells.iter().filter_map(|(unit, check)| matrix.cell(*unit, *check).failed());
        let code = most(codes.clone().map(|failed| failed.code.as_str()));
        let owner = most(codes.map(|failed| failed.owner.as_str()));
        Cause {
            units: self.units.members,
            of_units: self.units.common,
            checks: self.checks.members,
            of_checks: self.checks.common,
            code,
            owner,
            cells,
            against: self.against,
        }
    }
}

/// Which word there is most often.
fn most<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    words.for_each(|word| *counts.entry(word).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map_or_else(String::new, |(word, _)| word.to_owned())
}

/// All units and all checks that may have a cause in common, with what they have in common.
fn candidates(matrix: &Matrix, failures: &BTreeMap<(usize, usize), Kind>) -> Vec<Candidate> {
    let kinds_in = |is_in: &dyn Fn(&(usize, usize)) -> bool| -> BTreeSet<Kind> {
        failures.iter().filter(|(cell, _)| is_in(cell)).map(|(_, kind)| *kind).collect()
    };
    let (of_units, of_checks) = (groups::of_units(matrix), groups::of_checks(matrix));
    let mut all = Vec::new();
    for checks in &of_checks {
        let kinds = kinds_in(&|(_, check)| checks.members.contains(check));
        let by_address = match checks.members[..] {
            [check] => groups::by_address(matrix, check),
            _ => Vec::new(),
        };
        for kind in kinds.into_iter().filter(|kind| !kind.is_of_units()) {
            for units in of_units.iter().chain(&by_address) {
                all.push(Candidate::new(matrix, units, checks, kind));
            }
        }
    }
    for units in groups::each_unit(matrix) {
        let kinds = kinds_in(&|(unit, _)| units.members.contains(unit));
        for kind in kinds {
            let wide = of_checks.iter().filter(|checks| checks.members.len() > 1);
            all.extend(wide.map(|checks| Candidate::new(matrix, &units, checks, kind)));
        }
    }
    for (units, checks) in groups::by_cause(matrix, |failed| Kind::of(failed).is_of_units()) {
        let kinds = kinds_in(&|(unit, check)| units.members.contains(unit) && checks.members.contains(check));
        all.extend(kinds.into_iter().map(|kind| Candidate::new(matrix, &units, &checks, kind)));
    }
    all
}

/// Each cell that nothing explains is a cause of its own; those of one check and one code are told together.
fn rest(matrix: &Matrix, cells: impl Iterator<Item = (usize, usize)>) -> Vec<Cause> {
    let mut by: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (unit, check) in cells {
        let code = matrix.cell(unit, check).failed().map(|failed| failed.code.clone()).unwrap_or_default();
        by.entry((check, code)).or_default().push(unit);
    }
    let mut rest: Vec<_> = by
        .into_iter()
        .map(|((check, code), units)| {
            let owners = units.iter().filter_map(|unit| matrix.cell(*unit, check).failed());
            Cause {
                of_units: Common::One,
                checks: vec![check],
                of_checks: Common::One,
                owner: most(owners.map(|failed| failed.owner.as_str())),
                cells: units.iter().map(|unit| (*unit, check)).collect(),
                against: 0,
                code,
                units,
            }
        })
        .collect();
    rest.sort_by_key(|cause| std::cmp::Reverse(cause.cells.len()));
    rest
}

/// What a code means, where this version knows it.
pub(super) fn meaning(code: &str) -> Option<&'static str> {
    catalogue::ALL.iter().find(|known| known.name == code).map(|known| known.what)
}
