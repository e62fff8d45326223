//! Options that contradict each other.

use super::Redis;
use super::sentinel::Sentinel;
use crate::checks::role::Role;
use crate::settings::{Fields, Misfit, Noted};

impl Redis {
    /// Refuses options that contradict each other.
    pub(super) fn agrees(&self, fields: &mut Fields<'_>) -> Result<(), Noted> {
        let with = |what: &str| Misfit::new(format!("this cannot be with `{what}`"));
        if self.sentinel.is_some() {
            Sentinel::fits(fields, &self.target)?;
            if self.role == Some(Role::Replica) {
                let misfit =
                    with("sentinel").help("leave `role` out: the server that a sentinel names must be the primary");
                return Err(fields.refuse_value("role", misfit));
            }
        }
        if self.roundtrip && self.role == Some(Role::Replica) {
            let misfit = with("role: replica").help("a replica takes no writes: leave one of the two out");
            return Err(fields.refuse_value("roundtrip", misfit));
        }
        if self.cluster && self.sentinel.is_some() {
            return Err(fields.refuse_value(
                "cluster",
                with("sentinel").help("a cluster has no sentinels: leave one of the two out"),
            ));
        }
        if self.cluster && self.database != 0 {
            return Err(fields.refuse_value(
                "database",
                with("cluster").help("a cluster has only database 0: leave `database` out"),
            ));
        }
        Ok(())
    }
}
