//! Commands of the old client of `OpenStack`'s compute service, as the original writes them.

use super::{Format, shell};

const ABOUT: [&str; 4] = [
    "Rules of a security group of nova, by conn-check-convert-fw.",
    "nova's groups filter what comes in, and let everything out: these commands belong to the group of",
    "the machines that are connected to, and the range in them is to be that of the clients.",
    "For egress rules use neutron or openstack-cli; the client has lost this command in 2017.",
];

pub(super) const FORMAT: Format = Format {
    name: "nova",
    aliases: &[],
    about: "nova commands for a security group",
    group: Some("the name or ID of the security group"),
    write: |passages, group| {
        let group = shell::group(group);
        Ok(shell::commands(&ABOUT, passages, |to, transport, port| {
            format!("nova secgroup-add-rule {group} {} {port} {port} {}", transport.slug(), to.cidr())
        }))
    },
};
