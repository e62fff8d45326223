//! The charm: what its hooks and actions do. A hook reads the state of Juju and of the machine
//! (`observed`), derives the desired state (`desired`, `published`; both pure) and applies the
//! difference (`apply`). Everything reaches the machine through [`host::Host`].

mod accounts;
pub mod action;
mod agent;
mod apply;
mod checks_file;
mod checks_status;
mod desired;
mod embedded;
mod endpoint;
pub mod environment;
mod error;
mod executable;
pub mod hook;
mod hook_tools;
pub mod host;
mod inspect;
mod listen;
mod listeners;
mod metrics;
mod note;
mod nrpe;
mod observed;
mod options;
mod paths;
mod published;
mod record;
mod resource;
mod run_failure;
mod serving;
mod settings;
mod stamp;
mod status;
mod systemd;
mod text;
mod token;
mod tree;
mod trial;
mod users;
mod validation;
mod version;
mod versions;

pub use error::Error;

#[cfg(test)]
mod tests;
