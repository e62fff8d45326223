//! Causes in sentences.

use super::causes::{Cause, meaning};
use super::groups::Common;
use super::matrix::Matrix;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// So many names are told at most.
const NAMES: usize = 6;

impl Cause {
    /// What is wrong, and whom it concerns: one sentence.
    #[must_use]
    pub fn what(&self, matrix: &Matrix) -> String {
        match (&self.of_units, &self.of_checks) {
            (_, Common::Cause(what)) => self.of_units_own(matrix, what),
            (Common::All, _) => self.of_a_service(matrix),
            (Common::Address(address), _) => self.of_an_address(matrix, *address),
            (Common::Network(_) | Common::Host(_), _) => self.of_a_part(matrix),
            (Common::One | Common::Cause(_), Common::One) => self.of_cells(matrix),
            (Common::One | Common::Cause(_), _) => self.of_a_unit(matrix),
        }
    }

    /// Who has to act, in words.
    #[must_use]
    pub fn whose(&self) -> &str {
        match (&self.of_units, &self.of_checks, self.owner.as_str()) {
            (Common::One, Common::One, owner) | (_, Common::Cause(_), owner) => owner,
            (Common::One, ..) => "this unit or its subnet",
            (Common::Network(_), _, "network" | "service") => "the network between",
            (Common::Address(_), _, "network" | "service" | "dns") => "the records or the resolvers of these units",
            (_, _, owner) => owner,
        }
    }

    /// `web/3: 10.0.0.53 does not answer: 14 checks cannot resolve their names`: as the first unit has told it.
    fn of_units_own(&self, matrix: &Matrix, what: &str) -> String {
        let who = match (&self.of_units, self.units.len()) {
            (Common::All, 2..) => format!("all {} units", self.units.len()),
            _ => self.unit_names(matrix),
        };
        format!("{who}: {what}")
    }

    /// `db:5432 fails for all 14 units: nothing listens there`.
    fn of_a_service(&self, matrix: &Matrix) -> String {
        let (failing, asked) = self.counted(matrix);
        let who = match (failing, asked) {
            (1, 1) => "the only unit".to_owned(),
            (failing, asked) if failing == asked => format!("all {asked} units"),
            (failing, asked) => format!("{failing} of {asked} units"),
        };
        format!("{} fails for {who}: {}", self.subject(matrix), self.reason(matrix))
    }

    /// `web/3 reaches nothing in 10.4.0.0/16, 13 others do`.
    fn of_a_unit(&self, matrix: &Matrix) -> String {
        let unit = self.units.first().map_or("", |unit| matrix.units[*unit].name.as_str());
        let place = match &self.of_checks {
            Common::Network(network) => format!(" in {network}"),
            Common::Host(host) => format!(" of {host}"),
            Common::All | Common::One | Common::Address(_) | Common::Cause(_) => String::new(),
        };
        let others = self.others(matrix);
        let others = match others {
            0 => String::new(),
            1 => ", 1 other does".to_owned(),
            many => format!(", {many} others do"),
        };
        let (failing, all) = (self.cells.len(), self.cells.len() + self.against);
        if self.against == 0 {
            format!("{unit} reaches nothing{place}{others}: {}", self.reason(matrix))
        } else {
            format!("{unit} fails {failing} of {all} checks{place}{others}: {}", self.reason(matrix))
        }
    }

    /// `3 units still have 10.0.0.4 for db:5432, 11 others have 10.0.0.9`.
    fn of_an_address(&self, matrix: &Matrix, address: IpAddr) -> String {
        let mut others: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for check in &self.checks {
            let units = (0..matrix.units.len()).filter(|unit| !self.units.contains(unit));
            for other in units.filter_map(|unit| matrix.cell(unit, *check).address()) {
                *others.entry(other).or_default() += 1;
            }
        }
        let others = others.into_iter().max_by_key(|(_, count)| *count);
        let others = others.map_or_else(String::new, |(other, count)| format!(", {count} others have {other}"));
        let units = self.unit_names(matrix);
        format!("{units} still have {address} for {}{others}: {}", self.subject(matrix), self.reason(matrix))
    }

