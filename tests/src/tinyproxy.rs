//! tinyproxy, the small forward proxy: `http://` and CONNECT, with and without a login.
//!
//! What it answers by itself: 500 "Unable to connect" where it cannot connect, 403 "Filtered" or "Access
//! violation" for what it denies, 407 without the login; its answers have neither Via nor a header of their own.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};

/// A running tinyproxy on 127.0.0.1.
#[derive(Debug)]
pub struct Tinyproxy {
    port: Port,
    _daemon: Daemon,
}

impl Tinyproxy {
    /// Starts it open to all.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same with further lines of its configuration.
    #[must_use]
    pub fn start_with(more: &str) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let file = scratch.write(
                "tinyproxy.conf",
                format!("Port {}\nListen 127.0.0.1\nTimeout 20\nMaxClients 20\n{more}\n", port.number()),
            );
            (Launch::new("tinyproxy").arg("-d").arg("-c").arg(file).as_nobody().accepts(port.address()), port)
        });
        Self { port, _daemon: daemon }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
