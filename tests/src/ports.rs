//! Port numbers nobody else gets.
//!
//! A number from `bind(0)` that is closed and handed to a daemon can be taken by anybody in between:
//! by another test, another process, or any outgoing connection. So the socket stays: bound with
//! `SO_REUSEADDR`, never listening. The kernel then gives the number to no `bind(0)` and to no
//! outgoing connection, while a daemon that sets `SO_REUSEADDR` itself, as practically all do, may
//! bind it and listen. For the few others, and for UDP, [`crate::process::Daemon::start`] tries again.

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage, sockopt};

use crate::or_panic::OrPanic;

/// A reserved port: nobody listens there until the daemon it is given to does.
///
/// Without a daemon it is a port that refuses: connecting gives `ECONNREFUSED` for as long as this
/// value lives, and so it does again after the daemon has stopped.
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    holders: Vec<OwnedFd>,
}

impl Port {
    /// The number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.address.port()
    }

    /// The number with the address it was asked for (127.0.0.1 by default).
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number on the IPv6 loopback address, where [`free`] has reserved it too.
    #[must_use]
    pub fn address6(&self) -> SocketAddr {
        SocketAddr::from((Ipv6Addr::LOCALHOST, self.number()))
    }
}

/// A port that is free for TCP on 127.0.0.1 and on `::1` (where this host has it), and was free for UDP.
#[must_use]
pub fn free() -> Port {
    search(|| {
        let mut port = reserve(Ipv4Addr::LOCALHOST.into())?;
        if has_ipv6_loopback() {
            let (holder, _) = hold(port.address6()).ok()?;
            port.holders.push(holder);
        }
        Some(port)
    })
}

/// A port that is free for TCP on `ip`, and was free for UDP; `ip` is an address of this host or namespace.
#[must_use]
pub fn free_at(ip: IpAddr) -> Port {
    search(|| reserve(ip))
}

/// Whether this host has `::1`.
#[must_use]
pub fn has_ipv6_loopback() -> bool {
    hold(SocketAddr::from((Ipv6Addr::LOCALHOST, 0))).is_ok()
}

/// Whether somebody listens at this address for TCP, in the network namespace of this thread.
#[must_use]
pub fn is_listening(address: &SocketAddr) -> bool {
    // Who listens at `::` is there for IPv4, too.
    let everywhere = |local: &SocketAddr| local.ip().is_unspecified() && (local.is_ipv6() || address.is_ipv4());
    let mut all = ["tcp", "tcp6"].into_iter().flat_map(listeners);
    all.any(|local| local.port() == address.port() && (local.ip() == address.ip() || everywhere(&local)))
}

/// What the kernel lists in `/proc/net/tcp` or `tcp6` (proc(5)): those who listen come first.
fn listeners(table: &str) -> impl Iterator<Item = SocketAddr> {
    let file = File::open(format!("/proc/thread-self/net/{table}")).map(BufReader::new);
    let lines = file.into_iter().flat_map(|file| file.lines().map_while(Result::ok).skip(1));
    lines.map_while(|line| listener(&line))
}

/// The local address in a line of that table; `None` for a connection.
fn listener(line: &str) -> Option<SocketAddr> {
    const LISTENS: &str = "0A";
    let mut columns = line.split_whitespace();
    let (local, state) = (columns.nth(1)?, columns.nth(1)?);
    let (ip, port) = local.split_once(':').filter(|_| state == LISTENS)?;
    // Each word of the address as this machine has it in memory.
    let words = ip.as_bytes().chunks(8).map(|word| u32::from_str_radix(str::from_utf8(word).ok()?, 16).ok());
    let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
    let ip = match <[u8; 4]>::try_from(&bytes[..]) {
        Ok(v4) => IpAddr::from(v4),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical(),
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

/// Tries until a number is free in every way that is wanted.
fn search(mut attempt: impl FnMut() -> Option<Port>) -> Port {
    (0..100).find_map(|_| attempt()).or_panic("find a free port in 100 attempts")
}

/// Reserves a number on `ip` that UDP has free as well.
fn reserve(ip: IpAddr) -> Option<Port> {
    let (holder, address) = hold(SocketAddr::new(ip, 0)).or_panic(format_args!("reserve a port on {ip}"));
    match UdpSocket::bind(address) {
        Ok(_) => Some(Port { address, holders: vec![holder] }),
        Err(error) if error.kind() == ErrorKind::AddrInUse => None,
        Err(error) => panic!("cannot try UDP {address}: {error}"),
    }
}

/// A TCP socket that is bound but does not listen, and where it is bound.
fn hold(address: SocketAddr) -> nix::Result<(OwnedFd, SocketAddr)> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let holder = socket::socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    socket::setsockopt(&holder, sockopt::ReuseAddr, &true)?;
    socket::bind(holder.as_raw_fd(), &SockaddrStorage::from(address))?;
    let port = bound_port(&socket::getsockname(holder.as_raw_fd())?);
    Ok((holder, SocketAddr::new(address.ip(), port)))
}

/// The port in a socket address of either family; 0 in one of another family.
fn bound_port(address: &SockaddrStorage) -> u16 {
    let v4 = address.as_sockaddr_in().map(socket::SockaddrIn::port);
    v4.or_else(|| address.as_sockaddr_in6().map(socket::SockaddrIn6::port)).unwrap_or_default()
}
