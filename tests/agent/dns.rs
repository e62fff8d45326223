//! The dns check against unbound and broken servers, and the reasons why a name of another check
//! does not resolve.

mod expect;
mod servers;

use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::dns::{Dns, Records};
use harness::netns::Network;
use harness::peers::{Manner, Peer, TlsManner, TlsPeer, UdpManner, UdpPeer};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// A file with one dns check; `more` are options, each with a comma before it.
fn dns(server: SocketAddr, name: &str, more: &str) -> String {
    format!("- {{type: dns, name: {name}, server: {}, port: {}, timeout: 3{more}}}", server.ip(), server.port())
}

fn check(server: SocketAddr, name: &str, more: &str) -> (String, Value) {
    let report = Agent::new(&dns(server, name, more)).report();
    (code(&report), report["checks"][0].clone())
}

fn records() -> Records {
    let lines = [
        "h.test. A 10.0.0.7",
        "h.test. A 10.0.0.8",
        "h.test. AAAA fd00::7",
        "alias.test. CNAME h.test.",
        "h.test. MX 10 mail.test.",
        "7.0.0.10.in-addr.arpa. PTR h.test.",
        "_ldap._tcp.test. SRV 1 2 389 h.test.",
        "t.test. TXT \"two words\"",
        "h.test. CAA 0 issue \"ca.test\"",
        "only4.test. A 10.0.0.9",
    ];
    let records = lines.iter().fold(Records::new(), |records, line| records.record(line));
    records.refused("closed.test").servfail("broken.test").silent("quiet.test")
}

#[test]
fn every_kind_of_record_is_found_and_compared() {
    let server = Dns::start(&records());
    for (name, record, expect) in [
        ("h.test", "A", "10.0.0.7"),
        ("h.test", "A", "[10.0.0.8, 10.0.0.7]"),
        ("H.Test.", "AAAA", "'fd00::7'"),
        ("alias.test", "A", "10.0.0.8"),
        ("alias.test", "CNAME", "h.test"),
        ("h.test", "MX", "10 mail.test."),
        (".", "NS", "localhost"),
        ("10.0.0.7", "PTR", "h.test"),
        ("_ldap._tcp.test", "SRV", "1 2 389 h.test"),
        ("t.test", "TXT", "two words"),
        ("h.test", "CAA", "'0 issue \"ca.test\"'"),
        (".", "SOA", "localhost. nobody.invalid. 1 3600 900 86400 60"),
    ] {
        let more = format!(", record: {record}, expect: {expect}");
        let (verdict, check) = check(server.address(), &format!("'{name}'"), &more);
        assert_eq!(verdict, "pass", "{name} {record}: {check}");
    }
}

#[test]
fn what_was_found_is_a_fact() {
    let server = Dns::start(&records());
    let (_, check) = check(server.address(), "only4.test", "");
    let facts = &check["facts"];
    assert_eq!((&facts["answers"], &facts["resolver"]), (&json!(["10.0.0.9"]), &json!(server.address().to_string())));
    assert!(facts["ttl_seconds"].as_u64().is_some_and(|ttl| ttl <= 60), "{check}");
    assert_eq!(check["results"][0]["name"], "dns:only4.test@127.0.0.1");
}

#[test]
fn other_values_than_expected_are_shown() {
    let server = Dns::start(&records());
    let (verdict, check) = check(server.address(), "only4.test", ", expect: [10.0.0.9, 10.9.9.9]");
    assert_eq!(verdict, "request.unexpected-reply");
    assert_eq!(check["failure"]["evidence"], "got 10.0.0.9, missing 10.9.9.9");
}

#[test]
fn every_way_to_fail_has_its_code_and_names_the_server() {
    let server = Dns::start(&records());
    for (name, more, wanted, message) in [
        ("none.test", "", "resolve.nxdomain", "none.test does not exist according to 127.0.0.1"),
        ("only4.test", ", record: AAAA", "resolve.no-address", "only4.test has no AAAA record according to 127.0.0.1"),
        ("x.broken.test", "", "resolve.servfail", "127.0.0.1 failed to resolve x.broken.test"),
        ("x.closed.test", "", "resolve.refused", "127.0.0.1 refuses to answer for x.closed.test"),
    ] {
        let (verdict, check) = check(server.address(), name, more);
        assert_eq!((verdict.as_str(), check["failure"]["message"].as_str()), (wanted, Some(message)), "{check}");
        assert_eq!(check["failure"]["owner"], "dns");
    }
}

