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
    /// Starts it, without a page.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[], "empty", "")
    }

    /// Starts it with more options and one page.
    #[must_use]
    pub fn start_with(more: &[&str], page: &str, text: &str) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            scratch.write(page, text);
            let launch = Launch::new("nghttpd").args(["--no-tls", "-a", "127.0.0.1", "-d"]).arg(scratch.path());
            let launch = launch.args(more.iter().copied());
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
