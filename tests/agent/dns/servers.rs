//! Resolvers as this host's own library asks them: in order, the next one where one is of no use; and what that costs.

use super::{failure_of, network, nxdomain, records, refusal, tcp, three_resolvers};
use harness::agent::{Agent, code};
use harness::dns::{Dns, Records};
use harness::netns::{Answer, Network, Transport};
use harness::peers::{Manner, Peer, UdpManner, UdpPeer};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

const FIRST: &str = "nameserver 127.0.0.1\nnameserver 10.0.0.2\noptions timeout:1\n";

/// What a host is called at which somebody listens.
const THERE: &str = "there.test";

fn at_first(network: &Network, manner: UdpManner) -> UdpPeer {
    network.near.inside(|| UdpPeer::start_at(SocketAddr::from(([127, 0, 0, 1], 53)), manner))
}

fn run(network: &Network, yaml: &str) -> (String, Value) {
    let report = Agent::through(network.near.command("env"), yaml).report();
    (code(&report), report["checks"][0].clone())
}

fn dns(name: &str) -> String {
    format!("- {{type: dns, name: {name}, timeout: 6}}")
}

fn servfail(question: &[u8]) -> Vec<u8> {
    refusal(question, 2)
}

fn notimp(question: &[u8]) -> Vec<u8> {
    refusal(question, 4)
}

fn refused(question: &[u8]) -> Vec<u8> {
    refusal(question, 5)
}

/// No error, no records, no authority, no recursion.
fn lame(question: &[u8]) -> Vec<u8> {
    let mut answer = refusal(question, 0);
    answer[3] = 0;
    answer
}

/// A server of a zone above, which names those of the zone.
fn referral(question: &[u8]) -> Vec<u8> {
    let mut answer = lame(question);
    answer[9] = 1;
    answer.extend(b"\xc0\x0c\0\x02\0\x01\0\0\0\x3c\0\x0a\x03ns1\x04test\0");
    answer
}

/// The answer does not fit.
fn truncated(question: &[u8]) -> Vec<u8> {
    let mut answer = refusal(question, 0);
    answer[2] |= 2;
    answer
}

#[test]
fn the_next_server_is_asked_when_one_fails_refuses_or_is_lame() {
    for (first, said) in [
        (servfail as fn(&[u8]) -> Vec<u8>, "SERVFAIL"),
        (notimp, "NOTIMP"),
        (refused, "REFUSED"),
        (lame, "nothing at all (lame)"),
        (referral, "a referral to ns1.test"),
    ] {
        let (network, _second) = network(FIRST);
        let _first = at_first(&network, UdpManner::Respond(first));
        let (verdict, check) = run(&network, &dns("only4.test"));
        assert_eq!((verdict.as_str(), &check["facts"]["resolver"]), ("pass", &json!("10.0.0.2:53")), "{check}");
        assert_eq!(check["facts"]["resolvers_passed_over"], json!({"127.0.0.1": said}));
        assert_eq!(run(&network, &dns("none.test")).0, "resolve.nxdomain", "{said}");
        assert_eq!(failure_of(&network, &tcp("none.test"))["code"], "resolve.nxdomain", "{said}");
    }
}

#[test]
fn a_resolver_that_refuses_this_host_has_another_behind_it() {
    let (network, _second) = network(FIRST);
    let records = Records::new().refused("only4.test").servfail("h.test");
    let _first = network.near.inside(|| Dns::start_at("127.0.0.1".parse().expect("an address"), &records));
    for (name, said) in [("only4.test", "REFUSED"), ("h.test", "SERVFAIL")] {
        let (verdict, check) = run(&network, &dns(name));
        assert_eq!(verdict, "pass", "{check}");
        assert_eq!(check["facts"]["resolvers_passed_over"], json!({"127.0.0.1": said}));
    }
    let (verdict, check) = run(&network, &dns("x.closed.test"));
    assert_eq!(verdict, "resolve.nxdomain", "{check}");
}

