//! What is at the nodes that a cluster names: each failure is that of its node, seen on the connection to it.

use super::clusters::node_with;
use super::{check, code, told};
use harness::certs::Authority;
use harness::peers::{Manner, Peer};
use harness::ports;
use harness::redis::{PRIMARY, Redis, Sentinel, Setup};
use harness::stunnel::Stunnel;
use serde_json::Value;
use std::fmt::Write as _;
use std::net::SocketAddr;

/// All slots, at each of these hosts and ports.
pub(crate) fn all_slots(nodes: &[(&str, u16)]) -> String {
    let mut slots = format!("*1\r\n*{}\r\n:0\r\n:16383\r\n", nodes.len() + 2);
    for (host, port) in nodes {
        let _done = write!(slots, "*2\r\n${}\r\n{host}\r\n:{port}\r\n", host.len());
    }
    slots
}

/// A cluster of a node that is well, and this other one.
fn with(other: SocketAddr, more: &str) -> (Value, u16) {
    let (host, port) = (other.ip().to_string(), other.port());
    let first = node_with(move |own| all_slots(&[("127.0.0.1", own), (&host, port)]));
    let check = check(first.address(), &format!(", cluster: true{more}"));
    assert!(told(&check, "message").starts_with(&format!("the cluster's node {other}: ")), "{check}");
    (check, first.port())
}

#[test]
fn a_node_that_refuses_is_told_by_its_own_port() {
    let gone = ports::free();
    let (check, first) = with(gone.address(), "");
    assert_eq!(code(&check), "connect.refused", "{check}");
    let said = format!("{} {}", check["failure"]["evidence"], check["failure"]["next_step"]);
    assert!(!said.contains(&first.to_string()), "{check}");
}

/// A cluster of a node that is well, and these others.
fn with_all(others: &[SocketAddr], more: &str) -> Value {
    let others: Vec<_> = others.iter().map(|other| (other.ip().to_string(), other.port())).collect();
    let first = node_with(move |own| {
        let others = others.iter().map(|(host, port)| (host.as_str(), *port));
        all_slots(&[("127.0.0.1", own)].into_iter().chain(others).collect::<Vec<_>>())
    });
    check(first.address(), &format!(", cluster: true{more}"))
}

#[test]
fn a_node_that_is_dead_takes_no_time_of_the_others() {
    let (dead, gone) = (Peer::start(Manner::Silent), ports::free());
    let check = with_all(&[dead.address(), gone.address()], "");
    assert_eq!(code(&check), "connect.refused", "{check}");
    assert!(told(&check, "message").starts_with(&format!("the cluster's node {}: ", gone.address())), "{check}");
    assert!(check["elapsed_seconds"].as_f64().is_some_and(|took| took < 2.0), "{check}");
    let other = Peer::start(Manner::Silent);
    let check = with_all(&[dead.address(), other.address()], "");
    assert_eq!(code(&check), "protocol.silent", "{check}");
    assert!(told(&check, "message").starts_with(&format!("the cluster's node {}: ", dead.address())), "{check}");
    let evidence = told(&check, "evidence");
    assert!(evidence.contains(&format!("{}: did not answer in time", other.address())), "{check}");
    assert!(evidence.contains("1 of 3 nodes let us in"), "{check}");
}

#[test]
fn more_nodes_than_are_entered_at_once_are_all_entered() {
    let nodes: Vec<_> = (0..9).map(|_| node_with(|_| String::new())).collect();
    let addresses: Vec<_> = nodes.iter().map(Peer::address).collect();
    let check = with_all(&addresses, "");
    assert_eq!(code(&check), "pass", "{check}");
    assert!(nodes.iter().all(|node| node.connections() == 1), "{check}");
}

#[test]
fn a_silent_node_is_looked_at_beside_the_wait() {
    let ldap = (b"0\x0c\x02\x01\x01\x60".to_vec(), b"0\x0c\x02\x01\x01a\x07\n\x01\0\x04\0\x04\0".to_vec());
    let other = Peer::start(Manner::Answers(vec![ldap]));
    let (check, _) = with(other.address(), "");
    assert_eq!(code(&check), "protocol.wrong-service", "{check}");
    assert!(told(&check, "evidence").contains("asked again on another connection"), "{check}");
}

#[test]
fn another_service_at_a_node_is_named() {
    let web = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    for (said, what) in [(web, "an HTTP server"), (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "SSH")] {
        let other = Peer::start(Manner::Banner(said));
        let (check, _) = with(other.address(), "");
        assert_eq!((code(&check), told(&check, "owner")), ("protocol.wrong-service", "service"), "{check}");
        assert!(told(&check, "message").contains(what), "{check}");
        assert!(told(&check, "next_step").contains("cluster-announce-port"), "{check}");
    }
}

#[test]
fn a_node_that_closes_and_one_that_wants_tls_are_told_apart() {
    let closes = Peer::start(Manner::ClosesAfterFirstBytes);
    assert_eq!(code(&with(closes.address(), "").0), "protocol.closed");
    let silent = Peer::start(Manner::Silent);
    assert_eq!(code(&with(silent.address(), "").0), "protocol.silent");
    let ca = Authority::new();
    let redis = Redis::start(&Setup::new().tls(&ca.valid()));
    assert_eq!(code(&with(redis.tls_address(), "").0), "tls.required");
}

