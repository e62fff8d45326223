//! conn-check: verifies every network dependency of a service from the host it runs on.
//!
//! A file becomes a [`plan::Plan`], or every [`diagnostic::Diagnostic`] at once; [`run::run`] turns
//! a plan into outcomes; a [`report::Reporter`] turns those into bytes. A check is one folder in
//! [`checks`]; whatever it does to the network goes through its [`probe::Probe`], which gives
//! every protocol the same phases, deadlines and failure codes ([`catalogue`]).
//!
//! The library never prints, never reads the arguments and never exits: the programs do. Its modules
//! lie in layers, each using only what is below it; `cargo xtask layers` says which and proves it.

pub mod catalogue;
pub mod checks;
pub mod cli;
pub mod diagnostic;
pub mod event;
mod fault;
pub mod file;
pub mod firewall;
pub mod generate;
pub mod host;
mod net;
mod outcome;
pub mod phase;
pub mod plan;
mod probe;
mod queue;
pub mod report;
pub mod run;
mod secret;
pub mod select;
pub mod services;
pub mod settings;
mod shared;
pub mod source;
mod text;
mod yaml;
