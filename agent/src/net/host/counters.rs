//! What this host counts of its packets: `/proc/net/snmp`, `/proc/net/snmp6`, `/proc/net/netstat` and
//! `/proc/net/dev` of the network namespace (proc(5), `networking/snmp_counter.rst` of the kernel).
//!
//! They are the namespace's and not a socket's: whoever reads them has to compare what it did itself with what it
//! sees, more than once. Any user may read them. `OutTransmits` is there since Linux 6.8 (6.7 for IPv6's);
//! without it nothing is said of what this host keeps back, and the numbers of a connection
//! ([`Segments`](super::segments::Segments)) have to do.

use std::fs;

/// The counters of one address family.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counters {
    is_v6: bool,
    requests: u64,
    transmits: Option<u64>,
    forwarded: u64,
    receives: u64,
    delivers: u64,
    reverse_path: u64,
    retransmissions_failed: u64,
    over_loopback: u64,
}

impl Counters {
    /// All of them as they are now; `None` where there is no such file, as in some sandboxes.
    pub(crate) fn now(is_v6: bool) -> Option<Self> {
        let netstat = fs::read_to_string("/proc/net/netstat").ok()?;
        let tcp = |name| in_columns(&netstat, "TcpExt:", name).unwrap_or_default();
        let mut counters = Self {
            is_v6,
            reverse_path: tcp("IPReversePathFilter"),
            retransmissions_failed: tcp("TCPRetransFail"),
            over_loopback: loopback(&fs::read_to_string("/proc/net/dev").ok()?).unwrap_or_default(),
            ..Self::default()
        };
        // Read last, and at once: these are compared with each other.
        let (file, prefix) = if is_v6 { ("/proc/net/snmp6", "Ip6") } else { ("/proc/net/snmp", "") };
        let text = fs::read_to_string(file).ok()?;
        let ip = |name: &str| {
            if is_v6 { in_lines(&text, prefix, name) } else { in_columns(&text, "Ip:", name) }
        };
        counters.requests = ip("OutRequests")?;
        counters.transmits = ip("OutTransmits");
        counters.forwarded = ip(if is_v6 { "OutForwDatagrams" } else { "ForwDatagrams" })?;
        counters.receives = ip("InReceives")?;
        counters.delivers = ip("InDelivers")?;
        Some(counters)
    }

    /// Whether they are those of IPv6.
    pub(crate) const fn is_v6(&self) -> bool {
        self.is_v6
    }

    /// Packets that this host made and did not send, since then; `None` where it does not count them.
    pub(crate) fn kept_back(&self, before: &Self) -> Option<i64> {
        let kept = |counters: &Self| {
            let made = counters.requests.checked_add(counters.forwarded)?;
            Some(i64::try_from(made).ok()? - i64::try_from(counters.transmits?).ok()?)
        };
        Some(kept(self)? - kept(before)?)
    }

    /// Packets that came to this host and were neither taken nor passed on, since then.
    pub(crate) fn thrown_away(&self, before: &Self) -> i64 {
        let thrown = |counters: &Self| {
            let used = counters.delivers.saturating_add(counters.forwarded);
            i64::try_from(counters.receives).unwrap_or(i64::MAX) - i64::try_from(used).unwrap_or_default()
        };
        thrown(self) - thrown(before)
    }

    /// Packets that came by another way than this host would send to their sender (`rp_filter`), since then.
    pub(crate) const fn by_a_wrong_way(&self, before: &Self) -> u64 {
        self.reverse_path.saturating_sub(before.reverse_path)
    }

    /// Segments that could not even be sent again, since then.
    pub(crate) const fn not_sent_again(&self, before: &Self) -> u64 {
        self.retransmissions_failed.saturating_sub(before.retransmissions_failed)
    }

    /// Packets from this host to itself, since then: so its own firewall's resets come.
    pub(crate) const fn sent_to_itself(&self, before: &Self) -> u64 {
        self.over_loopback.saturating_sub(before.over_loopback)
    }
}

/// A counter where a line of names is followed by one of numbers.
fn in_columns(text: &str, group: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(group));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let at = names.split_whitespace().position(|other| other == name)?;
    numbers.split_whitespace().nth(at)?.parse().ok()
}

/// A counter where each has a line.
fn in_lines(text: &str, prefix: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(prefix)?.strip_prefix(name));
    lines.find_map(|rest| rest.starts_with([' ', '\t']).then(|| rest.trim().parse().ok()))?
}

/// The packets that the loopback device has taken.
fn loopback(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("lo:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_by_name_whatever_else_a_kernel_counts() {
        let snmp = "Ip: Forwarding OutRequests New\nIp: 1 25 3\nTcp: OutRequests\nTcp: 7\n";
        assert_eq!(in_columns(snmp, "Ip:", "OutRequests"), Some(25));
        assert_eq!(in_columns(snmp, "Ip:", "OutTransmits"), None);
        let snmp6 = "Ip6InReceives                   \t12\nIp6InReceivesBig\t5\nIp6InDelivers\t11\n";
        assert_eq!(in_lines(snmp6, "Ip6", "InReceives"), Some(12));
        assert_eq!(in_lines(snmp6, "Ip6", "OutTransmits"), None);
        let dev = "Inter-| Receive\n face |bytes packets\n    lo: 100 2 0\n  eth0: 7 9 0\n";
        assert_eq!(loopback(dev), Some(2));
    }

    #[test]
    fn this_host_counts() {
        let counted = Counters::now(false).expect("counters");
        assert_eq!(counted.thrown_away(&counted), 0);
        assert!(Counters::now(true).is_some());
    }

    #[test]
    fn what_is_passed_on_is_neither_kept_back_nor_thrown_away() {
        let before = Counters { requests: 10, transmits: Some(10), receives: 5, delivers: 5, ..Counters::default() };
        let routed = Counters { forwarded: 3, transmits: Some(13), receives: 8, ..before };
        assert_eq!((routed.kept_back(&before), routed.thrown_away(&before)), (Some(0), 0));
        let dropped = Counters { requests: 12, receives: 9, ..before };
        assert_eq!((dropped.kept_back(&before), dropped.thrown_away(&before)), (Some(2), 4));
    }
}
