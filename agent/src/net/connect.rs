//! Opening connections: one address, or all addresses of a name as RFC 8305 says.

use crate::catalogue::{Cause, Owner};
use crate::concern::Part;
use crate::fault::Fault;
use crate::file::lack;
use crate::net::clock::within;
use crate::net::endpoint::Transport;
use crate::net::host;
use crate::net::zone;
use crate::remedy::files;
use crate::secret::{Sentence, ours, sentence, theirs};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::sys::socket::{
    self, AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, SockaddrStorage, sockopt,
};
use std::collections::VecDeque;
use std::fs;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::{TcpStream, UdpSocket, UnixStream};
use tokio::task::{JoinError, JoinSet};

/// The head start of each address before the next is tried beside it (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Addresses beyond these are left alone: a name with hundreds of them must not cost hundreds of sockets.
const MOST: usize = 8;

/// One address that was tried.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) address: SocketAddr,
    pub(crate) fault: Fault,
    pub(crate) elapsed: Duration,
}

/// An address, how long it took, and what came of it.
type Tried = (SocketAddr, Duration, Result<TcpStream, Fault>);

/// The addresses of one name on their way to a connection.
#[derive(Debug, Default)]
pub(crate) struct Race {
    running: JoinSet<Tried>,
    started: Vec<(SocketAddr, Instant)>,
    /// What has failed so far.
    pub(crate) failed: Vec<Attempt>,
    /// Whose fault was told as that of all.
    pub(crate) blamed: Option<SocketAddr>,
    won: Option<Instant>,
}

impl Race {
    /// The first connection that opens; unless only one is wanted, the other addresses go on in the
    /// background, so that a dead address behind a working one is seen.
    ///
    /// # Errors
    /// When every address failed: the fault of the first.
    pub(crate) async fn run(
        &mut self,
        addresses: &[SocketAddr],
        only_first: bool,
    ) -> Result<(TcpStream, SocketAddr), Fault> {
        let mut waiting: VecDeque<_> = interleaved(addresses).into();
        loop {
            if let Some(address) = waiting.pop_front() {
                self.start(address);
            }
            let timeout = if waiting.is_empty() { Duration::MAX } else { HEAD_START };
            match within(timeout, self.running.join_next()).await {
                Some(Some(Ok((address, _, Ok(stream))))) => {
                    self.won = Some(Instant::now());
                    self.started.retain(|(started, _)| *started != address);
                    if !only_first {
                        waiting.drain(..).for_each(|address| self.start(address));
                    }
                    return Ok((stream, address));
                }
                Some(Some(Ok((address, elapsed, Err(fault))))) => self.failed.push(Attempt { address, fault, elapsed }),
                Some(None) if waiting.is_empty() => return Err(self.first_fault()),
                Some(Some(Err(_)) | None) | None => {}
            }
        }
    }

    /// The addresses known to be dead behind the winner: refused and the like, and those that had a
    /// head start before it and have still not answered. Waits for nothing.
    pub(crate) fn dead(&mut self) -> Vec<Attempt> {
        while let Some(joined) = self.running.try_join_next() {
            self.note(joined);
        }
        let Some(at) = self.won else { return Vec::new() };
        let dead = std::mem::take(&mut self.failed);
        let silent = self.started.iter().filter(|(address, started)| {
            *started + HEAD_START <= at && dead.iter().all(|other| other.address != *address)
        });
        let silent: Vec<_> = silent.map(|(address, started)| no_answer(*address, started.elapsed())).collect();
        dead.into_iter().chain(silent).collect()
    }

    /// Waits until every address is decided.
    pub(crate) async fn finished(&mut self) {
        while let Some(joined) = self.running.join_next().await {
            self.note(joined);
        }
    }

    fn note(&mut self, joined: Result<Tried, JoinError>) {
        let Ok((address, elapsed, result)) = joined else { return };
        self.started.retain(|(started, _)| *started != address);
        if let Err(fault) = result {
            self.failed.push(Attempt { address, fault, elapsed });
        }
    }

    fn start(&mut self, address: SocketAddr) {
        let started = Instant::now();
        self.started.push((address, started));
        self.running.spawn(async move {
            let result = self::address(address).await;
            (address, started.elapsed(), result)
        });
    }

