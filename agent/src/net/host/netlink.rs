//! Questions to the kernel over netlink (netlink(7)). None needs a privilege, and none sends a packet.

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};

/// The head of a message: length, kind, flags, number, port (`nlmsghdr`).
const HEAD: usize = 16;

/// Answers beyond these are not read: a table of the kernel must not cost a run its time.
const MOST_BYTES: usize = 4 << 20;

/// One message of an answer: what follows its head.
#[derive(Debug)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// A number of the fixed part, which begins every message.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    /// Four bytes of the fixed part, in the order of this machine.
    pub(super) fn word(&self, at: usize) -> Option<u32> {
        number(self.0.get(at..at + 4)?)
    }

    /// Some bytes of the fixed part.
    pub(super) fn bytes(&self, at: usize, length: usize) -> Option<&[u8]> {
        self.0.get(at..at + length)
    }

    /// The attribute of a kind, behind a fixed part of so many bytes (`rtattr`, `nlattr`).
    pub(super) fn attribute(&self, fixed: usize, wanted: u16) -> Option<&[u8]> {
        let mut rest = self.0.get(fixed..)?;
        while let Some((&[a, b, c, d], _)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_ne_bytes([a, b]));
            // The two highest bits say how the value is laid out (`NLA_F_NESTED`, `NLA_F_NET_BYTEORDER`).
            let kind = u16::from_ne_bytes([c, d]) & 0x3fff;
            let value = rest.get(4..length)?;
            if kind == wanted {
                return Some(value);
            }
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        None
    }

    /// An attribute that is a number of four bytes.
    pub(super) fn number(&self, fixed: usize, wanted: u16) -> Option<u32> {
        number(self.attribute(fixed, wanted)?)
    }

    /// An attribute that is an address.
    pub(super) fn address(&self, fixed: usize, wanted: u16) -> Option<IpAddr> {
        address(self.attribute(fixed, wanted)?)
    }
}

/// Four bytes in the order of this machine.
fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// An address of either family, by its length.
pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// An address as the kernel takes it.
pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// The number of an address family, as it begins most requests.
pub(super) const fn family(address: IpAddr) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "2 and 10")]
    match address {
        IpAddr::V4(_) => libc::AF_INET as u8,
        IpAddr::V6(_) => libc::AF_INET6 as u8,
    }
}

/// An attribute to ask with.
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut attribute = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    attribute.extend(value);
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

/// A line to a part of the kernel.
#[derive(Debug)]
pub(super) struct Kernel {
    socket: OwnedFd,
    /// The number of the last question, which its answers have.
    number: u32,
}

