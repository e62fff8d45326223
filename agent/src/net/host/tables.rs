//! Tables of this host that can be full: the connections that its firewall follows (`nf_conntrack_max`,
//! networking/nf_conntrack-sysctl.rst of the kernel), and the local ports of new connections
//! (`ip_local_port_range`). Any user may read them; a container without the module has no file.

use std::fs;
use std::str::FromStr;

/// How many entries a table has, of how many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Table {
    pub(crate) used: u64,
    pub(crate) most: u64,
}

impl Table {
    /// The connections that the firewall follows.
    pub(crate) fn of_connections() -> Option<Self> {
        let number = |name| read(&format!("/proc/sys/net/netfilter/nf_conntrack_{name}"));
        Some(Self { used: number("count")?, most: number("max")? })
    }

    /// There is no room for one more, or was none a moment ago.
    pub(crate) const fn is_full(self) -> bool {
        // Entries end all the time: a table that has thrown packets away stands a little below its limit.
        self.used + self.most / 50 >= self.most
    }
}

/// The first and the last local port of new connections.
pub(crate) fn local_ports() -> Option<(u16, u16)> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut numbers = text.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// TCP sockets of this network namespace that hold a local port, and those that wait for their end with it (TIME-WAIT).
pub(crate) fn tcp_sockets() -> Option<(u64, u64)> {
    let v4 = fs::read_to_string("/proc/net/sockstat").ok()?;
    let v6 = fs::read_to_string("/proc/net/sockstat6").unwrap_or_default();
    let in_use = after(&v4, "TCP:", "inuse")? + after(&v6, "TCP6:", "inuse").unwrap_or_default();
    Some((in_use, after(&v4, "TCP:", "tw")?))
}

/// A number behind its name, in the line of a group (`/proc/net/sockstat`).
fn after(text: &str, group: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(group))?;
    line.split_whitespace().skip_while(|word| *word != name).nth(1)?.parse().ok()
}

/// Packets that the firewall has dropped since this host started because it could not follow their connection: the
/// column `drop` of `/proc/net/stat/nf_conntrack`, a line for each processor, in hexadecimal.
pub(crate) fn dropped_by_conntrack() -> Option<u64> {
    column(&fs::read_to_string("/proc/net/stat/nf_conntrack").ok()?, "drop")
}

fn column(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines();
    let at = lines.next()?.split_whitespace().position(|other| other == name)?;
    lines.map(|line| u64::from_str_radix(line.split_whitespace().nth(at)?, 16).ok()).sum()
}

fn read<T: FromStr>(path: &str) -> Option<T> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_full_a_little_before_its_end() {
        assert!(Table { used: 1000, most: 1000 }.is_full());
        assert!(Table { used: 981, most: 1000 }.is_full());
        assert!(!Table { used: 900, most: 1000 }.is_full());
        assert!(Table { used: 4, most: 4 }.is_full());
        assert!(!Table { used: 3, most: 4 }.is_full());
    }

    #[test]
    fn numbers_are_found_by_their_names() {
        let stat = "entries  found insert_failed drop early_drop\n0a 00 01 00000010 02\n0a 00 00 00000001 00\n";
        assert_eq!(column(stat, "drop"), Some(17));
        assert_eq!(column(stat, "gone"), None);
        let sockstat = "sockets: used 43\nTCP: inuse 3 orphan 43 tw 7 alloc 124 mem 298\nUDP: inuse 9 mem 0\n";
        assert_eq!(after(sockstat, "TCP:", "tw"), Some(7));
        assert_eq!(after(sockstat, "TCP6:", "inuse"), None);
        assert!(tcp_sockets().is_some());
    }
}
