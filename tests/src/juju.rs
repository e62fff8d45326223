//! Juju for one machine, without Juju: a model, its hook tools, and an agent that runs hooks in the
//! order Juju runs them. It is strict: what Juju would refuse, or only sometimes allow, is refused.
//!
//! | module | what it gives |
//! |---|---|
//! | [`machine`] | the machine: a root directory, the environment of a hook, how a program is started |
//! | [`model`] | applications, units, relations and their data |
//! | [`charm`] | a packed charm, and how Juju puts it into a directory |
//! | [`event`] | the hooks, and which of them may come next |
//! | [`hook`] | one hook that was run: what it printed, called, logged |
//! | [`action`] | actions, `juju exec`, `juju-exec` |
//! | [`cli`] | what an operator types, and what `juju` of each release prints |
//! | [`shell`] | an operator's shell, in which `juju` is a program |
//! | [`tree`] | all files of the machine, to compare |
//!
//! A hook tool is one program under many names (`tests/src/bin/hook-tool`), which asks this process over
//! the agent's socket, as Juju's own do. The principal and nrpe are stand-ins: applications without a
//! charm, whose relation data the test writes.
//!
//! Every relation is container scoped, as all of a subordinate's are that matter here.

pub mod action;
mod arguments;
pub mod charm;
pub mod cli;
mod context;
mod controller;
mod environment;
pub mod event;
pub mod hook;
pub mod machine;
pub mod model;
mod operator;
mod runner;
mod services;
pub mod shell;
mod socket;
mod tools;
pub mod tree;

pub use controller::{Juju, Retry, Snapshot};
pub use services::Services;
pub use socket::tool_main;
