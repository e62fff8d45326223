//! A listener whose accept queue is full.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage};

use super::loopback;
use crate::or_panic::OrPanic;

/// How long a SYN has to stay without an answer to count as dropped.
const DROPPED: Duration = Duration::from_millis(250);

/// Listens, accepts nobody, and has its queue filled by connections of its own: further SYNs get no
/// answer, as if a firewall dropped them.
///
/// Linux lets one connection more into the queue than the backlog says, so a backlog of 0 and one
/// connection do; the constructor goes on until one of its own attempts gets no answer.
#[derive(Debug)]
pub struct FullQueue {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullQueue {
    /// Starts one on 127.0.0.1; returns when its queue is full.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at(loopback())
    }

    /// The same at `address`; port 0 means a free one.
    ///
    /// # Panics
    /// When the queue takes sixteen connections and still is not full.
    #[must_use]
    pub fn start_at(address: SocketAddr) -> Self {
        let listener = listen(address).or_panic(format_args!("listen at {address}"));
        let address = listener.local_addr().or_panic("learn where the listener is");
        let mut waiting = vec![TcpStream::connect(address).or_panic("connect to a new listener")];
        while let Ok(stream) = TcpStream::connect_timeout(&address, DROPPED) {
            waiting.push(stream);
            assert!(waiting.len() < 16, "the accept queue of {address} does not fill");
        }
        Self { listener, _waiting: waiting }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().or_panic("learn where the listener is")
    }
}

/// A listener with the shortest queue there is; the standard library's is as long as the system allows.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let fd = socket::socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    socket::bind(fd.as_raw_fd(), &SockaddrStorage::from(address))?;
    socket::listen(&fd, Backlog::new(0)?)?;
    Ok(TcpListener::from(fd))
}
