//! The udp check: replies, silence, refusals and firewalls.

use harness::agent::{Agent, code};
use harness::netns::{Answer, Network, Transport};
use harness::peers::{UdpManner, UdpPeer};
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A file with one udp check that sends `ping`; `more` are options, each with a comma before it.
fn udp(address: SocketAddr, more: &str) -> String {
    format!("- {{type: udp, host: '{}', port: {}, send: ping, timeout: 2{more}}}", address.ip(), address.port())
}

fn check(address: SocketAddr, more: &str) -> (String, Value) {
    let report = Agent::new(&udp(address, more)).report();
    (code(&report), report["checks"][0].clone())
}

#[test]
fn a_reply_that_contains_what_is_expected_passes() {
    let echo = UdpPeer::start(UdpManner::Echo);
    for expect in [", expect: ping", ", expect: in", ""] {
        assert_eq!(check(echo.address(), expect).0, "pass");
    }
    let (_, seen) = check(echo.address(), "");
    assert_eq!(seen["results"][0]["name"], format!("udp:{}", echo.address()));
    // Those that wait for no reply are over before their datagram has come.
    wait::until_count("bytes", 16, || echo.received());
    assert_eq!(echo.datagrams(), 4);
}

#[test]
fn another_reply_is_shown_beside_what_was_wanted() {
    let peer = UdpPeer::start(UdpManner::Reply(b"p\x00ng\n".to_vec()));
    let (verdict, check) = check(peer.address(), ", expect: ping");
    assert_eq!((verdict.as_str(), check["failure"]["owner"].as_str()), ("request.unexpected-reply", Some("service")));
    assert_eq!(check["failure"]["evidence"], "got p\\x00ng\\n, wanted ping");
}

#[test]
fn no_reply_is_silence_at_the_timeout() {
    let peer = UdpPeer::start(UdpManner::Silent);
    for _ in 0..5 {
        let yaml = udp(peer.address(), ", expect: pong").replace("timeout: 2", "timeout: 0.5");
        let ran = Agent::new(&yaml).args(["--format", "json"]).run();
        assert_eq!(code(&ran.json()), "protocol.silent", "{ran:?}");
        assert!(ran.elapsed < Duration::from_millis(1500), "{ran:?}");
    }
    wait::until_count("datagrams", 5, || peer.datagrams());
}

#[test]
fn without_an_expected_reply_sending_is_enough() {
    let peer = UdpPeer::start(UdpManner::Silent);
    for expect in ["", ", expect: ", ", expect: null", ", expect: ''"] {
        assert_eq!(check(peer.address(), expect).0, "pass", "{expect:?}");
    }
    wait::until_count("datagrams", 4, || peer.datagrams());
}

#[test]
fn a_port_without_a_listener_refuses_with_and_without_an_expected_reply() {
    let peer = UdpPeer::start(UdpManner::Refuses);
    for expect in ["", ", expect: pong"] {
        let (verdict, check) = check(peer.address(), expect);
        assert_eq!(
            (verdict.as_str(), check["failure"]["owner"].as_str()),
            ("connect.refused", Some("service")),
            "{check}"
        );
        let message = format!("{} refused the datagram, nothing listens there", peer.address());
        assert_eq!(check["failure"]["message"], message);
    }
}

#[test]
fn an_ipv6_address_is_spoken_to() {
    let echo = UdpPeer::start_at("[::1]:0".parse().expect("an address"), UdpManner::Echo);
    assert_eq!(check(echo.address(), ", expect: ping").0, "pass");
}

