//! An interface of this host (rtnetlink(7), `RTM_GETLINK`): any kernel, any user.

use super::netlink::Kernel;
use nix::errno::Errno;
use nix::libc;

const RTM_GETLINK: u16 = 18;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
/// How long the fixed part is (`ifinfomsg`), and where its flags stand.
const FIXED: usize = 16;
const FLAGS: usize = 8;

/// An interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Link {
    pub(crate) name: String,
    /// The largest packet that it takes, in bytes.
    pub(crate) mtu: u32,
    /// It was switched on, and there is a carrier: a cable, a peer.
    pub(crate) is_running: bool,
}

impl Link {
    /// The interface of this number.
    ///
    /// # Errors
    /// `ENODEV` when there is none.
    pub(super) fn told_by(kernel: &mut Kernel, index: u32) -> Result<Self, Errno> {
        let mut request = vec![0; 4];
        request.extend(index.to_ne_bytes());
        request.extend([0; 8]);
        let answer = kernel.ask(RTM_GETLINK, &request)?;
        let name = answer.attribute(FIXED, IFLA_IFNAME).unwrap_or_default();
        let flags = answer.word(FLAGS).unwrap_or_default();
        let running = u32::try_from(libc::IFF_UP | libc::IFF_LOWER_UP).unwrap_or_default();
        Ok(Self {
            name: String::from_utf8_lossy(name).trim_end_matches('\0').to_owned(),
            mtu: answer.number(FIXED, IFLA_MTU).unwrap_or_default(),
            is_running: flags & running == running,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::SockProtocol;

    #[test]
    fn the_first_interface_is_loopback() {
        let link = Link::told_by(&mut Kernel::of(SockProtocol::NetlinkRoute).expect("netlink"), 1).expect("loopback");
        assert_eq!(link.name, "lo");
        assert!(link.mtu >= 1280, "{link:?}");
    }
}
