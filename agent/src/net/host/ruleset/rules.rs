//! Which rule of nftables stops a packet: the chains of its hooks, in the order in which the kernel asks them
//! (nft(8)), with conditions of which some cannot be told.

use super::packet::{Bound, Packet};
use super::walk::Walk;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// The families of the older iptables' tables, which have names that nftables' may have too.
pub(super) const LEGACY: [&str; 2] = ["iptables-legacy", "ip6tables-legacy"];

/// What `nft -j list ruleset` lists, as far as it is about packets of IP; and what the older iptables saves.
#[derive(Debug, Default)]
pub(in crate::net::host) struct Rules {
    chains: HashMap<Place, Chain>,
    sets: HashMap<Place, Vec<Value>>,
    /// Tables that are put to rest: family, name.
    dormant: HashSet<(String, String)>,
    /// Some packets are not followed as parts of a connection.
    some_are_untracked: bool,
    /// Some packets get other addresses, beside what nat does.
    some_are_rewritten: bool,
}

/// Family, table, name.
pub(super) type Place = (String, String, String);

#[derive(Debug, Default)]
pub(super) struct Chain {
    /// The number that it was made with.
    handle: u64,
    pub(super) base: Option<Base>,
    pub(super) rules: Vec<Rule>,
}

/// Where a chain begins.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) hook: String,
    priority: i64,
    pub(super) drops: bool,
    /// The devices that it is for, where it says so.
    pub(super) devices: Option<Vec<String>>,
    /// It is asked for the first packet of a connection alone.
    is_nat: bool,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) handle: u64,
    pub(super) statements: Vec<Value>,
}

/// How a packet is stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::net::host) enum Block {
    Drop,
    /// With a reset of TCP.
    Reset,
    /// With a word of ICMP.
    Reject,
}

/// A rule that stops a packet, or the policy of a chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::net::host) struct Finding {
    pub(in crate::net::host) family: String,
    pub(in crate::net::host) table: String,
    pub(in crate::net::host) chain: String,
    /// `None`: the policy.
    pub(in crate::net::host) handle: Option<u64>,
    /// It matches, and nothing before it can have decided otherwise.
    pub(in crate::net::host) is_certain: bool,
    /// It has counted packets.
    pub(in crate::net::host) has_counted: bool,
}

impl Rules {
    /// Reads what nft lists.
    pub(super) fn add_all(&mut self, listed: &Value) {
        for object in listed["nftables"].as_array().into_iter().flatten() {
            for (kind, what) in object.as_object().into_iter().flatten() {
                self.add(kind, what);
            }
        }
    }

    fn add(&mut self, kind: &str, what: &Value) {
        let text = |key: &str| what[key].as_str().unwrap_or_default().to_owned();
        let place = |name: &str| (text("family"), text("table"), text(name));
        match kind {
            "table" if what["flags"].to_string().contains("dormant") => {
                self.dormant.insert((text("family"), text("name")));
            }
            "chain" => {
                let chain = self.chains.entry(place("name")).or_default();
                chain.handle = what["handle"].as_u64().unwrap_or_default();
                chain.base = what["hook"].as_str().map(|hook| Base::new(hook, what));
            }
            "rule" => {
                let statements = what["expr"].as_array().cloned().unwrap_or_default();
                self.some_are_untracked |=
                    statements.iter().any(|one| one.get("notrack").is_some() || is_xt(one, "CT"));
                self.some_are_rewritten |= statements.iter().any(writes_an_address);
                let rule = Rule { handle: what["handle"].as_u64().unwrap_or_default(), statements };
                self.chains.entry(place("chain")).or_default().rules.push(rule);
            }
            "set" | "map" => {
                self.sets.insert(place("name"), what["elem"].as_array().cloned().unwrap_or_default());
            }
            _ => {}
        }
    }

    /// What stops this packet in this way: the first rule that certainly does, or all that may.
    pub(in crate::net::host) fn stopping(&self, packet: &Packet, block: Block) -> Vec<Finding> {
        let mut packet = packet.clone();
        packet.is_tracked &= !self.some_are_untracked;
        packet.is_rewritten |= self.some_are_rewritten;
        let hooks = self.order(&packet);
        let mut walk = Walk::new(self, packet, block);
        for chains in &hooks {
            walk.enter(chains);
            if walk.is_over() {
                break;
            }
        }
        walk.found()
    }

    pub(super) fn chain(&self, place: &Place) -> Option<&Chain> {
        self.chains.get(place)
    }

    /// The elements of a set or a map.
    pub(super) fn set(&self, place: &Place) -> Option<&[Value]> {
        self.sets.get(place).map(Vec::as_slice)
    }

    /// The chains that a packet passes, in order; those of the same hook and priority together.
    fn order(&self, packet: &Packet) -> Vec<Vec<&Place>> {
        let (hooks, is_first) = match packet.bound {
            Bound::Out => (["output", "postrouting", "egress"], true),
            Bound::In => (["ingress", "prerouting", "input"], false),
        };
        let own = if packet.remote.is_ipv4() { ["ip", LEGACY[0]] } else { ["ip6", LEGACY[1]] };
        let begins = |(place, chain): (_, &Chain)| {
            let (family, table, _): &Place = place;
            let concerned = ["inet", "netdev", own[0], own[1]].contains(&family.as_str())
                && !self.dormant.contains(&(family.clone(), table.clone()));
            let base = chain.base.as_ref().filter(|base| concerned && (is_first || !base.is_nat))?;
            let hook = hooks.iter().position(|hook| *hook == base.hook)?;
            let elsewhere = base.devices.as_ref().zip(packet.interface.as_ref());
            let is_elsewhere = elsewhere.is_some_and(|(devices, interface)| !devices.contains(interface));
            // In one table the kernel asks the one first that was made last (`nf_hook_entries_grow`).
            let at = (hook, base.priority());
            (!is_elsewhere).then_some((at, (family, table, Reverse(chain.handle)), place))
        };
        let mut all: Vec<_> = self.chains.iter().filter_map(begins).collect();
        all.sort_unstable();
        let together = all.chunk_by(|(one, ..), (other, ..)| one == other);
        together.map(|chains| chains.iter().map(|(.., place)| *place).collect()).collect()
    }
}

impl Base {
    fn new(hook: &str, chain: &Value) -> Self {
        Self {
            hook: hook.to_owned(),
            priority: chain["prio"].as_i64().unwrap_or_default(),
            drops: chain["policy"] == "drop",
            devices: devices(&chain["dev"]),
            is_nat: chain["type"] == "nat",
        }
    }

    /// Those of nat are all asked at the one place that the kernel has for it (`NF_IP_PRI_NAT_DST`, `NF_IP_PRI_NAT_SRC`).
    fn priority(&self) -> i64 {
        match self.hook.as_str() {
            _ if !self.is_nat => self.priority,
            "output" | "prerouting" => -100,
            _ => 100,
        }
    }
}

fn devices(value: &Value) -> Option<Vec<String>> {
    let one = value.as_str().map(|name| vec![name.to_owned()]);
    let all = || Some(value.as_array()?.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect());
    one.or_else(all)
}

/// Whether a statement gives a packet another end.
fn writes_an_address(statement: &Value) -> bool {
    let field = statement["mangle"]["key"]["payload"]["field"].as_str();
    field.is_some_and(|field| ["saddr", "daddr", "sport", "dport"].contains(&field))
}

/// Whether a statement is an extension of iptables of this name, which nft does not read.
fn is_xt(statement: &Value, name: &str) -> bool {
    statement["xt"]["name"] == name
}