#[test]
fn firewalls_are_told_apart() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    far.filter_input(Transport::Udp, 1000, Answer::PortUnreachable);
    far.filter_input(Transport::Udp, 1001, Answer::Prohibited);
    far.filter_input(Transport::Udp, 1002, Answer::HostUnreachable);
    far.filter_input(Transport::Udp, 1003, Answer::Drop);
    near.filter_output(Transport::Udp, 1004, Answer::Drop);
    near.filter_output(Transport::Udp, 1005, Answer::PortUnreachable);
    near.filter_output(Transport::Udp, 1006, Answer::Prohibited);
    for (port, wanted, owner) in [
        (1000, "connect.refused", "service"),
        (1001, "connect.prohibited", "network"),
        (1002, "connect.host-unreachable", "network"),
        (1003, "protocol.silent", "service"),
        (1004, "connect.denied-locally", "host"),
        (1005, "connect.denied-locally", "host"),
        (1006, "connect.denied-locally", "host"),
    ] {
        for address in [far.at(port), far.at6(port)] {
            let report = Agent::through(near.command("env"), &udp(address, ", expect: pong")).report();
            let failure = &report["checks"][0]["failure"];
            assert_eq!(
                (failure["code"].as_str(), failure["owner"].as_str()),
                (Some(wanted), Some(owner)),
                "{address}: {failure}"
            );
        }
    }
    let report = Agent::through(near.command("env"), &udp(SocketAddr::from(([192, 0, 2, 1], 80)), "")).report();
    assert_eq!(code(&report), "connect.no-route");
}

#[test]
fn each_address_of_a_name_has_its_turn() {
    let network = Network::new();
    network.near.hosts("10.0.0.2 metrics\nfd00::2 metrics\n");
    let far = &network.far;
    // The system begins with IPv6: the other one's turn comes when that is dead, which an application may well take.
    for (address, wanted) in [(far.at6(8125), "pass"), (far.at(8125), "warn")] {
        let _echo = far.inside(|| UdpPeer::start_at(address, UdpManner::Echo));
        let yaml = "- {type: udp, host: metrics, port: 8125, send: ping, expect: ping, timeout: 2}";
        let report = Agent::through(network.near.command("env"), yaml).report();
        assert_eq!(code(&report), wanted, "{report}");
    }
}

/// Answers its datagrams with these, one after the other.
fn in_turn(answers: &'static [&'static [u8]]) -> UdpPeer {
    let count = AtomicUsize::new(0);
    UdpPeer::serve(move |_| answers[count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)].to_vec())
}

#[test]
fn the_expected_datagram_may_be_any_within_the_timeout() {
    for answers in [&[b"" as &[u8], b"pong"][..], &[b"busy", b"pong"]] {
        let peer = in_turn(answers);
        let (verdict, check) = check(peer.address(), ", expect: pong");
        // It is sent again once a second.
        assert_eq!((verdict.as_str(), peer.datagrams()), ("pass", 2), "{check}");
        let elapsed = check["elapsed_seconds"].as_f64().expect("seconds");
        assert!((0.95..1.5).contains(&elapsed), "{check}");
    }
}

#[test]
fn an_empty_datagram_first_is_not_all_that_is_shown() {
    let cases: [(&'static [&'static [u8]], &str); 3] = [
        (&[b"", b"busy"], "got busy, wanted pong"),
        (&[b"busy", b"still busy"], "got busy, and others, wanted pong"),
        (&[b""], "got an empty datagram, wanted pong"),
    ];
    let peers = cases.map(|(answers, _)| in_turn(answers));
    let yaml: String = peers.iter().map(|peer| udp(peer.address(), ", expect: pong") + "\n").collect();
    let report = Agent::new(&yaml).report();
    for ((_, wanted), check) in cases.iter().zip(report["checks"].as_array().expect("checks")) {
        assert_eq!(check["failure"]["code"], "request.unexpected-reply", "{check}");
        assert_eq!(check["failure"]["evidence"], *wanted);
    }
}

#[test]
fn bytes_may_be_written_in_hexadecimal_digits() {
    let echo = UdpPeer::start(UdpManner::Echo);
    let at = |more: &str| {
        let check = udp(echo.address(), more).replace("send: ping", "hex: true");
        Agent::new(&check).args(["--format", "json"]).run().json()
    };
    for more in [
        ", send: 70696E67, expect: 6e 67",
        ", send: '00 ff:0a', expect: ff0A",
        ", send: '0x00010203', expect: '0102'",
        ", send: '1b'",
    ] {
        assert_eq!(code(&at(more)), "pass", "{more}");
    }
    let report = at(", send: '00', expect: ff");
    assert_eq!(report["checks"][0]["failure"]["evidence"], "got \\x00, wanted \\xff", "{report}");
    for (more, key) in [
        (", send: 7", "send"),
        (", send: zz", "send"),
        (", send: '', expect: '00'", "send"),
        (", send: '00', expect: 0", "expect"),
    ] {
        let report = at(more);
        let told = format!("`{key}`: expected bytes in hexadecimal digits, such as `0a 1b ff`");
        assert!(report["diagnostics"][0]["message"].to_string().contains(&told), "{more}: {report}");
    }
}

