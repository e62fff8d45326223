//! Which of several chains it is; and what iptables has written.

use super::*;

/// A chain of the table `t`, or of another one, and a rule in it.
fn chain(table: &str, name: &str, kind: &str, hook: &str, priority: i64, handle: u64) -> serde_json::Value {
    json!({"chain": {"family": "ip", "table": table, "name": name, "handle": handle, "type": kind, "hook": hook,
        "prio": priority, "policy": "accept"}})
}

fn in_chain(table: &str, chain: &str, handle: u64, expr: &serde_json::Value) -> serde_json::Value {
    json!({"rule": {"family": "ip", "table": table, "chain": chain, "handle": handle, "expr": expr}})
}

fn all_of(objects: &[serde_json::Value]) -> Rules {
    read(&json!({"nftables": objects}))
}

#[test]
fn hooks_come_in_their_order_and_chains_by_priority() {
    let drop = json!([{"drop": null}]);
    let rules = all_of(&[
        chain("t", "late", "filter", "postrouting", -300, 1),
        chain("t", "b", "filter", "output", 10, 2),
        chain("t", "a", "filter", "output", -150, 3),
        in_chain("t", "late", 1, &drop),
        in_chain("t", "b", 2, &drop),
        in_chain("t", "a", 3, &drop),
    ]);
    assert_eq!(found(&rules, &request(DB), Block::Drop), "3!");
    assert_eq!(found(&rules, &request("[fd00::2]:5432"), Block::Drop), "");
}

#[test]
fn of_equal_chains_the_last_one_of_a_table_is_first_and_those_of_two_tables_may_be() {
    let (drop, reject) = (json!([{"drop": null}]), json!([{"reject": null}]));
    let of = |second: &str, expr: &serde_json::Value| {
        all_of(&[
            chain("t", "a", "filter", "output", 0, 1),
            chain(second, "b", "filter", "output", 0, 2),
            in_chain("t", "a", 11, &drop),
            in_chain(second, "b", 12, expr),
        ])
    };
    assert_eq!(found(&of("t", &drop), &request(DB), Block::Drop), "12!");
    assert_eq!(found(&of("u", &drop), &request(DB), Block::Drop), "11? 12?");
    // It was seen to be dropped: who rejects was not asked before.
    assert_eq!(found(&of("u", &reject), &request(DB), Block::Drop), "11!");
    assert_eq!(found(&of("t", &reject), &request(DB), Block::Drop), "");
}

#[test]
fn what_may_have_been_first_leaves_nothing_certain_behind_it() {
    let rules = all_of(&[
        chain("t", "a", "filter", "output", -10, 1),
        chain("t", "b", "filter", "output", 0, 2),
        in_chain("t", "a", 11, &json!([{"limit": {"rate": 1}}, {"drop": null}])),
        in_chain("t", "b", 12, &json!([{"drop": null}])),
    ]);
    assert_eq!(found(&rules, &request(DB), Block::Drop), "11? 12?");
}

#[test]
fn tables_at_rest_and_nat_for_what_is_no_first_packet_are_not_asked() {
    let objects =
        |kind: &str| [chain("t", "a", kind, "prerouting", -500, 1), in_chain("t", "a", 11, &json!([{"drop": null}]))];
    assert_eq!(found(&all_of(&objects("filter")), &answer(DB), Block::Drop), "11!");
    assert_eq!(found(&all_of(&objects("nat")), &answer(DB), Block::Drop), "");
    for flags in [json!("dormant"), json!(["owner", "dormant"])] {
        let table = json!({"table": {"family": "ip", "name": "t", "flags": flags}});
        let rules = all_of(&[&[table][..], &objects("filter")].concat());
        assert_eq!(found(&rules, &answer(DB), Block::Drop), "", "{flags}");
    }
}

#[test]
fn an_address_that_a_rule_writes_is_not_known_any_more() {
    let writes = r#"{"mangle": {"key": {"payload": {"protocol": "ip", "field": "daddr"}}, "value": "10.0.0.9"}}"#;
    let to_db = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "10.0.0.2"}}, {"drop": null}"#;
    assert_eq!(found(&rules("output", "accept", &[writes, to_db]), &request(DB), Block::Drop), "2?");
    let marks = r#"{"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}"#;
    assert_eq!(found(&rules("output", "accept", &[marks, to_db]), &request(DB), Block::Drop), "2!");
}

#[test]
fn chains_that_lead_on_in_ever_more_ways_are_left_alone_in_time() {
    let objects: Vec<_> = (0..14)
        .flat_map(|depth| {
            let name = format!("c{depth}");
            let jump = json!([{"limit": {"rate": 1}}, {"jump": {"target": format!("c{}", depth + 1)}}]);
            let head = if depth == 0 {
                chain("t", "c0", "filter", "output", 0, 1)
            } else {
                json!({"chain": {"family": "ip", "table": "t", "name": name}})
            };
            [head].into_iter().chain((0..9).map(move |number| in_chain("t", &name, number, &jump)))
        })
        .collect();
    let began = std::time::Instant::now();
    assert_eq!(found(&all_of(&objects), &request(DB), Block::Drop), "");
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn extensions_are_told_where_both_lists_are_of_the_same_rules() {
    let nft = |count: usize| {
        let owner = json!([{"xt": {"type": "match", "name": "owner"}}, {"counter": {"packets": 3, "bytes": 1}}, {"drop": null}]);
        let mut objects = vec![chain("filter", "OUTPUT", "filter", "output", 0, 1)];
        objects.extend((0..count).map(|at| in_chain("filter", "OUTPUT", 20 + at as u64, &owner)));
        json!({"nftables": objects})
    };
    let saved = "*filter\n:OUTPUT ACCEPT [0:0]\n[3:1] -A OUTPUT -m owner --uid-owner 7 -j DROP\n\
                 [3:1] -A OUTPUT -p tcp -m owner ! --uid-owner 7 -m addrtype ! --dst-type LOCAL -j DROP\n";
    let told = |count: usize| {
        let mut listed = nft(count);
        extensions::put(&mut listed, &saved::as_nftables(saved, "ip", true));
        found(&read(&listed), &request(DB), Block::Drop)
    };
    assert_eq!(told(2), "21!");
    assert_eq!(told(3), "20? 21? 22?");
}

#[test]
fn flags_of_tcp_are_held_against_those_of_a_request() {
    for (options, wanted) in [
        ("--tcp-flags FIN,SYN,RST,ACK SYN", "1!"),
        ("! --tcp-flags FIN,SYN,RST,ACK SYN", ""),
        ("--tcp-flags SYN,ACK SYN,ACK", ""),
        ("! --tcp-flags SYN,ACK SYN,ACK", "1!"),
        ("--tcp-flags ALL NONE", ""),
        ("-m mac --mac-source 00:11:22:33:44:55", "1?"),
        ("-m string --string \"a b\" --algo bm", "1?"),
    ] {
        let saved = format!("*filter\n:OUTPUT ACCEPT [0:0]\n[3:1] -A OUTPUT -p tcp -m tcp {options} -j DROP\n");
        let rules = read(&saved::as_nftables(&saved, rules::LEGACY[0], true));
        assert_eq!(found(&rules, &request(DB), Block::Drop), wanted, "{options}");
    }
}