    fn first_fault(&mut self) -> Fault {
        let all = Sentence::join(self.failed.iter().map(|attempt| attempt.fault.message.clone()), "; ");
        if self.failed.is_empty() {
            return Fault::new(Cause::OwnFault, "no address was tried");
        }
        let first = self.failed.swap_remove(0);
        self.blamed = Some(first.address);
        first.fault.evidence(all)
    }
}

/// What became of each address that was tried while none had answered.
pub(crate) fn summary(tried: &[SocketAddr], failed: &[Attempt]) -> Sentence {
    let one = |address: &SocketAddr| {
        let failed = failed.iter().find(|attempt| attempt.address == *address);
        failed.map_or_else(|| sentence![*address, " did not answer"], |attempt| attempt.fault.message.clone())
    };
    Sentence::join(tried.iter().take(MOST).map(one), "; ")
}

fn no_answer(address: SocketAddr, elapsed: Duration) -> Attempt {
    Attempt { address, fault: Fault::new(Cause::Timeout, sentence![address, " did not answer"]), elapsed }
}

/// IPv6 and IPv4 in turn, beginning with the system's first choice (RFC 8305 section 4).
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address: &SocketAddr| address.is_ipv6() == first_is_v6);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut order = Vec::new();
    loop {
        let pair = [preferred.next(), other.next()];
        if pair.iter().all(Option::is_none) {
            order.truncate(MOST);
            return order;
        }
        order.extend(pair.into_iter().flatten());
    }
}

/// Connects to one address. The kernel is asked to keep ICMP errors, which tell a firewall's
/// refusal from a missing host.
pub(crate) async fn address(address: SocketAddr) -> Result<TcpStream, Fault> {
    decided(begin(address), address).await
}

/// The same, with segments of so many bytes at most, in both directions.
pub(crate) async fn in_segments(address: SocketAddr, most: u16) -> Result<TcpStream, Fault> {
    decided(begin_as(address, |socket| socket::setsockopt(socket, sockopt::TcpMaxSeg, &most.into())), address).await
}

async fn decided(begun: io::Result<TcpStream>, address: SocketAddr) -> Result<TcpStream, Fault> {
    let stream = begun.map_err(|error| refusal(Transport::Tcp, address, error, None))?;
    // Writable means decided: connected, or failed with an error to collect.
    stream.writable().await.map_err(|error| refusal(Transport::Tcp, address, error, None))?;
    match stream.take_error() {
        Ok(None) => Ok(stream),
        Ok(Some(error)) | Err(error) => Err(refusal(Transport::Tcp, address, error, icmp(&stream))),
    }
}

/// Asks for a connection and waits for nothing.
pub(super) fn begin(address: SocketAddr) -> io::Result<TcpStream> {
    begin_as(address, |_| Ok(()))
}

/// The same, with a socket that was made ready before.
pub(super) fn begin_as(
    address: SocketAddr,
    prepare: impl FnOnce(&OwnedFd) -> nix::Result<()>,
) -> io::Result<TcpStream> {
    let socket = open(address, SockType::Stream)?;
    prepare(&socket)?;
    match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) | Err(Errno::EINPROGRESS) => TcpStream::from_std(socket.into()),
        Err(error) => Err(error.into()),
    }
}

fn open(address: SocketAddr, kind: SockType) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket::socket(family, kind, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC, None)?;
    // Without it, only who has refused remains unknown: a sandbox may know few options.
    let _less_is_known = if address.is_ipv4() {
        socket::setsockopt(&socket, sockopt::Ipv4RecvErr, &true)
    } else {
        socket::setsockopt(&socket, sockopt::Ipv6RecvErr, &true)
    };
    Ok(socket)
}

/// A UDP socket that sends to and hears from one address.
///
/// # Errors
/// No route, no permission, a limit of this host.
pub(crate) fn datagram(address: SocketAddr) -> Result<UdpSocket, Fault> {
    let socket = open(address, SockType::Datagram).and_then(|socket| {
        socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
        UdpSocket::from_std(socket.into())
    });
    socket.map_err(|error| refusal(Transport::Udp, address, error, None))
}

/// Connects to a Unix socket of this host (unix(7)).
///
/// # Errors
/// `connect.no-socket` and `connect.refused`; `protocol.overloaded` when its queue is full.
pub(crate) async fn unix(path: &Path) -> Result<UnixStream, Fault> {
    #[expect(clippy::disallowed_methods, reason = "the one place that connects to a Unix socket")]
    UnixStream::connect(path).await.map_err(|error| no_socket(path, &error))
}

