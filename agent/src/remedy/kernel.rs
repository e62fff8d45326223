//! Limits of this host's kernel (ip-sysctl of the kernel's documentation).

use super::Remedy;

/// No local port is left: as many as the kernel has by itself, and those that are in use already.
pub(crate) fn more_ports(first: u16, last: u16) -> Option<Remedy> {
    /// What Linux has without a setting.
    const DEFAULT: (u16, u16) = (32_768, 60_999);
    let (from, to) = (first.min(DEFAULT.0), last.max(DEFAULT.1));
    ((from, to) != (first, last)).then(|| {
        let set = format!("sysctl -w net.ipv4.ip_local_port_range='{from} {to}'");
        let place = "in a shell on this host, as root; until its next start";
        Remedy::new().decide(place, [set]).look("on this host, who holds them", "ss -tan")
    })
}
