//! conn-check: verifies every network dependency of a service from the host it runs on.
//!
//! A file becomes a [`plan::Plan`], or every [`diagnostic::Diagnostic`] at once; [`run::run`] turns
//! a plan into outcomes; a [`report::Reporter`] turns those into bytes. A check is one folder in
//! [`checks`]; whatever it does to the network goes through its `probe::Probe`, which gives every
//! protocol the same phases, deadlines and failure codes ([`catalogue`]).
//!
//! # The nouns
//!
//! | noun | what it is |
//! |---|---|
//! | `Check` | how one protocol is configured, where it connects, and how it is exercised; [`checks::Spec`] is one of them |
//! | `Profile` | what a configured check is known by before it runs: target, results, endpoints |
//! | [`services::Service`] | what is known of a service without speaking to it: names, ports, schemes, who speaks first |
//! | [`plan::Plan`], [`plan::Entry`] | the valid checks of a file, in its order; one of them |
//! | [`source::Source`] | a file that was read, or could not be |
//! | [`diagnostic::Diagnostic`], [`diagnostic::Flaw`] | what is wrong with a file, and where; its kind, with a stable code |
//! | `Node`, `Span` | a value of a YAML file, and where it stands |
//! | `Fields`, `Field` | the options of one check; the value of one, as the file has it |
//! | `Setting` | a type of value that an option can take |
//! | `Credentials`, `Secret` | who logs in, and the proof; a value that must not be printed |
//! | `Redactor` | knows the secrets of one check, and takes them out of what others say |
//! | `Sentence` | what is told: our own words, and in them what others said |
//! | `Host`, `Endpoint` | a name or an address; with transport and port, where a check connects to |
//! | `Target` | where a service listens: an endpoint or a Unix socket |
//! | `Probe` | a running check's hands: the only owner of sockets and clocks |
//! | [`phase::Phase`] | a stage of a check: resolve, connect, proxy, tls, protocol, auth, request |
//! | `Wire`, `Talk` | a connection with a bound on what the peer sends; lines and frames received over it |
//! | `Race` | the attempts to connect to all addresses of a name (RFC 8305) |
//! | `Shared` | what the checks of one run share: the resolver, the trusted roots, the deadline |
//! | [`catalogue::Cause`], [`catalogue::Owner`] | why something failed, without its place; whose job the fix is |
//! | `Fault`, `Failure` | a cause with evidence; the same with its phase, which gives the stable code |
//! | [`remedy::Remedy`], [`remedy::Remediation`] | what can be done about a failure, as it can be run or put; one step of it |
//! | `Step`, `Outcome` | one result of a check; all that is known of a finished check |
//! | [`event::Event`] | what happened, in order: all that reporters see of a run |
//! | [`select::Selection`] | which results were asked for |
//! | [`report::View`], [`report::Reporter`] | a finished run, prepared for people; what turns it into bytes |
//! | [`serve::Served`] | a finished run as conn-check-serve tells it: how old, what changed, whether this node is ready |
//! | [`memory::Memory`], [`since::Since`] | what is kept of checks between runs; what a failure says of it: what changed |
//! | `series` | the unique name of a check in monitoring: its `name`, or type, target and what distinguishes it |
//! | [`firewall::Passage`] | what a firewall must let out |
//!
//! The library never prints, never reads the arguments and never exits: the programs do. Its modules
//! lie in layers, each using only what is below it; `cargo xtask layers` says which and proves it.

pub mod catalogue;
pub mod causes;
pub mod checks;
pub mod cli;
pub mod comparison;
pub mod concern;
pub mod diagnostic;
pub mod diff;
pub mod event;
pub mod explain;
mod fault;
pub mod file;
pub mod firewall;
pub mod fleet;
pub mod generate;
pub mod host;
pub mod identity;
pub mod judgement;
pub mod memory;
mod net;
mod outcome;
pub mod phase;
pub mod plan;
mod probe;
mod queue;
pub mod remedy;
pub mod report;
pub mod run;
mod secret;
pub mod select;
pub mod serve;
pub mod services;
pub mod settings;
mod shared;
pub mod since;
pub mod source;
mod text;
mod url;
mod yaml;
