//! What listens on this host: its TCP sockets in the state LISTEN (`sock_diag(7)`, any user), and the programs that
//! hold them, as far as `/proc` lets this user see (proc(5): its own processes; root: all).

use super::netlink::{self, address, dump};
use crate::services::Service;
use nix::libc;
use nix::sys::socket::SockProtocol;
use nix::unistd::{Uid, User};
use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// `1 << TCP_LISTEN`.
const LISTEN: u32 = 1 << 10;
/// Where things stand in the fixed part of an answer (`inet_diag_msg`).
const PORT: usize = 4;
const ADDRESS: usize = 8;
const WAITING: usize = 56;
const ROOM: usize = 60;
const USER: usize = 64;
const INODE: usize = 68;

/// A socket that listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Listener {
    pub(crate) place: SocketAddr,
    user: u32,
    inode: u32,
    /// Connections that wait to be accepted, and how many may.
    pub(crate) waiting: u32,
    room: u32,
}

/// The program behind a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) pid: u32,
}

/// What listens on this host, once looked up.
#[derive(Debug)]
pub(crate) struct Listeners {
    all: Vec<Listener>,
    programs: HashMap<u32, Program>,
}

impl Listeners {
    /// As it is now.
    pub(crate) fn now() -> Self {
        let all: Vec<_> = [libc::AF_INET, libc::AF_INET6].into_iter().flat_map(of_family).collect();
        let programs = if all.is_empty() { HashMap::new() } else { programs(&all) };
        Self { all, programs }
    }

    /// Those on a port, but for the ones that would have taken a connection to the place itself.
    pub(crate) fn elsewhere(&self, place: SocketAddr) -> impl Iterator<Item = &Listener> {
        self.all.iter().filter(move |other| other.place.port() == place.port() && !other.takes(place))
    }

    /// One that takes connections to the place.
    pub(crate) fn at(&self, place: SocketAddr) -> Option<&Listener> {
        self.all.iter().find(|other| other.takes(place))
    }

    /// Those of a service's programs on other ports, where one of the two ports is usual for it: on odd ones there may
    /// be any number of them.
    pub(crate) fn of_service(&self, service: &'static Service, port: u16) -> impl Iterator<Item = &Listener> {
        let is_usual = move |other: u16| service.ports.has(port) || service.ports.has(other);
        self.all.iter().filter(move |other| {
            let is_its = |program: &Program| service.programs.contains(&program.name.as_str());
            other.place.port() != port && is_usual(other.place.port()) && self.program(other).is_some_and(is_its)
        })
    }

    /// The program behind one, where this user may see it.
    pub(crate) fn program(&self, listener: &Listener) -> Option<&Program> {
        self.programs.get(&listener.inode)
    }
}

impl Listener {
    /// Whether a connection to the place comes to this one: its own address, or any (an unspecified IPv6 address
    /// takes IPv4 too, unless the program asked otherwise: ipv6(7), `IPV6_V6ONLY`).
    fn takes(&self, place: SocketAddr) -> bool {
        let (own, wanted) = (self.place.ip().to_canonical(), place.ip().to_canonical());
        let any = own.is_unspecified() && (own.is_ipv6() || wanted.is_ipv4());
        self.place.port() == place.port() && (own == wanted || any)
    }

    /// No more may wait: requests to connect are dropped (`sk_acceptq_is_full` in net/core/sock.h: one more than said).
    pub(crate) const fn is_full(&self) -> bool {
        self.waiting > self.room
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> String {
        let name = User::from_uid(Uid::from_raw(self.user)).ok().flatten().map(|user| user.name);
        name.unwrap_or_else(|| self.user.to_string())
    }
}

fn of_family(family: i32) -> Vec<Listener> {
    let mut request = vec![u8::try_from(family).unwrap_or_default(), 6, 0, 0];
    request.extend(LISTEN.to_ne_bytes());
    // Any addresses, any cookie.
    request.resize(56, 0);
    let length = if family == libc::AF_INET { 4 } else { 16 };
    let listener = |message: netlink::Message| {
        let port = u16::from_be_bytes(message.bytes(PORT, 2)?.try_into().ok()?);
        let ip: IpAddr = address(message.bytes(ADDRESS, length)?)?;
        Some(Listener {
            place: SocketAddr::new(ip, port),
            user: message.word(USER)?,
            inode: message.word(INODE)?,
            waiting: message.word(WAITING)?,
            room: message.word(ROOM)?,
        })
    };
    let answers = dump(SockProtocol::NetlinkSockDiag, SOCK_DIAG_BY_FAMILY, &request).unwrap_or_default();
    answers.into_iter().filter_map(listener).collect()
}

/// The programs behind sockets, by the sockets' numbers: whoever holds one first.
fn programs(listeners: &[Listener]) -> HashMap<u32, Program> {
    let mut found = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for (pid, process) in processes.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
    {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        for target in files.filter_map(|file| fs::read_link(file.path()).ok()) {
            let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            let Some(inode) = inode.filter(|inode| listeners.iter().any(|listener| listener.inode == *inode)) else {
                continue;
            };
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            found.entry(inode).or_insert_with(|| Program { name: name.trim_end().to_owned(), pid });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_socket_of_this_process_is_found_with_its_program() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let place = listener.local_addr().expect("address");
        let listeners = Listeners::now();
        let own = listeners.at(place).expect("the own socket");
        assert_eq!(listeners.program(own).map(|program| program.pid), Some(std::process::id()));
        let beside = SocketAddr::new(IpAddr::from([127, 0, 0, 9]), place.port());
        assert_eq!(listeners.elsewhere(beside).map(|other| other.place).collect::<Vec<_>>(), [place]);
        assert_eq!(listeners.elsewhere(place).count(), 0);
    }

    #[test]
    fn an_unspecified_address_takes_what_is_for_any() {
        let listener =
            |place: &str| Listener { place: place.parse().expect("place"), user: 0, inode: 1, waiting: 0, room: 0 };
        let place = "10.0.0.1:80".parse().expect("place");
        assert!(listener("0.0.0.0:80").takes(place));
        assert!(listener("[::]:80").takes(place));
        assert!(!listener("127.0.0.1:80").takes(place));
        assert!(!listener("0.0.0.0:80").takes("[::1]:80".parse().expect("place")));
    }
}
