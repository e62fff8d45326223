//! Rules in the words of `iptables-save -c`, read as nft would list them (iptables(8), iptables-extensions(8)).

use serde_json::{Value, json};
use std::collections::HashMap;

/// A rule of a chain by its number, counted from 1.
pub(super) fn line(saved: &str, table: &str, chain: &str, number: u64) -> Option<String> {
    let in_table = saved.lines().skip_while(|line| line.strip_prefix('*') != Some(table)).skip(1);
    let in_table = in_table.take_while(|line| !line.starts_with('*'));
    let of_chain = in_table.filter_map(|line| {
        let rule = line.split_once("] ").map_or(line, |(_, rule)| rule).strip_prefix("-A ")?;
        rule.strip_prefix(chain)?.strip_prefix(' ')
    });
    of_chain.map(str::to_owned).nth(usize::try_from(number.checked_sub(1)?).ok()?)
}

/// The same as nft would list it, in this family; rules have their numbers for handles.
pub(super) fn as_nftables(saved: &str, family: &str, is_v4: bool) -> Value {
    let protocol = if is_v4 { "ip" } else { "ip6" };
    let (mut listed, mut table, mut numbers) = (Vec::new(), String::new(), HashMap::new());
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            name.clone_into(&mut table);
            numbers.clear();
        } else if let Some(chain) = line.strip_prefix(':') {
            listed.push(json!({"chain": of_chain(chain, family, &table)}));
        } else if let Some((counters, rule)) = line.strip_prefix('[').and_then(|line| line.split_once("] -A ")) {
            let words = words(rule);
            let chain = words.first().map_or("", |word| word.text.as_str());
            let number = numbers.entry(chain.to_owned()).and_modify(|number| *number += 1).or_insert(1_u64);
            let packets = counters.split(':').next().and_then(|count| count.parse::<u64>().ok());
            let mut statements = statements(words.get(1..).unwrap_or_default(), protocol);
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
        "type": if table == "nat" { "nat" } else { "filter" }, "hook": base.then(|| name.to_lowercase()),
    })
}

/// A word of a rule.
#[derive(Debug, Default, Eq, PartialEq)]
struct Word {
    text: String,
    is_quoted: bool,
}

/// What has spaces stands in quotes, in which a backslash takes the meaning of the next character.
fn words(rule: &str) -> Vec<Word> {
    let (mut words, mut word, mut is_open) = (Vec::new(), Word::default(), false);
    let mut characters = rule.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => (is_open, word.is_quoted) = (!is_open, true),
            '\\' if is_open => word.text.extend(characters.next()),
            ' ' if !is_open => words.push(std::mem::take(&mut word)),
            other => word.text.push(other),
        }
    }
    words.push(word);
    words.retain(|word| word.is_quoted || !word.text.is_empty());
    words
}

/// A rule's conditions and its verdict. What is not known here may hold or not.
fn statements(words: &[Word], protocol: &str) -> Vec<Value> {
    let mut rest = words.iter().peekable();
    let (mut statements, mut op, mut may) = (Vec::new(), "==", false);
    while let Some(Word { text: word, is_quoted }) = rest.next() {
        if word == "!" {
            op = "!=";
            continue;
        }
        let is_free = word == "--comment";
        let value = rest.next_if(|next| is_free || next.is_quoted || !next.text.starts_with(['-', '!']));
        let value = value.map_or("", |value| value.text.as_str());
        // The only option of those known that has two values.
        let second = if word == "--tcp-flags" { rest.next().map_or("", |word| word.text.as_str()) } else { "" };
        match (word.as_str(), condition(word, value, second, protocol)) {
            // The second value of one that is not known.
            _ if *is_quoted => may = true,
            ("-j" | "-g", _) => {
                if may {
                    statements.push(json!({"limit": {}}));
                }
                let options: Vec<_> = rest.map(|word| word.text.as_str()).collect();
                statements.push(target(word == "-g", value, &options));
                return statements;
            }
            (_, Some((left, right))) => statements.push(json!({"match": {"op": op, "left": left, "right": right}})),
            ("-m", None) if KNOWN.contains(&value) => {}
            ("--comment", None) => {}
            _ => may = true,
        }
        op = "==";
    }
    statements
}

