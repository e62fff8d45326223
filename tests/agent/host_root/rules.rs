//! Rulesets as they are on hosts: what iptables has written, thousands of rules, chains that nobody orders.

use super::{assert_denied, failures, failures_within, handle, near};
use harness::netns::Network;
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fmt::Write as _;

fn evidence(failure: &Value) -> &str {
    failure["evidence"].as_str().unwrap_or_default()
}

/// The rules of a chain in the words of iptables, one a line.
fn iptables(network: &Network, program: &str, rules: &str) {
    for rule in rules.lines().map(str::trim).filter(|rule| !rule.is_empty()) {
        near(network, "sh", &["-c", &format!("{program} {rule}")]);
    }
}

/// As `nft` counts the rules of a chain of iptables.
fn handles(network: &Network, family: &str, chain: &str) -> Vec<String> {
    let listed = near(network, "nft", &["-a", "list", "chain", family, "filter", chain]);
    listed
        .lines()
        .filter(|line| !line.contains("chain "))
        .filter_map(|line| line.rsplit_once("# handle "))
        .map(|(_, handle)| handle.to_owned())
        .collect()
}

#[test]
fn extensions_of_iptables_are_read_and_the_very_rule_is_named() {
    for (program, family, host) in [("iptables", "ip", "10.0.0.2"), ("ip6tables", "ip6", "[fd00::2]")] {
        let network = Network::new();
        iptables(
            &network,
            program,
            r#"-N audit
               -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
               -A OUTPUT -p tcp -m multiport --dports 80,5400 -m owner --uid-owner 0 -j DROP
               -A OUTPUT -p tcp -m tcp --dport 5401 -m owner --uid-owner 7 -j DROP
               -A OUTPUT -p tcp -m tcp --dport 5401 -m owner --uid-owner 0 -m comment --comment "a \"b\" -j ACCEPT" -j DROP
               -A OUTPUT -p tcp -m conntrack --ctstate NEW -m multiport --dports 5402:5403 -j audit
               -A OUTPUT -p tcp --dport 5404 -m limit --limit 10000/s --limit-burst 10000 -j DROP
               -A audit -j LOG --log-prefix "[no -j ACCEPT] "
               -A audit -p tcp --dport 5403 -j REJECT --reject-with tcp-reset
               -A audit -p tcp --syn -j DROP"#,
        );
        let targets = [5401, 5402, 5403, 5404].map(|port| format!("{host}:{port}"));
        let failures = failures(&network, &targets.each_ref().map(String::as_str));
        let (output, audit) = (handles(&network, family, "OUTPUT"), handles(&network, family, "audit"));
        for (failure, (chain, handle)) in
            failures.iter().zip([("OUTPUT", &output[3]), ("audit", &audit[2]), ("audit", &audit[1])])
        {
            let message = failure["message"].as_str().expect("a message");
            let says = format!(", by rule {handle} of table {family} filter, chain {chain}: ");
            assert!(message.contains(&says), "{program}: {failure} does not say {says}");
            assert_denied(failure, "", &format!("`nft -a list chain {family} filter {chain}` shows it"));
        }
        // Whether a limit was exceeded is not known.
        let says = format!("it may be rule {} of table {family} filter, chain OUTPUT", output[5]);
        assert!(evidence(&failures[3]).contains(&says), "{program}: {} does not say {says}", failures[3]);
    }
}

#[test]
fn a_policy_behind_rules_of_iptables_is_named() {
    let network = Network::new();
    iptables(
        &network,
        "iptables",
        "-N user-output
         -A OUTPUT -o lo -j ACCEPT
         -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
         -A OUTPUT -m conntrack --ctstate INVALID -j DROP
         -A OUTPUT -j user-output
         -A user-output -p tcp -m multiport --dports 22,80,443 -j ACCEPT
         -A user-output -m addrtype --dst-type LOCAL -j RETURN
         -P OUTPUT DROP",
    );
    let failures = failures(&network, &["10.0.0.2:5401"]);
    let says = ", by the policy of table ip filter, chain OUTPUT: drop";
    assert_denied(&failures[0], says, "`nft -a list chain ip filter OUTPUT` shows it");
}

#[test]
fn who_rejects_the_answers_is_named_as_who_drops_them() {
    for (rule, shown) in [
        ("tcp sport 5401 reject with tcp reset", "tcp sport 5401 reject with tcp reset"),
        (
            "ct state established tcp sport 5401 reject with icmpx type admin-prohibited",
            "ct state established tcp sport 5401 reject with icmpx admin-prohibited",
        ),
    ] {
        let network = Network::new();
        let table = format!("table inet filter {{ chain input {{ type filter hook input priority 0; {rule}; }}; }}");
        near(&network, "nft", &[&table]);
        let _server = network.far.inside(|| Peer::start_at(network.far.at(5401), Manner::Silent));
        let failures = failures(&network, &["10.0.0.2:5401"]);
        let says = format!(", by rule {} of table inet filter, chain input: {shown}", handle(&network, shown));
        assert_denied(&failures[0], &says, "`nft -a list chain inet filter input` shows it");
    }
}

#[test]
fn of_two_that_may_have_been_first_none_is_said_to_be_it() {
    let network = Network::new();
    near(
        &network,
        "nft",
        &["table inet one { chain output { type filter hook output priority 0; tcp dport 5401 drop; }; }
           table inet two { chain output { type filter hook output priority 0; tcp dport 5401-5402 drop; }; }
           table inet late { chain output { type filter hook output priority 10; tcp dport 5401-5403 drop; }; }"],
    );
    let failures = failures(&network, &["10.0.0.2:5401", "10.0.0.2:5402"]);
    let message = failures[0]["message"].as_str().expect("a message");
    assert!(!message.contains("by rule"), "{}", failures[0]);
    assert!(
        evidence(&failures[0]).contains("it may be rule ") && evidence(&failures[0]).contains("(or another of 2)"),
        "{}",
        failures[0]
    );
    let says = format!(
        ", by rule {} of table inet two, chain output: tcp dport 5401-5402 drop",
        handle(&network, "tcp dport 5401-5402 drop")
    );
    assert_denied(&failures[1], &says, "`nft -a list chain inet two output` shows it");
}

#[test]
fn the_rule_is_found_among_thousands() {
    let network = Network::new();
    let mut rules = String::from("table inet filter {\nchain output {\ntype filter hook output priority 0;\n");
    for number in 0..5000 {
        let _fits = writeln!(
            rules,
            "ip daddr 10.{}.{}.9 tcp dport {} counter accept comment \"rule {number}\"",
            1 + number / 250,
            number % 250,
            1000 + number
        );
    }
    rules += "tcp dport 5401 counter drop\n}\n}\n";
    let scratch = Scratch::new();
    let file = scratch.write("rules.nft", &rules);
    near(&network, "nft", &["-f", file.to_str().expect("a path")]);
    // nft itself takes half a second for them.
    let failures = failures_within(&network, &["10.0.0.2:5401"], 8);
    let says = format!(
        ", by rule {} of table inet filter, chain output: tcp dport 5401 counter drop",
        handle(&network, "tcp dport 5401 counter drop")
    );
    assert_denied(&failures[0], &says, "`nft -a list chain inet filter output` shows it");
}
