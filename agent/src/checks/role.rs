//! `role`: what a database should be to the others that hold the same data.

use crate::fault::{Cause, Fault};
use crate::phase::words;
use crate::settings::shape::Shape;
use crate::settings::{Field, Misfit, Setting};
use serde_json::json;

words! {
    /// What a server is to the others that hold the same data.
    pub(super) Role {
        /// Takes writes.
        Primary "primary",
        /// Has a copy.
        Replica "replica",
    }
}

impl Role {
    /// By any of its names, in any case of letters.
    pub(super) fn named(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "primary" | "master" => Some(Self::Primary),
            "replica" | "slave" => Some(Self::Replica),
            _ => None,
        }
    }

    /// Compares what is wanted with what the server says it is; `said` is by what it says so.
    pub(super) fn compare(self, found: Self, said: &'static str) -> Result<(), Fault> {
        match (self, found) {
            (Self::Primary, Self::Replica) => {
                Err(Fault::new(Cause::ReadOnly, "a replica answered, but the primary is wanted").evidence(said))
            }
            (Self::Replica, Self::Primary) => {
                Err(Fault::new(Cause::UnexpectedReply, "the primary answered, but a replica is wanted")
                    .evidence(said)
                    .next_step("use the address of a replica, or look at the failover"))
            }
            _ => Ok(()),
        }
    }
}

impl Setting for Role {
    const SHAPE: Shape = Shape::plain(
        "primary or replica",
        "primary or replica",
        || json!({"enum": ["primary", "replica", "master", "slave"]}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, Self::named)
    }
}
