//! Rules for the firewalls between a service and what it depends on, from the very checks that
//! prove that the rules are right.
//!
//! ```text
//! file of checks --(export)--> file of rules --(rules)--> Rule --(merge)--> Passage --(Format)--> commands
//! ```
//!
//! [`export`] writes down where the checks of a plan connect to, and runs nothing. The files of many
//! hosts come together where their names resolve: [`rules`] reads them, [`merge`] unites them and
//! turns names into addresses, and a [`Format`] writes what a firewall takes. A format is one constant
//! (a firewall that takes a command for each port: one in `commands`) and one line in [`FORMATS`].
//!
//! Whatever stands in a file of rules stays data: hosts are parsed, ports are numbers, and other
//! text only ever comes into comments, on one line, with its control characters escaped.

mod commands;
pub mod export;
mod format;
mod kubernetes;
pub mod merge;
mod network;
mod nftables;
mod ports;
pub mod rules;
mod shell;
mod terraform;

pub use format::{BadGroup, Format, Group};
pub use merge::Passage;
pub use network::Network;
pub use ports::Ports;

/// Every format there is, in the order in which `--help` lists them.
pub const FORMATS: [&Format; 9] = [
    &commands::AWS,
    &commands::IPTABLES,
    &kubernetes::FORMAT,
    &commands::NEUTRON,
    &nftables::FORMAT,
    &commands::NOVA,
    &commands::OPENSTACK_CLI,
    &terraform::FORMAT,
    &commands::UFW,
];