#[test]
fn a_silent_server_is_a_timeout_that_names_it() {
    let server = Dns::start(&records());
    for _ in 0..5 {
        let yaml = dns(server.address(), "x.quiet.test", "").replace("timeout: 3", "timeout: 0.3");
        let ran = Agent::new(&yaml).args(["--format", "json"]).run();
        let report = ran.json();
        assert_eq!(code(&report), "resolve.timeout");
        let evidence = report["checks"][0]["failure"]["evidence"].as_str().expect("evidence");
        assert!(evidence.contains(&server.address().to_string()), "{evidence}");
        assert!(ran.elapsed < Duration::from_millis(1500), "{ran:?}");
    }
}

#[test]
fn an_answer_that_does_not_fit_is_fetched_over_tcp() {
    let mut records = Records::new();
    for number in 0..200 {
        records = records.record(&format!("many.test. A 10.1.{}.{}", number / 100, number % 100));
    }
    let server = Dns::start(&records);
    let (verdict, check) = check(server.address(), "many.test", ", expect: [10.1.0.0, 10.1.1.99]");
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(check["facts"]["answers"].as_array().map(Vec::len), Some(200));
}

#[test]
fn nothing_listens_there() {
    let nobody = UdpPeer::start(UdpManner::Refuses);
    let (verdict, check) = check(nobody.address(), "h.test", "");
    assert_eq!(verdict, "connect.refused", "{check}");
    let message = check["failure"]["message"].as_str().expect("a message");
    assert!(message.contains(&nobody.address().to_string()), "{message}");
}

#[test]
fn what_is_no_answer_is_waited_past_and_then_a_timeout() {
    let noise = UdpPeer::start(UdpManner::Reply(b"this is no DNS at all".to_vec()));
    let yaml = dns(noise.address(), "h.test", "").replace("timeout: 3", "timeout: 0.3");
    assert_eq!(code(&Agent::new(&yaml).report()), "resolve.timeout");
    let echo = UdpPeer::start(UdpManner::Echo);
    let yaml = dns(echo.address(), "h.test", "").replace("timeout: 3", "timeout: 0.3");
    assert_eq!(code(&Agent::new(&yaml).report()), "resolve.timeout");
}

/// A resolver's answer with this code, and nothing but the question.
fn refusal(question: &[u8], code: u8) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).expect("the end of the name") + 5;
    let head = [question[0], question[1], 0x81, 0x80 | code, 0, 1, 0, 0, 0, 0, 0, 0];
    [&head, &question[12..end]].concat()
}

fn nxdomain(question: &[u8]) -> Vec<u8> {
    refusal(question, 3)
}

/// A server from before EDNS: it knows `h.test` alone, and is at a loss over what comes after a question.
fn before_edns<const CODE: u8>(question: &[u8]) -> Vec<u8> {
    match (question[11], question[13]) {
        (0, b'h') => {
            let mut answer = refusal(question, 0);
            answer[7] = 1;
            answer.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x07");
            answer
        }
        (0, _) => nxdomain(question),
        _ => [&question[..2], &[0x81, 0x80 | CODE], &[0; 8]].concat(),
    }
}

#[test]
fn a_server_that_does_not_know_edns_is_asked_without_it() {
    for manner in [before_edns::<1>, before_edns::<4>] {
        let server = UdpPeer::start(UdpManner::Respond(manner));
        let (verdict, answered) = check(server.address(), "h.test", ", expect: 10.0.0.7");
        assert_eq!((verdict.as_str(), server.datagrams()), ("pass", 2), "{answered}");
        assert_eq!(check(server.address(), "none.test", "").0, "resolve.nxdomain");
    }
}

/// The far host as a resolver of the near one; nothing else is known there.
fn network(near_resolv_conf: &str) -> (Network, Dns) {
    let network = Network::new();
    let server = network.far.inside(|| Dns::start_at(network.far.ip(), &records()));
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf(near_resolv_conf);
    (network, server)
}

const QUICK: &str = "nameserver 10.0.0.2\noptions timeout:1 attempts:1\n";

fn failure_of(network: &Network, yaml: &str) -> Value {
    let report = Agent::through(network.near.command("env"), yaml).report();
    report["checks"][0]["failure"].clone()
}

