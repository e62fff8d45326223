//! The udp check: replies, silence, refusals and firewalls.

use harness::agent::{Agent, code};
use harness::netns::{Answer, Network, Transport};
use harness::peers::{UdpManner, UdpPeer};
use harness::wait;
use serde_json::Value;
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
    for address in [far.at(8125), far.at6(8125)] {
        let _echo = far.inside(|| UdpPeer::start_at(address, UdpManner::Echo));
        let yaml = "- {type: udp, host: metrics, port: 8125, send: ping, expect: ping, timeout: 2}";
        let report = Agent::through(network.near.command("env"), yaml).report();
        assert_eq!(code(&report), "pass", "{report}");
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
    let peer = in_turn(&[b"", b"busy"]);
    let (verdict, first) = check(peer.address(), ", expect: pong");
    assert_eq!(verdict, "request.unexpected-reply");
    assert_eq!(first["failure"]["evidence"], "got busy, wanted pong");
    let peer = in_turn(&[b"busy", b"still busy"]);
    let (_, several) = check(peer.address(), ", expect: pong");
    assert_eq!(several["failure"]["evidence"], "got busy, and others, wanted pong");
    let peer = in_turn(&[b""]);
    let (_, check) = check(peer.address(), ", expect: pong");
    assert_eq!(check["failure"]["evidence"], "got an empty datagram, wanted pong");
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
