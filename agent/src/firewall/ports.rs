//! Ports of a rule: single ones, and ranges, which stay ranges up to the firewall.

use crate::net::Port;
use std::collections::BTreeSet;
use std::fmt;

/// One port, or all from the first to the last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ports {
    /// The first.
    pub(super) first: u16,
    /// The last; the first again where there is only one.
    pub(super) last: u16,
}

impl Ports {
    /// One port.
    pub(super) const fn one(port: Port) -> Self {
        Self { first: port.get(), last: port.get() }
    }

    /// `8000`, or `8000-8010`, as people and Juju write ranges, or with the colon of iptables.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<Port>().ok().filter(|_| is_number)
        };
        let Some((first, last)) = text.split_once(['-', ':']) else { return number(text).map(Self::one) };
        let (first, last) = (number(first.trim())?, number(last.trim())?);
        (first <= last).then(|| Self { first: first.get(), last: last.get() })
    }

    /// As one word, with this between the two ends of a range.
    pub(super) fn with(self, between: &str) -> String {
        let Self { first, last } = self;
        if first == last { first.to_string() } else { format!("{first}{between}{last}") }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with("-"))
    }
}

/// Adds ports to others: ranges that overlap become one, and what lies in a range is not named again. Ports
/// beside each other stay as they were given.
pub(super) fn unite(all: &mut BTreeSet<Ports>, more: &BTreeSet<Ports>) {
    for new in more {
        let mut new = *new;
        all.retain(|old| {
            let apart = old.last < new.first || new.last < old.first;
            if !apart {
                new = Ports { first: new.first.min(old.first), last: new.last.max(old.last) };
            }
            apart
        });
        all.insert(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_numbers_in_their_order() {
        for (text, ports) in [
            ("80", Some((80, 80))),
            ("8000-8010", Some((8000, 8010))),
            ("8000:8010", Some((8000, 8010))),
            ("1 - 65535", Some((1, 65535))),
            ("80-80", Some((80, 80))),
            ("81-80", None),
            ("0-5", None),
            ("80-", None),
            ("-80", None),
            ("1-2-3", None),
            ("80;rm", None),
            ("1-70000", None),
            ("", None),
        ] {
            assert_eq!(Ports::parse(text).map(|ports| (ports.first, ports.last)), ports, "{text}");
        }
    }

    #[test]
    fn what_overlaps_becomes_one_range() {
        let set = |texts: &[&str]| texts.iter().filter_map(|text| Ports::parse(text)).collect::<BTreeSet<_>>();
        let mut all = set(&["80", "443", "8000-8010"]);
        unite(&mut all, &set(&["8005-8020", "8006", "81", "443"]));
        assert_eq!(all, set(&["80", "81", "443", "8000-8020"]));
    }
}
