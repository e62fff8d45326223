//! `HAProxy`: a front end of one's choice.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};

/// A running `HAProxy` on 127.0.0.1 with one front end.
#[derive(Debug)]
pub struct Haproxy {
    port: Port,
    _daemon: Daemon,
}

impl Haproxy {
    /// Starts it in HTTP mode; `options` follow the address in `bind`, `rules` are the lines of the front end,
    /// and of what comes behind it.
    #[must_use]
    pub fn start(options: &str, rules: &str) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let text = format!(
                "global\n  maxconn 100\ndefaults\n  mode http\n  timeout client 10s\n  timeout server 10s\n  \
                 timeout connect 2s\nfrontend f\n  bind {} {options}\n{rules}\n",
                port.address()
            );
            let file = scratch.write("haproxy.cfg", text);
            (Launch::new("haproxy").arg("-db").arg("-f").arg(file).accepts(port.address()), port)
        });
        Self { port, _daemon: daemon }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
