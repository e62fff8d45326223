//! Which rule of nftables stops a packet: the chains of its hooks, in the order in which the kernel asks them
//! (nft(8)), with conditions of which some cannot be told.

use super::condition::{Tri, holds, looked_up};
use super::packet::{Bound, Packet};
use serde_json::Value;
use std::collections::HashMap;

/// As deep as the kernel lets chains call each other (`NFT_JUMP_STACK_SIZE`).
const DEEPEST: usize = 16;

/// What `nft -j list ruleset` lists, as far as it is about packets of IP.
#[derive(Debug, Default)]
pub(in crate::net::host) struct Rules {
    chains: HashMap<Place, Chain>,
    sets: HashMap<Place, Vec<Value>>,
    /// Some packets are not followed as parts of a connection.
    some_are_untracked: bool,
}

/// Family, table, name.
type Place = (String, String, String);

#[derive(Debug, Default)]
struct Chain {
    base: Option<Base>,
    rules: Vec<Rule>,
}

/// Where a chain begins.
#[derive(Debug)]
struct Base {
    hook: String,
    priority: i64,
    drops: bool,
    /// The devices that it is for, where it says so.
    devices: Option<Vec<String>>,
}

#[derive(Debug)]
struct Rule {
    handle: u64,
    statements: Vec<Value>,
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

#[derive(Debug)]
enum Verdict {
    Accept,
    Drop,
    Reset,
    Reject,
    /// A word or a reset: it does not say.
    Refuse,
    Return,
    Jump(String),
    Goto(String),
    Rewrite,
    Queue,
}

impl Rules {
    /// Reads the answer of nft.
    pub(in crate::net::host) fn read(json: &str) -> Option<Self> {
        let listed: Value = serde_json::from_str(json).ok()?;
        let mut rules = Self::default();
        for object in listed["nftables"].as_array()? {
            for (kind, what) in object.as_object().into_iter().flatten() {
                rules.add(kind, what);
            }
        }
        Some(rules)
    }

    /// There is not one.
    pub(in crate::net::host) fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    fn add(&mut self, kind: &str, what: &Value) {
        let text = |key: &str| what[key].as_str().unwrap_or_default().to_owned();
        let place = |name: &str| (text("family"), text("table"), text(name));
        match kind {
            "chain" => {
                let base = what["hook"].as_str().map(|hook| Base {
                    hook: hook.to_owned(),
                    priority: what["prio"].as_i64().unwrap_or_default(),
                    drops: what["policy"] == "drop",
                    devices: devices(&what["dev"]),
                });
                self.chains.entry(place("name")).or_default().base = base;
            }
            "rule" => {
                let statements = what["expr"].as_array().cloned().unwrap_or_default();
                self.some_are_untracked |= statements.iter().any(|one| one.get("notrack").is_some());
                let rule = Rule { handle: what["handle"].as_u64().unwrap_or_default(), statements };
                self.chains.entry(place("chain")).or_default().rules.push(rule);
            }
            "set" | "map" => {
                self.sets.insert(place("name"), what["elem"].as_array().cloned().unwrap_or_default());
            }
            _ => {}
        }
    }

    /// What stops this packet in this way: the first rule that certainly does, else all that may.
    pub(in crate::net::host) fn stopping(&self, packet: &Packet, block: Block) -> Vec<Finding> {
        let mut packet = packet.clone();
        packet.is_tracked &= !self.some_are_untracked;
        let mut walk = Walk { rules: self, packet, block, found: Vec::new(), is_over: false };
        for place in self.order(&walk.packet) {
            walk.begin(place);
            if walk.is_over {
                break;
            }
        }
        match walk.found.iter().position(|finding| finding.is_certain) {
            Some(certain) => vec![walk.found.swap_remove(certain)],
            None => walk.found,
        }
    }

