//! conn-check-serve: what it answers, for whom, and how it lives.

mod answers;
mod command;
mod hanging;
mod haproxy;
mod life;
mod load;
mod metrics;
mod page;
mod rotated;
mod stuck;
mod token;
mod unit;

use harness::peers::{Manner, Peer};

/// A check called `NAME` of whoever listens at the port, with more options.
fn tcp(name: &str, port: u16, more: &str) -> String {
    format!("- {{type: tcp, name: {name}, host: 127.0.0.1, port: {port}{more}}}\n")
}

/// A check that fails: nothing listens on that port, to which nobody binds.
fn refused(name: &str, more: &str) -> String {
    tcp(name, 1, more)
}

/// Somebody who takes connections.
fn peer() -> Peer {
    Peer::start(Manner::Silent)
}
