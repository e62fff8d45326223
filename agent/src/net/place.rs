//! Where a service listens: a host and a port, or a Unix socket of this host.

use crate::config::shape::{Shape, Shown};
use crate::config::{Diagnostic, Fields, Given, Misfit, Port, Setting};
use crate::net::{Endpoint, Host};
use serde_json::json;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a service listens.
///
/// Displayed as `HOST:PORT`, also when the host is a path: that is how the results are named.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
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

/// What `host` is for a service that may listen on a Unix socket.
enum HostOrSocket {
    Host(Host),
    Socket(PathBuf),
}

impl Place {
    /// Asks for `host` (a name, an address, or the path of a socket) and `port`.
    pub fn parse(fields: &mut Fields<'_>, port: &'static str) -> Option<Self> {
        let host = fields.required("host", "Name, address, or path of a Unix socket.");
        let port = fields.or::<Port>("port", port, "TCP port.");
        Some(match host? {
            HostOrSocket::Host(host) => Self::Tcp(Endpoint::tcp(host, port)),
            HostOrSocket::Socket(host) => Self::Socket { host, port },
        })
    }

    /// The name that TLS asks for and verifies; a socket has none.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.endpoint().map(|endpoint| &endpoint.host)
    }

    /// Notes that `use_tls` was demanded for a socket.
    pub(crate) fn refuse_tls(&self, fields: &mut Fields<'_>) {
        if self.host().is_none() {
            let span = fields.span_of("use_tls");
            fields.note(
                Diagnostic::error("bad-value", span, "`use_tls`: there is no TLS over a Unix socket")
                    .help("leave `use_tls` out: what is sent over the socket never leaves this host"),
            );
        }
    }

    /// The TCP endpoint, for limits per host and firewall rules; a socket has none.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Tcp(endpoint) => Some(endpoint),
            Self::Socket { .. } => None,
        }
    }

    /// [`Place::endpoint`] as [`Check::endpoints`](crate::checks::Check::endpoints) wants it.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.endpoint().cloned().into_iter().collect()
    }

    /// The socket's path.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Tcp(_) => None,
            Self::Socket { host, .. } => Some(host),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(endpoint) => endpoint.fmt(f),
            Self::Socket { host, port } => write!(f, "{}:{port}", crate::secret::escaped(&host.to_string_lossy())),
        }
    }
}

impl Setting for HostOrSocket {
    const SHAPE: Shape = Shape {
        words: "a host name, an IP address, or the path of a Unix socket",
        short: "host or socket",
        shown: Shown::Plain,
        schema: || json!({"type": "string", "minLength": 1}),
    };

    fn read(given: &Given<'_>) -> Result<Self, Misfit> {
        /// `sun_path` of unix(7), without the NUL at its end.
        const LONGEST: usize = 107;
        let text = given.text(&Self::SHAPE)?;
        if !text.starts_with('/') {
            return Host::read(given)
                .map(Self::Host)
                .map_err(|misfit| Misfit { help: misfit.help, ..given.wrong(&Self::SHAPE) });
        }
        if text.len() > LONGEST || text.contains('\0') {
            let help = format!("the path of a Unix socket has {LONGEST} bytes at most, and no NUL (unix(7))");
            return Err(Misfit { help: Some(help), ..given.wrong(&Self::SHAPE) });
        }
        Ok(Self::Socket(PathBuf::from(text)))
    }
}