    /// The chains that a packet passes, in order.
    fn order(&self, packet: &Packet) -> Vec<&Place> {
        let hooks = match packet.bound {
            Bound::Out => ["output", "postrouting", "egress"],
            Bound::In => ["ingress", "prerouting", "input"],
        };
        let own = if packet.remote.is_ipv4() { "ip" } else { "ip6" };
        let concerned = |place: &&Place| ["inet", "netdev", own].contains(&place.0.as_str());
        let all = self.chains.iter().filter(|(place, _)| concerned(place));
        let mut all: Vec<_> = all
            .filter_map(|(place, chain)| {
                let base = chain.base.as_ref()?;
                let hook = hooks.iter().position(|hook| *hook == base.hook)?;
                let elsewhere = base.devices.as_ref().zip(packet.interface.as_ref());
                let is_elsewhere = elsewhere.is_some_and(|(devices, interface)| !devices.contains(interface));
                (!is_elsewhere).then_some((hook, base.priority, place))
            })
            .collect();
        all.sort();
        all.into_iter().map(|(_, _, place)| place).collect()
    }
}

fn devices(value: &Value) -> Option<Vec<String>> {
    let one = value.as_str().map(|name| vec![name.to_owned()]);
    let all = || Some(value.as_array()?.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect());
    one.or_else(all)
}

/// A packet's way through the chains.
struct Walk<'a> {
    rules: &'a Rules,
    packet: Packet,
    block: Block,
    found: Vec<Finding>,
    /// It has been stopped, one way or another.
    is_over: bool,
}

