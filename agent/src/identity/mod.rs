//! As whom checks are made: the user of this program, or a service in whose place it puts itself (`--as`).
//!
//! [`Service::find`] looks for it, and [`Service::enter`] takes its place: its control group, its namespaces, its root
//! directory, and at last its user, for good. Root alone can do so, and does nothing else in between.

mod cgroup;
mod enter;
mod process;
mod service;
mod unit;
mod user;

pub(crate) use cgroup::processes_in_unit;
pub use enter::leave_descriptors;
pub use service::Service;
pub(crate) use unit::{is_legal as is_legal_unit, is_named as is_named_unit};
pub use user::{Acting, User};
