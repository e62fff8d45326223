//! The network under the checks: names, connections, TLS, proxies, bounded reads, and who answered.
//!
//! Sockets are opened here and nowhere else; phases and deadlines are the [`Probe`](crate::probe::Probe)'s.

mod certificate;
pub(crate) mod challenge;
mod clock;
mod connect;
mod detour;
pub(crate) mod dns;
mod endpoint;
pub(crate) mod host;
pub(crate) mod identify;
pub(crate) mod listen;
pub(crate) mod nameserver;
pub(crate) mod notify;
mod path;
pub(crate) mod pem;
pub(crate) mod proxy;
mod proxy_variables;
pub(crate) mod question;
pub(crate) mod reason;
mod resolv_conf;
pub(crate) mod resolve;
mod slowness;
pub(crate) mod socks;
pub(crate) mod starttls;
mod talk;
mod target;
pub(crate) mod tls;
mod trust;
mod wire;
pub(crate) mod zone;

pub(crate) use clock::{within, within_exactly};
pub(crate) use connect::{
    Race, address as connect, datagram, has_route, in_segments as connect_in_segments, refusal_of, summary, unix,
};
pub(crate) use detour::Detour;
pub(crate) use endpoint::{BadHost, Endpoint, Host, HostKind, NO_IPV4, Port, Transport};
pub(crate) use nameserver::resolvers_of_this_host;
pub use proxy_variables::{PROXY_VARIABLES, ProxyVariables};
pub(crate) use question::{Answered, Question};
pub(crate) use resolv_conf::ResolvConf;
pub(crate) use resolve::{Resolved, Resolver, SLOW};
pub(crate) use talk::Talk;
pub(crate) use target::Target;
pub(crate) use tls::{TlsMode, TlsOptions, Verification};
pub(crate) use trust::{Roots, Trust};
pub(crate) use wire::{ALLOWANCE, Seen, Wire};

use crate::catalogue::Cause;
use crate::concern::Part;
use crate::fault::Fault;
use nix::libc;
use std::io;

/// Which address families may be used (`-4`, `-6`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Family {
    /// Both.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    /// Whether an address may be used.
    #[must_use]
    pub const fn takes(self, address: std::net::IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&io::Error> for Fault {
    /// The cause of an I/O error by its errno, or by the TLS error or the byte limit inside it.
    fn from(error: &io::Error) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<tls::Broken>()) {
            return tls::fault_of_broken(error);
        }
        if let Some(limit) = error.get_ref().and_then(|inner| inner.downcast_ref::<wire::TooMuch>()) {
            return Self::new(Cause::TooLarge, limit.to_string());
        }
        let (cause, message) = errno_cause(error).unwrap_or_else(|| kind_cause(error.kind()));
        let fault = Self::new(cause, message).evidence(error.to_string()).caused_by(error);
        match error.raw_os_error().and_then(limit) {
            Some(limit) => fault.concerning(Part::ThisHost, limit),
            None => fault,
        }
    }
}

/// Of what this host has no more.
const fn limit(errno: i32) -> Option<&'static str> {
    Some(match errno {
        libc::EMFILE | libc::ENFILE => DESCRIPTORS,
        libc::EADDRNOTAVAIL => "local ports",
        libc::ENOBUFS | libc::ENOMEM => "memory",
        libc::EPERM => "a denial (EPERM)",
        libc::EACCES => "a denial (EACCES)",
        _ => return None,
    })
}

/// What a process may have open.
const DESCRIPTORS: &str = "file descriptors";

fn errno_cause(error: &io::Error) -> Option<(Cause, &'static str)> {
    Some(match error.raw_os_error()? {
        libc::ECONNREFUSED => (Cause::Refused, "the connection was refused"),
        libc::ECONNRESET => (Cause::Reset, "the peer reset the connection"),
        libc::EPIPE | libc::ECONNABORTED | libc::ENOTCONN | libc::ESHUTDOWN => {
            (Cause::Closed, "the peer closed the connection")
        }
        libc::ETIMEDOUT => (Cause::Timeout, "the kernel gave up waiting for an answer"),
        libc::EHOSTUNREACH | libc::EHOSTDOWN => {
            (Cause::HostUnreachable, "the network reports that the host is unreachable")
        }
        // Without IPv6 in the kernel there is not even a socket for it.
        libc::ENETUNREACH | libc::ENETDOWN | libc::EAFNOSUPPORT => {
            (Cause::NetworkUnreachable, "there is no route to that network")
        }
        libc::EPERM | libc::EACCES => (Cause::DeniedLocally, "this host does not permit it"),
        libc::EMFILE | libc::ENFILE => (Cause::LocalLimit, "this host has no file descriptor left for it"),
        libc::EADDRNOTAVAIL => (Cause::LocalLimit, "this host has no local port or address left for it"),
        libc::ENOBUFS | libc::ENOMEM => (Cause::LocalLimit, "this host has no memory left for it"),
        // What else ICMP can be the cause of (`icmp_err_convert` in net/ipv4/icmp.c).
        libc::ENOPROTOOPT | libc::EOPNOTSUPP | libc::ENONET => {
            (Cause::HostUnreachable, "the network reports that the host does not take this")
        }
        libc::EMSGSIZE => (Cause::LocalLimit, "this is longer than this host can send"),
        // Of an address: no other program of this host would fare better.
        libc::EINVAL | libc::EDESTADDRREQ => return None,
        // All others are answers of this kernel alone.
        _ => (Cause::LocalLimit, "this host cannot do it"),
    })
}

const fn kind_cause(kind: io::ErrorKind) -> (Cause, &'static str) {
    match kind {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            (Cause::Closed, "the peer closed the connection")
        }
        io::ErrorKind::ConnectionReset => (Cause::Reset, "the peer reset the connection"),
        io::ErrorKind::TimedOut => (Cause::Timeout, "no answer in time"),
        _ => (Cause::Malformed, "the answer was not understood"),
    }
}
