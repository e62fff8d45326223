//! Answers that the Redis at hand cannot be made to give: those of older servers and of clusters, and
//! those of no Redis at all. The peers here are doubles that say them word for word.

use super::{check, code, password, told};
use harness::agent::{Agent, verdict_of};
use harness::peers::{Manner, Peer};
use serde_json::Value;

/// The start of the first command: an array.
const ANY: &[u8] = b"*";

/// The check on a peer that gives this answer, and no more.
fn answered(answer: impl Into<Vec<u8>>, more: &str) -> Value {
    let peer = Peer::start(Manner::Answers(vec![(ANY.to_vec(), answer.into())]));
    let yaml = super::redis(peer.address(), more).replace("timeout: 5", "timeout: 0.3");
    Agent::new(&yaml).report()["checks"][0].clone()
}

#[test]
fn the_logins_of_older_servers_are_understood() {
    let user = ", username: app, password: x";
    let arity = "-ERR wrong number of arguments for 'auth' command\r\n";
    let rejected = answered("-ERR invalid password\r\n", &password("x"));
    assert_eq!((code(&rejected), told(&rejected, "owner")), ("auth.rejected", "credentials"), "{rejected}");
    let unsupported = answered(arity, user);
    assert_eq!(code(&unsupported), "auth.method-unsupported", "{unsupported}");
    assert_eq!(told(&unsupported, "next_step"), "leave `username` out, or upgrade the server");
    let none = "-ERR Client sent AUTH, but no password is set\r\n+PONG\r\n-ERR unknown command 'HELLO'\r\n";
    let check = answered(none, &password("x"));
    assert_eq!((code(&check), check["warnings"][0]["code"].as_str()), ("warn", Some("auth.not-needed")), "{check}");
}

#[test]
fn errors_are_told_apart_by_their_codes() {
    let hello = "+PONG\r\n-ERR unknown command 'HELLO'\r\n";
    let cases = [
        ("-MOVED 3999 127.0.0.1:6381\r\n", "request.unexpected-reply", "config"),
        ("-READONLY You can't write against a read only replica.\r\n", "request.read-only", "service"),
        ("-TRYAGAIN Multiple keys request during rehashing of slot\r\n", "request.unexpected-reply", "service"),
        ("-SOMETHING new\r\n", "request.unexpected-reply", "service"),
        ("+OK\r\n", "protocol.malformed", "service"),
    ];
    for (answer, wanted, owner) in cases {
        let check = answered(format!("{hello}{answer}"), ", key: x");
        assert_eq!((code(&check), told(&check, "owner")), (wanted, owner), "{answer}: {check}");
    }
    for (answer, wanted) in [
        ("-SOMETHING new\r\n", "request.unexpected-reply"),
        ("+OK\r\n", "protocol.malformed"),
        (":1\r\n", "protocol.malformed"),
        ("*-1\r\n", "protocol.malformed"),
    ] {
        let check = answered(answer, "");
        assert_eq!(code(&check), wanted, "{answer}: {check}");
    }
}

#[test]
fn what_is_no_redis_is_named() {
    for (answer, message) in [
        ("+OK Dovecot (Debian) ready.\r\n", "this is a POP3 server, not Redis"),
        ("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", "this is an HTTP server, not Redis"),
        ("ERROR\r\nERROR\r\n", "this is a memcached server, not Redis"),
    ] {
        for more in [String::new(), password("x")] {
            let check = answered(answer, &more);
            assert_eq!(code(&check), "protocol.wrong-service", "{answer}: {check}");
            assert_eq!(told(&check, "message"), message);
        }
    }
}

#[test]
fn an_answer_that_does_not_end_is_a_timeout_of_the_step_that_waits_for_it() {
    let pong = "+OK\r\n+PONG\r\n";
    let cases = [
        ("$5\r\nhel", String::new(), "protocol.timeout"),
        ("*1000000000\r\n", String::new(), "protocol.timeout"),
        ("$60000\r\nx", String::new(), "protocol.timeout"),
        ("+OK\r\n", password("x"), "auth.timeout"),
        (pong, password("x") + ", key: x", "request.timeout"),
        ("+OK\r\n+PONG\r\n*14\r\n$6\r\nserv", password("x") + ", key: x", "request.timeout"),
    ];
    for (answer, more, wanted) in cases {
        let check = answered(answer, &more);
        assert_eq!(code(&check), wanted, "{answer}: {check}");
    }
}

#[test]
fn an_answer_that_is_cut_off_is_closed() {
    let cases = [
        ("", String::new(), "protocol.closed"),
        ("$5\r\nhel", String::new(), "protocol.closed"),
        ("+OK\r\n", password("x"), "auth.closed"),
        ("+OK\r\n+PONG\r\n*14\r\n$6\r\nserv", password("x") + ", key: x", "request.closed"),
    ];
    for (answer, more, wanted) in cases {
        let peer = Peer::serve(move |wire| {
            let _request = wire.first_bytes();
            let _taken = wire.send(answer.as_bytes());
            wire.finish();
        });
        let check = check(peer.address(), &more);
        assert_eq!(code(&check), wanted, "{answer}: {check}");
        let hint = told(&check, "next_step").contains("use_tls");
        assert_eq!(hint, answer.is_empty(), "{answer}: {check}");
    }
}

#[test]
fn an_answer_beyond_measure_is_cut() {
    let line = format!("+{}", "x".repeat(70_000));
    let nested = "*1\r\n".repeat(10_000);
    let cases = [
        (line.as_str(), "protocol.too-large"),
        (&format!("$1000000000\r\n{line}"), "protocol.too-large"),
        (&nested, "protocol.too-large"),
        ("$99999999999999999999\r\n", "protocol.malformed"),
        ("\r\n\r\n", "protocol.malformed"),
    ];
    for (answer, wanted) in cases {
        let check = answered(answer, "");
        assert_eq!(code(&check), wanted, "{}: {check}", &answer[..answer.len().min(20)]);
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
        for more in [String::new(), password("x")] {
            let peer = Peer::start(manner.clone());
            let yaml = super::redis(peer.address(), &more).replace("timeout: 5", "timeout: 0.4");
            assert_eq!(verdict_of(&yaml), wanted, "{manner:?}");
        }
    }
}
