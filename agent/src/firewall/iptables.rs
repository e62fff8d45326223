//! Commands of iptables and ip6tables for the host's own output (iptables(8)).

use super::{Format, shell};

const ABOUT: [&str; 5] = [
    "Egress rules of this host, by conn-check-convert-fw; to be run as root.",
    "They block nothing by themselves. Before `iptables -P OUTPUT DROP` and `ip6tables -P OUTPUT DROP` a host",
    "needs these too: -A OUTPUT -o lo -j ACCEPT (itself), -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED",
    "-j ACCEPT (answers), with ip6tables -A OUTPUT -p ipv6-icmp -j ACCEPT (neighbours), and its resolvers",
    "(conn-check-export-fw --with-dns).",
];

pub(super) const FORMAT: Format = Format {
    name: "iptables",
    aliases: &[],
    about: "iptables and ip6tables commands for the chain OUTPUT",
    group: None,
    write: |passages, _| {
        Ok(shell::commands(&ABOUT, passages, |to, transport, port| {
            let tool = if to.is_ipv4() { "iptables" } else { "ip6tables" };
            format!("{tool} -A OUTPUT -p {} --dport {port} -d {to} -j ACCEPT", transport.slug())
        }))
    },
};
