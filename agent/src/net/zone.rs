//! Addresses that count on one interface alone, shown with its name (RFC 4007 section 11): `[fe80::1%eth0]:80`.

use crate::secret::{Sentence, ours};
use nix::net::if_::if_indextoname;
use std::net::SocketAddr;

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
        assert_eq!((of("[fd00::1]:80").as_str(), of("10.0.0.1:80").as_str()), ("[fd00::1]:80", "10.0.0.1:80"));
    }
}
