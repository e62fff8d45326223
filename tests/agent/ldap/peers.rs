//! Answers that slapd cannot be made to give, those of other directories, and those of no directory at
//! all. The peers here are doubles that say them word for word.

use super::*;
use harness::peers::{Manner, Peer};

/// The start of every message.
const ANY: &[u8] = b"\x30";

/// The start of an anonymous bind, and its success.
const BIND: &[u8] = b"\x30\x0c\x02\x01\x01\x60";
const BOUND: &[u8] = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0";

/// The start of the search of the base `dc=a`, and parts of its answer.
const SEARCH: &[u8] = b"\x30\x2e\x02\x01\x02\x63";
const ENTRY: &[u8] = b"\x30\x0d\x02\x01\x02\x64\x08\x04\x04dc=a\x30\0";
const REFERENCE: &[u8] = b"\x30\x0f\x02\x01\x02\x73\x0a\x04\x08ldap://b";
const INTERIM: &[u8] = b"\x30\x05\x02\x01\x02\x79\0";
const DONE: &[u8] = b"\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\0\x04\0\x04\0";

/// The check of a base on a peer that gives these answers, each to one request.
fn conversed(dialogue: &[(&[u8], Vec<u8>)]) -> Value {
    let dialogue = dialogue.iter().map(|(request, answer)| (request.to_vec(), answer.clone())).collect();
    let peer = Peer::start(Manner::Answers(dialogue));
    let yaml = ldap(peer.address(), &plain(&base("dc=a"))).replace("timeout: 5", "timeout: 0.4");
    Agent::new(&yaml).report()["checks"][0].clone()
}

/// The check on a peer that gives this answer to the bind.
fn answered(answer: &[u8]) -> Value {
    conversed(&[(ANY, answer.to_vec())])
}

#[test]
fn long_lengths_as_active_directory_writes_them_are_read() {
    let bound = b"\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0";
    let found = b"\x30\x84\0\0\0\x11\x02\x01\x02\x64\x84\0\0\0\x08\x04\x04dc=a\x30\0";
    let done = b"\x30\x84\0\0\0\x10\x02\x01\x02\x65\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0";
    let check = conversed(&[(BIND, bound.to_vec()), (SEARCH, [&found[..], done].concat())]);
    assert_eq!(code(&check), "pass", "{check}");
}

#[test]
fn the_notice_of_active_directory_is_read() {
    let notice = b"\x30\x84\0\0\0\x29\x02\x01\0\x78\x84\0\0\0\x0d\x0a\x01\x34\x04\0\x04\x06leave\0\
        \x8a\x161.3.6.1.4.1.1466.20036";
    let check = answered(&[&notice[..5], &[0x2e], &notice[6..]].concat());
    assert_eq!(code(&check), "protocol.not-ready", "{check}");
    assert_eq!(text(&check, "evidence"), "result 52 unavailable: leave");
}

#[test]
fn what_comes_beside_the_entry_is_passed_over() {
    let answer = [ENTRY, REFERENCE, INTERIM, DONE].concat();
    let check = conversed(&[(BIND, BOUND.to_vec()), (SEARCH, answer)]);
    assert_eq!(code(&check), "pass", "{check}");
    let endless = [INTERIM.repeat(100), DONE.to_vec()].concat();
    let check = conversed(&[(BIND, BOUND.to_vec()), (SEARCH, endless)]);
    assert_eq!(code(&check), "protocol.malformed", "{check}");
}

#[test]
fn what_the_policy_says_of_a_password_that_works_is_a_fact() {
    let policy = |value: &[u8]| {
        let control = [&b"\x04\x191.3.6.1.4.1.42.2.27.8.5.1\x04"[..], &[len(value)], value].concat();
        let controls = [&[0x30, len(&control)][..], &control].concat();
        let rest = [&b"\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0\xa0"[..], &[len(&controls)], &controls[..]].concat();
        let answer = [&[0x30, len(&rest)][..], &rest].concat();
        let peer = Peer::start(Manner::Answers(vec![(ANY.to_vec(), answer)]));
        check(peer.address(), &plain(&right()))
    };
    let soon = policy(b"\x30\x06\xa0\x04\x80\x02\x0e\x10");
    assert_eq!((code(&soon), &soon["facts"]), ("pass", &json!({"password_expires_in_seconds": 3600})), "{soon}");
    let late = policy(b"\x30\x05\xa0\x03\x81\x01\x02");
    assert_eq!((code(&late), &late["facts"]), ("pass", &json!({"grace_logins_left": 2})), "{late}");
}