fn no_socket(path: &Path, error: &io::Error) -> Fault {
    let shown = theirs(&path.display());
    let place = shown.clone();
    let is_socket = fs::metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let fault = match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) => Fault::new(Cause::NoSocket, sentence!["there is no socket at ", shown])
            .next_step("see whether the service runs on this host, and where it puts its socket"),
        Some(libc::EACCES | libc::EPERM) => {
            // To connect is to write (unix(7)).
            Fault::new(Cause::NoSocket, sentence!["this user may not connect to the socket ", shown])
                .owner(Owner::Host)
                .next_step("give the user who runs conn-check access to the socket and to its directory")
                .remedy(files::permit(&lack(path, "rw")))
        }
        Some(libc::EAGAIN) => Fault::new(Cause::Overloaded, sentence!["the queue of the socket ", shown, " is full"]),
        Some(libc::ECONNREFUSED | libc::EPROTOTYPE) if !is_socket => {
            Fault::new(Cause::NoSocket, sentence![shown, " is not a socket"]).owner(Owner::Config)
        }
        Some(libc::ECONNREFUSED) => Fault::new(Cause::Refused, sentence!["nothing listens at the socket ", shown])
            .next_step("start the service: its socket was left behind by one that has ended"),
        Some(libc::EPROTOTYPE) => Fault::new(Cause::NoSocket, sentence![shown, " is a socket of another kind"]),
        _ => Fault::new(Cause::NoSocket, sentence!["the socket ", shown, " cannot be used"]),
    };
    fault.evidence(error.to_string()).concerning(Part::Service, place)
}

/// Whether this host knows a way to an address. No packet is sent.
pub(crate) fn has_route(address: SocketAddr) -> bool {
    open(address, SockType::Datagram)
        .is_ok_and(|socket| socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address)).is_ok())
}

/// An ICMP error that a socket collected (RFC 792, RFC 4443).
#[derive(Clone, Copy, Debug)]
pub(super) struct Icmp {
    v6: bool,
    kind: u8,
    code: u8,
    pub(super) sender: Option<IpAddr>,
}

impl Icmp {
    /// A router has counted the packet's way down to nothing: "time exceeded in transit".
    pub(super) const fn is_end_of_way(self) -> bool {
        matches!((self.v6, self.kind, self.code), (true, 3, 0) | (false, 11, 0))
    }

    /// "Administratively prohibited", in any of its forms.
    const fn is_prohibition(self) -> bool {
        matches!((self.v6, self.kind, self.code), (true, 1, 1 | 5 | 6) | (false, 3, 9 | 10 | 13))
    }

    /// "Port unreachable": a UDP stack says so; for TCP it is a firewall's way to reject.
    const fn is_port_unreachable(self) -> bool {
        matches!((self.v6, self.kind, self.code), (true, 1, 4) | (false, 3, 3))
    }
}

impl std::fmt::Display for Icmp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = if self.v6 { "ICMPv6" } else { "ICMP" };
        write!(f, "{version} type {} code {}", self.kind, self.code)?;
        self.sender.map_or(Ok(()), |sender| write!(f, " from {sender}"))
    }
}

/// What the socket's error queue holds, if it holds an ICMP error.
pub(super) fn icmp(socket: &impl std::os::fd::AsRawFd) -> Option<Icmp> {
    let mut space = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
    let mut payload = [0; 64];
    let mut buffers = [IoSliceMut::new(&mut payload)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = socket::recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut buffers, Some(&mut space), flags).ok()?;
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, sender) if error.ee_origin == libc::SO_EE_ORIGIN_ICMP => {
            let sender = sender.map(|from| Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr)).into());
            Some(Icmp { v6: false, kind: error.ee_type, code: error.ee_code, sender })
        }
        ControlMessageOwned::Ipv6RecvErr(error, sender) if error.ee_origin == libc::SO_EE_ORIGIN_ICMP6 => {
            let sender = sender.map(|from| Ipv6Addr::from(from.sin6_addr.s6_addr).into());
            Some(Icmp { v6: true, kind: error.ee_type, code: error.ee_code, sender })
        }
        _ => None,
    })
}

