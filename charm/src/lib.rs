//! The charm: what its hooks and actions do. A hook reads what Juju and the machine say
//! ([`observed`]), decides what should be ([`desired`], [`published`]; both pure), and makes it so.
//! Everything reaches the machine through [`host::Host`].

mod accounts;
pub mod action;
pub mod agent;
mod apply;
mod broken;
pub mod checks_file;
pub mod desired;
pub mod environment;
pub mod finding;
pub mod hook;
pub mod host;
mod look;
pub mod nrpe;
pub mod observed;
pub mod options;
mod places;
pub mod published;
pub mod record;
pub mod resource;
mod run_failure;
mod settings;
pub mod status;
mod text;
mod tools;
pub mod tree;
pub mod users;
pub mod version;

pub use broken::Broken;

#[cfg(test)]
mod tests;