impl Kernel {
    /// To the part that speaks this protocol.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT`, whatever the kernel says: a sandbox may forbid the question.
    pub(super) fn of(protocol: SockProtocol) -> Result<Self, Errno> {
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol);
        Ok(Self { socket: socket.map_err(|_| Errno::EPROTONOSUPPORT)?, number: 0 })
    }

    /// Asks for one thing.
    ///
    /// # Errors
    /// What the kernel says instead: `EHOSTUNREACH` for a route, `ENOENT` for a neighbour or a socket.
    pub(super) fn ask(&mut self, kind: u16, request: &[u8]) -> Result<Message, Errno> {
        self.send(kind, 0, request)?;
        self.answer(0)?.pop().ok_or(Errno::ENOMSG)
    }

    /// Asks for a whole table.
    ///
    /// # Errors
    /// As [`Kernel::ask`] has them.
    fn dump(&mut self, kind: u16, request: &[u8]) -> Result<Vec<Message>, Errno> {
        /// As much as the kernel tells at a time.
        const ROOM: usize = 64 << 10;
        self.send(kind, libc::NLM_F_DUMP, request)?;
        self.answer(ROOM)
    }

    fn send(&mut self, kind: u16, flags: i32, request: &[u8]) -> Result<(), Errno> {
        self.number += 1;
        let length = u32::try_from(HEAD + request.len()).unwrap_or(u32::MAX);
        let flags = u16::try_from(flags | libc::NLM_F_REQUEST).unwrap_or_default();
        let mut message = length.to_ne_bytes().to_vec();
        message.extend([kind.to_ne_bytes(), flags.to_ne_bytes()].concat());
        // From whoever the kernel takes us for.
        message.extend([self.number.to_ne_bytes(), 0_u32.to_ne_bytes()].concat());
        message.extend(request);
        send(self.socket.as_raw_fd(), &message, MsgFlags::empty()).map(drop)
    }

    /// The kernel answers while it is asked: what is not there at once never comes. Without room, there is as much as each
    /// message needs: of one there is not much.
    fn answer(&self, room: usize) -> Result<Vec<Message>, Errno> {
        let mut messages = Vec::new();
        let mut space = vec![0; room];
        let mut total = 0;
        while total < MOST_BYTES {
            if room == 0 {
                let look = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC;
                let length = recv(self.socket.as_raw_fd(), &mut [], look)?;
                space.resize(length, 0);
            }
            let count = recv(self.socket.as_raw_fd(), &mut space, MsgFlags::MSG_DONTWAIT)?;
            total += count;
            let mut rest = &space[..count];
            while let Some((&[a, b, c, d, e, f, g, h, i, j, k, l], _)) = rest.split_first_chunk() {
                let length = u32::from_ne_bytes([a, b, c, d]) as usize;
                let (kind, flags) = (u16::from_ne_bytes([e, f]), u16::from_ne_bytes([g, h]));
                let Some(body) = rest.get(HEAD..length) else { return Err(Errno::EBADMSG) };
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
                if u32::from_ne_bytes([i, j, k, l]) != self.number {
                    continue;
                }
                match i32::from(kind) {
                    libc::NLMSG_DONE => return Ok(messages),
                    libc::NLMSG_ERROR => {
                        let code = body.first_chunk().map_or(0, |&code| i32::from_ne_bytes(code));
                        return Err(Errno::from_raw(code.saturating_neg()));
                    }
                    _ => messages.push(Message(body.to_vec())),
                }
                if i32::from(flags) & libc::NLM_F_MULTI == 0 {
                    return Ok(messages);
                }
            }
        }
        Ok(messages)
    }
}

/// Asks one part of the kernel one thing.
///
/// # Errors
/// Those of [`Kernel`].
pub(super) fn ask(protocol: SockProtocol, kind: u16, request: &[u8]) -> Result<Message, Errno> {
    Kernel::of(protocol)?.ask(kind, request)
}

/// Asks it for a whole table.
///
/// # Errors
/// Those of [`Kernel`].
pub(super) fn dump(protocol: SockProtocol, kind: u16, request: &[u8]) -> Result<Vec<Message>, Errno> {
    Kernel::of(protocol)?.dump(kind, request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_behind_the_fixed_part_and_broken_ones_end_the_search() {
        let mut body = vec![7; 4];
        body.extend(attribute(1, b"eth0\0"));
        body.extend(attribute(5, &[10, 0, 0, 1]));
        let message = Message(body.clone());
        assert_eq!(message.attribute(4, 1), Some(&b"eth0\0"[..]));
        assert_eq!(message.address(4, 5), Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!(message.attribute(4, 9), None);
        body.extend([200, 0, 9, 0, 1]);
        assert_eq!(Message(body).attribute(4, 9), None);
        assert_eq!(Message(vec![0, 0, 0, 0, 0, 0]).attribute(0, 9), None);
    }

    #[test]
    fn the_kernel_tells_of_a_route_to_this_host() {
        let mut request = vec![0; 12];
        request[0] = 2;
        request[1] = 32;
        request.extend(attribute(1, &[127, 0, 0, 1]));
        let route = ask(SockProtocol::NetlinkRoute, 26, &request).expect("a route to loopback");
        assert_eq!(route.byte(0), Some(2));
    }
}