fn tcp(name: &str) -> String {
    format!("- {{type: tcp, host: {name}, port: 80, timeout: 6}}")
}

#[test]
fn the_reason_why_a_name_does_not_resolve_comes_from_the_resolver() {
    let (network, _server) = network(QUICK);
    for (name, code, message) in [
        ("none.test", "resolve.nxdomain", "none.test does not exist according to 10.0.0.2"),
        ("t.test", "resolve.no-address", "t.test exists without an address according to 10.0.0.2"),
        ("x.broken.test", "resolve.servfail", "10.0.0.2 failed to resolve x.broken.test"),
        ("x.closed.test", "resolve.refused", "10.0.0.2 refuses to resolve x.closed.test"),
        ("x.quiet.test", "resolve.timeout", "x.quiet.test: no resolver answered (10.0.0.2)"),
    ] {
        let failure = failure_of(&network, &tcp(name));
        assert_eq!((failure["code"].as_str(), failure["message"].as_str()), (Some(code), Some(message)), "{failure}");
        let evidence = failure["evidence"].as_str().expect("evidence");
        assert!(evidence.starts_with("system: ") && evidence.contains("; 10.0.0.2: "), "{evidence}");
        assert_eq!(failure["owner"], "dns");
    }
}

#[test]
fn a_look_up_that_outlasts_the_check_names_the_resolvers() {
    let (network, _server) = network("nameserver 10.0.0.2\n");
    let failure = failure_of(&network, &tcp("x.quiet.test").replace("timeout: 6", "timeout: 0.4"));
    assert_eq!(failure["code"], "resolve.timeout");
    let evidence = failure["evidence"].as_str().expect("evidence");
    assert!(evidence.ends_with("asked for x.quiet.test: 10.0.0.2"), "{evidence}");
}

#[test]
fn names_are_found_by_search_domain_and_hosts_file_first() {
    let (network, _server) = network("nameserver 10.0.0.2\nsearch example.test test\n");
    let far = &network.far;
    assert_eq!(failure_of(&network, &tcp("none"))["code"], "resolve.nxdomain");
    // 10.0.0.9 is nobody's: what matters is that the name led there.
    let failure = failure_of(&network, &tcp("only4").replace("timeout: 6", "timeout: 0.3"));
    assert!(failure["message"].to_string().contains("10.0.0.9 does not answer ARP"), "{failure}");
    network.near.hosts("10.0.0.2 only4\n");
    let _peer = far.inside(|| Peer::start_at(far.at(80), Manner::Silent));
    assert_eq!(failure_of(&network, &tcp("only4")), Value::Null);
}

#[test]
fn a_resolver_that_is_down_is_named() {
    let network = Network::new();
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf(QUICK);
    let failure = failure_of(&network, &tcp("h.test"));
    assert_eq!(
        (failure["code"].as_str(), failure["owner"].as_str()),
        (Some("resolve.timeout"), Some("dns")),
        "{failure}"
    );
    assert!(failure["evidence"].to_string().contains("10.0.0.2"), "{failure}");
}

