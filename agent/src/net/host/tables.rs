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
}
