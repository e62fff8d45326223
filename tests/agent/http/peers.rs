//! Peers that answer in every way but the right one.

use super::{answer, check, evidence, http, message, url_of};
use harness::agent::{Agent, Ran, code};
use harness::peers::{Manner, Peer, Recorder};
use serde_json::Value;
use std::time::Duration;

#[test]
fn an_endless_body_is_not_read_unless_it_is_asked_for() {
    for (more, wanted) in [(&[][..], "pass"), (&["expected_body: never"], "request.unexpected-body")] {
        let peer = Peer::start(Manner::EndlessHttp);
        let (verdict, check) = check(&url_of(&peer), more);
        assert_eq!(verdict, wanted, "{check}");
        // What the kernels of both sides hold comes on top of what is read.
        assert!(peer.sent() < 16 << 20, "{} bytes", peer.sent());
    }
}

#[test]
fn an_endless_head_is_cut() {
    let head = answering(format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(200_000)).into_bytes());
    let (verdict, check) = check(&url_of(&head), &[]);
    assert_eq!(verdict, "protocol.too-large", "{check}");
}

#[test]
fn a_peer_that_never_ends_its_first_line_is_cut() {
    let peer = Peer::start(Manner::Endless);
    let (verdict, check) = check(&url_of(&peer), &[]);
    assert!(["protocol.malformed", "protocol.too-large"].contains(&verdict.as_str()), "{check}");
    assert!(peer.sent() < 16 << 20, "{} bytes", peer.sent());
}

#[test]
fn a_slow_body_is_a_timeout_only_when_it_is_wanted() {
    for (more, wanted) in [("", "pass"), ("  expected_body: never\n", "request.timeout")] {
        let peer = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf".to_vec());
        let yaml = http(&url_of(&peer), &[]).replace("timeout: 5", "timeout: 0.5") + more;
        assert_eq!(code(&Agent::new(&yaml).report()), wanted);
    }
}

/// A peer that sends so many pieces of one byte, `y` at last, and does not end the body.
fn crumbling(pieces: usize) -> Peer {
    Peer::serve(move |wire| {
        let request = wire.first_bytes();
        let pieces = "1\r\nx\r\n".repeat(pieces - 1) + "1\r\ny\r\n";
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(request.starts_with(b"GET") && wire.send(&[head, &pieces].concat().into_bytes()));
        wire.drain();
    })
}

#[test]
fn the_size_of_a_bodys_pieces_does_not_matter() {
    for wanted in ["y", "/[^x]$/"] {
        let peer = crumbling(20_000);
        let yaml = http(&url_of(&peer), &[&format!("expected_body: '{wanted}'")]).replace("timeout: 5", "timeout: 2");
        assert_eq!(code(&Agent::new(&yaml).report()), "pass", "{wanted}");
    }
}

/// The run of a check with half a second of time.
fn hurried(peer: &Peer) -> (String, Value, Ran) {
    let yaml = http(&url_of(peer), &[]).replace("timeout: 5", "timeout: 0.5");
    let ran = Agent::new(&yaml).args(["--format", "json"]).run();
    let report = ran.json();
    (code(&report), report["checks"][0].clone(), ran)
}

#[test]
fn silence_and_its_kin_are_told_apart() {
    for (manner, wanted) in [
        (Manner::Silent, "protocol.silent"),
        (Manner::Closes, "protocol.closed"),
        (Manner::ClosesAfterFirstBytes, "protocol.closed"),
        (Manner::ResetsAfterFirstBytes, "protocol.reset"),
        (Manner::Garbage, "protocol.malformed"),
    ] {
        let peer = Peer::start(manner.clone());
        let (verdict, check, ran) = hurried(&peer);
        assert_eq!(verdict, wanted, "{manner:?}: {check}");
        assert_eq!(check["results"][0]["verdict"], "pass", "{manner:?}");
        assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
    }
}

/// A peer that answers the first request and then keeps the connection.
fn answering(reply: Vec<u8>) -> Peer {
    Peer::start(Manner::Answers(vec![(b"GET".to_vec(), reply)]))
}

#[test]
fn half_a_head_is_a_timeout_of_the_protocol() {
    let peer = answering(b"HTTP/1.1 200 OK\r\nX-Half: ".to_vec());
    let (verdict, check, _) = hurried(&peer);
    assert_eq!(verdict, "protocol.timeout", "{check}");
}

