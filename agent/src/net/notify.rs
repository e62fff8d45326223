//! What systemd is told of a service (`sd_notify`(3)): a datagram to the socket that `NOTIFY_SOCKET` names.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Tells systemd; or nobody, where nobody wants to know.
#[derive(Debug)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// So often a sign of life is due, at least: half of what systemd waits (`sd_watchdog_enabled`(3)).
    pub interval: Option<Duration>,
}

impl Notifier {
    /// As the environment says.
    #[must_use]
    pub fn of_environment() -> Self {
        let address = env::var("NOTIFY_SOCKET").ok().and_then(|path| address(&path).ok());
        let socket = address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address)));
        // Whoever does not read what is told must not hold up whoever is served.
        let socket = socket.filter(|(socket, _)| socket.set_nonblocking(true).is_ok());
        let is_ours = env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
        let microseconds = env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok());
        let interval = microseconds.map(|all| Duration::from_micros(all) / 2).filter(|all| is_ours && !all.is_zero());
        Self { socket, interval }
    }

    /// Tells lines of `NAME=VALUE`. That nobody hears changes nothing.
    pub fn tell(&self, lines: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ = socket.send_to_addr(lines.as_bytes(), address);
        }
    }
}

/// A path, or an abstract name behind an `@`.
fn address(path: &str) -> io::Result<SocketAddr> {
    match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(path),
    }
}
