//! Commands of Ubuntu's simple firewall for the host's own output (ufw(8)).

use super::{Format, shell};

const ABOUT: [&str; 3] = [
    "Egress rules of this host, by conn-check-convert-fw; to be run as root.",
    "They block nothing by themselves: `ufw default deny outgoing` does, then `ufw enable`. ufw lets",
    "loopback and answers out, but not look-ups: add the resolvers (conn-check-export-fw --with-dns).",
];

pub(super) const FORMAT: Format = Format {
    name: "ufw",
    aliases: &[],
    about: "ufw commands for what goes out",
    group: None,
    write: |passages, _| {
        Ok(shell::commands(&ABOUT, passages, |to, transport, port| {
            // Without `out` ufw would open this host's own port.
            format!("ufw allow out proto {} from any to {to} port {port}", transport.slug())
        }))
    },
};