/// A cluster whose first node speaks TLS as it should, and another node at this host and port.
fn with_tls(ca: &Authority, host: &'static str, port: u16, more: &str) -> Value {
    let first = node_with(move |_| all_slots(&[(host, port)]));
    let encrypted = Stunnel::start(&ca.valid(), first.address());
    let tls = format!(", cluster: true, use_tls: true, ca_file: {}{more}", ca.file().display());
    check(encrypted.address(), &tls)
}

#[test]
fn a_node_of_tls_that_closes_or_has_none_is_judged_by_its_own_bytes() {
    let ca = Authority::new();
    let closes = Peer::start(Manner::ClosesAfterFirstBytes);
    let check = with_tls(&ca, "127.0.0.1", closes.port(), "");
    assert_eq!(code(&check), "tls.closed", "{check}");
    let web = Peer::start(Manner::Banner(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()));
    let check = with_tls(&ca, "127.0.0.1", web.port(), "");
    assert_eq!(code(&check), "tls.not-tls", "{check}");
}

#[test]
fn the_name_in_a_nodes_certificate_is_no_matter_of_server_name() {
    let ca = Authority::new();
    let other = Stunnel::start(&ca.leaf().only_named("node.shop.test").issue(), Redis::start(&Setup::new()).address());
    for more in ["", ", server_name: localhost"] {
        let check = with_tls(&ca, "localhost", other.address().port(), more);
        assert_eq!(code(&check), "tls.wrong-name", "{check}");
        let next_step = told(&check, "next_step");
        assert!(next_step.contains("cluster-announce-hostname") && !next_step.contains("server_name"), "{check}");
    }
}

#[test]
fn a_cluster_in_many_pieces_is_read_and_beyond_our_limit_that_is_said() {
    let in_pieces = |count: u16, last: u16| {
        node_with(move |port| {
            let mut slots = format!("*{count}\r\n");
            for slot in 0..count {
                let end = if slot + 1 == count { last } else { slot };
                let _done = write!(slots, "*3\r\n:{slot}\r\n:{end}\r\n");
                let _done = write!(slots, "*4\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$40\r\n{}\r\n*0\r\n", "a".repeat(40));
            }
            slots
        })
    };
    let good = check(in_pieces(2000, 16383).address(), ", cluster: true");
    assert_eq!((code(&good), &good["facts"]["cluster_nodes"]), ("pass", &1.into()), "{good}");
    let too_large = check(in_pieces(60_000, 60_000).address(), ", cluster: true");
    assert_eq!((code(&too_large), told(&too_large, "owner")), ("protocol.too-large", "config"), "{too_large}");
    assert!(told(&too_large, "next_step").starts_with("leave `cluster` out"), "{too_large}");
}

/// A double of a sentinel that names this place.
fn naming(host: &'static str, port: u16) -> Peer {
    Peer::serve(move |wire| {
        let _question = wire.first_bytes();
        let port = port.to_string();
        let answer = format!("*2\r\n${}\r\n{host}\r\n${}\r\n{port}\r\n", host.len(), port.len());
        let _taken = wire.send(answer.as_bytes());
        wire.drain();
    })
}

#[test]
fn a_sentinel_that_names_a_sentinel_or_another_service_is_to_be_corrected() {
    let redis = Redis::start(&Setup::new());
    let sentinel = Sentinel::of(&redis);
    let wrong = Sentinel::with(sentinel.address(), "");
    let own = check(wrong.address(), &format!(", sentinel: {PRIMARY}"));
    assert_eq!((code(&own), told(&own, "owner")), ("protocol.wrong-service", "service"), "{own}");
    let next_step = told(&own, "next_step");
    assert!(next_step.contains("sentinel monitor shop") && next_step.contains("a sentinel's port"), "{own}");
    let ssh = Peer::start(Manner::Banner(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    let other = check(naming("127.0.0.1", ssh.port()).address(), ", sentinel: shop");
    assert_eq!(code(&other), "protocol.wrong-service", "{other}");
    assert!(told(&other, "next_step").contains("another service"), "{other}");
}

#[test]
fn each_side_of_a_sentinel_is_advised_the_option_of_its_own_tls() {
    let ca = Authority::new();
    let redis = Redis::start(&Setup::new().tls(&ca.valid()));
    let sentinel = Sentinel::of(&redis);
    let encrypted = Stunnel::start(&ca.valid(), sentinel.address());
    let of_sentinel = check(encrypted.address(), ", sentinel: shop");
    assert_eq!(code(&of_sentinel), "tls.required", "{of_sentinel}");
    assert!(told(&of_sentinel, "next_step").contains("`sentinel_use_tls: true`"), "{of_sentinel}");
    let of_redis = check(naming("127.0.0.1", redis.tls_address().port()).address(), ", sentinel: shop");
    assert_eq!(code(&of_redis), "tls.required", "{of_redis}");
    assert!(told(&of_redis, "next_step").starts_with("write `use_tls: true`"), "{of_redis}");
}

#[test]
fn a_certificate_of_the_primary_is_no_matter_of_addresses_that_are_announced() {
    let ca = Authority::new();
    let redis = Redis::start(&Setup::new());
    let encrypted = Stunnel::start(&ca.leaf().only_named("db.shop.test").issue(), redis.address());
    let tls = format!(", sentinel: shop, use_tls: true, sentinel_use_tls: false, ca_file: {}", ca.file().display());
    let check = check(naming("localhost", encrypted.address().port()).address(), &tls);
    assert_eq!(code(&check), "tls.wrong-name", "{check}");
    let next_step = told(&check, "next_step");
    assert!(!next_step.contains("announce-ip") && !next_step.contains("server_name"), "{check}");
    assert!(next_step.contains("sentinel monitor"), "{check}");
}
