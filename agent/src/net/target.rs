//! Where a service listens: a host and a port, or a Unix socket of this host.

use crate::net::{Endpoint, Host, Port};
use std::fmt;
use std::path::PathBuf;

/// Where a service listens.
///
/// Displayed as `HOST:PORT`, also when the host is a path: that is how the results are named.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// A TCP port.
    Tcp(Endpoint),
    /// A Unix socket.
    Socket {
        /// The host as it was written: a path that begins with `/`.
        host: PathBuf,
        /// The port that belongs to the results' names, and for some services to the socket's.
        port: Port,
    },
}

impl Target {
    /// The name that TLS asks for and verifies; a socket has none.
    pub(crate) fn host(&self) -> Option<&Host> {
        self.endpoint().map(|endpoint| &endpoint.host)
    }

    /// The TCP endpoint, for limits per host and firewall rules; a socket has none.
    pub(crate) const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Tcp(endpoint) => Some(endpoint),
            Self::Socket { .. } => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(endpoint) => endpoint.fmt(f),
            Self::Socket { host, port } => write!(f, "{}:{port}", crate::text::escaped(&host.to_string_lossy())),
        }
    }
}
