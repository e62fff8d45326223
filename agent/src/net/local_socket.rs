//! A way into this process for a client library that opens its connections itself and takes none
//! that is open: it connects here, and its check joins what it says with a wire of its own.

use crate::net::Wire;
use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};
use std::ffi::OsString;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// A Unix socket with a name that is in no file system (unix(7), "abstract").
#[derive(Debug)]
pub(crate) struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl LocalSocket {
    /// Opens one, under a name that the kernel chooses.
    ///
    /// # Errors
    /// No descriptor is left, or a sandbox forbids such sockets.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket::socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
        socket::bind(socket.as_raw_fd(), &UnixAddr::new_unnamed())?;
        socket::listen(&socket, Backlog::new(2)?)?;
        let listener = net::UnixListener::from(socket);
        let address = listener.local_addr()?;
        let name = address.as_abstract_name().unwrap_or_default();
        let path = OsString::from_vec([b"\0", name].concat()).into();
        Ok(Self { listener: UnixListener::from_std(listener)?, path })
    }

    /// What the library has to connect to: a NUL, and the name.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The next connection. Other processes can see the name: they are turned away.
    ///
    /// # Errors
    /// No descriptor is left.
    pub(crate) async fn accept(&self) -> io::Result<Wire> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let of_us = stream.peer_cred()?.pid().is_some_and(|pid| pid.unsigned_abs() == std::process::id());
            if of_us {
                return Ok(Wire::unix(stream));
            }
        }
    }
}
