//! Which addresses the service can have: units of other charms, of this one, and everything else on the machine have theirs.

use super::service::metrics_address;
use crate::host::Host;
use crate::listen::Listen;
use crate::listeners::{self, Holder, Listeners};
use crate::paths::{UnitPaths, unit_of_service};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Where a unit's metrics may be: after the port that the program itself proposes. The collector is told which.
const METRICS_PORTS: RangeInclusive<u16> = 9843..=9942;

/// The addresses of this machine, as one unit sees them.
pub(super) struct Addresses<'a> {
    host: &'a dyn Host,
    unit: UnitPaths<'a>,
    listeners: Listeners,
}

impl<'a> Addresses<'a> {
    /// Those of this moment.
    pub(super) fn read(host: &'a dyn Host, unit: UnitPaths<'a>) -> Self {
        Self { host, unit, listeners: Listeners::read(host) }
    }

    /// A port for the metrics, the present one if it can be had; `others` are those of other units, which may not run.
    pub(super) fn metrics_port(&self, present: Option<u16>, others: &BTreeSet<u16>) -> Option<u16> {
        let free = |port: &u16| !others.contains(port) && self.taken(&Listen::Tcp(metrics_address(*port))).is_none();
        present.into_iter().chain(METRICS_PORTS).find(free)
    }

    /// What is wrong with an address that somebody else has, with what to do.
    pub(super) fn taken(&self, listen: &Listen) -> Option<String> {
        let inodes = match listen {
            Listen::Tcp(address) => self.listeners.at(*address),
            Listen::Unix(_) | Listen::Own(_) => {
                listen.path(&self.unit.runtime()).map(|path| self.listeners.at_path(&path)).unwrap_or_default()
            }
        };
        let holders = listeners::holders(self.host, &inodes);
        let is_ours = |holder: &Holder| holder.unit.as_deref() == Some(&self.unit.service());
        let inode = inodes.iter().find(|inode| !holders.get(inode).is_some_and(is_ours))?;
        let Some(holder) = holders.get(inode) else {
            return Some(format!("{listen} is taken by another process; choose another address"));
        };
        Some(match holder.unit.as_deref().and_then(unit_of_service) {
            Some(unit) => format!(
                "{listen} is taken by the unit {unit} of this charm on the same machine; with unix:NAME each has its own"
            ),
            None => format!("{listen} is taken by {holder}; choose another address, or end that"),
        })
    }
}
