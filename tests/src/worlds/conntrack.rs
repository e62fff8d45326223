//! A table of connections without room (`nf_conntrack`), filled by ctnetlink.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, setsockopt, sockopt};

use crate::or_panic::OrPanic;

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW`, and `NLM_F_REQUEST | NLM_F_CREATE`.
const NEW: u16 = 1 << 8;
const CREATE: u16 = 0x401;

/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

/// `IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED`: nothing of this kind makes room for others.
const STAYS: u32 = 0xe;

/// How long each stays, seconds.
const LIFETIME: u32 = 600;

/// Entries of one system call.
const AT_ONCE: u32 = 200;

/// Fills the table of the namespace that this thread is in. The limit is the whole machine's; the count is the
/// namespace's own.
pub(super) fn fill() {
    let most: u32 = value("nf_conntrack_max");
    let netlink =
        socket::socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkNetFilter);
    let netlink: OwnedFd = netlink.or_panic("open a netlink socket");
    setsockopt(&netlink, sockopt::SndBufForce, &(1 << 22)).or_panic("widen a netlink socket");
    for first in (0..most).step_by(AT_ONCE as usize) {
        let entries: Vec<_> = (first..first + AT_ONCE).flat_map(entry).collect();
        socket::send(netlink.as_raw_fd(), &entries, MsgFlags::empty()).or_panic("add connections to the table");
    }
    let count: u32 = value("nf_conntrack_count");
    assert!(count >= most, "{count} of {most} connections are in the table");
}

fn value(name: &str) -> u32 {
    let text = fs::read_to_string(format!("/proc/sys/net/netfilter/{name}")).or_panic(format_args!("read {name}"));
    text.trim().parse().or_panic(format_args!("read {name}"))
}

/// The message that adds the entry of this number: datagrams between two addresses of TEST-NET-1.
fn entry(number: u32) -> Vec<u8> {
    let low = |number: u32| u16::try_from(number % 60_000).or_panic("number ports");
    let (near, far) = (([192, 0, 2, 1], 1 + low(number)), ([192, 0, 2, 2], 1 + low(number / 60_000)));
    let family = [2, 0, 0, 0];
    let status = attribute(3, &STAYS.to_be_bytes());
    let timeout = attribute(7, &LIFETIME.to_be_bytes());
    let body = [&family[..], &tuple(1, near, far), &tuple(2, far, near), &status, &timeout].concat();
    let length = u32::try_from(16 + body.len()).or_panic("measure a message");
    let head = [&length.to_ne_bytes()[..], &NEW.to_ne_bytes(), &CREATE.to_ne_bytes(), &[0; 8]].concat();
    [head, body].concat()
}

/// Who sends to whom in one direction.
fn tuple(kind: u16, from: ([u8; 4], u16), to: ([u8; 4], u16)) -> Vec<u8> {
    const UDP: u8 = 17;
    let addresses = [attribute(1, &from.0), attribute(2, &to.0)].concat();
    let ports = [attribute(2, &from.1.to_be_bytes()), attribute(3, &to.1.to_be_bytes())].concat();
    let protocol = [attribute(1, &[UDP]), ports].concat();
    attribute(kind | NESTED, &[attribute(1 | NESTED, &addresses), attribute(2 | NESTED, &protocol)].concat())
}

/// An attribute of netlink: length, kind, value, padded to four bytes.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).or_panic("measure an attribute");
    let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