/// An option as the two sides of a condition.
fn condition(option: &str, value: &str, second: &str, protocol: &str) -> Option<(Value, Value)> {
    let payload = |protocol: &str, field: &str| json!({"payload": {"protocol": protocol, "field": field}});
    let meta = |key: &str| json!({"meta": {"key": key}});
    let kind_of = |field: &str| json!({"fib": {"result": "type", "flags": [field]}});
    let listed = || json!({"set": value.split(',').map(str::to_lowercase).collect::<Vec<_>>()});
    Some(match option {
        "-s" => (payload(protocol, "saddr"), network(value)),
        "-d" => (payload(protocol, "daddr"), network(value)),
        "-o" => (meta("oifname"), value.replace('+', "*").into()),
        "-i" => (meta("iifname"), value.replace('+', "*").into()),
        "-p" => (meta("l4proto"), value.into()),
        "--dport" | "--dports" => (payload("th", "dport"), ports(value)),
        "--sport" | "--sports" => (payload("th", "sport"), ports(value)),
        "--tcp-flags" => (json!({"&": [payload("tcp", "flags"), flags(value)]}), json!({"set": [flags(second)]})),
        "--uid-owner" => (meta("skuid"), numbers(value, '-')),
        "--gid-owner" => (meta("skgid"), numbers(value, '-')),
        "--ctstate" | "--state" => (json!({"ct": {"key": "state"}}), listed()),
        "--src-type" => (kind_of("saddr"), listed()),
        "--dst-type" => (kind_of("daddr"), listed()),
        _ => return None,
    })
}

/// Extensions of which every option that counts is known, or that say nothing without one.
const KNOWN: [&str; 10] =
    ["tcp", "udp", "icmp", "icmp6", "comment", "owner", "conntrack", "state", "multiport", "addrtype"];

fn target(goes: bool, name: &str, options: &[&str]) -> Value {
    match name {
        "ACCEPT" | "DROP" | "RETURN" | "QUEUE" => json!({name.to_lowercase(): null}),
        "NFQUEUE" => json!({"queue": null}),
        "REJECT" if options.contains(&"tcp-reset") => json!({"reject": {"type": "tcp reset"}}),
        "REJECT" => json!({"reject": null}),
        "DNAT" | "REDIRECT" | "SNAT" | "MASQUERADE" | "NETMAP" | "TPROXY" => json!({"dnat": null}),
        "CT" if !options.contains(&"--notrack") => json!({"log": null}),
        "NOTRACK" | "CT" => json!({"notrack": null}),
        // Those of extensions are written in capitals, and change or note something.
        "LOG" | "NFLOG" | "ULOG" | "MARK" | "CONNMARK" | "CONNSECMARK" | "SECMARK" | "TCPMSS" | "TOS" | "DSCP"
        | "SET" | "TRACE" | "CLASSIFY" | "TTL" | "HL" | "ECN" | "AUDIT" | "CHECKSUM" => json!({"log": null}),
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

/// `SYN,ACK`, `ALL` or `NONE`.
fn flags(value: &str) -> Vec<String> {
    match value {
        "ALL" => flags("FIN,SYN,RST,PSH,ACK,URG"),
        "NONE" => Vec::new(),
        names => names.split(',').map(str::to_lowercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_quotes_is_one_word_and_no_option() {
        let texts = |rule: &str| words(rule).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("-j  LOG --log-prefix \"a \\\"b\\\" -j c \""), ["-j", "LOG", "--log-prefix", "a \"b\" -j c "]);
        assert_eq!(texts("--comment \"x \\\\\" -j DROP"), ["--comment", "x \\", "-j", "DROP"]);
        for comment in ["\"a \\\" -j ACCEPT\"", "-j", "\"\"", "\"-j ACCEPT\""] {
            let read = statements(&words(&format!("-m comment --comment {comment} -j DROP")), "ip");
            assert_eq!(read, [json!({"drop": null})], "{comment}");
        }
    }

    #[test]
    fn an_address_with_a_mask_that_is_no_length_may_be_any() {
        let read = statements(&words("-d 10.0.0.2/255.0.0.255 -j DROP"), "ip");
        assert_eq!(read[0]["match"]["right"], json!({"mask": "10.0.0.2/255.0.0.255"}));
    }
}
