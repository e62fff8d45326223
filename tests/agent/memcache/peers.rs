//! Answers that the memcached at hand cannot be made to give, and those of no memcached at all. The
//! peers here are doubles that say them word for word.

use super::{check, code, memcache, right, told};
use harness::agent::{Agent, verdict_of};
use harness::memcached::{Memcached, Setup};
use harness::peers::{Manner, Peer};
use harness::redis::{self, Redis};
use harness::scratch::Scratch;
use harness::twemproxy::Twemproxy;
use serde_json::Value;
use std::os::unix::net::UnixListener;
use std::thread;

/// How the first message begins without a login, and with one.
const FIRST: [&[u8]; 2] = [b"v", b"\x80\x0b"];

/// How either login begins.
const SECOND: [&[u8]; 2] = [b"set ", b"\x80\x21"];

/// The check on a peer that gives this answer to the first message, and none to the second.
fn answered(answer: impl Into<Vec<u8>>, more: &str) -> Value {
    let answer = answer.into();
    let first = FIRST.map(|first| (first.to_vec(), answer.clone()));
    let second = SECOND.map(|second| (second.to_vec(), Vec::new()));
    let peer = Peer::start(Manner::Answers([first, second].concat()));
    let yaml = memcache(peer.address(), more).replace("timeout: 5", "timeout: 0.3");
    Agent::new(&yaml).report()["checks"][0].clone()
}

/// An answer of the binary protocol.
fn frame(opcode: u8, status: u16, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("short").to_be_bytes();
    [&[0x81, opcode, 0, 0, 0, 0][..], &status.to_be_bytes(), &length, &[0; 12], value].concat()
}

#[test]
fn what_a_proxy_says_about_its_servers_is_no_answer() {
    for more in [String::new(), right()] {
        let check = answered("SERVER_ERROR Host is down\r\n", &more);
        assert_eq!((code(&check), told(&check, "owner")), ("protocol.not-ready", "service"), "{check}");
        assert_eq!(told(&check, "evidence"), "SERVER_ERROR Host is down");
    }
}

/// A double: Debian's twemproxy, of version 0.5, knows `version`.
#[test]
fn a_server_that_does_not_know_version_speaks_memcacheds_protocol() {
    for more in [String::new(), right()] {
        let check = answered("ERROR\r\nERROR\r\nERROR\r\n", &more);
        let wanted = if more.is_empty() { "pass" } else { "warn" };
        assert_eq!((code(&check), check["facts"]["server_version"].as_str()), (wanted, None), "{check}");
    }
}

#[test]
fn twemproxy_passes_and_tells_of_a_server_that_is_gone() {
    let mut memcached = Memcached::start(&Setup::new());
    let proxy = Twemproxy::of_memcached(memcached.address());
    let through = check(proxy.address(), "");
    assert_eq!((code(&through), &through["facts"]["server_version"]), ("pass", &"1.6.18".into()), "{through}");
    let with_login = check(proxy.address(), &right());
    assert_eq!(code(&with_login), "protocol.closed", "{with_login}");
    assert!(told(&with_login, "next_step").contains("leave username and password out"), "{with_login}");
    memcached.daemon().stop();
    let gone = check(proxy.address(), "");
    assert_eq!(code(&gone), "protocol.not-ready", "{gone}");
    assert_eq!(told(&gone, "evidence"), "SERVER_ERROR Connection refused");
    assert!(!told(&gone, "next_step").contains("wait"), "{gone}");
}

#[test]
fn what_is_no_memcached_is_named() {
    let redis = Redis::start(&redis::Setup::new());
    let of_redis = check(redis.address(), "");
    assert_eq!(code(&of_redis), "protocol.wrong-service", "{of_redis}");
    assert_eq!(told(&of_redis, "message"), "this is a Redis server, not memcached");
    // It waits for the end of a line, and sees none behind a zero byte.
    let with_login = memcache(redis.address(), &right()).replace("timeout: 5", "timeout: 1");
    assert_eq!(verdict_of(&with_login), "protocol.wrong-service");
    for (answer, wanted) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "protocol.wrong-service"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "protocol.wrong-service"),
        ("VERSION\r\n", "protocol.malformed"),
        ("STORED\r\n", "protocol.malformed"),
        ("\r\n", "protocol.malformed"),
        ("CLIENT_ERROR line too long\r\n", "protocol.malformed"),
    ] {
        for more in [String::new(), right()] {
            let check = answered(answer, &more);
            assert_eq!(code(&check), wanted, "{answer}: {check}");
        }
    }
}

#[test]
fn an_answer_that_does_not_end_is_a_timeout_of_the_step_that_waits_for_it() {
    for more in [String::new(), right()] {
        assert_eq!(code(&answered("VERSION 1.6", &more)), "protocol.timeout");
        assert_eq!(code(&answered(frame(0x0b, 0, b"1.6.18"), &right())), "protocol.timeout");
    }
    assert_eq!(code(&answered(&frame(0x0b, 0, b"1.6.18")[..7], &right())), "protocol.timeout");
    assert_eq!(code(&answered("CLIENT_ERROR unauthenticated\r\n", &right())), "auth.timeout");
    let sasl = [frame(0x0b, 0, b"1.6.18"), frame(0x20, 0, b"PLAIN")].concat();
    assert_eq!(code(&answered(sasl, &right())), "auth.timeout");
}

