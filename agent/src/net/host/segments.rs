//! What the kernel knows of one TCP connection of this host: `TCP_INFO` (tcp(7)), asked for by the addresses of
//! the connection over `NETLINK_SOCK_DIAG` (`sock_diag(7)`). Any user; needs the kernel's `inet_diag`, which some
//! containers do not have.
//!
//! **A retransmission that does not leave this host** is told apart from one that is lost later by two numbers:
//! the kernel counts every attempt (`tcpi_total_retrans`), and as being on its way (`tcpi_retrans`) those alone
//! that its own firewall and queues let pass (`tcp_retransmit_skb` in `net/ipv4/tcp_output.c`, the same since
//! Linux 3.x). They belong to the socket: no other traffic of the host changes them.

use super::netlink::{ask, octets};
use nix::libc;
use nix::sys::socket::SockProtocol;
use std::net::SocketAddr;

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_INFO: u16 = 2;
/// How long the fixed part of an answer is (`inet_diag_msg`).
const FIXED: usize = 72;

/// One of the two ways of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Direction {
    /// To the peer.
    Towards,
    /// From it.
    From,
}

impl Direction {
    /// As a sentence has it, before the peer.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Towards => "towards",
            Self::From => "from",
        }
    }
}

/// A connection's numbers, as far as they are used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Segments {
    /// How often the kernel's patience has ended for what is unacknowledged now.
    pub(crate) timeouts: u8,
    /// Sent, and not acknowledged.
    pub(crate) unacknowledged: u32,
    /// Of these, received behind a gap (RFC 2018).
    pub(crate) received_behind_a_gap: u32,
    /// Sent again, and thought to be on their way.
    pub(crate) resent_under_way: u32,
    /// All attempts to send again.
    pub(crate) resent: u32,
    /// The largest payload of a segment towards the peer, and the one that it may send, in bytes.
    pub(crate) send_size: u32,
    pub(crate) receive_size: u32,
    /// Bytes that came in order.
    pub(crate) received: u64,
    /// Segments that came behind a gap (Linux 4.18; 0 on older ones).
    pub(crate) out_of_order: u32,
}

impl Segments {
    /// The numbers of the connection between these addresses.
    pub(crate) fn of(local: SocketAddr, remote: SocketAddr) -> Option<Self> {
        let (local, remote) = same_family(local, remote);
        let mut request = vec![super::netlink::family(remote.ip()), 6, 1 << (INET_DIAG_INFO - 1), 0];
        // All states.
        request.extend(u32::MAX.to_ne_bytes());
        request.extend([local.port().to_be_bytes(), remote.port().to_be_bytes()].concat());
        for address in [local, remote] {
            let mut octets = octets(address.ip());
            octets.resize(16, 0);
            request.extend(octets);
        }
        let scope = if let SocketAddr::V6(v6) = remote { v6.scope_id() } else { 0 };
        request.extend(scope.to_ne_bytes());
        // Whatever its cookie is (`INET_DIAG_NOCOOKIE`).
        request.extend([0xff; 8]);
        let answer = ask(SockProtocol::NetlinkSockDiag, SOCK_DIAG_BY_FAMILY, &request).ok()?;
        Self::read(answer.attribute(FIXED, INET_DIAG_INFO)?)
    }

    /// From the bytes of a `tcp_info` (linux/tcp.h), which grows from version to version.
    fn read(info: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_ne_bytes(info.get(at..at + 4)?.try_into().ok()?));
        let long = |at: usize| Some(u64::from_ne_bytes(info.get(at..at + 8)?.try_into().ok()?));
        Some(Self {
            timeouts: *info.get(2)?,
            send_size: word(16)?,
            receive_size: word(20)?,
            unacknowledged: word(24)?,
            received_behind_a_gap: word(28)?,
            resent_under_way: word(36)?,
            resent: word(100)?,
            received: long(128).unwrap_or_default(),
            out_of_order: word(224).unwrap_or_default(),
        })
    }

    /// Where segments seem to be lost: this host sends again what is not acknowledged, or something is missing before
    /// what came.
    pub(crate) const fn lost_direction(&self) -> Option<Direction> {
        if self.timeouts > 0 && self.unacknowledged > 0 {
            Some(Direction::Towards)
        } else if self.out_of_order > 0 {
            Some(Direction::From)
        } else {
            None
        }
    }

    /// The same where it has to do with their size: a smaller one behind them has arrived, more than once in vain.
    pub(crate) const fn direction_of_large(&self) -> Option<Direction> {
        const TIMES: u8 = 2;
        match self.lost_direction() {
            Some(Direction::Towards) if self.timeouts < TIMES || self.received_behind_a_gap == 0 => None,
            direction => direction,
        }
    }

    /// Whether this host itself keeps back what it tries to send again.
    pub(crate) const fn are_kept_here(self) -> bool {
        self.timeouts > 0 && self.resent > 0 && self.resent_under_way == 0 && self.unacknowledged > 0
    }
}

/// Both as the kernel keeps them: an IPv4 peer of a socket of both families is an IPv4 one.
fn same_family(local: SocketAddr, remote: SocketAddr) -> (SocketAddr, SocketAddr) {
    let canonical = |address: SocketAddr| match address {
        SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => {
            SocketAddr::new(address.ip().to_canonical(), address.port())
        }
        other => other,
    };
    (canonical(local), canonical(remote))
}

const _: () = assert!(libc::IPPROTO_TCP == 6, "the protocol of a request");

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "no check, and no phase")]
    fn a_connection_of_this_process_is_found_by_its_addresses() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let stream = std::net::TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        let segments =
            Segments::of(stream.local_addr().expect("local"), stream.peer_addr().expect("peer")).expect("its numbers");
        assert!(segments.send_size > 500, "{segments:?}");
        assert!(!segments.are_kept_here(), "{segments:?}");
        assert_eq!((segments.received, segments.out_of_order), (0, 0));
    }

    #[test]
    fn a_short_answer_of_an_old_kernel_is_read_as_far_as_it_goes() {
        assert_eq!(Segments::read(&[0; 104]).map(|read| read.received), Some(0));
        assert_eq!(Segments::read(&[0; 100]), None);
    }
}
