mod chains;

use super::*;
use serde_json::json;

/// A request to `10.0.0.2:5432` (or `fd00::2`) from eth0, by user 1000.
fn request(remote: &str) -> Packet {
    Packet {
        bound: Bound::Out,
        remote: remote.parse().expect("an address"),
        own: Some(if remote.starts_with('[') { "fd00::1" } else { "10.0.0.1" }.parse().expect("an address")),
        own_ports: (32768, 60999),
        interface: Some("eth0".into()),
        sender: (1000, 1000),
        is_local: false,
        is_rewritten: false,
        is_tracked: true,
    }
}

fn answer(remote: &str) -> Packet {
    Packet { bound: Bound::In, ..request(remote) }
}

const DB: &str = "10.0.0.2:5432";

/// What `nft -j list ruleset` (1.0.6) lists: one chain with these rules, counted from 1, and two without a hook.
fn rules(hook: &str, policy: &str, rules: &[&str]) -> Rules {
    let rule = |chain: &str, handle: usize, statements: &str| {
        let expr: serde_json::Value = serde_json::from_str(&format!("[{statements}]")).expect(statements);
        json!({"rule": {"family": "inet", "table": "filter", "chain": chain, "handle": handle, "expr": expr}})
    };
    let mut listed = vec![
        json!({"metainfo": {"version": "1.0.6", "json_schema_version": 1}}),
        json!({"table": {"family": "inet", "name": "filter", "handle": 6}}),
        json!({"set": {"family": "inet", "name": "bad", "table": "filter", "type": "ipv4_addr", "flags": ["interval"],
            "elem": [{"prefix": {"addr": "10.0.0.0", "len": 24}}, {"range": ["10.2.0.5", "10.2.0.9"]}]}}),
        json!({"set": {"family": "inet", "name": "dyn", "table": "filter", "type": "ipv4_addr",
            "elem": [{"elem": {"val": "10.0.0.2", "expires": 3599}}]}}),
        json!({"set": {"family": "inet", "name": "none", "table": "filter", "type": "ipv4_addr"}}),
        json!({"set": {"family": "inet", "name": "conc", "table": "filter", "type": ["ipv4_addr", "inet_service"],
            "elem": [{"concat": ["10.0.0.9", 443]},
                     {"concat": [{"prefix": {"addr": "10.0.0.0", "len": 24}}, {"range": [5000, 6000]}]}]}}),
        json!({"map": {"family": "inet", "name": "vm", "table": "filter", "type": "inet_service", "map": "verdict",
            "elem": [[80, {"drop": null}], [5432, {"jump": {"target": "drops"}}]]}}),
        json!({"chain": {"family": "inet", "table": "filter", "name": "drops", "handle": 1}}),
        rule("drops", 91, r#"{"drop": null}"#),
        json!({"chain": {"family": "inet", "table": "filter", "name": "returns", "handle": 2}}),
        rule("returns", 92, r#"{"return": null}"#),
        rule("returns", 93, r#"{"drop": null}"#),
        json!({"chain": {"family": "inet", "table": "filter", "name": "main", "handle": 3, "type": "filter",
            "hook": hook, "prio": 0, "policy": policy}}),
    ];
    listed.extend(rules.iter().zip(1..).map(|(statements, handle)| rule("main", handle, statements)));
    read(&json!({"nftables": listed}))
}

fn read(listed: &serde_json::Value) -> Rules {
    let mut rules = Rules::default();
    rules.add_all(listed);
    rules
}

/// The handles of what is found: those that are certain with a `!`, the policy as 0.
fn found(rules: &Rules, packet: &Packet, block: Block) -> String {
    let one = |finding: &Finding| {
        format!("{}{}", finding.handle.unwrap_or_default(), if finding.is_certain { "!" } else { "?" })
    };
    rules.stopping(packet, block).iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What is found among rules of the output of which the first has this condition, and drops.
fn output(condition: &str) -> String {
    let statements = format!("{condition}, {{\"drop\": null}}");
    found(&rules("output", "accept", &[&statements]), &request(DB), Block::Drop)
}

const DPORT: &str = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "#;

#[test]
fn conditions_hold_do_not_hold_or_may_hold() {
    for (condition, wanted) in [
        (r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 5432}}"#, "1!"),
        (r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}"#, ""),
        (r#"{"match": {"op": "!=", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}"#, "1!"),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, {"range": [5000, 6000]}]}}}"#,
            "1!",
        ),
        (r#"{"match": {"op": ">", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 6000}}"#, ""),
        (r#"{"match": {"op": "==", "left": {"payload": {"protocol": "th", "field": "dport"}}, "right": 5432}}"#, "1!"),
        // Another protocol: neither equal nor unequal.
        (r#"{"match": {"op": "!=", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 53}}"#, ""),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "sport"}}, "right": {"range": [1024, 65535]}}}"#,
            "1!",
        ),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "sport"}}, "right": 40000}}"#,
            "1?",
        ),
        (r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "sport"}}, "right": 22}}"#, ""),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}"#,
            "1!",
        ),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "@bad"}}"#,
            "1!",
        ),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "@dyn"}}"#,
            "1!",
        ),
        (r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "@none"}}"#, ""),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "@gone"}}"#,
            "1?",
        ),
        (
            r#"{"match": {"op": "!=", "left": {"payload": {"protocol": "ip6", "field": "daddr"}}, "right": "fd00::9"}}"#,
            "",
        ),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "10.0.0.1"}}"#,
            "1!",
        ),
        (
            r#"{"match": {"op": "==", "left": {"concat": [{"payload": {"protocol": "ip", "field": "daddr"}}, {"payload": {"protocol": "tcp", "field": "dport"}}]}, "right": "@conc"}}"#,
            "1!",
        ),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "tcp"}}"#, "1!"),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["udp", 6]}}}"#, "1!"),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv6"}}"#, ""),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "eth*"}}"#, "1!"),
        (r#"{"match": {"op": "!=", "left": {"meta": {"key": "oifname"}}, "right": "lo"}}"#, "1!"),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": {"range": [1000, 1999]}}}"#, "1!"),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 65534}}"#, ""),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "skgid"}}, "right": {"set": [7, 1000]}}}"#, "1!"),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 7}}"#, "1?"),
        (r#"{"limit": {"rate": 10, "burst": 5, "per": "second"}}"#, "1?"),
        (r#"{"xt": {"type": "match", "name": "owner"}}, {"counter": {"packets": 3, "bytes": 180}}"#, "1?"),
        // One that has seen no packet has not seen this one.
        (r#"{"xt": {"type": "match", "name": "owner"}}, {"counter": {"packets": 0, "bytes": 0}}"#, ""),
        (r#"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}}"#, "1!"),
        (r#"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}"#, ""),
        (r#"{"match": {"op": "==", "left": {"ct": {"key": "state"}}, "right": {"set": ["new", "untracked"]}}}"#, "1!"),
        (
            r#"{"match": {"op": "in", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": "syn"}}"#,
            "1!",
        ),
        (
            r#"{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["syn", "rst"]]}, "right": "syn"}}"#,
            "1!",
        ),
        (
            r#"{"match": {"op": "!=", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn", "rst", "ack"]]}, "right": "syn"}}"#,
            "",
        ),
        (r#"{"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr"]}}, "right": "local"}}"#, ""),
        (r#"{"log": {"prefix": "x"}}, {"counter": "c1"}"#, "1!"),
        (r#"{"something-new": {}}"#, "1?"),
    ] {
        assert_eq!(output(condition), wanted, "{condition}");
    }
}

#[test]
fn masks_and_wildcards_and_what_nft_does_not_read_hold_or_may_hold() {
    for (condition, wanted) in [
        // A mask makes another number of it.
        (
            r#"{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "ip", "field": "daddr"}}, "255.0.0.255"]}, "right": "10.0.0.2"}}"#,
            "1?",
        ),
        (
            r#"{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "dport"}}, 1]}, "right": 1}}"#,
            "1?",
        ),
        (
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": {"set": [{"prefix": {"addr": "10.9.0.0", "len": 16}}, "*"]}}}"#,
            "1!",
        ),
        (r#"{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}"#, ""),
        (r#"{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}"#, "1?"),
        (r#"{"set": {"op": "add", "elem": 1, "set": "@dyn", "stmt": [{"counter": null}]}}"#, "1!"),
        (r#"{"set": {"op": "add", "elem": 1, "set": "@dyn", "stmt": [{"limit": {"rate": 10, "inv": true}}]}}"#, "1?"),
        (r#"{"xt": {"type": "match", "name": "comment"}}, {"counter": {"packets": 3, "bytes": 180}}"#, "1!"),
        (r#"{"xt": {"type": "target", "name": "DNAT"}}"#, ""),
        (r#"{"xt": {"type": "target", "name": "NFQUEUE"}}"#, "1?"),
    ] {
        assert_eq!(output(condition), wanted, "{condition}");
    }
}

#[test]
fn chains_are_followed_as_the_kernel_follows_them() {
    let drop = r#"{"drop": null}"#;
    let accept_perhaps = r#"{"limit": {}}, {"accept": null}"#;
    let db = format!("{DPORT} 5432}}}}");
    let to = |verdict: &str| format!("{db}, {verdict}");
    let jump_perhaps = r#"{"limit": {}}, {"jump": {"target": "drops"}}"#;
    for (given, wanted) in [
        (vec![to(r#"{"accept": null}"#), drop.into()], ""),
        (vec![accept_perhaps.into(), drop.into()], "2?"),
        (vec![to(r#"{"jump": {"target": "drops"}}"#)], "91!"),
        (vec![to(r#"{"jump": {"target": "returns"}}"#), drop.into()], "2!"),
        (vec![to(r#"{"goto": {"target": "returns"}}"#), drop.into()], ""),
        (vec![jump_perhaps.into(), drop.into()], "91? 2?"),
        (vec![to(r#"{"return": null}"#), drop.into()], ""),
        // As nft 1.0.6 lists a chain within a rule, and what it has no JSON for.
        (vec![to(r#""jump {\n\t\tip daddr 10.0.0.2 drop\n\t}""#), drop.into()], "1? 2?"),
        (vec![to(r#""something new", {"drop": null}"#)], "1?"),
        (vec![r#"{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": "@vm"}}"#.into()], "91!"),
        (
            vec![
                r#"{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": null}], ["new", {"continue": null}]]}}}"#
                    .into(),
                drop.into(),
            ],
            "2!",
        ),
        (vec![r#"{"queue": null}"#.into()], "1?"),
        (
            vec![
                r#"{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [["*", {"drop": null}], [5432, {"accept": null}]]}}}"#.into(),
                drop.into(),
            ],
            "",
        ),
        (
            vec![
                r#"{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[80, {"accept": null}], [{"elem": {"val": "*", "comment": "x"}}, {"drop": null}]]}}}"#.into(),
            ],
            "1!",
        ),
        (vec![to(r#"{"reject": null}"#), drop.into()], ""),
        (vec!["{\"dnat\": {\"addr\": \"10.0.0.9\"}}".into()], ""),
    ] {
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        assert_eq!(found(&rules("output", "accept", &given), &request(DB), Block::Drop), wanted, "{given:?}");
    }
}

#[test]
fn a_policy_stops_what_no_rule_lets_pass() {
    let accept = format!("{DPORT} 80}}}}, {{\"accept\": null}}");
    let perhaps = r#"{"limit": {}}, {"accept": null}"#;
    assert_eq!(found(&rules("output", "drop", &[&accept]), &request(DB), Block::Drop), "0!");
    assert_eq!(found(&rules("output", "drop", &[&accept]), &request("10.0.0.2:80"), Block::Drop), "");
    assert_eq!(found(&rules("output", "drop", &[perhaps]), &request(DB), Block::Drop), "0?");
    assert_eq!(found(&rules("forward", "drop", &[]), &request(DB), Block::Drop), "");
}

#[test]
fn the_way_it_is_stopped_has_to_be_the_one_that_was_seen() {
    let reset = r#"{"reject": {"type": "tcp reset"}}"#;
    let prohibited = r#"{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}"#;
    for (rule, block, wanted) in [
        (reset, Block::Reset, "1!"),
        (reset, Block::Reject, ""),
        (reset, Block::Drop, ""),
        (prohibited, Block::Reject, "1!"),
        (prohibited, Block::Reset, ""),
        (
            r#"{"counter": {"packets": 2, "bytes": 9}}, {"xt": {"type": "target", "name": "REJECT"}}"#,
            Block::Reset,
            "1!",
        ),
    ] {
        assert_eq!(found(&rules("output", "accept", &[rule]), &request(DB), block), wanted, "{rule} {block:?}");
    }
}

#[test]
fn answers_are_held_against_the_rules_of_the_input() {
    let new_only = r#"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}}, {"drop": null}"#;
    let from_db = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "sport"}}, "right": 5432}}, {"drop": null}"#;
    assert_eq!(found(&rules("input", "accept", &[new_only]), &answer(DB), Block::Drop), "");
    assert_eq!(found(&rules("input", "accept", &[new_only, from_db]), &answer(DB), Block::Drop), "2!");
    assert_eq!(found(&rules("prerouting", "accept", &[from_db]), &answer(DB), Block::Drop), "1!");
    assert_eq!(found(&rules("output", "accept", &[from_db]), &answer(DB), Block::Drop), "");
    // Where packets are not followed, nobody knows their state.
    let untracked = [r#"{"notrack": null}"#, new_only];
    assert_eq!(found(&rules("input", "accept", &untracked), &answer(DB), Block::Drop), "2?");
}

#[test]
fn who_rejects_an_answer_has_dropped_it() {
    for rule in [
        r#"{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}"#,
        r#"{"reject": {"type": "tcp reset"}}"#,
        r#"{"counter": {"packets": 2, "bytes": 9}}, {"xt": {"type": "target", "name": "REJECT"}}"#,
    ] {
        assert_eq!(found(&rules("input", "accept", &[rule]), &answer(DB), Block::Drop), "1!", "{rule}");
    }
}

#[test]
fn a_chain_of_one_device_is_for_that_device() {
    let listed = |device: serde_json::Value| {
        let chain = json!({"family": "netdev", "table": "nd", "name": "eg", "type": "filter", "hook": "egress", "prio": 0,
            "policy": "accept", "dev": device});
        let expr = json!([{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "10.0.0.2"}}, {"drop": null}]);
        let rule = json!({"family": "netdev", "table": "nd", "chain": "eg", "handle": 3, "expr": expr});
        read(&json!({"nftables": [{"chain": chain}, {"rule": rule}]}))
    };
    assert_eq!(found(&listed(json!("eth0")), &request(DB), Block::Drop), "3!");
    assert_eq!(found(&listed(json!(["lo", "eth1"])), &request(DB), Block::Drop), "");
    // nft 1.0.6 does not say which.
    assert_eq!(found(&listed(json!(null)), &request(DB), Block::Drop), "3?");
}

#[test]
fn a_rule_is_shown_as_nft_writes_it() {
    let text = "table ip filter { # handle 1\n\tchain output { # handle 2\n\t\tdrop # handle 12\n\t}\n}\n\
                table inet filter { # handle 6\n\tset bad { # handle 4\n\t\telements = { 10.0.0.0/24 }\n\t}\n\n\
                \tchain output { # handle 2\n\t\ttype filter hook output priority filter; policy accept;\n\
                \t\ttcp dport 5432 drop comment \"no # handle 12\" # handle 12\n\t}\n}\n";
    let finding = |handle| Finding {
        family: "inet".into(),
        table: "filter".into(),
        chain: "output".into(),
        handle,
        is_certain: true,
        has_counted: false,
    };
    assert_eq!(line(text, &finding(Some(12))).as_deref(), Some("tcp dport 5432 drop comment \"no # handle 12\""));
    assert_eq!(line(text, &finding(Some(13))), None);
    let within =
        "table inet filter {\n\tchain output {\n\t\ttcp dport 1 jump {\n\t\t\tdrop\n\t\t} # handle 4\n\t}\n}\n";
    assert_eq!(line(within, &finding(Some(4))), None);
    assert_eq!(line(text, &finding(None)), None);
}

#[test]
fn what_the_older_iptables_saves_is_read_as_rules() {
    let saved = "# Generated by iptables-save v1.8.9\n*filter\n:INPUT ACCEPT [9:1]\n:OUTPUT ACCEPT [0:0]\n:ufw - [0:0]\n\
        [4:240] -A INPUT -s 10.0.0.2/32 -p tcp -m tcp --sport 5432 -j DROP\n\
        [7:1] -A OUTPUT -o lo -j ACCEPT\n\
        [7:1] -A OUTPUT -p tcp -m multiport --dports 80,5000:6000 -m comment --comment \"no data bases\" -j ufw\n\
        [0:0] -A OUTPUT -j DROP\n\
        [3:1] -A OUTPUT -m owner --uid-owner 1000 -j REJECT --reject-with tcp-reset\n\
        [7:1] -A ufw ! -d 10.0.0.2/32 -j DROP\n\
        [7:1] -A ufw -m statistic --mode random --probability 0.5 -j DROP\nCOMMIT\n";
    let rules = read(&saved::as_nftables(saved, rules::LEGACY[0], true));
    assert_eq!(found(&rules, &request(DB), Block::Drop), "2?");
    assert_eq!(found(&rules, &request("10.0.0.3:5432"), Block::Drop), "1!");
    assert_eq!(found(&rules, &request("10.0.0.2:70"), Block::Reset), "4!");
    assert_eq!(found(&rules, &answer(DB), Block::Drop), "1!");
}
