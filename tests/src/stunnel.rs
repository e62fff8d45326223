//! stunnel: OpenSSL's TLS in front of any plain server.

use std::net::SocketAddr;

use crate::certs::{Authority, Identity};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::text;

/// A running stunnel on 127.0.0.1 that takes TLS and speaks plain TCP to its target.
///
/// Debian's stunnel 5.68 with OpenSSL 3.0: TLS 1.2 and 1.3.
#[derive(Debug)]
pub struct Stunnel {
    daemon: Daemon,
    port: Port,
    /// Between its two halves, where it has two.
    _inner: Option<Port>,
}

impl Stunnel {
    /// Puts TLS with this identity in front of `target`.
    #[must_use]
    pub fn start(identity: &Identity, target: SocketAddr) -> Self {
        Self::run(identity, target, "")
    }

    /// The same, and clients need a certificate of `clients`. Without one the handshake ends with the
    /// alert `handshake_failure` (TLS 1.2) or `certificate_required` (TLS 1.3), with another authority's
    /// with `unknown_ca`. In TLS 1.3 the client believes itself done by then, and if it has sent its
    /// request already, OpenSSL closes with that unread: the client may see a reset instead of the alert.
    #[must_use]
    pub fn start_requiring(identity: &Identity, clients: &Authority, target: SocketAddr) -> Self {
        Self::run(identity, target, &verifying(clients))
    }

    /// The same with TLS 1.2 only, where the alert comes within the handshake.
    #[must_use]
    pub fn start_requiring_tls12(identity: &Identity, clients: &Authority, target: SocketAddr) -> Self {
        Self::run(identity, target, &(verifying(clients) + "sslVersionMax = TLSv1.2\n"))
    }

    /// Takes TLS the way `PostgreSQL` does, which begins with a request for it, and speaks plain
    /// `PostgreSQL` to `target`.
    #[must_use]
    pub fn start_postgres(identity: &Identity, target: SocketAddr) -> Self {
        Self::run(identity, target, "protocol = pgsql\n")
    }

    /// The same, and speaks TLS to `target` again: the client sees another certificate than the server's.
    #[must_use]
    pub fn start_amid_postgres(identity: &Identity, target: SocketAddr) -> Self {
        let inner = ports::free();
        let outer = format!("protocol = pgsql\n[inner]\naccept = {}\n", inner.address());
        let more = format!("{outer}connect = {target}\nclient = yes\nprotocol = pgsql\n");
        let target = inner.address();
        Self::run_with(identity, target, &more, Some(inner))
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn run(identity: &Identity, target: SocketAddr, more: &str) -> Self {
        Self::run_with(identity, target, more, None)
    }

    /// With another port, at which it has to listen as well.
    fn run_with(identity: &Identity, target: SocketAddr, more: &str, inner: Option<Port>) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let service =
                format!("accept = {}\nconnect = {target}\ncert = {chain}\nkey = {key}\n{more}", port.address());
            let file =
                scratch.write("stunnel.conf", format!("foreground = yes\nsyslog = no\npid =\n[plain]\n{service}"));
            let launch = Launch::new("stunnel4").arg(file).as_nobody().accepts(port.address());
            (inner.iter().map(Port::address).fold(launch, Launch::accepts), port)
        });
        Self { daemon, port, _inner: inner }
    }
}

/// The options that make stunnel want a client certificate of an authority.
fn verifying(clients: &Authority) -> String {
    format!("CAfile = {}\nverifyChain = yes\n", text(clients.file()))
}