#[test]
fn an_answer_that_is_cut_off_is_closed() {
    for (answer, more) in
        [(b"VERSION 1.6".to_vec(), String::new()), (frame(0x0b, 0, b"1.6.18")[..26].to_vec(), right())]
    {
        let peer = Peer::serve(move |wire| {
            let _request = wire.first_bytes();
            let _taken = wire.send(&answer);
            wire.finish();
        });
        let check = check(peer.address(), &more);
        assert_eq!(code(&check), "protocol.closed", "{check}");
        assert!(!told(&check, "next_step").contains("use_tls"), "{check}");
    }
}

#[test]
fn an_answer_beyond_measure_is_cut() {
    for more in [String::new(), right()] {
        assert_eq!(code(&answered("x".repeat(70_000), &more)), "protocol.too-large");
    }
    let mut huge = frame(0x0b, 0, b"");
    huge[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(code(&answered(huge, &right())), "protocol.too-large");
}

#[test]
fn answers_of_the_binary_protocol_that_nobody_gives_have_codes_too() {
    let version = frame(0x0b, 0, b"1.6.18");
    for (answer, wanted) in [
        (frame(0x0a, 0, b""), "protocol.malformed"),
        (frame(0x0b, 0x84, b"Internal error"), "request.unexpected-reply"),
        ([version.clone(), frame(0x20, 0x85, b"Busy")].concat(), "request.unexpected-reply"),
        ([version, frame(0x20, 0, b"")].concat(), "auth.method-unsupported"),
    ] {
        let check = answered(answer, &right());
        assert_eq!(code(&check), wanted, "{check}");
    }
}

#[test]
fn a_server_that_repeats_the_password_does_not_bring_it_to_light() {
    let dialogue = [
        (b"\x80".to_vec(), b"CLIENT_ERROR unauthenticated\r\n".to_vec()),
        (b"set ".to_vec(), b"SERVER_ERROR app hunter2-Correct.Horse\r\n".to_vec()),
    ];
    let peer = Peer::start(Manner::Answers(dialogue.to_vec()));
    let more = ", username: app, password: hunter2-Correct.Horse";
    let ran = Agent::new(&memcache(peer.address(), more)).args(["-vdt", "--explain", "--format", "human"]).run();
    assert!(ran.out.contains("SERVER_ERROR app ***") && !ran.out.contains("hunter2"), "{}", ran.out);
}

#[test]
fn peers_that_misbehave_have_their_codes() {
    for (manner, wanted) in [
        (Manner::Silent, "protocol.silent"),
        (Manner::Closes, "protocol.closed"),
        (Manner::ClosesAfterFirstBytes, "protocol.closed"),
        (Manner::ResetsAfterFirstBytes, "protocol.reset"),
        (Manner::Garbage, "protocol.malformed"),
        (Manner::Endless, "protocol.too-large"),
    ] {
        for more in [String::new(), right()] {
            let peer = Peer::start(manner.clone());
            let yaml = memcache(peer.address(), &more).replace("timeout: 5", "timeout: 0.4");
            assert_eq!(verdict_of(&yaml), wanted, "{manner:?}");
        }
    }
}

/// A double: mcrouter's answer to a line that is no command of its own.
#[test]
fn a_proxy_that_does_not_know_the_question_about_logins_wants_none() {
    let peer = Peer::serve(|wire| {
        let _question = wire.first_bytes();
        let _taken = wire.send(b"CLIENT_ERROR malformed request\r\n");
        let _version = wire.first_bytes();
        let _taken = wire.send(&b"VERSION mcrouter 0.41\r\n".repeat(3));
        wire.drain();
    });
    let check = check(peer.address(), &right());
    assert_eq!((code(&check), check["warnings"][0]["code"].as_str()), ("warn", Some("auth.not-needed")), "{check}");
}

#[test]
fn a_status_of_the_binary_protocol_is_told_by_what_it_means() {
    let hello = [frame(0x0b, 0, b"1.6.18"), frame(0x20, 0, b"PLAIN")].concat();
    for (status, wanted, owner) in [
        (0x20, "auth.rejected", "credentials"),
        (0x21, "auth.method-unsupported", "config"),
        (0x83, "auth.method-unsupported", "config"),
        (0x82, "protocol.overloaded", "service"),
        (0x84, "request.unexpected-reply", "service"),
        (0x86, "protocol.not-ready", "service"),
        (0x04, "request.unexpected-reply", "service"),
    ] {
        let (hello, answer) = (hello.clone(), frame(0x21, status, b"no"));
        let peer = Peer::serve(move |wire| {
            for answer in [&hello, &answer] {
                let _question = wire.first_bytes();
                let _taken = wire.send(answer);
            }
            wire.drain();
        });
        let check = check(peer.address(), &right());
        assert_eq!((code(&check), told(&check, "owner")), (wanted, owner), "{status:#x}: {check}");
        assert!(!told(&check, "next_step").contains("expect"), "{check}");
    }
}

#[test]
fn tls_is_no_advice_over_a_unix_socket() {
    let scratch = Scratch::new();
    let socket = scratch.path().join("socket");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let server = thread::spawn(move || drop(listener.accept()));
    let report = Agent::new(&format!("- {{type: memcache, host: {}}}", socket.display())).report();
    server.join().expect("the server");
    let check = &report["checks"][0];
    assert!(!told(check, "next_step").contains("use_tls"), "{check}");
}
