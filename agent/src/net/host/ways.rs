//! By which way this host sends to the addresses that answer, for who wants to know later what changed.

use super::Way;
use super::link::Link;
use super::netlink::Kernel;
use nix::errno::Errno;
use nix::sys::socket::SockProtocol;
use serde_json::Value;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

/// By which way this host sends to an address, each asked for once in a run, and all over one line to the kernel; of its own
/// addresses there is nothing to say.
#[derive(Debug, Default)]
pub(crate) struct Ways(Mutex<Asked>);

/// What was asked.
#[derive(Debug, Default)]
struct Asked {
    kernel: Option<Result<Kernel, Errno>>,
    links: HashMap<u32, Option<Link>>,
    ways: HashMap<IpAddr, Option<Value>>,
}

impl Ways {
    /// As [`Way::facts`] tells it.
    pub(crate) fn to(&self, address: SocketAddr) -> Option<Value> {
        if address.ip().to_canonical().is_loopback() {
            return None;
        }
        let Asked { kernel, links, ways } = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ask = || {
            let kernel = kernel.get_or_insert_with(|| Kernel::of(SockProtocol::NetlinkRoute)).as_mut().ok()?;
            let link = |kernel: &mut Kernel, index| {
                links.entry(index).or_insert_with(|| Link::told_by(kernel, index).ok()).clone()
            };
            let way = Way::told_by(kernel, address, link);
            if way.is_local() { None } else { way.facts() }
        };
        ways.entry(address.ip()).or_insert_with(ask).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_this_hosts_own_addresses_there_is_nothing_to_say() {
        let ways = Ways::default();
        for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(ways.to(address.parse().expect("address")), None, "{address}");
        }
        assert!(ways.0.lock().expect("nobody else has it").kernel.is_none(), "nothing was asked");
    }
}