/// The fault of an address that could not be used, with the address in its message.
fn refusal(transport: Transport, address: SocketAddr, error: io::Error, icmp: Option<Icmp>) -> Fault {
    let text = error.to_string();
    let code = error.raw_os_error();
    let blackhole = code == Some(libc::EINVAL);
    if let Some(lacking) = zone::lacking(address).filter(|_| blackhole) {
        return lacking;
    }
    let mut fault = Fault::from(error);
    if blackhole {
        // What a blackhole route gives to senders on this host (ip-route(8)).
        fault = Fault { cause: Cause::NetworkUnreachable, ..fault }.owner(Owner::Host);
    }
    fault.message = match fault.cause {
        Cause::Refused if transport == Transport::Udp => {
            sentence![address, " refused the datagram, nothing listens there"]
        }
        Cause::Refused => sentence![address, " refused the connection"],
        Cause::HostUnreachable => sentence!["the network reports ", address, " as unreachable"],
        Cause::NetworkUnreachable if blackhole => {
            sentence!["this host's routes discard what is for ", address, " (blackhole)"]
        }
        Cause::NetworkUnreachable => sentence!["there is no route to ", address],
        Cause::Timeout => sentence![address, " did not answer"],
        Cause::DeniedLocally => sentence!["this host does not permit a connection to ", address],
        Cause::Reset => sentence![address, " reset the connection"],
        _ => fault.message,
    };
    let Some(icmp) = icmp else {
        let fault = fault.evidence(text);
        return match code {
            Some(libc::EADDRNOTAVAIL) => host::of_ports(fault),
            Some(libc::EAFNOSUPPORT) => host::of_family(fault, address),
            Some(libc::EACCES) if host::Way::to(address).is_broadcast() => host::of_broadcast(fault, address),
            Some(libc::EACCES | libc::EPERM) => host::of_denial(fault, address),
            _ => fault,
        };
    };
    let who = icmp.sender.map_or_else(|| "a firewall on the way".into(), |sender| sentence!["a firewall at ", sender]);
    let rejected = transport == Transport::Tcp && icmp.is_port_unreachable() && fault.cause == Cause::Refused;
    if (icmp.is_prohibition() || rejected) && icmp.sender.is_some_and(is_of_this_host) {
        fault.cause = Cause::DeniedLocally;
        fault.message = sentence!["this host's own firewall rejects the connection to ", address];
        fault = fault.concerning(Part::ThisHost, "its firewall, which rejects");
    } else if icmp.is_prohibition() {
        fault.cause = Cause::Prohibited;
        fault.message = sentence![who, " prohibits the connection to ", address];
        fault = fault.remedy(host::missing_rule(address, transport.slug(), icmp.sender));
    } else if rejected {
        fault = fault
            .owner(Owner::Network)
            .next_step("open the port in that firewall; a host without the service would have sent a reset")
            .remedy(host::missing_rule(address, transport.slug(), icmp.sender));
        fault.message = sentence![who, " rejects the connection to ", address];
    }
    let fault = match (fault.cause, icmp.sender) {
        (Cause::Prohibited | Cause::NetworkUnreachable, Some(sender)) => fault.concerning(Part::Router, sender),
        (Cause::HostUnreachable, _) => fault.concerning(Part::Host, address.ip()),
        _ => fault,
    };
    fault.evidence(sentence![text, "; ", ours(&icmp)])
}

/// Whether an address belongs to one of this host's interfaces.
fn is_of_this_host(address: IpAddr) -> bool {
    let own = |storage: SockaddrStorage| {
        let v4 = storage.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
        v4.or_else(|| storage.as_sockaddr_in6().map(|v6| v6.ip().into()))
    };
    getifaddrs().is_ok_and(|mut all| all.any(|interface| interface.address.and_then(own) == Some(address)))
}

/// The fault of a datagram socket, with what its error queue holds.
pub(crate) fn refusal_of(address: SocketAddr, error: io::Error, socket: &impl std::os::fd::AsRawFd) -> Fault {
    refusal(Transport::Udp, address, error, icmp(socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_families_alternate_beginning_with_the_systems_choice() {
        let address = |text: &str| SocketAddr::new(text.parse().expect("address"), 1);
        let given = ["::1", "::2", "::3", "127.0.0.1", "127.0.0.2"].map(address).to_vec();
        let wanted = ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"].map(address).to_vec();
        assert_eq!(interleaved(&given), wanted);
    }
}
