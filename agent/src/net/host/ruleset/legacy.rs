//! The rules of the older iptables, which nft does not show: the output of `iptables-legacy-save -c`, read as nftables'
//! own rules are. Only where the kernel has such tables (`/proc/net/ip_tables_names`).

use super::Named;
use super::packet::Packet;
use super::rules::{Block, Finding, Rules};
use crate::net::host::program::says;
use crate::secret::{sentence, theirs};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use tokio::time::Instant;

/// What is saved of both families.
#[derive(Debug, Default)]
pub(super) struct Legacy {
    v4: Option<String>,
    v6: Option<String>,
}

impl Legacy {
    pub(super) async fn now(until: Instant) -> Self {
        let (v4, v6) = tokio::join!(
            saved("iptables-legacy-save", "/proc/net/ip_tables_names", until),
            saved("ip6tables-legacy-save", "/proc/net/ip6_tables_names", until)
        );
        Self { v4, v6 }
    }

    /// The rule, where it is one of these.
    pub(super) fn stopping(&self, packet: &Packet, block: Block) -> Option<Named> {
        let v4 = packet.remote.is_ipv4();
        let (program, saved) = if v4 { ("iptables", &self.v4) } else { ("ip6tables", &self.v6) };
        let saved = saved.as_deref()?;
        let found = Rules::read(&as_nftables(saved, v4).to_string())?.stopping(packet, block);
        let Finding { table, chain, handle, is_certain, .. } = found.first()?;
        let place = sentence!["chain ", theirs(chain), ", table ", theirs(table), " of ", program, "-legacy"];
        let rule = match handle {
            Some(number) => {
                let text = line(saved, table, chain, *number).map(|text| sentence![": ", theirs(&text)]);
                sentence!["rule ", *number, " of ", place, text.unwrap_or_default()]
            }
            None => sentence!["the policy of ", place, ": DROP"],
        };
        let shows = sentence!["`", program, "-legacy -t ", theirs(table), " -nvL ", theirs(chain), " --line-numbers`"];
        Some(Named { rule, shows, is_certain: *is_certain, count: found.len() })
    }
}

/// What a program saves, where there is such a table.
async fn saved(program: &str, tables: &str, until: Instant) -> Option<String> {
    fs::read_to_string(tables).ok().filter(|names| !names.trim().is_empty())?;
    says(program, &["-c"], until).await
}

/// A rule of a chain by its number, counted from 1.
fn line(saved: &str, table: &str, chain: &str, number: u64) -> Option<String> {
    let in_table = saved.lines().skip_while(|line| line.strip_prefix('*') != Some(table)).skip(1);
    let in_table = in_table.take_while(|line| !line.starts_with('*'));
    let of_chain = in_table.filter_map(|line| {
        let rule = line.split_once("] ").map_or(line, |(_, rule)| rule).strip_prefix("-A ")?;
        rule.strip_prefix(chain)?.strip_prefix(' ')
    });
    of_chain.map(str::to_owned).nth(usize::try_from(number.checked_sub(1)?).ok()?)
}

/// The same as nft would list it; rules have their numbers for handles.
pub(super) fn as_nftables(saved: &str, v4: bool) -> Value {
    let family = if v4 { "ip" } else { "ip6" };
    let (mut listed, mut table, mut numbers) = (Vec::new(), String::new(), HashMap::new());
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            name.clone_into(&mut table);
            numbers.clear();
        } else if let Some(chain) = line.strip_prefix(':') {
            listed.push(json!({"chain": of_chain(chain, family, &table)}));
        } else if let Some((counters, rule)) = line.strip_prefix('[').and_then(|line| line.split_once("] -A ")) {
            let mut words = rule.split_whitespace();
            let chain = words.next().unwrap_or_default();
            let number = numbers.entry(chain.to_owned()).and_modify(|number| *number += 1).or_insert(1_u64);
            let packets = counters.split(':').next().and_then(|count| count.parse::<u64>().ok());
            let mut statements = statements(&words.collect::<Vec<_>>(), family);
            statements.insert(0, json!({"counter": {"packets": packets}}));
            listed.push(json!({"rule": {"family": family, "table": table, "chain": chain, "handle": number,
                                        "expr": statements}}));
        }
    }
    json!({"nftables": listed})
}

