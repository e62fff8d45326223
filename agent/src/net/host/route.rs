//! By which way this host sends to an address: its routing tables (rtnetlink(7), `RTM_GETROUTE`).
//!
//! Any kernel that this program runs on has it, and any user may ask. Rules for a user are followed as for the
//! user who asks (`ip rule ... uidrange`, Linux 4.10); rules for a mark or a port of the application's are not.

use super::netlink::{self, Kernel, address, attribute, octets};
use nix::errno::Errno;
use std::net::{IpAddr, SocketAddr};

const RTM_GETROUTE: u16 = 26;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTAX_MTU: u16 = 2;
/// The address is one of this host's own (`rtm_type`).
const RTN_LOCAL: u8 = 2;
/// The address is that of all who are there.
const RTN_BROADCAST: u8 = 3;
/// The table of this host's own addresses (`RT_TABLE_LOCAL`).
const LOCAL: u32 = 255;
/// Tell the table that the route stands in, and not `main`.
const RTM_F_LOOKUP_TABLE: u32 = 0x1000;
/// How long the fixed part is (`rtmsg`), and where its kind stands.
const FIXED: usize = 12;
const KIND: usize = 7;

/// The way to an address, as this host has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Route {
    /// The number of the interface.
    pub(crate) interface: u32,
    /// The next router; none on a subnet of this host's own.
    pub(crate) gateway: Option<IpAddr>,
    /// The address that this host sends from.
    pub(crate) source: Option<IpAddr>,
    /// The number of the routing table (254 is `main`, 255 `local`).
    pub(crate) table: Option<u32>,
    /// What the route says of the size of a packet, in bytes.
    pub(crate) mtu: Option<u32>,
    /// The address is one of this host's own.
    pub(crate) is_local: bool,
    /// The address is that of all hosts of a network.
    pub(crate) is_broadcast: bool,
}

impl Route {
    /// The route to an address.
    ///
    /// # Errors
    /// What this host says to a connection there: `EHOSTUNREACH` (a route `unreachable`), `ENETUNREACH` (no
    /// route, or `throw`), `EACCES` (`prohibit`), `EINVAL` (`blackhole`); others when it cannot be asked.
    pub(super) fn told_by(kernel: &mut Kernel, destination: SocketAddr) -> Result<Self, Errno> {
        let ip = destination.ip();
        let octets = octets(ip);
        let bits = u8::try_from(octets.len() * 8).unwrap_or(128);
        let mut request = vec![netlink::family(ip), bits, 0, 0, 0, 0, 0, 0];
        request.extend(RTM_F_LOOKUP_TABLE.to_ne_bytes());
        request.extend(attribute(RTA_DST, &octets));
        if let SocketAddr::V6(v6) = destination
            && v6.scope_id() != 0
        {
            request.extend(attribute(RTA_OIF, &v6.scope_id().to_ne_bytes()));
        }
        let answer = kernel.ask(RTM_GETROUTE, &request)?;
        // A next hop of the other family comes behind the number of that family (RFC 5549).
        let via = || address(answer.attribute(FIXED, RTA_VIA)?.get(2..)?);
        let is_local = answer.byte(KIND) == Some(RTN_LOCAL);
        let metrics = answer.attribute(FIXED, RTA_METRICS).unwrap_or_default();
        Ok(Self {
            interface: answer.number(FIXED, RTA_OIF).ok_or(Errno::ENODEV)?,
            gateway: answer.address(FIXED, RTA_GATEWAY).or_else(via),
            source: answer.address(FIXED, RTA_PREFSRC),
            // Without rules of its own the kernel keeps `local` within `main` (`fib_unmerge` in `net/ipv4/fib_trie.c`).
            table: if is_local { Some(LOCAL) } else { answer.number(FIXED, RTA_TABLE) },
            mtu: nested(metrics, RTAX_MTU),
            is_local,
            is_broadcast: answer.byte(KIND) == Some(RTN_BROADCAST),
        })
    }

    /// Who has to take a packet for this address first.
    pub(crate) fn next_hop(&self, destination: SocketAddr) -> IpAddr {
        self.gateway.unwrap_or_else(|| destination.ip())
    }
}

/// A number within an attribute that holds others.
fn nested(mut attributes: &[u8], wanted: u16) -> Option<u32> {
    while let Some((&[a, b, c, d], _)) = attributes.split_first_chunk() {
        let length = usize::from(u16::from_ne_bytes([a, b]));
        let value = attributes.get(4..length)?;
        if u16::from_ne_bytes([c, d]) == wanted {
            return Some(u32::from_ne_bytes(value.try_into().ok()?));
        }
        attributes = attributes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::SockProtocol;

    #[test]
    fn loopback_is_of_this_host() {
        let mut kernel = Kernel::of(SockProtocol::NetlinkRoute).expect("netlink");
        for address in ["127.0.0.1:1", "[::1]:1"] {
            let route = Route::told_by(&mut kernel, address.parse().expect("address")).expect("a route");
            assert!(route.is_local, "{route:?}");
            assert_eq!((route.gateway, route.table), (None, Some(255)));
        }
    }
}