#[test]
fn an_unknown_greeting_is_no_http_and_never_a_closed_connection() {
    for _ in 0..5 {
        let (verdict, check, _) = hurried(&Peer::start(Manner::Banner(b"welcome to nothing\r\n".to_vec())));
        assert_eq!(
            (verdict.as_str(), evidence(&check)),
            ("protocol.malformed", "it answered welcome to nothing\\r\\n"),
            "{check}"
        );
    }
}

#[test]
fn a_reset_right_after_accepting_is_a_reset() {
    let peer = Peer::start(Manner::Resets);
    let (verdict, check, _) = hurried(&peer);
    assert!(["protocol.reset", "connect.reset"].contains(&verdict.as_str()), "{check}");
}

#[test]
fn another_service_is_named() {
    let mysql = b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_password\0";
    let banners: [(&[u8], &str); 7] = [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "this is an SSH server, not HTTP"),
        (b"220 mail.example ESMTP Postfix\r\n", "this is an SMTP server, not HTTP"),
        (b"220 (vsFTPd 3.0.3)\r\n", "this is an FTP server, not HTTP"),
        (b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "this is an IMAP server, not HTTP"),
        (b"+OK Dovecot ready.\r\n", "this is a POP3 server, not HTTP"),
        (mysql, "this is a MySQL or MariaDB server, not HTTP"),
        (b"RFB 003.008\n", "this is a VNC server, not HTTP"),
    ];
    for (banner, wanted) in banners {
        named(&Peer::start(Manner::Banner(banner.to_vec())), wanted);
    }
    let answers: [(&[u8], &str); 3] = [
        (b"-ERR unknown command 'GET', with args beginning with: '/'\r\n", "this is a Redis server, not HTTP"),
        (b"ERROR\r\n", "this is a memcached server, not HTTP"),
        (b"AMQP\0\0\x09\x01", "this is an AMQP broker, not HTTP"),
    ];
    for (reply, wanted) in answers {
        named(&Peer::start(Manner::Answers(vec![(b"GET".to_vec(), reply.to_vec())])), wanted);
    }
}

fn named(peer: &Peer, wanted: &str) {
    let (verdict, check, _) = hurried(peer);
    assert_eq!(
        (verdict.as_str(), check["failure"]["owner"].as_str()),
        ("protocol.wrong-service", Some("config")),
        "{check}"
    );
    assert_eq!(message(&check), wanted, "{check}");
    assert!(evidence(&check).starts_with("it answered "), "{check}");
}

#[test]
fn chunks_and_continuations_are_understood() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n";
    let early = format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{}", answer("200 OK", "ready"));
    let old = "HTTP/1.0 200 OK\r\n\r\nready".to_owned();
    for reply in [chunked.to_owned(), early, old] {
        let recorder = Recorder::start_with(reply.clone());
        let (verdict, check) = check(&recorder.url("/"), &["expected_body: ready"]);
        assert_eq!(verdict, "pass", "{reply}: {check}");
    }
}

#[test]
fn a_body_that_is_cut_short_is_closed() {
    let recorder = Recorder::start_with("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    let (verdict, check) = check(&recorder.url("/"), &["expected_body: whole"]);
    assert_eq!(verdict, "request.closed", "{check}");
}

#[test]
fn a_server_with_a_bad_encoding_is_malformed() {
    let recorder = Recorder::start_with(answer("200 OK\r\nContent-Encoding: gzip", "this is no gzip"));
    let (verdict, check) = check(&recorder.url("/"), &["expected_body: x"]);
    assert_eq!(verdict, "protocol.malformed", "{check}");
}

/// The beginning of a page is evidence, and read for one moment however it comes.
#[test]
fn a_page_that_comes_letter_by_letter_does_not_hold_up_the_failure() {
    let peer = Peer::serve(|wire| {
        let asked = !wire.first_bytes().is_empty();
        let head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n";
        let mut goes_on = asked && wire.send(head);
        while goes_on && wire.pause(Duration::from_millis(5)) {
            goes_on = wire.send(b"x");
        }
    });
    let (verdict, check) = check(&url_of(&peer), &[]);
    assert_eq!(verdict, "request.unexpected-status", "{check}");
    assert!(check["failure"]["evidence"].to_string().contains("503 Service Unavailable"), "{check}");
    // All of the letters that are shown would take five seconds.
    assert!(check["elapsed_seconds"].as_f64().is_some_and(|seconds| seconds < 3.0), "{check}");
}