#[test]
fn the_resolvers_of_this_host_are_asked_in_their_order() {
    // On the first nothing listens; the second knows.
    let (network, _server) = network("nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
    let report = Agent::through(network.near.command("env"), "- {type: dns, name: h.test, timeout: 3}").report();
    assert_eq!(
        (code(&report).as_str(), &report["checks"][0]["facts"]["resolver"]),
        ("pass", &json!("10.0.0.2:53")),
        "{report}"
    );
    assert_eq!(report["checks"][0]["results"][0]["name"], "dns:h.test");
    let report = Agent::through(network.near.command("env"), "- {type: dns, name: none.test, timeout: 3}").report();
    assert_eq!(code(&report), "resolve.nxdomain");
}

#[test]
fn one_name_is_looked_up_once_for_many_checks() {
    let (network, _server) = network(QUICK);
    let mut yaml = String::new();
    for port in 1..=40 {
        writeln!(yaml, "- {{type: tcp, host: x.quiet.test, port: {port}, timeout: 8}}").expect("in memory");
    }
    let ran = Agent::through(network.near.command("env"), &yaml).args(["--format", "json"]).run();
    let report = ran.json();
    let codes: Vec<_> =
        report["checks"].as_array().expect("checks").iter().map(|check| check["failure"]["code"].as_str()).collect();
    assert!(codes.iter().all(|code| *code == Some("resolve.timeout")), "{codes:?}");
    assert!(ran.elapsed < Duration::from_secs(7), "{ran:?}");
}

/// A host with three resolvers of its own, of which the first has this manner and the others are silent.
fn three_resolvers(first: UdpManner) -> (Network, Vec<UdpPeer>) {
    let network = Network::new();
    network.near.hosts("127.0.0.1 localhost\n");
    let addresses = [1, 2, 3].map(|last| SocketAddr::from(([127, 0, 0, last], 53)));
    let manners = [first, UdpManner::Silent, UdpManner::Silent];
    let start = || addresses.into_iter().zip(manners).map(|(at, manner)| UdpPeer::start_at(at, manner)).collect();
    let peers = network.near.inside(start);
    let lines = addresses.map(|address| format!("nameserver {}\n", address.ip()));
    network.near.resolv_conf(&lines.concat());
    (network, peers)
}

#[test]
fn the_resolver_that_the_system_believed_is_not_outvoted_and_not_held_up() {
    for first in [nxdomain, before_edns::<1>] {
        let (network, _peers) = three_resolvers(UdpManner::Respond(first));
        let failure = failure_of(&network, &tcp("none.test").replace("timeout: 6", "timeout: 1.8"));
        assert_eq!(failure["code"], "resolve.nxdomain", "{failure}");
        assert_eq!(failure["message"], "none.test does not exist according to 127.0.0.1");
    }
}

#[test]
fn the_reason_is_asked_for_once_per_name() {
    let (network, peers) = three_resolvers(UdpManner::Respond(nxdomain));
    let report = Agent::through(network.near.command("env"), &(tcp("none.test") + "\n").repeat(50)).report();
    assert_eq!(report["counts"]["fail"], 50, "{report}");
    assert_eq!(code(&report), "resolve.nxdomain");
    let asked: usize = peers.iter().map(UdpPeer::datagrams).sum();
    // The system's own A and AAAA, and ours for each of the three; one may have been lost and sent again.
    assert!((3..=8).contains(&asked), "{asked} questions");
}

#[test]
fn resolvers_for_tcp_alone_are_asked_over_tcp() {
    let network = Network::new();
    let server = network.near.inside(|| {
        let at = SocketAddr::from(([127, 0, 0, 1], 53));
        Peer::serve_at(at, |wire| {
            let question = wire.first_bytes();
            let answer = before_edns::<1>(&question[2..]);
            let length = u16::try_from(answer.len()).expect("a short answer").to_be_bytes();
            let _gone = wire.send(&[&length, answer.as_slice()].concat());
        })
    });
    network.near.resolv_conf("nameserver 127.0.0.1\noptions use-vc\n");
    let yaml = "- {type: dns, name: h.test, expect: 10.0.0.7, timeout: 3}";
    let report = Agent::through(network.near.command("env"), yaml).report();
    assert_eq!((code(&report).as_str(), server.connections()), ("pass", 2), "{report}");
}

#[test]
fn look_ups_that_hang_leave_room_for_the_certificates_of_this_host() {
    let (network, _peers) = three_resolvers(UdpManner::Silent);
    let ca = Authority::new();
    let server = network.near.inside(|| TlsPeer::start(&ca.valid(), TlsManner::Silent));
    let mut yaml = String::new();
    for number in 1..=40 {
        writeln!(yaml, "- {{type: tcp, host: hung{number}.test, port: 1, timeout: 1}}").expect("in memory");
    }
    writeln!(yaml, "- {{type: tls, host: 127.0.0.1, port: {}, timeout: 3}}", server.address().port())
        .expect("in memory");
    let mut few = network.near.command("sh");
    few.args(["-c", "ulimit -n 256; exec \"$@\"", "sh"]);
    let certificates = ["--tls-certs-path".as_ref(), ca.file().as_os_str()];
    let report = Agent::through(few, &yaml).args(certificates).report();
    let checks = report["checks"].as_array().expect("checks");
    assert!(checks[..40].iter().all(|check| check["failure"]["code"] == "resolve.timeout"), "{report}");
    assert_eq!(checks[40]["verdict"], "pass", "{}", checks[40]);
}
