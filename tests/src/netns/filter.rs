//! Firewalls of a namespace (nftables).

use std::fmt::{self, Display};
use std::process::Command;

use super::Namespace;
use crate::or_panic::OrPanic;
use crate::packages;

/// Which packets a rule is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// TCP segments.
    Tcp,
    /// UDP datagrams.
    Udp,
}

impl Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// What a firewall does with a packet it does not let pass, over IPv4 (ICMP) and IPv6 (`ICMPv6`) alike.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Nothing. In the sender's own output the sender gets `EPERM` for UDP.
    Drop,
    /// RST, for TCP only: looks like a port where nobody listens.
    Reset,
    /// Port unreachable: `ECONNREFUSED`.
    PortUnreachable,
    /// Host unreachable (3/1; IPv6: address unreachable 1/3): `EHOSTUNREACH`.
    HostUnreachable,
    /// Net unreachable (3/0; IPv6: no route 1/0): `ENETUNREACH`.
    NetUnreachable,
    /// Administratively prohibited (3/13: `EHOSTUNREACH`; IPv6 1/1: `EACCES`).
    Prohibited,
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drop => "drop",
            Self::Reset => "reject with tcp reset",
            Self::PortUnreachable => "reject with icmpx type port-unreachable",
            Self::HostUnreachable => "reject with icmpx type host-unreachable",
            Self::NetUnreachable => "reject with icmpx type no-route",
            Self::Prohibited => "reject with icmpx type admin-prohibited",
        })
    }
}

impl Namespace {
    /// Lets nothing in that is for `port`: the firewall of the server's host.
    pub fn filter_input(&self, transport: Transport, port: u16, answer: Answer) {
        self.filter("input", transport, port, answer);
    }

    /// Lets nothing out that is for `port`: the firewall of the client's own host.
    pub fn filter_output(&self, transport: Transport, port: u16, answer: Answer) {
        self.filter("output", transport, port, answer);
    }

    /// Takes all rules away again.
    ///
    /// # Panics
    /// When there is none, or it cannot be done.
    pub fn unfilter(&self) {
        let run = || Command::new(packages::needed("nft")).arg("delete table inet harness").output();
        let output = self.inside(run).or_panic("run nft");
        assert!(output.status.success(), "nft failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Adds a rule; the table and the chain are made by the first one.
    fn filter(&self, chain: &str, transport: Transport, port: u16, answer: Answer) {
        let rules = format!(
            "add table inet harness; add chain inet harness {chain} {{ type filter hook {chain} priority 0; }}; \
             add rule inet harness {chain} {transport} dport {port} {answer}"
        );
        let run = || Command::new(packages::needed("nft")).arg(&rules).output();
        let output = self.inside(run).or_panic("run nft");
        assert!(output.status.success(), "nft {rules} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
}