/// `OUTPUT ACCEPT [0:0]`.
fn of_chain(line: &str, family: &str, table: &str) -> Value {
    let mut words = line.split_whitespace();
    let (name, policy) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let base = policy != "-";
    let priority = match table {
        "raw" => -300,
        "mangle" => -150,
        "nat" => -100,
        "security" => 50,
        _ => 0,
    };
    json!({
        "family": family, "table": table, "name": name, "prio": priority, "policy": policy.to_lowercase(),
        "hook": base.then(|| name.to_lowercase()),
    })
}

/// A rule's conditions and its verdict. What is not known here may hold or not.
fn statements(words: &[&str], family: &str) -> Vec<Value> {
    let mut rest = words.iter().copied().peekable();
    let (mut statements, mut op, mut may) = (Vec::new(), "==", false);
    let payload = |protocol: &str, field: &str| json!({"payload": {"protocol": protocol, "field": field}});
    let meta = |key: &str| json!({"meta": {"key": key}});
    while let Some(word) = rest.next() {
        if word == "!" {
            op = "!=";
            continue;
        }
        let mut matches = |left: Value, right: Value| {
            statements.push(json!({"match": {"op": op, "left": left, "right": right}}));
        };
        let value = rest.next_if(|next| word.starts_with('-') && !next.starts_with('-')).unwrap_or_default();
        match word {
            "-s" | "-d" => matches(payload(family, if word == "-s" { "saddr" } else { "daddr" }), network(value)),
            "-o" => matches(meta("oifname"), value.replace('+', "*").into()),
            "-i" => matches(meta("iifname"), value.replace('+', "*").into()),
            "-p" => matches(meta("l4proto"), value.into()),
            "--dport" | "--dports" => matches(payload("th", "dport"), ports(value)),
            "--sport" | "--sports" => matches(payload("th", "sport"), ports(value)),
            "--uid-owner" => matches(meta("skuid"), numbers(value, '-')),
            "--gid-owner" => matches(meta("skgid"), numbers(value, '-')),
            "--ctstate" | "--state" => {
                let states: Vec<_> = value.split(',').map(str::to_lowercase).collect();
                matches(json!({"ct": {"key": "state"}}), json!({"set": states}));
            }
            "--comment" => {
                // Quoted, when it has several words.
                let mut last = value;
                while value.starts_with('"') && (!last.ends_with('"') || last.len() == 1) {
                    let Some(next) = rest.next() else { break };
                    last = next;
                }
            }
            "-m" if ["tcp", "comment", "owner", "conntrack", "state", "multiport"].contains(&value) => {}
            "-j" | "-g" => {
                if may {
                    statements.push(json!({"limit": {}}));
                }
                let resets = words.windows(2).any(|pair| pair == ["--reject-with", "tcp-reset"]);
                statements.push(target(word == "-g", value, resets));
                return statements;
            }
            _ => may = true,
        }
        op = "==";
    }
    statements
}

fn target(goes: bool, name: &str, resets: bool) -> Value {
    match name {
        "ACCEPT" | "DROP" | "RETURN" | "QUEUE" => json!({name.to_lowercase(): null}),
        "NFQUEUE" => json!({"queue": null}),
        "REJECT" if resets => json!({"reject": {"type": "tcp reset"}}),
        "REJECT" => json!({"reject": null}),
        "DNAT" | "REDIRECT" | "SNAT" | "MASQUERADE" | "NETMAP" => json!({"dnat": null}),
        "NOTRACK" | "CT" => json!({"notrack": null}),
        // Those of extensions are written in capitals, and change or note something.
        "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "TCPMSS" | "TOS" | "DSCP" | "SET" | "TRACE" | "CLASSIFY" => {
            json!({"log": null})
        }
        chain if goes => json!({"goto": {"target": chain}}),
        chain => json!({"jump": {"target": chain}}),
    }
}

fn network(value: &str) -> Value {
    match value.split_once('/') {
        Some((address, length)) => match length.parse::<u64>() {
            Ok(length) => json!({"prefix": {"addr": address, "len": length}}),
            Err(_) => json!({"mask": value}),
        },
        None => value.into(),
    }
}

/// `80`, `80:90` or `80,443,8000:9000`.
fn ports(value: &str) -> Value {
    let all: Vec<_> = value.split(',').map(|part| numbers(part, ':')).collect();
    json!({"set": all})
}

fn numbers(value: &str, between: char) -> Value {
    let number = |text: &str| text.parse::<u64>().map_or_else(|_| text.into(), Value::from);
    match value.split_once(between) {
        Some((first, last)) => json!({"range": [number(first), number(last)]}),
        None => number(value),
    }
}
