//! nghttpd, a server of HTTP/2 alone.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};

/// A running nghttpd on 127.0.0.1, without TLS.
#[derive(Debug)]
pub struct Nghttpd {
    port: Port,
    _daemon: Daemon,
}

impl Nghttpd {
    /// Starts it.
    #[must_use]
    pub fn start() -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let launch = Launch::new("nghttpd").args(["--no-tls", "-a", "127.0.0.1", "-d"]).arg(scratch.path());
            (launch.arg(port.number().to_string()).accepts(port.address()), port)
        });
        Self { port, _daemon: daemon }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
