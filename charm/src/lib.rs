//! The charm: what its hooks and actions do. A hook reads what Juju and the machine say
//! (`observed`), decides what should be (`desired`, `published`; both pure), and makes it so
//! (`apply`). Everything reaches the machine through [`host::Host`].

mod accounts;
pub mod action;
mod agent;
mod apply;
mod checks_file;
mod checks_status;
mod desired;
pub mod environment;
mod error;
pub mod hook;
mod hook_tools;
pub mod host;
mod inspect;
mod nrpe;
mod observed;
mod options;
mod paths;
mod published;
mod record;
mod resource;
mod run_failure;
mod settings;
mod status;
mod text;
mod tree;
mod users;
mod validation;
mod version;

pub use error::Error;

#[cfg(test)]
mod tests;
