//! Commands of today's `OpenStack` client
//! (<https://docs.openstack.org/python-openstackclient/latest/cli/command-objects/security-group-rule.html>).

use super::neutron::family;
use super::{Format, shell};

const ABOUT: [&str; 3] = [
    "Egress rules of a security group, by conn-check-convert-fw.",
    "A new group lets everything out: for these rules to mean something, take its two rules without a",
    "port away (openstack security group rule list --egress GROUP).",
];

pub(super) const FORMAT: Format = Format {
    name: "openstack-cli",
    aliases: &[],
    about: "openstack commands for a security group",
    group: Some("the name or ID of the security group"),
    write: |passages, group| {
        let group = shell::group(group);
        Ok(shell::commands(&ABOUT, passages, |to, transport, port| {
            let (family, protocol, cidr) = (family(to.is_ipv4()), transport.slug(), to.cidr());
            format!(
                "openstack security group rule create --egress --ethertype {family} --protocol {protocol} \
                 --dst-port {port} --remote-ip {cidr} {group}"
            )
        }))
    },
};
