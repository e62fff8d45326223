//! Peers that never say a byte: a second look, on a connection of its own, tells who they are.

use harness::agent::{Agent, Ran};
use harness::peers::{Manner, Peer, Wire};
use harness::wait;
use serde_json::Value;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How OpenSSL says that it shares no cipher with a client.
const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";

/// Waits for a command, as Redis does, and answers an unknown one as it does.
fn waits_for_commands() -> Peer {
    Peer::serve(|wire| answer_commands(&wire, b"-ERR unknown command 'HELP', with args beginning with: \r\n"))
}

/// Says nothing until a line `HELP` comes, then this.
fn answer_commands(mut wire: &Wire, answer: &[u8]) {
    let (mut heard, mut space) = (Vec::new(), [0; 1024]);
    while let Ok(length @ 1..) = wire.read(&mut space) {
        heard.extend_from_slice(&space[..length]);
        if heard.ends_with(b"HELP\r\n\r\n") && !wire.send(answer) {
            return;
        }
    }
}

fn http(peer: &Peer) -> String {
    format!("- {{type: http, url: 'http://127.0.0.1:{}/', timeout: 0.5}}", peer.port())
}

fn tls(peer: &Peer) -> String {
    format!("- {{type: tls, host: 127.0.0.1, port: {}, timeout: 0.5}}", peer.port())
}

fn failure(yaml: &str) -> Value {
    let ran: Ran = Agent::new(yaml).args(["--format", "json"]).run();
    assert!(ran.elapsed.as_secs_f64() < 1.5, "{ran:?}");
    ran.json()["checks"][0]["failure"].clone()
}

#[test]
fn a_silent_peer_that_answers_a_line_is_named() {
    let failure = failure(&http(&waits_for_commands()));
    assert_eq!(failure["code"], "protocol.wrong-service", "{failure}");
    assert_eq!(failure["message"], "this is a Redis server, not HTTP");
}

#[test]
fn a_peer_that_waits_through_the_tls_handshake_is_named() {
    let failure = failure(&tls(&waits_for_commands()));
    assert_eq!(failure["code"], "tls.not-tls", "{failure}");
    assert_eq!(failure["message"], "a Redis server answered without TLS");
}

/// Hangs up on what is no command, as Redis does on an HTTP request.
fn hangs_up_on_strangers() -> Peer {
    Peer::serve(|wire| {
        let mut space = [0; 1024];
        let length = (&wire).read(&mut space).unwrap_or_default();
        if space[..length].starts_with(b"HELP\r\n") {
            let _taken = wire.send(b"-ERR unknown command 'HELP', with args beginning with: \r\n");
        }
        wire.finish();
    })
}

#[test]
fn a_peer_that_hangs_up_is_named() {
    let failure = failure(&http(&hangs_up_on_strangers()));
    assert_eq!(failure["code"], "protocol.wrong-service", "{failure}");
    assert_eq!(failure["message"], "this is a Redis server, not HTTP");
    let evidence = failure["evidence"].as_str().expect("evidence");
    assert!(evidence.starts_with("asked again on another connection, it answered -ERR unknown command"), "{evidence}");
}

#[test]
fn what_the_line_brings_is_no_answer_to_the_check() {
    // An echo, a right answer that comes too late, and an end: silent they all were.
    for answer in [&b"HELP\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""] {
        let peer = Peer::serve(move |wire| answer_commands(&wire, answer));
        let failure = failure(&http(&peer));
        assert_eq!(failure["code"], "protocol.silent", "{failure}");
        // The check's own, and one for each question.
        wait::until_count("connections", 7, || peer.connections());
    }
}

#[test]
fn a_peer_that_answers_in_tls_alone_wants_it() {
    let peer = Peer::serve(|wire| {
        if wire.first_bytes().starts_with(b"\x16\x03\x01") {
            let _taken = wire.send(ALERT);
        }
        wire.finish();
    });
    let failure = failure(&http(&peer));
    assert_eq!(
        (failure["code"].as_str(), failure["owner"].as_str()),
        (Some("tls.required"), Some("config")),
        "{failure}"
    );
    assert_eq!(failure["evidence"], "TLS alert handshake_failure", "{failure}");
}

#[test]
fn a_peer_that_answers_in_tls_too_does_not_want_it() {
    let answered_in_tls = Arc::new(AtomicBool::new(false));
    let peer = Peer::serve(move |wire| {
        let question = wire.first_bytes();
        if question.starts_with(b"\x16\x03\x01") {
            let _taken = wire.send(ALERT);
            answered_in_tls.store(true, Ordering::SeqCst);
        } else if question.starts_with(b"HELP\r\n") {
            wait::until("the answer in TLS", || answered_in_tls.load(Ordering::SeqCst));
            let _taken = wire.send(b"-ERR unknown command 'HELP', with args beginning with: \r\n");
        }
        wire.finish();
    });
    let failure = failure(&http(&peer));
    assert_eq!(failure["message"], "this is a Redis server, not HTTP", "{failure}");
}

#[test]
fn a_silent_peer_is_given_up_in_time() {
    let peer = Peer::start(Manner::Silent);
    let report = Agent::new(&http(&peer)).report();
    let check = &report["checks"][0];
    let elapsed = check["elapsed_seconds"].as_f64().expect("seconds");
    // The questions have a part of the time, and nothing on top of it.
    assert_eq!(check["failure"]["code"], "protocol.silent", "{check}");
    assert!((0.45..0.6).contains(&elapsed), "{check}");
}

#[test]
fn a_peer_that_spoke_is_left_alone() {
    let peer = Peer::start(Manner::Answers(vec![(b"GET".to_vec(), b"HTTP/1.1 200 OK\r\n".to_vec())]));
    let failure = failure(&http(&peer));
    assert_eq!((failure["code"].as_str(), peer.connections()), (Some("protocol.timeout"), 1), "{failure}");
}
