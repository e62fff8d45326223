//! Addresses that count on one interface alone, shown with its name (RFC 4007 section 11): `[fe80::1%eth0]:80`.

use crate::fault::{Cause, Fault, Phase};
use crate::secret::{Sentence, ours, sentence};
use nix::net::if_::if_indextoname;
use std::net::{IpAddr, SocketAddr};

/// An address as a person writes it.
pub(crate) fn shown(address: SocketAddr) -> String {
    match zone(address) {
        Some(zone) => format!("[{}%{zone}]:{}", address.ip(), address.port()),
        None => address.to_string(),
    }
}

/// The interface that an address is for.
pub(crate) fn zone(address: SocketAddr) -> Option<String> {
    let SocketAddr::V6(v6) = address else { return None };
    let name = if_indextoname(v6.scope_id()).ok()?.to_string_lossy().into_owned();
    // The binding gives an empty one where there is none.
    Some(name).filter(|name| !name.is_empty())
}

/// The fault of an address that is another one on every link, where none is named: the kernel takes it for nobody's (RFC
/// 4291 section 2.5.6).
pub(crate) fn lacking(address: SocketAddr) -> Option<Fault> {
    let SocketAddr::V6(v6) = address else { return None };
    let ip = *v6.ip();
    let lacks = ip.is_unicast_link_local() && v6.scope_id() == 0;
    lacks.then(|| {
        Fault::new(Cause::BadName, sentence![IpAddr::from(ip), " is an address of one link, and no interface is named"])
            .at(Phase::Resolve)
            .next_step(sentence![
                "write it with the interface that leads there, as ",
                IpAddr::from(ip),
                "%eth0; `ip -6 neigh` shows which it is"
            ])
    })
}

impl From<SocketAddr> for Sentence {
    fn from(address: SocketAddr) -> Self {
        ours(&shown(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_one_link_names_its_interface() {
        let of = |text: &str| shown(text.parse().expect("an address"));
        assert_eq!(of("[fe80::1%1]:80"), "[fe80::1%lo]:80");
        // Nobody has this one: the number stays.
        assert_eq!(of("[fe80::1%4000000000]:80"), "[fe80::1%4000000000]:80");
        let lacks = |text: &str| lacking(text.parse().expect("an address")).is_some();
        assert!(
            lacks("[fe80::1]:80") && !lacks("[fe80::1%1]:80") && !lacks("[fd00::1]:80") && !lacks("169.254.0.1:80")
        );
        assert_eq!((of("[fd00::1]:80").as_str(), of("10.0.0.1:80").as_str()), ("[fd00::1]:80", "10.0.0.1:80"));
    }
}