#[test]
fn an_address_that_is_dead_before_one_that_answers_is_a_warning() {
    let network = Network::new();
    network.near.hosts("fd00::2 metrics\n10.0.0.2 metrics\n");
    let far = &network.far;
    // The system prefers IPv6, which the echo does not hear; nothing says so, or an ICMP message does.
    let _echo = far.inside(|| UdpPeer::start_at(far.at(8126), UdpManner::Echo));
    let deaf = far.inside(|| UdpPeer::start_at(far.at6(8126), UdpManner::Silent));
    let mut deaf = Some(deaf);
    for expect in [", expect: ping", ", expect: ping", ""] {
        let yaml = format!("- {{type: udp, host: metrics, port: 8126, send: ping, timeout: 1{expect}}}");
        let report = Agent::through(network.near.command("env"), &yaml).report();
        let check = &report["checks"][0];
        assert_eq!(
            (code(&report).as_str(), &check["warnings"][0]["code"]),
            ("warn", &json!("connect.address-dead")),
            "{check}"
        );
        let told = check["warnings"][0]["message"].as_str().expect("a message");
        assert!(told.starts_with("another address works, but [fd00::2]:8126 "), "{told}");
        deaf = None;
    }
    assert!(deaf.is_none());
}

#[test]
fn what_becomes_of_the_other_addresses_is_told_with_the_first() {
    let network = Network::new();
    network.near.hosts("10.0.0.2 alike\nfd00::2 alike\n10.0.0.2 unlike\nfd00::2 unlike\n");
    network.far.filter_input(Transport::Udp, 8127, Answer::PortUnreachable);
    let _deaf = network.far.inside(|| UdpPeer::start_at(network.far.at(8128), UdpManner::Silent));
    for (host, port, evidence) in [
        ("alike", 8127, "1 other address fails in the same way: 10.0.0.2:8127"),
        ("unlike", 8128, "otherwise: 10.0.0.2:8128: no reply"),
    ] {
        let yaml = format!("- {{type: udp, host: {host}, port: {port}, send: ping, expect: pong, timeout: 1}}");
        let report = Agent::through(network.near.command("env"), &yaml).report();
        let failure = &report["checks"][0]["failure"];
        assert!(failure["message"].to_string().contains("[fd00::2]"), "{failure}");
        assert!(failure["evidence"].to_string().contains(evidence), "{failure}");
    }
}

#[test]
fn an_address_of_all_hosts_is_no_matter_of_a_firewall() {
    let network = Network::new();
    let added = network.near.command("ip").args(["route", "add", "default", "via", "10.0.0.2"]).status();
    assert!(added.is_ok_and(|status| status.success()));
    for address in ["255.255.255.255", "10.0.0.255"] {
        let yaml = format!("- {{type: udp, host: {address}, port: 8125, send: ping}}");
        let report = Agent::through(network.near.command("env"), &yaml).report();
        let failure = &report["checks"][0]["failure"];
        assert_eq!(
            (code(&report).as_str(), &failure["owner"]),
            ("connect.denied-locally", &json!("config")),
            "{failure}"
        );
        assert!(failure["message"].to_string().contains("the address of all hosts of a network"), "{failure}");
        let whole = failure.to_string();
        assert!(whole.contains("SO_BROADCAST") && !whole.contains("nft") && !whole.contains("OUTPUT"), "{failure}");
    }
}

#[test]
fn a_datagram_that_cannot_be_is_refused_in_the_file() {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    for (more, wanted) in
        [("x".repeat(65_508), Some("65508 bytes, more than a datagram holds")), ("x".repeat(65_507), None)]
    {
        let yaml = udp(address, ", expect: ping").replace("send: ping", &format!("send: {more}"));
        let report = Agent::new(&yaml).args(["--format", "json"]).run().json();
        let told = report["diagnostics"][0]["message"].as_str();
        assert!(
            told.is_some_and(|told| wanted.is_some_and(|wanted| told.contains(wanted)))
                || told.is_none() && wanted.is_none(),
            "{told:?}"
        );
        assert!(wanted.is_some() || code(&report) == "connect.refused", "{}", code(&report));
    }
}
