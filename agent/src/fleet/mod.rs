//! The records of many units, held against each other: the fewest causes that explain what fails where.
//!
//! A record is what one unit found (`--record`, `--format json`, or the output of Juju around it). Side by side they
//! are a matrix of units and checks; a fault of a service fills a column, one of a unit a row, one of a network what
//! lies between them. [`Causes`] finds those, and leaves what none of them explains to stand for itself: each
//! failing cell is in exactly one cause. Nothing here talks to another host: Juju, or whatever ran the checks, has
//! carried the records.

mod causes;
mod groups;
mod html;
mod json;
mod juju;
mod matrix;
mod page;
mod read;
#[cfg(test)]
mod simulated;
mod told;

pub use causes::{Cause, Causes};
pub use html::html;
pub use json::json;
pub use matrix::{Cell, Matrix, Shared};
pub use page::page;
pub use read::{Record, Reported, Unread, records, reports};
