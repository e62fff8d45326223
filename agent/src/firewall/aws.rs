//! Commands of the AWS command line for a security group of EC2
//! (<https://docs.aws.amazon.com/cli/latest/reference/ec2/authorize-security-group-egress.html>).

use super::{Format, shell};

const ABOUT: [&str; 3] = [
    "Egress rules of a security group, by conn-check-convert-fw.",
    "A new group lets everything out: for these rules to mean something, take that rule away",
    "(aws ec2 revoke-security-group-egress --protocol all --cidr 0.0.0.0/0).",
];

pub(super) const FORMAT: Format = Format {
    name: "aws",
    aliases: &["amazon", "ec2"],
    about: "aws ec2 commands for a security group",
    group: Some("the ID of the security group"),
    write: |passages, group| {
        let group = shell::group(group);
        Ok(shell::commands(&ABOUT, passages, |to, transport, port| {
            let (protocol, cidr) = (transport.slug(), to.cidr());
            let what = if to.is_ipv4() {
                format!("--protocol {protocol} --port {port} --cidr {cidr}")
            } else {
                // The short options know IPv4 only.
                let permission =
                    format!("IpProtocol={protocol},FromPort={port},ToPort={port},Ipv6Ranges=[{{CidrIpv6={cidr}}}]");
                format!("--ip-permissions {}", shell::quoted(&permission))
            };
            format!("aws ec2 authorize-security-group-egress --group-id {group} {what}")
        }))
    },
};
