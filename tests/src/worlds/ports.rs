//! A host without local ports.

use std::net::{SocketAddr, TcpStream};

use super::Host;
use crate::or_panic::OrPanic;

/// The few that it has (`ip_local_port_range`).
const RANGE: &str = "50000 50003";
const COUNT: usize = 4;

/// Connections that hold them all, as long as this lives.
#[derive(Debug)]
pub struct UsedPorts {
    _connections: Vec<TcpStream>,
}

impl UsedPorts {
    /// Needs somebody who accepts at the target.
    pub(super) fn new(host: &Host, target: SocketAddr) -> Self {
        host.set("ipv4/ip_local_port_range", RANGE);
        let connect = |_| TcpStream::connect(target).or_panic("take a local port");
        Self { _connections: host.inside(|| (0..COUNT).map(connect).collect()) }
    }
}
