//! The firewalls that are told by commands, one for each port: what people read, change and then hand
//! to a shell.

use super::Ports;
use super::format::{Format, Write};
use crate::text::shell_word;

/// The AWS command line for a security group of EC2
/// (<https://docs.aws.amazon.com/cli/latest/reference/ec2/authorize-security-group-egress.html>).
pub(super) const AWS: Format = Format {
    name: "aws",
    aliases: &["amazon", "ec2"],
    about: "aws ec2 commands for a security group",
    group: Some("the ID of the security group"),
    write: Write::Commands(
        &[
            "Egress rules of a security group, by conn-check-convert-fw.",
            "A new group lets everything out: for these rules to mean something, take that rule away",
            "(aws ec2 revoke-security-group-egress --protocol all --cidr 0.0.0.0/0).",
        ],
        |group, to, protocol, port| {
            let (cidr, Ports { first, last }) = (to.cidr(), port);
            let what = if to.is_ipv4() {
                format!("--protocol {protocol} --port {port} --cidr {cidr}")
            } else {
                // The short options know IPv4 only.
                let permission =
                    format!("IpProtocol={protocol},FromPort={first},ToPort={last},Ipv6Ranges=[{{CidrIpv6={cidr}}}]");
                format!("--ip-permissions {}", shell_word(&permission))
            };
            format!("aws ec2 authorize-security-group-egress --group-id {group} {what}")
        },
    ),
};

/// iptables and ip6tables for the host's own output (iptables(8)).
pub(super) const IPTABLES: Format = Format {
    name: "iptables",
    aliases: &[],
    about: "iptables and ip6tables commands for the chain OUTPUT",
    group: None,
    write: Write::Commands(
        &[
            "Egress rules of this host, by conn-check-convert-fw; to be run as root.",
            "They block nothing by themselves. Before `iptables -P OUTPUT DROP` and `ip6tables -P OUTPUT DROP` a host",
            "needs these too: -A OUTPUT -o lo -j ACCEPT (itself), -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED",
            "-j ACCEPT (answers), with ip6tables -A OUTPUT -p ipv6-icmp -j ACCEPT (neighbours), and its resolvers",
            "(conn-check-export-fw --with-dns).",
        ],
        |_, to, protocol, port| {
            let tool = if to.is_ipv4() { "iptables" } else { "ip6tables" };
            let port = port.with(":");
            format!("{tool} -A OUTPUT -p {protocol} --dport {port} -d {to} -j ACCEPT")
        },
    ),
};

/// The old client of `OpenStack`'s network service, as the original writes it; that client is gone from
/// today's releases (see [`OPENSTACK_CLI`]).
pub(super) const NEUTRON: Format = Format {
    name: "neutron",
    aliases: &["openstack", "os"],
    about: "neutron commands for a security group",
    group: Some("the name or ID of the security group"),
    write: Write::Commands(
        &[
            "Egress rules of a security group, by conn-check-convert-fw.",
            "Without the neutron client: --type openstack-cli writes the same for today's.",
        ],
        |group, to, protocol, port| {
            let (family, cidr, Ports { first, last }) = (family(to.is_ipv4()), to.cidr(), port);
            format!(
                "neutron security-group-rule-create --direction egress --ethertype {family} --protocol {protocol} \
                 --port-range-min {first} --port-range-max {last} --remote-ip-prefix {cidr} {group}"
            )
        },
    ),
};

/// The old client of `OpenStack`'s compute service, as the original writes it.
pub(super) const NOVA: Format = Format {
    name: "nova",
    aliases: &[],
    about: "nova commands for a security group",
    group: Some("the name or ID of the security group"),
    write: Write::Commands(
        &[
            "Rules of a security group of nova, by conn-check-convert-fw.",
            "nova's groups filter what comes in, and let everything out: these commands belong to the group of",
            "the machines that are connected to, and the range in them is to be that of the clients.",
            "For egress rules use neutron or openstack-cli; the client has lost this command in 2017.",
        ],
        |group, to, protocol, Ports { first, last }| {
            format!("nova secgroup-add-rule {group} {protocol} {first} {last} {}", to.cidr())
        },
    ),
};

/// Today's `OpenStack` client
/// (<https://docs.openstack.org/python-openstackclient/latest/cli/command-objects/security-group-rule.html>).
pub(super) const OPENSTACK_CLI: Format = Format {
    name: "openstack-cli",
    aliases: &[],
    about: "openstack commands for a security group",
    group: Some("the name or ID of the security group"),
    write: Write::Commands(
        &[
            "Egress rules of a security group, by conn-check-convert-fw.",
            "A new group lets everything out: for these rules to mean something, take its two rules without a",
            "port away (openstack security group rule list --egress GROUP).",
        ],
        |group, to, protocol, port| {
            let (family, cidr, port) = (family(to.is_ipv4()), to.cidr(), port.with(":"));
            format!(
                "openstack security group rule create --egress --ethertype {family} --protocol {protocol} \
                 --dst-port {port} --remote-ip {cidr} {group}"
            )
        },
    ),
};

/// Ubuntu's simple firewall for the host's own output (ufw(8)).
pub(super) const UFW: Format = Format {
    name: "ufw",
    aliases: &[],
    about: "ufw commands for what goes out",
    group: None,
    write: Write::Commands(
        &[
            "Egress rules of this host, by conn-check-convert-fw; to be run as root.",
            "They block nothing by themselves: `ufw default deny outgoing` does, then `ufw enable`. ufw lets",
            "loopback and answers out, but not look-ups: add the resolvers (conn-check-export-fw --with-dns).",
        ],
        // Without `out` ufw would open this host's own port.
        |_, to, protocol, port| format!("ufw allow out proto {protocol} from any to {to} port {}", port.with(":")),
    ),
};

/// What `OpenStack` calls the families.
const fn family(ipv4: bool) -> &'static str {
    if ipv4 { "IPv4" } else { "IPv6" }
}
