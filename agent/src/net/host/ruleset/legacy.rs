//! The rules of the older iptables, which nft does not show: the output of `iptables-legacy-save -c`, read as nftables'
//! own rules are. Only where the kernel has such tables (`/proc/net/ip_tables_names`).

use super::Named;
use super::rules::{Finding, LEGACY, Rules};
use super::saved::{as_nftables, line};
use crate::net::host::program::says;
use crate::secret::{sentence, theirs};
use std::fs;
use tokio::time::Instant;

/// What is saved of both families.
#[derive(Debug, Default)]
pub(super) struct Legacy([Option<String>; 2]);

impl Legacy {
    pub(super) async fn now(until: Instant) -> Self {
        let (v4, v6) = tokio::join!(
            saved("iptables-legacy-save", "/proc/net/ip_tables_names", until),
            saved("ip6tables-legacy-save", "/proc/net/ip6_tables_names", until)
        );
        Self([v4, v6])
    }

    /// Adds its rules to those of nftables: the kernel asks both, by their priorities.
    pub(super) fn add_to(&self, rules: &mut Rules) {
        for ((saved, family), is_v4) in self.0.iter().zip(LEGACY).zip([true, false]) {
            if let Some(saved) = saved {
                rules.add_all(&as_nftables(saved, family, is_v4));
            }
        }
    }

    /// A rule in words, where it is one of these.
    pub(super) fn named(&self, finding: &Finding, count: usize) -> Option<Named> {
        let Finding { family, table, chain, handle, is_certain, .. } = finding;
        let (saved, family) = self.0.iter().zip(LEGACY).find(|(_, legacy)| family == legacy)?;
        let place = sentence!["chain ", theirs(chain), ", table ", theirs(table), " of ", family];
        let rule = match handle {
            Some(number) => {
                let text = saved.as_ref().and_then(|saved| line(saved, table, chain, *number));
                let text = text.map(|text| sentence![": ", theirs(&text)]);
                sentence!["rule ", *number, " of ", place, text.unwrap_or_default()]
            }
            None => sentence!["the policy of ", place, ": DROP"],
        };
        let shows = sentence!["`", family, " -t ", theirs(table), " -nvL ", theirs(chain), " --line-numbers`"];
        Some(Named { rule, shows, is_certain: *is_certain, count })
    }
}

/// What a program saves, where there is such a table.
async fn saved(program: &str, tables: &str, until: Instant) -> Option<String> {
    fs::read_to_string(tables).ok().filter(|names| !names.trim().is_empty())?;
    says(program, &["-c"], until).await
}
