//! Redis Sentinel, which watches over a primary and says where it is.
//!
//! ```
//! use harness::redis::{Redis, Sentinel, Setup};
//!
//! let redis = Redis::start(&Setup::new());
//! let sentinel = Sentinel::of(&redis);
//! assert_ne!(sentinel.address(), redis.address());
//! ```
//!
//! The same program as Redis, of Debian's redis-server 7.0.15.

use std::net::SocketAddr;

use super::{PASSWORD, Redis};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};

/// What the primary is called.
pub const PRIMARY: &str = "shop";

/// The password of a sentinel with [`Sentinel::with`].
pub const SENTINEL_PASSWORD: &str = "sentinel-Secret.2";

/// A running sentinel on 127.0.0.1.
#[derive(Debug)]
pub struct Sentinel {
    _daemon: Daemon,
    port: Port,
}

impl Sentinel {
    /// One that watches over this Redis, as [`PRIMARY`].
    #[must_use]
    pub fn of(primary: &Redis) -> Self {
        Self::with(primary.address(), "")
    }

    /// One that wants [`SENTINEL_PASSWORD`] of its clients.
    #[must_use]
    pub fn closed_of(primary: &Redis) -> Self {
        Self::with(primary.address(), &format!("requirepass {SENTINEL_PASSWORD}"))
    }

    /// One that watches over what is at this address, with another line of its configuration.
    #[must_use]
    pub fn with(primary: SocketAddr, line: &str) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let file = scratch.write_private(
                "sentinel.conf",
                format!(
                    "bind 127.0.0.1\nport {}\ndir {}\nsentinel monitor {PRIMARY} {} {} 1\n\
                     sentinel auth-pass {PRIMARY} {PASSWORD}\n{line}\n",
                    port.number(),
                    scratch.path().display(),
                    primary.ip(),
                    primary.port(),
                ),
            );
            let launch = Launch::new("redis-server").arg(file).arg("--sentinel").as_nobody().without_grace();
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
