//! Which rule of this host's own firewall it is: the kernel shows its rules to root alone (the actions of the charm run
//! as root), by `nft` (nftables, and iptables where it writes to nftables), or `iptables-legacy-save`.
//!
//! Nothing of it runs before a drop or a rejection of this host is proven. Conditions that depend on more than
//! addresses, ports, interfaces, users and states are taken for possible: then a rule is named as one that may be it.
//! A rule that has counted no packet is not it.

mod condition;
mod extensions;
mod legacy;
mod packet;
mod rules;
mod saved;
mod walk;

pub(super) use condition::is_within;

use super::Way;
use super::program::says;
use super::tables::{Table, local_ports};
use super::trial::Culprit;
use crate::concern::Part;
use crate::fault::Fault;
use crate::remedy::{Remedy, nftables};
use crate::secret::{Sentence, sentence, theirs};
use legacy::Legacy;
use nix::unistd::{getegid, geteuid};
use packet::{Bound, Packet};
use rules::{Block, Finding, Rules};
use std::net::SocketAddr;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// The rules of this host, read at most once in a run.
#[derive(Debug, Default)]
pub(super) struct Ruleset(OnceCell<Read>);

#[derive(Debug, Default)]
struct Read {
    rules: Rules,
    /// The same as a person reads it, with handles.
    text: String,
    legacy: Legacy,
}

impl Ruleset {
    /// Reads them, where this is root.
    pub(super) async fn read(&self, until: Instant) {
        if geteuid().is_root() {
            self.0.get_or_init(|| Read::now(until)).await;
        }
    }

    /// Names the rule that stops a connection, where it is proven that this host does.
    pub(super) fn blame(&self, fault: Fault, way: &Way, culprit: Option<Culprit>) -> Fault {
        let Some(read) = self.0.get() else { return fault };
        let (bound, block) = match culprit {
            // A full table is told already.
            Some(Culprit::Output { .. }) if Table::of_connections().is_some_and(Table::is_full) => return fault,
            Some(Culprit::Output { .. }) => (Bound::Out, Block::Drop),
            Some(Culprit::Input { .. }) => (Bound::In, Block::Drop),
            Some(Culprit::ReversePath { .. }) => return fault,
            Some(Culprit::Reset { .. }) => (Bound::Out, Block::Reset),
            None if way.route.is_err() => return fault,
            None => (Bound::Out, Block::Reject),
        };
        let packet = packet(way, bound);
        let mut found = read.rules.stopping(&packet, block);
        // Not only rules forbid: what is taken for one without a sign of it has to have a better one.
        found.retain(|finding| culprit.is_some() || finding.is_certain || finding.has_counted);
        match found.first() {
            Some(first) => {
                let remedy = if first.is_certain { rule(first, culprit, way.address) } else { None };
                read.named(first, found.len()).told(fault, way).remedy(remedy)
            }
            None => fault,
        }
    }
}

/// The rule that lets a connection pass before the one that stops it. Of the older iptables, whose rules have no
/// handles, and before its first packet is routed, there is none.
fn rule(finding: &Finding, culprit: Option<Culprit>, to: SocketAddr) -> Option<Remedy> {
    let Finding { family, table, chain, handle, .. } = finding;
    let is_of_nftables = ["ip", "ip6", "inet"].contains(&family.as_str());
    let place = nftables::Place { family, table, chain, handle: *handle };
    match culprit {
        _ if !is_of_nftables => None,
        Some(Culprit::Input { .. }) => nftables::let_answers_in(place, to),
        _ => nftables::let_out(place, to),
    }
}

/// A rule in words.
struct Named {
    /// Which it is.
    rule: Sentence,
    /// The command that shows it.
    shows: Sentence,
    is_certain: bool,
    /// Of so many that come into question.
    count: usize,
}

/// What this host sends to an address, or what comes from there.
fn packet(way: &Way, bound: Bound) -> Packet {
    Packet {
        bound,
        remote: way.address,
        own: way.route.as_ref().ok().and_then(|route| route.source),
        own_ports: local_ports().unwrap_or((1, u16::MAX)),
        interface: way.link.as_ref().map(|link| link.name.clone()),
        sender: (geteuid().as_raw(), getegid().as_raw()),
        is_local: way.is_local(),
        is_rewritten: false,
        is_tracked: true,
    }
}

impl Named {
    fn told(self, fault: Fault, way: &Way) -> Fault {
        let next_step = sentence![self.shows, " shows it: let ", way.address, " pass before it"];
        if self.is_certain {
            let mut message = fault.message.clone();
            message.push(sentence![", by ", self.rule.clone()]);
            return fault.about(message).next_step(next_step).concerning(Part::ThisHost, self.rule);
        }
        let others = match self.count {
            0 | 1 => Sentence::default(),
            count => sentence![" (or another of ", count, ")"],
        };
        fault.with_evidence(sentence!["it may be ", self.rule, others]).next_step(next_step)
    }
}

impl Read {
    async fn now(until: Instant) -> Self {
        let (json, text, legacy) = tokio::join!(
            says("nft", &["-j", "list", "ruleset"], until),
            says("nft", &["-s", "-a", "list", "ruleset"], until),
            Legacy::now(until)
        );
        let mut rules = Rules::default();
        if let Some(mut listed) = json.and_then(|json| serde_json::from_str(&json).ok()) {
            extensions::tell(&mut listed, until).await;
            rules.add_all(&listed);
        }
        legacy.add_to(&mut rules);
        Self { rules, text: text.unwrap_or_default(), legacy }
    }

    fn named(&self, finding: &Finding, count: usize) -> Named {
        if let Some(named) = self.legacy.named(finding, count) {
            return named;
        }
        let Finding { family, table, chain, handle, is_certain, .. } = finding;
        let place = sentence!["table ", theirs(family), " ", theirs(table), ", chain ", theirs(chain)];
        let rule = match handle {
            Some(handle) => {
                let text = line(&self.text, finding).map(|text| sentence![": ", theirs(&text)]).unwrap_or_default();
                sentence!["rule ", *handle, " of ", place, text]
            }
            None => sentence!["the policy of ", place, ": drop"],
        };
        let shows = sentence!["`nft -a list chain ", theirs(family), " ", theirs(table), " ", theirs(chain), "`"];
        Named { rule, shows, is_certain: *is_certain, count }
    }
}

/// A rule as nft writes it.
fn line(text: &str, finding: &Finding) -> Option<String> {
    let Finding { family, table, chain, handle, .. } = finding;
    let opens =
        |line: &str, what: &str| line.trim_start().strip_prefix(what).is_some_and(|rest| rest.starts_with(" {"));
    let (of_table, of_chain) = (format!("table {family} {table}"), format!("chain {chain}"));
    let in_table = text.lines().skip_while(|line| !opens(line, &of_table)).skip(1);
    let in_table = in_table.take_while(|line| !line.starts_with('}'));
    let in_chain = in_table.skip_while(|line| !opens(line, &of_chain)).skip(1);
    let mut in_chain = in_chain.take_while(|line| line.trim() != "}");
    let handle = format!(" # handle {}", (*handle)?);
    // A chain within the rule: it has several lines.
    let text = in_chain.find_map(|line| Some(line.strip_suffix(&handle)?.trim().to_owned()));
    text.filter(|text| text != "}")
}

#[cfg(test)]
mod tests;
