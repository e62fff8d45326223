//! A packet's way through the chains, with conditions of which some cannot be told.

use super::condition::{Tri, holds, looked_up};
use super::packet::{Bound, Packet};
use super::rules::{Block, Finding, Place, Rule, Rules};
use serde_json::Value;

/// As deep as the kernel lets chains call each other (`NFT_JUMP_STACK_SIZE`).
const DEEPEST: usize = 16;

/// How many rules are looked at. Chains that may be called in many ways would be passed in all of them.
const PATIENCE: u32 = 500_000;

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

/// A packet's way through the chains.
pub(super) struct Walk<'a> {
    rules: &'a Rules,
    packet: Packet,
    block: Block,
    found: Vec<Finding>,
    /// It has been stopped, one way or another.
    is_over: bool,
    patience: u32,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(rules: &'a Rules, packet: Packet, block: Block) -> Self {
        Self { rules, packet, block, found: Vec::new(), is_over: false, patience: PATIENCE }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// What stops it: nothing is certain of several that may have been first.
    pub(super) fn found(mut self) -> Vec<Finding> {
        if self.patience == 0 {
            return Vec::new();
        }
        let is_alone = self.found.len() == 1;
        self.found.iter_mut().for_each(|finding| finding.is_certain &= is_alone);
        self.found
    }

    /// Passes the chains of one hook and priority. Those of one table are in order, and the tables in one that nobody
    /// tells: each may be the first.
    pub(super) fn enter(&mut self, chains: &[&Place]) {
        let mut has_ended = false;
        for table in chains.chunk_by(|one, other| (&one.0, &one.1) == (&other.0, &other.1)) {
            self.is_over = false;
            for place in table {
                self.begin(place);
                if self.is_over {
                    break;
                }
            }
            has_ended |= self.is_over;
        }
        self.is_over = has_ended || self.patience == 0;
    }

    fn begin(&mut self, place: &Place) {
        let rules = self.rules;
        let Some(base) = rules.chain(place).and_then(|chain| chain.base.as_ref()) else { return };
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
        let Some(chain) = rules.chain(place).filter(|_| depth <= DEEPEST) else { return Tri::Maybe };
        let (mut may_have_ended, mut may_have_returned) = (false, false);
        for rule in &chain.rules {
            self.patience = self.patience.saturating_sub(1);
            self.is_over |= self.patience == 0;
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
                        if rules.chain(&target).is_none() {
                            // One that is written within the rule, say.
                            self.stopped(place, Some(rule.handle), false, counted, self.block);
                        }
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
        let how = match verdict {
            Verdict::Drop => Block::Drop,
            Verdict::Reset => Block::Reset,
            Verdict::Refuse if self.block == Block::Reset => Block::Reset,
            Verdict::Reject | Verdict::Refuse => Block::Reject,
            // A program decides.
            Verdict::Queue => return self.stopped(place, Some(handle), false, counted, Block::Drop),
            Verdict::Rewrite => return self.packet.is_rewritten = true,
            Verdict::Accept | Verdict::Return | Verdict::Jump(_) | Verdict::Goto(_) => return,
        };
        self.stopped(place, Some(handle), sure, counted, how);
    }

    fn stopped(&mut self, place: &Place, handle: Option<u64>, is_certain: bool, has_counted: bool, how: Block) {
        // Who rejects an answer tells the peer, and nobody here.
        let how = if self.packet.bound == Bound::In { Block::Drop } else { how };
        // What certainly ends in another way than it was seen to is not understood; nothing behind it counts.
        self.is_over |= is_certain;
        if how == self.block {
            let (family, table, chain) = place.clone();
            self.found.push(Finding { family, table, chain, handle, is_certain, has_counted });
        }
    }

    /// The verdicts of a rule that this packet may get, and whether the rule has counted packets.
    fn verdicts(&self, place: &Place, rule: &Rule) -> Vec<(Tri, Verdict, bool)> {
        let rules = self.rules;
        let named = |name: &str| rules.set(&(place.0.clone(), place.1.clone(), name.to_owned()));
        let (mut matches, mut counted) = (Tri::Yes, false);
        for statement in &rule.statements {
            let Some((kind, what)) = statement.as_object().and_then(|members| members.iter().next()) else {
                // One that nft has no JSON for, as it stands in the rule; a chain within the rule is one.
                match statement.as_str().and_then(|text| text.split_whitespace().next()) {
                    Some("jump" | "goto") => return vec![(matches, Verdict::Jump(String::new()), counted)],
                    _ => matches = matches.and(Tri::Maybe),
                }
                continue;
            };
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
                "xt" => match (what["type"].as_str(), of_extension(what)) {
                    (Some("target"), Some(verdict)) => return vec![(matches, verdict, counted)],
                    (Some("target" | "watcher"), None) => {}
                    _ if what["name"] == "comment" => {}
                    _ => matches = matches.and(Tri::Maybe),
                },
                // Each packet once, or so many a second, and the like.
                "set"
                    if what["stmt"]
                        .as_array()
                        .is_some_and(|all| all.iter().any(|one| one.get("counter").is_none())) =>
                {
                    matches = matches.and(Tri::Maybe);
                }
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

/// The verdict of a target of iptables that nft does not read.
fn of_extension(what: &Value) -> Option<Verdict> {
    Some(match what["name"].as_str()? {
        "REJECT" => Verdict::Refuse,
        "NFQUEUE" => Verdict::Queue,
        "DNAT" | "SNAT" | "REDIRECT" | "MASQUERADE" | "NETMAP" | "TPROXY" => Verdict::Rewrite,
        _ => return None,
    })
}