#[test]
fn when_all_fail_the_words_of_all_are_told() {
    let (network, _second) = network(FIRST);
    let _first = at_first(&network, UdpManner::Respond(servfail));
    let (verdict, check) = run(&network, &dns("x.closed.test"));
    assert_eq!(verdict, "resolve.servfail", "{check}");
    assert_eq!(check["failure"]["evidence"], "127.0.0.1: SERVFAIL; 10.0.0.2: REFUSED", "{check}");
}

#[test]
fn who_knows_others_that_may_know_is_no_resolver() {
    let (network, _second) = network("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    let _first = at_first(&network, UdpManner::Respond(referral));
    let (verdict, check) = run(&network, &dns("h.test"));
    assert_eq!((verdict.as_str(), &check["failure"]["owner"]), ("resolve.failed", &json!("dns")), "{check}");
    let message = "127.0.0.1 resolves for nobody: it answers with a referral to ns1.test";
    assert_eq!(check["failure"]["message"], message);
    assert_eq!(failure_of(&network, &tcp("h.test"))["message"], message);
}

#[test]
fn a_truncated_answer_that_tcp_does_not_bring_is_told_as_such() {
    let many = (0..200).fold(Records::new(), |records, number| {
        records.record(&format!("many.test. A 10.1.{}.{}", number / 100, number % 100))
    });
    for (answer, wanted, owner, what) in [
        (Answer::PortUnreachable, "resolve.closed", "network", "TCP is rejected on the way"),
        (Answer::Drop, "resolve.timeout", "network", "TCP gets no answer"),
    ] {
        let network = Network::new();
        let server = network.far.inside(|| Dns::start_at(network.far.ip(), &many));
        network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:2 attempts:1\n");
        network.near.hosts("127.0.0.1 localhost\n");
        network.far.filter_input(Transport::Tcp, 53, answer);
        for more in ["", ", server: 10.0.0.2"] {
            let (verdict, check) = run(&network, &format!("- {{type: dns, name: many.test, timeout: 2{more}}}"));
            assert_eq!((verdict.as_str(), &check["failure"]["owner"]), (wanted, &json!(owner)), "{check}");
            let message = format!(
                "the answer of {} was truncated: it does not fit into a datagram, and {what}",
                server.address()
            );
            assert_eq!(check["failure"]["message"], message);
        }
    }
    // Without a firewall, and for the names of other checks.
    let (network, _peers) = three_resolvers(UdpManner::Respond(truncated));
    network.near.resolv_conf("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    for yaml in [dns("many.test"), tcp("many.test")] {
        let failure = failure_of(&network, &yaml);
        assert_eq!((&failure["code"], &failure["owner"]), (&json!("resolve.closed"), &json!("dns")), "{failure}");
        let message = failure["message"].as_str().expect("a message");
        assert!(message.ends_with("was truncated: it does not fit into a datagram, and nothing listens for TCP there"));
    }
}

#[test]
fn an_alias_that_leads_nowhere_is_told_with_its_end() {
    let more = ["dangling.test. CNAME gone.test.", "bare.test. CNAME t.test."];
    let records = more.iter().fold(records(), |records, line| records.record(line));
    let network = Network::new();
    let _server = network.far.inside(|| Dns::start_at(network.far.ip(), &records));
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
    for (name, wanted, told, step) in [
        ("dangling.test", "resolve.nxdomain", "is an alias for gone.test, which does not exist", "gone.test"),
        ("bare.test", "resolve.no-address", "is an alias for t.test, which ", "t.test"),
    ] {
        for yaml in [dns(name), tcp(name)] {
            let (verdict, check) = run(&network, &yaml);
            assert_eq!(verdict, wanted, "{check}");
            let message = check["failure"]["message"].as_str().expect("a message");
            assert!(message.starts_with(&format!("{name} {told}")), "{message}");
            assert_eq!(check["failure"]["next_step"], format!("add the record of {step}, or correct the alias"));
        }
    }
}

#[test]
fn a_resolver_without_a_route_is_the_networks() {
    let network = Network::new();
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf("nameserver 192.0.2.53\noptions timeout:1 attempts:1\n");
    for (yaml, wanted) in [(dns("h.test"), "connect.network-unreachable"), (tcp("h.test"), "resolve.timeout")] {
        let (verdict, check) = run(&network, &yaml);
        assert_eq!(verdict, wanted, "{check}");
        assert_eq!(check["failure"]["owner"], "network", "{check}");
        assert!(check["failure"]["message"].to_string().contains("192.0.2.53"), "{check}");
    }
}

/// A network in which somebody listens at [`THERE`], with its resolver and the listener.
fn inhabited(resolv_conf: &str) -> (Network, Dns, Peer) {
    let network = Network::new();
    let records = records().record(&format!("{THERE}. A 10.0.0.2"));
    let server = network.far.inside(|| Dns::start_at(network.far.ip(), &records));
    let peer = network.far.inside(|| Peer::start_at(network.far.at(80), Manner::Silent));
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf(resolv_conf);
    (network, server, peer)
}

fn slow_warning(check: &Value) -> &str {
    let warnings = check["warnings"].as_array().expect("warnings");
    let slow = warnings.iter().find(|warning| warning["code"] == "resolve.slow");
    slow.unwrap_or_else(|| panic!("no resolve.slow: {check}"))["message"].as_str().expect("a message")
}

#[test]
fn a_dead_first_resolver_is_a_warning_with_what_it_costs() {
    let (network, _server, _peer) = inhabited("nameserver 127.0.0.1\nnameserver 10.0.0.2\noptions timeout:2\n");
    let _dead = at_first(&network, UdpManner::Silent);
    for yaml in [tcp(THERE), dns(THERE)] {
        let (verdict, check) = run(&network, &yaml);
        assert_eq!(verdict, "warn", "{check}");
        let told = slow_warning(&check);
        assert!(told.starts_with("the look-up of there.test costs 2."), "{told}");
        assert!(told.contains("127.0.0.1"), "{told}");
    }
    // What this check does not wait for, the application does.
    let (_, check) = run(&network, &dns(THERE).replace("timeout: 6", "timeout: 2"));
    assert!(slow_warning(&check).starts_with("the look-up of there.test costs 2."), "{check}");
}

#[test]
fn a_quick_look_up_is_no_warning() {
    let (network, _server, _peer) = inhabited("nameserver 10.0.0.2\n");
    for yaml in [tcp(THERE), dns(THERE)] {
        let (verdict, check) = run(&network, &yaml);
        assert_eq!(verdict, "pass", "{check}");
    }
}

/// Knows `there` alone, at this host, and needs time to say that a name is not in `slow.test`.
fn slow_zone(question: &[u8]) -> Vec<u8> {
    if question.windows(5).any(|part| part == b"\x04slow") {
        sleep(Duration::from_millis(800));
    }
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).expect("the end of the name");
    match &question[12..end] {
        b"\x05there\x04test" if question[end + 2] == 1 => {
            let mut answer = refusal(question, 0);
            answer[7] = 1;
            answer.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01");
            answer
        }
        b"\x05there\x04test" => refusal(question, 0),
        _ => nxdomain(question),
    }
}

