//! Units and checks: what each unit found of each check.

use super::read::{Found, Record};
use std::collections::HashMap;
use std::net::IpAddr;

/// What all units found.
#[derive(Debug, Default)]
pub struct Matrix {
    /// The units, in the order of their records.
    pub units: Vec<Unit>,
    /// The checks, in the order in which they were met.
    pub checks: Vec<Check>,
    /// One row per unit.
    cells: Vec<Vec<Cell>>,
}

/// Who checked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unit {
    /// Its name: another one for each.
    pub name: String,
    /// The address that its connections come from, where a failure says it.
    pub source: Option<IpAddr>,
    /// Why it has checked nothing, if that is so.
    pub refused: Option<String>,
}

/// What is checked, by all or some.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Check {
    /// Its series: the same for all units that have it.
    pub series: String,
    /// Its type.
    pub kind: String,
    /// What is checked, as a person would say it.
    pub target: String,
    /// The part of the target by which several checks may be of one host.
    pub host: String,
}

/// What one unit found of one check.
#[derive(Clone, Debug, Default)]
pub enum Cell {
    /// It does not have the check, or has not run it.
    #[default]
    Absent,
    /// It works; at this address, where it is known.
    Passed(Option<IpAddr>),
    /// It does not.
    Failed(Box<Failed>),
}

/// A failure, as the record has it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Failed {
    /// The code.
    pub code: String,
    /// Whose job the fix is.
    pub owner: String,
    /// One sentence.
    pub message: String,
    /// What to do next.
    pub next_step: String,
    /// Where it connected to, or tried.
    pub address: Option<IpAddr>,
    /// What the unit itself has found that several of its checks fail for.
    pub cause: Option<Shared>,
}

/// A cause that several checks of one unit have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shared {
    /// The same for all units that have it.
    pub id: String,
    /// One sentence.
    pub what: String,
}

impl Cell {
    /// The failure, if it is one.
    #[must_use]
    pub fn failed(&self) -> Option<&Failed> {
        match self {
            Self::Failed(failed) => Some(failed),
            Self::Absent | Self::Passed(_) => None,
        }
    }

    /// The address that the unit has for the check.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Passed(address) => *address,
            Self::Failed(failed) => failed.address,
            Self::Absent => None,
        }
    }
}

impl Matrix {
    /// The records side by side.
    #[must_use]
    pub fn of(records: Vec<Record>) -> Self {
        let mut matrix = Self::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        for record in records {
            let mut row = vec![Cell::Absent; matrix.checks.len()];
            let mut unit = Unit { name: record.unit, source: None, refused: record.refused };
            for Found { check, source, cell } in record.found {
                unit.source = unit.source.or(source);
                let at = *known.entry(check.series.clone()).or_insert_with(|| {
                    matrix.checks.push(check);
                    matrix.checks.len() - 1
                });
                row.resize(matrix.checks.len().max(row.len()), Cell::Absent);
                row[at] = cell;
            }
            matrix.units.push(unit);
            matrix.cells.push(row);
        }
        let width = matrix.checks.len();
        matrix.cells.iter_mut().for_each(|row| row.resize(width, Cell::Absent));
        matrix
    }

    /// What a unit found of a check.
    #[must_use]
    pub fn cell(&self, unit: usize, check: usize) -> &Cell {
        &self.cells[unit][check]
    }

    /// All that failed: unit, check, failure.
    pub fn failures(&self) -> impl Iterator<Item = (usize, usize, &Failed)> {
        self.cells.iter().enumerate().flat_map(|(unit, row)| {
            row.iter().enumerate().filter_map(move |(check, cell)| Some((unit, check, cell.failed()?)))
        })
    }

    /// The units that have run a check.
    #[must_use]
    pub fn who_has(&self, check: usize) -> usize {
        self.cells.iter().filter(|row| !matches!(row[check], Cell::Absent)).count()
    }
}