impl Walk<'_> {
    fn begin(&mut self, place: &Place) {
        let rules = self.rules;
        let Some(base) = rules.chains.get(place).and_then(|chain| chain.base.as_ref()) else { return };
        // A chain of devices that does not name them may be for others.
        let enters = base.devices.is_some() || !["ingress", "egress"].contains(&base.hook.as_str());
        let ends = self.pass(place, if enters { Tri::Yes } else { Tri::Maybe }, 0);
        if base.drops && ends != Tri::Yes {
            self.stopped(place, None, enters && ends == Tri::No, false, Block::Drop);
        }
    }

    /// Goes through a chain; whether the packet's way through the hook ends there.
    fn pass(&mut self, place: &Place, enters: Tri, depth: usize) -> Tri {
        let rules = self.rules;
        let Some(chain) = rules.chains.get(place).filter(|_| depth <= DEEPEST) else { return Tri::Maybe };
        let (mut may_have_ended, mut may_have_returned) = (false, false);
        for rule in &chain.rules {
            for (matches, verdict, counted) in self.verdicts(place, rule) {
                let here = if may_have_ended || may_have_returned { Tri::Maybe } else { enters };
                let sure = here.and(matches);
                let ends = match &verdict {
                    Verdict::Return => {
                        if matches == Tri::Yes {
                            return if may_have_ended { Tri::Maybe } else { Tri::No };
                        }
                        may_have_returned = true;
                        continue;
                    }
                    Verdict::Jump(name) | Verdict::Goto(name) => {
                        let target = (place.0.clone(), place.1.clone(), name.clone());
                        self.pass(&target, sure, depth + 1)
                    }
                    other => {
                        self.decide(place, rule.handle, sure == Tri::Yes, counted, other);
                        Tri::Yes
                    }
                };
                if self.is_over {
                    return Tri::Yes;
                }
                let goes_away = matches!(verdict, Verdict::Goto(_));
                match (matches, ends) {
                    (Tri::Yes, Tri::Yes) => return if may_have_returned { Tri::Maybe } else { Tri::Yes },
                    (Tri::Yes, ends) if goes_away => {
                        return if may_have_ended || may_have_returned { Tri::Maybe } else { ends };
                    }
                    (_, ends) => {
                        may_have_ended |= ends != Tri::No;
                        may_have_returned |= goes_away;
                    }
                }
            }
        }
        if may_have_ended { Tri::Maybe } else { Tri::No }
    }

    /// A verdict ends the way through the hook.
    fn decide(&mut self, place: &Place, handle: u64, sure: bool, counted: bool, verdict: &Verdict) {
        let handle = Some(handle);
        match verdict {
            Verdict::Drop => self.stopped(place, handle, sure, counted, Block::Drop),
            Verdict::Reset => self.stopped(place, handle, sure, counted, Block::Reset),
            Verdict::Reject => self.stopped(place, handle, sure, counted, Block::Reject),
            Verdict::Refuse if self.block != Block::Drop => self.stopped(place, handle, sure, counted, self.block),
            // A program decides.
            Verdict::Queue => self.stopped(place, handle, false, counted, Block::Drop),
            Verdict::Rewrite => self.packet.is_rewritten = true,
            _ => {}
        }
    }

    fn stopped(&mut self, place: &Place, handle: Option<u64>, is_certain: bool, has_counted: bool, how: Block) {
        // What certainly ends in another way than it was seen to is not understood; nothing behind it counts.
        self.is_over |= is_certain;
        if how == self.block {
            let (family, table, chain) = place.clone();
            self.found.push(Finding { family, table, chain, handle, is_certain, has_counted });
        }
    }

    /// The verdicts of a rule that this packet may get, and whether the rule has counted packets.
    fn verdicts(&self, place: &Place, rule: &Rule) -> Vec<(Tri, Verdict, bool)> {
        let named = |name: &str| {
            let place = (place.0.clone(), place.1.clone(), name.to_owned());
            self.rules.sets.get(&place).cloned()
        };
        let (mut matches, mut counted) = (Tri::Yes, false);
        for statement in &rule.statements {
            let Some((kind, what)) = statement.as_object().and_then(|members| members.iter().next()) else { continue };
            match kind.as_str() {
                "match" => matches = matches.and(holds(what, &self.packet, &named)),
                // One that has seen no packet has not seen this one.
                "counter" => match what["packets"].as_u64() {
                    Some(0) => return Vec::new(),
                    packets => counted |= packets.is_some(),
                },
                "vmap" => {
                    let found = looked_up(what, &self.packet, &named).into_iter();
                    let all = found.filter_map(|(found, value)| Some((matches.and(found), of_value(&value)?, counted)));
                    return all.collect();
                }
                "xt" => match (what["type"].as_str(), what["name"].as_str()) {
                    (Some("target"), Some("REJECT")) => return vec![(matches, Verdict::Refuse, counted)],
                    (Some("target" | "watcher"), _) => {}
                    _ => matches = matches.and(Tri::Maybe),
                },
                "log" | "mangle" | "notrack" | "comment" | "flow" | "secmark" | "last" | "ct helper" | "ct timeout"
                | "ct expectation" | "dup" | "add" | "set" => {}
                _ => match verdict(kind, what) {
                    Some(verdict) => return vec![(matches, verdict, counted)],
                    None if kind == "continue" => {}
                    None => matches = matches.and(Tri::Maybe),
                },
            }
            if matches == Tri::No {
                return Vec::new();
            }
        }
        Vec::new()
    }
}

fn of_value(value: &Value) -> Option<Verdict> {
    let (kind, what) = value.as_object()?.iter().next()?;
    verdict(kind, what)
}

fn verdict(kind: &str, what: &Value) -> Option<Verdict> {
    let target = || what["target"].as_str().unwrap_or_default().to_owned();
    Some(match kind {
        "accept" => Verdict::Accept,
        "drop" => Verdict::Drop,
        "reject" if what["type"] == "tcp reset" => Verdict::Reset,
        "reject" => Verdict::Reject,
        "return" => Verdict::Return,
        "jump" => Verdict::Jump(target()),
        "goto" => Verdict::Goto(target()),
        "queue" => Verdict::Queue,
        "snat" | "dnat" | "masquerade" | "redirect" | "tproxy" | "fwd" => Verdict::Rewrite,
        _ => return None,
    })
}