#[test]
fn a_search_list_that_costs_seconds_is_a_warning() {
    let network = Network::new();
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf("nameserver 127.0.0.1\nsearch slow.test test\n");
    let _resolver = at_first(&network, UdpManner::Respond(slow_zone));
    let _peer = network.near.inside(|| Peer::start_at(SocketAddr::from(([127, 0, 0, 1], 80)), Manner::Silent));
    let (verdict, check) = run(&network, &tcp("there"));
    assert_eq!(verdict, "warn", "{check}");
    let told = slow_warning(&check);
    assert!(told.starts_with("the look-up of there costs ") && told.contains("there.slow.test"), "{told}");
}

#[test]
fn equal_questions_of_a_run_are_asked_once() {
    let (network, peers) = three_resolvers(UdpManner::Respond(nxdomain));
    let report = Agent::through(network.near.command("env"), &(dns("none.test") + "\n").repeat(50)).report();
    assert_eq!((code(&report).as_str(), &report["counts"]["fail"]), ("resolve.nxdomain", &json!(50)), "{report}");
    assert_eq!(peers.iter().map(UdpPeer::datagrams).collect::<Vec<_>>(), [1, 0, 0]);
}

#[test]
fn what_the_first_resolver_says_is_asked_of_no_other() {
    let (network, peers) = three_resolvers(UdpManner::Respond(nxdomain));
    assert_eq!(failure_of(&network, &tcp("none.test"))["code"], "resolve.nxdomain");
    // The system's A and AAAA, and ours.
    assert_eq!(peers.iter().map(UdpPeer::datagrams).collect::<Vec<_>>(), [3, 0, 0]);
}

