//! Extensions of iptables in rules of nftables, which nft lists without what they say (`xt`): `iptables-nft-save -c` tells it.
//! Both list the rules of a chain in the same order.

use super::rules::Place;
use super::saved::as_nftables;
use crate::net::host::program::says;
use serde_json::Value;
use std::collections::HashMap;
use tokio::time::Instant;

/// Tables, and the programs that show what iptables has written to them.
const FAMILIES: [(&str, &str); 2] = [("ip", "iptables-nft-save"), ("ip6", "ip6tables-nft-save")];

/// Puts what extensions say into what nft lists, where they are used.
pub(super) async fn tell(listed: &mut Value, until: Instant) {
    for ((family, program), is_v4) in FAMILIES.into_iter().zip([true, false]) {
        if !rules(listed).any(|rule| rule["family"] == family && is_extended(rule)) {
            continue;
        }
        if let Some(saved) = says(program, &["-c"], until).await {
            put(listed, &as_nftables(&saved, family, is_v4));
        }
    }
}

/// Puts the statements of the one list into rules of the other, where chains have as many in both.
pub(super) fn put(listed: &mut Value, saved: &Value) {
    let (known, there) = (by_chain(saved), by_chain(listed));
    let mut numbers: HashMap<Place, usize> = HashMap::new();
    let objects = listed["nftables"].as_array_mut().into_iter().flatten();
    for rule in objects.filter_map(|object| object.get_mut("rule")) {
        let place = place(rule);
        let number = numbers.entry(place.clone()).or_default();
        let theirs = known.get(&place).filter(|all| there.get(&place).is_some_and(|here| here.len() == all.len()));
        if let Some(statements) = theirs.and_then(|all| all.get(*number)).filter(|_| is_extended(rule)) {
            rule["expr"] = statements.clone();
        }
        *number += 1;
    }
}

fn rules(listed: &Value) -> impl Iterator<Item = &Value> {
    listed["nftables"].as_array().into_iter().flatten().filter_map(|object| object.get("rule"))
}

fn is_extended(rule: &Value) -> bool {
    rule["expr"].as_array().is_some_and(|statements| statements.iter().any(|one| one.get("xt").is_some()))
}

fn place(rule: &Value) -> Place {
    let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
    (text("family"), text("table"), text("chain"))
}

/// The statements of each rule.
fn by_chain(listed: &Value) -> HashMap<Place, Vec<Value>> {
    let mut chains: HashMap<_, Vec<_>> = HashMap::new();
    for rule in rules(listed) {
        chains.entry(place(rule)).or_default().push(rule["expr"].clone());
    }
    chains
}
