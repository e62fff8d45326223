//! A packet as rules see it: a request to connect, or an answer to one.

use serde_json::Value;
use std::net::{IpAddr, SocketAddr};

/// Which way it goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::net::host) enum Bound {
    /// A request, from this host.
    Out,
    /// An answer, to this host.
    In,
}

/// A segment of TCP of which some is known.
#[derive(Clone, Debug)]
pub(in crate::net::host) struct Packet {
    pub(in crate::net::host) bound: Bound,
    /// The other end.
    pub(in crate::net::host) remote: SocketAddr,
    /// The address of this host.
    pub(in crate::net::host) own: Option<IpAddr>,
    /// Between which numbers this host's port is.
    pub(in crate::net::host) own_ports: (u16, u16),
    pub(in crate::net::host) interface: Option<String>,
    /// The numbers of user and group of whoever sends.
    pub(in crate::net::host) sender: (u32, u32),
    /// The other end is this host too.
    pub(in crate::net::host) is_local: bool,
    /// A rule may have given it another destination.
    pub(super) is_rewritten: bool,
    /// Connections are followed.
    pub(super) is_tracked: bool,
}

/// What is known of a field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Known {
    /// Nothing.
    Unknown,
    /// The packet has no such field: no condition on it holds.
    Absent,
    Address(IpAddr),
    /// It lies between these.
    Number(u64, u64),
    /// It has all these spellings.
    Word(&'static [&'static str]),
    /// An interface.
    Name(String),
    /// The interface that it comes in by, of one that goes out, and the other way round: there is none, which kernels
    /// take for an empty name, or for no such field.
    Nameless,
    /// Each of these is set, and no other.
    Flags(&'static [&'static str]),
}

impl Packet {
    /// What is known of the left side of a condition (libnftables-json(5)).
    pub(super) fn field(&self, left: &Value) -> Known {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(payload) = left.get("payload") {
            self.payload(&text(&payload["protocol"]), &text(&payload["field"]))
        } else if let Some(meta) = left.get("meta") {
            self.meta(&text(&meta["key"]))
        } else if let Some(ct) = left.get("ct") {
            self.connection(&text(&ct["key"]))
        } else if let Some(fib) = left.get("fib") {
            self.kind_of_address(&text(&fib["result"]), &fib["flags"])
        } else {
            Known::Unknown
        }
    }

    const fn is_out(&self) -> bool {
        matches!(self.bound, Bound::Out)
    }

    fn payload(&self, protocol: &str, field: &str) -> Known {
        match (protocol, field) {
            ("ip", _) if self.remote.is_ipv6() => Known::Absent,
            ("ip6", _) if self.remote.is_ipv4() => Known::Absent,
            ("ip" | "ip6", "saddr") => self.address(!self.is_out()),
            ("ip" | "ip6", "daddr") => self.address(self.is_out()),
            ("ip", "protocol") | ("ip6", "nexthdr") => Known::Word(TCP),
            ("tcp" | "th", "sport") => self.port(!self.is_out()),
            ("tcp" | "th", "dport") => self.port(self.is_out()),
            ("tcp", "flags") if self.is_out() => Known::Flags(&["syn"]),
            ("udp" | "udplite" | "sctp" | "dccp" | "icmp" | "icmpv6" | "igmp" | "ah" | "esp" | "comp" | "arp", _) => {
                Known::Absent
            }
            _ => Known::Unknown,
        }
    }

    fn address(&self, remote: bool) -> Known {
        match (remote, self.own) {
            _ if self.is_rewritten => Known::Unknown,
            (true, _) => Known::Address(self.remote.ip()),
            (false, own) => own.map_or(Known::Unknown, Known::Address),
        }
    }

    fn port(&self, remote: bool) -> Known {
        let (low, high) = if remote { (self.remote.port(), self.remote.port()) } else { self.own_ports };
        if self.is_rewritten { Known::Unknown } else { Known::Number(low.into(), high.into()) }
    }

    fn meta(&self, key: &str) -> Known {
        let one = |number: u32| Known::Number(number.into(), number.into());
        match key {
            "l4proto" => Known::Word(TCP),
            "nfproto" if self.remote.is_ipv4() => Known::Word(&["ipv4", "2"]),
            "nfproto" => Known::Word(&["ipv6", "10"]),
            "protocol" if self.remote.is_ipv4() => Known::Word(&["ip", "2048"]),
            "protocol" => Known::Word(&["ip6", "34525"]),
            "oifname" | "oif" if self.is_out() => self.interface.clone().map_or(Known::Unknown, Known::Name),
            "iifname" | "iif" if !self.is_out() => self.interface.clone().map_or(Known::Unknown, Known::Name),
            "oifname" | "oif" | "iifname" | "iif" => Known::Nameless,
            "skuid" if self.is_out() => one(self.sender.0),
            "skgid" if self.is_out() => one(self.sender.1),
            _ => Known::Unknown,
        }
    }

    fn connection(&self, key: &str) -> Known {
        match (key, self.bound) {
            _ if !self.is_tracked => Known::Unknown,
            ("state", Bound::Out) => Known::Flags(&["new"]),
            ("state", Bound::In) => Known::Flags(&["established"]),
            ("direction", Bound::Out) => Known::Word(&["original", "0"]),
            ("direction", Bound::In) => Known::Word(&["reply", "1"]),
            _ => Known::Unknown,
        }
    }

    /// Of which kind an address is to this host.
    fn kind_of_address(&self, result: &str, flags: &Value) -> Known {
        let only = flags.as_array().filter(|flags| flags.len() == 1).map_or(flags, |flags| &flags[0]);
        let remote = match only.as_str() {
            Some("daddr") => self.is_out(),
            Some("saddr") => !self.is_out(),
            _ => return Known::Unknown,
        };
        match (result, remote) {
            _ if self.is_rewritten => Known::Unknown,
            ("type", true) if !self.is_local => Known::Word(&["unicast"]),
            ("type", _) => Known::Word(&["local"]),
            _ => Known::Unknown,
        }
    }
}

const TCP: &[&str] = &["tcp", "6"];
