//! Units that have something in common, and checks that have.

use super::matrix::{Failed, Matrix};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What several units, or several checks, have in common.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Common {
    /// Nothing: it is all of them.
    All,
    /// It is a single one.
    One,
    /// Their addresses are of this network.
    Network(Network),
    /// They are of this host.
    Host(String),
    /// They have this address for the check.
    Address(IpAddr),
    /// The units themselves have found what these checks fail for.
    Cause(String),
}

/// A network of addresses.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// The network of so many bits that has an address.
    pub(super) fn of(address: IpAddr, bits: u8) -> Self {
        let first = match address {
            IpAddr::V4(address) => {
                IpAddr::from((u32::from(address) & (u32::MAX << (32 - u32::from(bits)))).to_be_bytes())
            }
            IpAddr::V6(address) => {
                IpAddr::from((u128::from(address) & (u128::MAX << (128 - u32::from(bits)))).to_be_bytes())
            }
        };
        Self { first, bits }
    }

    /// Those in which people divide their networks.
    fn around(address: IpAddr) -> [Self; 2] {
        match address {
            IpAddr::V4(_) => [Self::of(address, 24), Self::of(address, 16)],
            IpAddr::V6(_) => [Self::of(address, 64), Self::of(address, 48)],
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// Some units or checks, by their places, and what they have in common.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) common: Common,
    pub(super) members: Vec<usize>,
}

impl Group {
    fn one(member: usize) -> Self {
        Self { common: Common::One, members: vec![member] }
    }

    fn all(count: usize) -> Self {
        Self { common: Common::All, members: (0..count).collect() }
    }
}

/// Groups of several, each set of members once, of what is collected by what they have in common.
fn several(by: BTreeMap<Common, Vec<usize>>, all: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (common, members) in by {
        let is_new = groups.iter().all(|group| group.members != members);
        if (2..all).contains(&members.len()) && is_new {
            groups.push(Group { common, members });
        }
    }
    groups
}

/// All units together, and those of each network.
pub(super) fn of_units(matrix: &Matrix) -> Vec<Group> {
    let mut by: BTreeMap<Common, Vec<usize>> = BTreeMap::new();
    for (place, unit) in matrix.units.iter().enumerate() {
        for network in unit.source.into_iter().flat_map(Network::around) {
            by.entry(Common::Network(network)).or_default().push(place);
        }
    }
    let count = matrix.units.len();
    [Group::all(count)].into_iter().chain(several(by, count)).collect()
}

/// The units that have one and the same address for a check, where there are several addresses.
pub(super) fn by_address(matrix: &Matrix, check: usize) -> Vec<Group> {
    let mut by: BTreeMap<Common, Vec<usize>> = BTreeMap::new();
    for unit in 0..matrix.units.len() {
        if let Some(address) = matrix.cell(unit, check).address() {
            by.entry(Common::Address(address)).or_default().push(unit);
        }
    }
    if by.len() < 2 {
        return Vec::new();
    }
    several(by, matrix.units.len())
}

/// All checks together, those of each host, those of each network, and each on its own.
pub(super) fn of_checks(matrix: &Matrix) -> Vec<Group> {
    let mut by: BTreeMap<Common, Vec<usize>> = BTreeMap::new();
    for (place, check) in matrix.checks.iter().enumerate() {
        by.entry(Common::Host(check.host.clone())).or_default().push(place);
        for network in usual_address(matrix, place).into_iter().flat_map(Network::around) {
            by.entry(Common::Network(network)).or_default().push(place);
        }
    }
    let count = matrix.checks.len();
    let all = (count > 1).then(|| Group::all(count));
    all.into_iter().chain(several(by, count)).chain((0..count).map(Group::one)).collect()
}

/// The address that most units have for a check.
fn usual_address(matrix: &Matrix, check: usize) -> Option<IpAddr> {
    let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
    let addresses = (0..matrix.units.len()).filter_map(|unit| matrix.cell(unit, check).address());
    addresses.for_each(|address| *counts.entry(address).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(address, _)| address)
}

/// Each unit on its own.
pub(super) fn each_unit(matrix: &Matrix) -> impl Iterator<Item = Group> {
    (0..matrix.units.len()).map(Group::one)
}

/// What units have found, and which of them.
struct Found<'a> {
    what: &'a str,
    units: BTreeSet<usize>,
    checks: BTreeSet<usize>,
}

/// Units and checks that have one cause, as the units have found it. What `is_alone` a unit's own is another cause at each.
pub(super) fn by_cause(matrix: &Matrix, is_alone: impl Fn(&Failed) -> bool) -> Vec<(Group, Group)> {
    let mut by: BTreeMap<(&str, Option<usize>), Found<'_>> = BTreeMap::new();
    for (unit, check, failed) in matrix.failures() {
        let Some(cause) = &failed.cause else { continue };
        let of_unit = is_alone(failed).then_some(unit);
        let new = || Found { what: &cause.what, units: BTreeSet::new(), checks: BTreeSet::new() };
        let found = by.entry((&cause.id, of_unit)).or_insert_with(new);
        found.units.insert(unit);
        found.checks.insert(check);
    }
    let group = |common, members: BTreeSet<usize>| Group { common, members: members.into_iter().collect() };
    let both = |Found { what, units, checks }: Found<'_>| {
        let of_units = if units.len() == matrix.units.len() { Common::All } else { Common::One };
        (group(of_units, units), group(Common::Cause(what.to_owned()), checks))
    };
    by.into_values().map(both).collect()
}
