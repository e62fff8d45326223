//! Where a rule leads: a host, or a whole network.

use crate::net::{BadHost, Host, HostKind};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that have their first bits in common (RFC 4632, RFC 4291 section 2.3). Ordered by
/// family, address and length.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Network {
    address: IpAddr,
    /// How many bits: 0 to 32, or to 128.
    length: u8,
}

impl Network {
    /// One address alone. An IPv4 address that is written as IPv6 is the IPv4 address (RFC 4291
    /// section 2.5.5.2): that is what leaves the host.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, length: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Whether it is one of IPv4.
    #[must_use]
    pub const fn is_ipv4(self) -> bool {
        self.address.is_ipv4()
    }

    /// `address/length`, also of one address alone.
    #[must_use]
    pub fn cidr(self) -> String {
        format!("{}/{}", self.address, self.length)
    }

    /// Reads what stands behind `ADDRESS/`.
    fn parse(address: IpAddr, length: &str) -> Result<Self, BadDestination> {
        let most = if address.is_ipv4() { 32 } else { 128 };
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = Some(length).filter(|_| digits).and_then(|length| length.parse().ok());
        let length = length.filter(|length| *length <= most).ok_or(BadDestination::Length { most })?;
        let network = Self { address: first_of(address, length), length };
        if network.address == address { Ok(network) } else { Err(BadDestination::HostBits(network)) }
    }
}

/// The address without the bits behind the first `length`.
fn first_of(address: IpAddr, length: u8) -> IpAddr {
    let length = u32::from(length);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

impl fmt::Display for Network {
    /// As most tools take it: one address alone without its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::of(self.address) { self.address.fmt(f) } else { f.write_str(&self.cidr()) }
    }
}

/// Why a text is not a destination.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BadDestination {
    /// Neither a name nor an address.
    Host(BadHost),
    /// The length of a network is not a number of bits, of which there are so many at most.
    Length { most: u8 },
    /// The address of a network has bits beyond its length, without which it is this network.
    HostBits(Network),
}

impl fmt::Display for BadDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(bad) => bad.fmt(f),
            Self::Length { most } => write!(f, "a network has 0 to {most} bits"),
            Self::HostBits(network) => {
                write!(f, "the address has bits beyond the length of the network; the network is {}", network.cidr())
            }
        }
    }
}

/// What `to_host` says.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Destination {
    /// A name that has yet to be resolved, in its ASCII form.
    Name(String),
    /// An address or a network.
    Network(Network),
}

impl Destination {
    /// Reads a name, an address (a zone is left out: no firewall knows it) or a network.
    ///
    /// # Errors
    /// Which rule the text breaks.
    pub(super) fn parse(text: &str) -> Result<Self, BadDestination> {
        if let Some((address, length)) = text.split_once('/')
            && let Ok(address) = address.parse()
        {
            return Network::parse(address, length).map(Self::Network);
        }
        let host = Host::parse(text).map_err(BadDestination::Host)?;
        Ok(match host.kind() {
            HostKind::Address(address, _) => Self::Network(Network::of(*address)),
            HostKind::Name(_) => Self::Name(host.bare()),
        })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Network(network) => network.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_networks_are_distinguished() {
        for (text, shown) in [
            ("db.internal.", "db.internal"),
            ("B\u{fc}cher.example", "xn--bcher-kva.example"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.1/32", "192.0.2.1"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(Destination::parse(text).expect(text).to_string(), shown);
        }
    }

    #[test]
    fn what_is_not_a_destination_is_refused() {
        for text in ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/+8", "::1/129", "10.0.0.0/", "a/8", "$(reboot)", "a\nb"]
        {
            assert!(Destination::parse(text).is_err(), "{text:?} must be refused");
        }
    }
}
