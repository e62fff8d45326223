//! chronyd, an NTP server that leaves the clock of this host alone.
//!
//! ```
//! use harness::chrony::Chrony;
//!
//! let chrony = Chrony::start(&["local stratum 3", "allow 127.0.0.0/8"]);
//! assert!(chrony.address().port() > 0);
//! ```
//!
//! Debian's chrony 4.3, with `-x`: it sets nothing, and needs no privilege for its port.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};

/// A running chronyd.
#[derive(Debug)]
pub struct Chrony {
    daemon: Daemon,
    port: Port,
}

impl Chrony {
    /// Starts it with these lines of its configuration beside those for where it listens.
    #[must_use]
    pub fn start(lines: &[&str]) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let folder = scratch.path().display();
            let own = format!(
                "port {}\nbindaddress 127.0.0.1\ncmdport 0\nbindcmdaddress /\npidfile {folder}/chronyd.pid\n",
                port.number()
            );
            let file = scratch.write("chrony.conf", own + &lines.join("\n") + "\n");
            let launch = Launch::new("chronyd").args(["-x", "-d", "-U", "-f"]).arg(file).as_nobody();
            (launch.says("Disabled control of system clock"), port)
        });
        Self { daemon, port }
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// What it runs as.
    #[must_use]
    pub const fn daemon(&self) -> &Daemon {
        &self.daemon
    }
}
