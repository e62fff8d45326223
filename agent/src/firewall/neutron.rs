//! Commands of the old client of `OpenStack`'s network service, as the original writes them; that
//! client is gone from today's releases (see [`super::openstack_cli`]).

use super::{Format, shell};

const ABOUT: [&str; 2] = [
    "Egress rules of a security group, by conn-check-convert-fw.",
    "Without the neutron client: --type openstack-cli writes the same for today's.",
];

pub(super) const FORMAT: Format = Format {
    name: "neutron",
    aliases: &["openstack", "os"],
    about: "neutron commands for a security group",
    group: Some("the name or ID of the security group"),
    write: |passages, group| {
        let group = shell::group(group);
        Ok(shell::commands(&ABOUT, passages, |to, transport, port| {
            let (family, protocol, cidr) = (family(to.is_ipv4()), transport.slug(), to.cidr());
            format!(
                "neutron security-group-rule-create --direction egress --ethertype {family} --protocol {protocol} \
                 --port-range-min {port} --port-range-max {port} --remote-ip-prefix {cidr} {group}"
            )
        }))
    },
};

/// What `OpenStack` calls the families.
pub(super) const fn family(ipv4: bool) -> &'static str {
    if ipv4 { "IPv4" } else { "IPv6" }
}