    /// `the units in 10.4.0.0/24 (web/1, web/2) do not reach db:5432, 11 others do`.
    fn of_a_part(&self, matrix: &Matrix) -> String {
        let network = match &self.of_units {
            Common::Network(network) => format!("the units in {network} ({})", self.unit_names(matrix)),
            _ => self.unit_names(matrix),
        };
        let others = match self.others(matrix) {
            0 => String::new(),
            others => format!(", {others} others pass"),
        };
        format!("{network} fail at {}{others}: {}", self.subject(matrix), self.reason(matrix))
    }

    /// Cells that nothing else explains.
    fn of_cells(&self, matrix: &Matrix) -> String {
        let others = match self.others(matrix) {
            0 => String::new(),
            1 => ", 1 other passes".to_owned(),
            others => format!(", {others} others pass"),
        };
        format!(
            "{} {} at {}{others}: {}",
            self.unit_names(matrix),
            if self.units.len() == 1 { "fails" } else { "fail" },
            self.subject(matrix),
            self.reason(matrix)
        )
    }

    /// What the first of its cells says, or what its code means where cells differ.
    fn reason(&self, matrix: &Matrix) -> String {
        let mut messages = self.cells.iter().filter_map(|(unit, check)| matrix.cell(*unit, *check).failed());
        let Some(first) = messages.next() else { return String::new() };
        let is_one = messages.all(|other| other.message == first.message);
        let meaning = meaning(&self.code).filter(|_| !is_one);
        meaning.map_or_else(|| first.message.clone(), str::to_owned)
    }

    /// What to do next, as most of its cells have it.
    #[must_use]
    pub fn next_step<'a>(&self, matrix: &'a Matrix) -> Option<&'a str> {
        let of_code = |(unit, check): &(usize, usize)| {
            matrix.cell(*unit, *check).failed().filter(|failed| failed.code == self.code)
        };
        self.cells.iter().find_map(of_code).map(|failed| failed.next_step.as_str()).filter(|text| !text.is_empty())
    }

    /// The checks that it concerns, in few words.
    fn subject(&self, matrix: &Matrix) -> String {
        match &self.of_checks {
            Common::All => "everything".to_owned(),
            Common::Host(host) => host.clone(),
            Common::Network(network) => format!("everything in {network}"),
            Common::Cause(what) => what.clone(),
            Common::One | Common::Address(_) => listed(
                self.checks.iter().map(|check| called(&matrix.checks[*check].series, &matrix.checks[*check].target)),
            ),
        }
    }

    fn unit_names(&self, matrix: &Matrix) -> String {
        listed(self.units.iter().map(|unit| matrix.units[*unit].name.clone()))
    }

    /// How many of its units fail at it, and how many have any of its checks.
    fn counted(&self, matrix: &Matrix) -> (usize, usize) {
        let count = |is: &dyn Fn(usize, usize) -> bool| {
            self.units.iter().filter(|unit| self.checks.iter().any(|check| is(**unit, *check))).count()
        };
        let failing = count(&|unit, check| self.cells.contains(&(unit, check)));
        let asked = count(&|unit, check| !matches!(matrix.cell(unit, check), super::Cell::Absent));
        (failing, asked)
    }

    /// How many other units pass all of its checks that they have.
    fn others(&self, matrix: &Matrix) -> usize {
        let mut others = (0..matrix.units.len()).filter(|unit| !self.units.contains(unit)).collect::<Vec<_>>();
        others.retain(|unit| {
            let cells = || self.checks.iter().map(|check| matrix.cell(*unit, *check));
            cells().all(|cell| cell.failed().is_none()) && cells().any(|cell| matches!(cell, super::Cell::Passed(_)))
        });
        others.len()
    }
}

/// A check, by its name with its target where that says more.
fn called(series: &str, target: &str) -> String {
    let is_said = series.contains(target) || target.is_empty();
    if is_said { series.to_owned() } else { format!("{series} ({target})") }
}

/// Some names, and how many more there are.
fn listed(names: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = names.collect();
    let more = all.len().saturating_sub(NAMES);
    let some = all[..all.len().min(NAMES)].join(", ");
    if more > 0 { format!("{some} and {more} more") } else { some }
}
