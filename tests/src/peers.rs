//! Servers on a thread of this process: they misbehave in one exact way, or take notes.
//!
//! ```
//! use harness::peers::{Manner, Peer};
//! use std::io::Read;
//! use std::net::TcpStream;
//!
//! let peer = Peer::start(Manner::Banner(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
//! let mut greeting = [0; 7];
//! TcpStream::connect(peer.address()).unwrap().read_exact(&mut greeting).unwrap();
//! assert_eq!(&greeting, b"SSH-2.0");
//! assert_eq!(peer.connections(), 1);
//! ```
//!
//! All of them listen on a free port of 127.0.0.1, or where a `..._at` function is told to; inside
//! [`crate::netns::Namespace::inside`] that is an address of the namespace.

mod digest;
mod http;
mod manner;
mod queue;
mod recorder;
mod tls;
mod udp;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle, Scope};
use std::time::Duration;

use nix::sys::socket::{self, Backlog, Shutdown, shutdown};

pub use digest::{Algorithm, Digest};
pub use http::Request;
pub use manner::Manner;
pub use queue::FullQueue;
pub use recorder::Recorder;
pub use tls::{TlsManner, TlsPeer, TlsWire, start_tls};
pub use udp::{UdpManner, UdpPeer};
pub use wire::Wire;
pub(crate) use wire::reset_on_close;

use crate::or_panic::OrPanic;
use wire::State;

/// Stack of the thread that serves one connection, bytes: a test may have thousands of them.
const STACK: usize = 512 * 1024;

/// A TCP server with a thread for each connection. Dropping it cuts every connection.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    listener: Arc<TcpListener>,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Starts a peer that behaves in this manner, on 127.0.0.1.
    #[must_use]
    pub fn start(manner: Manner) -> Self {
        Self::start_at(loopback(), manner)
    }

    /// The same at `address`; port 0 means a free one.
    #[must_use]
    pub fn start_at(address: SocketAddr, manner: Manner) -> Self {
        Self::serve_at(address, move |wire| manner.serve(&wire))
    }

    /// Starts a peer on 127.0.0.1 whose every connection is handed to `handler`, on a thread of its
    /// own. When the handler returns, the connection is closed; a panic in it fails the test.
    pub fn serve(handler: impl Fn(Wire) + Send + Sync + 'static) -> Self {
        Self::serve_at(loopback(), handler)
    }

    /// The same at `address`; port 0 means a free one.
    pub fn serve_at(address: SocketAddr, handler: impl Fn(Wire) + Send + Sync + 'static) -> Self {
        let listener = Arc::new(listen(address).or_panic(format_args!("listen at {address}")));
        let address = listener.local_addr().or_panic("learn where the peer listens");
        let state = Arc::new(State::default());
        let (door, known) = (Arc::clone(&listener), Arc::clone(&state));
        let thread = thread::spawn(move || thread::scope(|scope| accept(scope, &door, &known, &handler)));
        Self { address, listener, state, thread: Some(thread) }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections were accepted so far. A client is connected a moment before it is accepted,
    /// so a test that heard nothing yet has to wait ([`crate::wait::until`]).
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections()
    }

    /// How many connections are open on this side.
    #[must_use]
    pub fn open(&self) -> usize {
        self.state.open()
    }

    /// Bytes received so far, over all connections.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.state.received()
    }

    /// Bytes sent so far, over all connections (handed to the kernel, that is).
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.state.sent()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.state.stop();
        // Wakes the thread that waits in accept().
        let _woken = shutdown(self.listener.as_raw_fd(), Shutdown::Both);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            thread::panicking() || matches!(ended, Some(Ok(()))),
            "the handler of the peer at {} panicked",
            self.address
        );
    }
}

/// A free port of 127.0.0.1.
pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A listener that lets as many connections wait as the system allows, for clients in a hurry.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    socket::listen(&listener, Backlog::MAXALLOWABLE)?;
    Ok(listener)
}

/// Accepts until the peer is stopped.
fn accept<'scope>(
    scope: &'scope Scope<'scope, '_>,
    listener: &TcpListener,
    state: &Arc<State>,
    handler: &'scope (impl Fn(Wire) + Send + Sync),
) {
    loop {
        match listener.accept() {
            Ok((stream, from)) => {
                let Some(wire) = Wire::new(stream, from, state) else {
                    return;
                };
                let serving = Builder::new().stack_size(STACK).spawn_scoped(scope, move || handler(wire));
                serving.or_panic("start a thread for a connection");
            }
            Err(_) if state.is_stopped() => return,
            // Out of descriptors, say, or the client has gone again: the next may work.
            Err(_) => _ = state.pause(Duration::from_millis(5)),
        }
    }
}
