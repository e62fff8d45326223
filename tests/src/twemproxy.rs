//! twemproxy (nutcracker), the proxy before Redis or memcached that knows a part of their commands and ends the connection
//! at all others.
//!
//! ```
//! use harness::redis::{Redis, Setup};
//! use harness::twemproxy::Twemproxy;
//!
//! let redis = Redis::start(&Setup::new());
//! let proxy = Twemproxy::of_redis(redis.address());
//! assert_ne!(proxy.address(), redis.address());
//! ```
//!
//! Debian's nutcracker 0.5.0.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::text;

/// A running twemproxy on 127.0.0.1.
#[derive(Debug)]
pub struct Twemproxy {
    _daemon: Daemon,
    port: Port,
}

impl Twemproxy {
    /// Before a Redis.
    #[must_use]
    pub fn of_redis(server: SocketAddr) -> Self {
        Self::start(server, "redis: true")
    }

    /// Before a Redis, with a password of its own and of the server.
    #[must_use]
    pub fn of_redis_with(server: SocketAddr, password: &str) -> Self {
        Self::start(server, &format!("redis: true\n  redis_auth: {password}"))
    }

    /// Before a memcached.
    #[must_use]
    pub fn of_memcached(server: SocketAddr) -> Self {
        Self::start(server, "redis: false")
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    fn start(server: SocketAddr, kind: &str) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let (port, figures) = (ports::free(), ports::free());
            let lines = format!("pool:\n  listen: {}\n  {kind}\n  servers:\n   - {server}:1\n", port.address());
            let file = text(&scratch.write("nutcracker.yml", lines));
            let launch = Launch::new("nutcracker").args(["-a", "127.0.0.1", "-o", "log", "-c", &file, "-s"]);
            let launch = launch.arg(figures.number().to_string()).as_nobody().without_grace();
            (launch.accepts(port.address()), port)
        });
        Self { _daemon: daemon, port }
    }
}