#[test]
fn what_is_no_directory_is_named() {
    for (answer, message) in [
        ("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", "this is an HTTP server, not LDAP"),
        ("+OK Dovecot (Debian) ready.\r\n", "this is a POP3 server, not LDAP"),
        ("-ERR unknown command\r\n", "this is a Redis server, not LDAP"),
    ] {
        let check = answered(answer.as_bytes());
        assert_eq!(code(&check), "protocol.wrong-service", "{answer}: {check}");
        assert_eq!(text(&check, "message"), message);
    }
    let alert = answered(b"\x15\x03\x03\0\x02\x02\x28");
    assert_eq!(code(&alert), "tls.required", "{alert}");
    assert!(text(&alert, "next_step").starts_with("set use_tls: true"), "{alert}");
}

#[test]
fn messages_that_fit_nothing_are_malformed() {
    for answer in [
        &b"\x30\0"[..],
        b"\x30\x80\0\0",
        b"\x30\x05\x02\x01\x01\x42\0",
        // A result without words.
        b"\x30\x0a\x02\x01\x01\x61\x05\x0a\x01\0\x04\0",
        // The answer to a request that was not made, and to another kind of request.
        b"\x30\x0c\x02\x01\x07\x61\x07\x0a\x01\0\x04\0\x04\0",
        b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\0\x04\0\x04\0",
    ] {
        let check = answered(answer);
        assert_eq!(code(&check), "protocol.malformed", "{answer:x?}: {check}");
    }
    let other = conversed(&[(BIND, BOUND.to_vec()), (SEARCH, BOUND.to_vec())]);
    assert_eq!(code(&other), "protocol.malformed", "{other}");
}

#[test]
fn an_answer_beyond_measure_is_cut() {
    let announced = answered(b"\x30\x84\x7f\xff\xff\xff");
    assert_eq!(code(&announced), "protocol.too-large", "{announced}");
    let flood = answered(&[b"\x30\x83\0\xff\xff".to_vec(), vec![b'x'; 70_000]].concat());
    assert_eq!(code(&flood), "protocol.too-large", "{flood}");
    // Elements in elements, to the end of the message.
    let check = answered(&b"\x30\x82\xea\x60".repeat(15_001));
    assert_eq!(code(&check), "protocol.malformed", "{check}");
}

#[test]
fn an_answer_that_is_cut_off_is_closed() {
    for (bytes, wanted) in [(&BOUND[..5], "protocol.closed"), (BOUND, "request.closed")] {
        let peer = Peer::serve(move |wire| {
            let _request = wire.first_bytes();
            let _sent = wire.send(bytes);
            wire.finish();
        });
        let check = check(peer.address(), &plain(&base("dc=a")));
        assert_eq!(code(&check), wanted, "{check}");
    }
}

#[test]
fn peers_that_misbehave_have_their_codes() {
    for (manner, wanted) in [
        (Manner::Silent, "protocol.silent"),
        (Manner::Closes, "protocol.closed"),
        (Manner::ClosesAfterFirstBytes, "protocol.closed"),
        (Manner::ResetsAfterFirstBytes, "protocol.reset"),
        (Manner::Garbage, "protocol.malformed"),
        (Manner::Endless, "protocol.malformed"),
    ] {
        for more in [String::new(), right(), ", use_tls: starttls".to_owned()] {
            let peer = Peer::start(manner.clone());
            let more = if more.contains("use_tls") { more } else { plain(&more) };
            let yaml = ldap(peer.address(), &more).replace("timeout: 5", "timeout: 0.4");
            assert_eq!(verdict_of(&yaml), wanted, "{manner:?}, {more}");
        }
    }
}

fn len(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).expect("short")
}
