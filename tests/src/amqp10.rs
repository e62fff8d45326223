//! A peer that speaks AMQP 1.0 and nothing else: Apache Qpid Proton, the library under the clients and routers of that
//! protocol.
//!
//! ```
//! let peer = harness::amqp10::Amqp10::start();
//! assert_ne!(peer.address().port(), 0);
//! ```
//!
//! Debian's python3-qpid-proton 0.37; no package of Debian 12 has a broker of AMQP 1.0 alone but `ActiveMQ`, which is half
//! a gigabyte of Java.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};

const SCRIPT: &str = "\
import sys
from proton.handlers import MessagingHandler
from proton.reactor import Container

class Listener(MessagingHandler):
    def on_start(self, event):
        event.container.listen(sys.argv[1])

Container(Listener()).run()
";

/// A running peer on 127.0.0.1.
#[derive(Debug)]
pub struct Amqp10 {
    _daemon: Daemon,
    port: Port,
}

impl Amqp10 {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let script = scratch.write("listener.py", SCRIPT);
            let launch = Launch::new("/usr/bin/python3").arg(script).arg(port.address().to_string());
            let launch = launch.env("PYTHONDONTWRITEBYTECODE", "1").as_nobody().without_grace();
            (launch.accepts(port.address()), port)
        });
        Self { _daemon: daemon, port }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
