//! Heads that other clients take, those that nobody can take, and servers of HTTP/2.

use super::{answer, check, evidence, message};
use harness::nghttpd::Nghttpd;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, Recorder};

#[test]
fn a_head_is_read_as_other_clients_read_it() {
    let many: String = (0..1500).map(|number| format!("\r\nX-{number}: a")).collect();
    for (what, fields) in [
        ("folded", "\r\nX-A: one\r\n two\r\n\tthree"),
        ("a space before the colon", "\r\nX-A : one two three"),
        ("a line that is no field", "\r\nnothing\r\nX-A: one two three"),
        ("a control character", "\r\nX-B: a\x01b\r\nX-A: one two three"),
        ("1500 fields", &(many + "\r\nX-A: one two three")),
    ] {
        let recorder = Recorder::start_with(answer(&format!("200 OK{fields}"), "ready"));
        let (verdict, check) =
            check(&recorder.url("/"), &["expected_body: ready", "expected_headers: {X-A: '/one\\s+two\\s+three/'}"]);
        assert_eq!(verdict, "pass", "{what}: {check}");
    }
    let recorder = Recorder::start_with("HTTP/1.1 200 OK\nContent-Length: 5\nX-A: b\n\nready");
    assert_eq!(check(&recorder.url("/"), &["expected_body: ready"]).0, "pass");
}

#[test]
fn the_servers_own_reason_is_shown() {
    let upgrade = Recorder::start_with(answer("426 Upgrade Required\r\nUpgrade: h2c", ""));
    let (_, check_of_it) = check(&upgrade.url("/"), &[]);
    assert_eq!(evidence(&check_of_it), "426 Upgrade Required (it wants h2c)");
    for (status, shown) in [
        ("500 Unable to connect", "500 Unable to connect"),
        ("503 Service Unavailable", "503 Service Unavailable"),
        ("999 Request denied", "999 Request denied"),
        ("404", "404 Not Found"),
    ] {
        let recorder = Recorder::start_with(answer(status, ""));
        let (verdict, check) = check(&recorder.url("/"), &[]);
        assert_eq!((verdict.as_str(), evidence(&check)), ("request.unexpected-status", shown), "{check}");
    }
}

#[test]
fn a_status_beyond_the_usual_ones_can_be_expected() {
    let recorder = Recorder::start_with(answer("999 Request denied", ""));
    assert_eq!(check(&recorder.url("/"), &["expected_code: 999"]).0, "pass");
    assert_eq!(check(&recorder.url("/"), &["expected_code: [2xx, '999']"]).0, "pass");
}

#[test]
fn http_that_breaks_its_rules_is_still_called_http() {
    for (head, what, shown) in [
        ("HTTP/1.1 20 OK\r\n\r\n", "its status line is not legal", "it answered HTTP/1.1 20 OK"),
        ("HTTP/2 200\r\n\r\n", "its status line is not legal", "it answered HTTP/2 200"),
        ("HTTP/1.1 abc\r\n\r\n", "its status line is not legal", "it answered HTTP/1.1 abc"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
            "its Content-Length or Transfer-Encoding is not legal",
            "it answered Content-Length: 5x",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "its Content-Length or Transfer-Encoding is not legal",
            "it answered Content-Length: 6",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
            "its Content-Length or Transfer-Encoding is not legal",
            "it answered Content-Length: 5, 6",
        ),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "its Content-Length or Transfer-Encoding is not legal",
            "it answered Transfer-Encoding: chunked",
        ),
        // What is legal is not blamed for what is not.
        (
            "HTTP/1.1 200 O\x01K\r\nContent-Length: 5\r\n\r\nhello",
            "its head is not legal",
            "the parser says: invalid HTTP status-code parsed",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: a\rb\r\n\r\nhello",
            "its head is not legal",
            "the parser says: invalid HTTP header parsed",
        ),
    ] {
        let recorder = Recorder::start_with(head);
        let (verdict, check) = check(&recorder.url("/"), &[]);
        assert_eq!(verdict, "protocol.malformed", "{check}");
        assert_eq!(message(&check), format!("the server speaks HTTP, and breaks its rules: {what}"));
        assert_eq!(evidence(&check), shown);
    }
}

#[test]
fn a_head_beyond_our_limits_is_told_as_our_limit() {
    let many: String = (0..3000).map(|number| format!("\r\nX-{number}: a")).collect();
    for fields in [many, format!("\r\nX: {}", "x".repeat(100_000))] {
        let recorder = Recorder::start_with(answer(&format!("200 OK{fields}"), ""));
        let (verdict, check) = check(&recorder.url("/"), &[]);
        assert_eq!(verdict, "protocol.too-large", "{check}");
    }
}

#[test]
fn a_server_of_http2_alone_is_named() {
    let (nghttpd, nginx) = (Nghttpd::start(), Nginx::start([Site::http("h2").http2().page("/", "x")]));
    // What gRPC servers send before they are asked: SETTINGS; and others: GOAWAY with why.
    let grpc = Peer::start(Manner::Banner(b"\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0".to_vec()));
    let goaway = Peer::start(Manner::Answers(vec![(
        b"GET".to_vec(),
        b"\0\0\x11\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01bad frame".to_vec(),
    )]));
    let mute = Peer::start(Manner::Answers(vec![(b"PRI".to_vec(), b"\0\0\0\x04\0\0\0\0\0".to_vec())]));
    for address in [nghttpd.address(), nginx.address("h2"), grpc.address(), goaway.address(), mute.address()] {
        let (verdict, check) = check(&format!("http://{address}/"), &[]);
        assert_eq!(
            (verdict.as_str(), check["failure"]["owner"].as_str()),
            ("protocol.unsupported-version", Some("config")),
            "{address}: {check}"
        );
        assert_eq!(
            message(&check),
            "the server speaks HTTP/2 alone here (as gRPC servers do), and this check HTTP/1.1"
        );
        let next = check["failure"]["next_step"].as_str();
        assert_eq!(next, Some("write `http2: true`; else name a port that speaks HTTP/1.1"));
    }
}