#[test]
fn who_says_nothing_to_the_second_question_has_answered_the_first() {
    /// An answer to what has EDNS, and none to the rest.
    fn to_edns(question: &[u8], code: u8) -> Vec<u8> {
        let has_edns = question[11] == 1;
        if has_edns { refusal(question, code) } else { Vec::new() }
    }
    for (answer, wanted, message) in [
        (
            (|question| to_edns(question, 2)) as fn(&[u8]) -> Vec<u8>,
            "resolve.servfail",
            "127.0.0.1 failed to resolve h.test",
        ),
        (|question| to_edns(question, 4), "resolve.failed", "127.0.0.1 answered NOTIMP"),
    ] {
        let peer = UdpPeer::start(UdpManner::Respond(answer));
        let yaml = super::dns(peer.address(), "h.test", "").replace("timeout: 3", "timeout: 0.5");
        let report = Agent::new(&yaml).report();
        let failure = &report["checks"][0]["failure"];
        assert_eq!((code(&report).as_str(), failure["message"].as_str()), (wanted, Some(message)), "{report}");
    }
}

#[test]
fn a_resolver_that_does_not_run_is_told_from_one_that_does_not_answer() {
    let network = Network::new();
    network.near.hosts("127.0.0.1 localhost\n");
    for (server, owner) in [("127.0.0.53", "host"), ("10.0.0.2", "dns")] {
        network.near.resolv_conf(&format!("nameserver {server}\noptions timeout:1 attempts:1\n"));
        let failure = failure_of(&network, &tcp("h.test"));
        assert_eq!((&failure["code"], &failure["owner"]), (&json!("resolve.timeout"), &json!(owner)), "{failure}");
        assert_eq!(failure["message"], format!("h.test: nothing listens where its resolvers should be ({server})"));
    }
    // What speaks another protocol there is no silent resolver.
    network.near.resolv_conf("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    let _other = at_first(&network, UdpManner::Respond(|question| [&question[..2], b"\x81\x80 what?"].concat()));
    let failure = failure_of(&network, &tcp("h.test"));
    assert_eq!(failure["code"], "resolve.failed", "{failure}");
    assert_eq!(failure["message"], "127.0.0.1:53 sent something that is not a DNS answer");
}

#[test]
fn addresses_that_this_program_was_told_to_leave_out_are_no_fault_of_the_dns() {
    let (network, _server) = network("nameserver 10.0.0.2\n");
    for (yaml, option) in [(tcp("only4.test"), "-6"), (tcp("127.0.0.1"), "-6"), (tcp("'::1'"), "-4")] {
        let report = Agent::through(network.near.command("env"), &yaml).args([option]).report();
        let failure = &report["checks"][0]["failure"];
        assert_eq!(
            (&failure["code"], &failure["owner"]),
            (&json!("resolve.no-address"), &json!("config")),
            "{failure}"
        );
        assert_eq!(failure["next_step"], format!("drop {option}, or add an address of this family"));
    }
    // Without the option, there is none to drop.
    let failure = failure_of(&network, &tcp("t.test"));
    assert_eq!(
        (&failure["code"], &failure["next_step"]),
        (&json!("resolve.no-address"), &json!("add its A or AAAA record, or correct the name"))
    );
}
