//! conn-check: verifies every network dependency of a service from the host it runs on.
//!
//! A file becomes a [`config::Plan`], or every [`config::Diagnostic`] at once; [`run::run`] turns
//! a plan into outcomes; a [`report::Reporter`] turns those into bytes. A check is one file in
//! [`checks`]; whatever it does to the network goes through its [`probe::Probe`], which gives
//! every protocol the same phases, deadlines and failure codes ([`catalogue`]).
//!
//! The library never prints, never reads the arguments and never exits: the programs do.

pub mod catalogue;
pub mod checks;
pub mod cli;
pub mod config;
pub mod event;
pub mod fault;
pub mod file;
pub mod firewall;
pub mod generate;
pub mod host;
pub mod net;
pub mod outcome;
pub mod phase;
pub mod probe;
mod queue;
pub mod report;
pub mod run;
pub mod secret;
pub mod select;
mod world;
