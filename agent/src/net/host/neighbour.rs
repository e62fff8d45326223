//! Whether the next station on a cable answers for its address: the tables of ARP (RFC 826) and of neighbour
//! discovery (RFC 4861), by `RTM_GETNEIGH` of one entry (rtnetlink(7)). Linux 5.0 and later, any user; older
//! kernels refuse the question, and nothing is known.

use super::netlink::{ask, attribute, family, octets};
use nix::sys::socket::SockProtocol;
use std::net::IpAddr;

const RTM_GETNEIGH: u16 = 30;
const NDA_DST: u16 = 1;
/// Where the state stands in the fixed part (`ndmsg`).
const STATE: usize = 8;
/// Asked for, without an answer so far; and given up.
const NUD_INCOMPLETE: u32 = 0x01;
const NUD_FAILED: u32 = 0x20;

/// Whether the neighbour was asked for its hardware address and has not answered.
pub(crate) fn is_silent(neighbour: IpAddr, interface: u32) -> bool {
    let mut request = vec![family(neighbour), 0, 0, 0];
    request.extend(interface.to_ne_bytes());
    request.extend([0; 4]);
    request.extend(attribute(NDA_DST, &octets(neighbour)));
    let answer = ask(SockProtocol::NetlinkRoute, RTM_GETNEIGH, &request);
    // Two bytes of state, then flags and kind: whichever way round, the state is in the first two.
    let state = answer.ok().and_then(|answer| Some(u16::from_ne_bytes(answer.bytes(STATE, 2)?.try_into().ok()?)));
    state.is_some_and(|state| u32::from(state) & (NUD_INCOMPLETE | NUD_FAILED) != 0)
}
