//! HTTP/2 alone: in clear by prior knowledge and over TLS by ALPN, from real servers; and servers without it.

use super::{answer, check, evidence, message};
use harness::agent::Agent;
use harness::certs::{Authority, Odd, OddServer};
use harness::nghttpd::Nghttpd;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, Recorder, TlsManner, TlsPeer};
use harness::ports;
use harness::socks::Socks;
use harness::squid::{Rules, Squid};
use serde_json::Value;
use std::process::Command;

const HTTP2: &str = "http2: true";

fn trust(ca: &Authority) -> String {
    format!("ca_file: {}", ca.file().display())
}

fn owner(check: &Value) -> &str {
    check["failure"]["owner"].as_str().unwrap_or_default()
}

#[test]
fn real_servers_of_http2_answer_in_clear_and_over_tls() {
    let ca = Authority::new();
    let nginx = Nginx::start([
        Site::http("clear").http2().page("/", "ready").basic_auth("app", "s3cret").header("X-A", "b"),
        Site::tls("tls", &ca.valid()).http2().page("/", "ready").header("X-A", "b"),
    ]);
    let trust = trust(&ca);
    for (name, more) in [("clear", "auth: [app, s3cret]"), ("tls", trust.as_str())] {
        let url = nginx.url(name, "/");
        let (verdict, good) = check(&url, &[HTTP2, more, "expected_body: ready", "expected_headers: {x-a: b}"]);
        assert_eq!(verdict, "pass", "{name}: {good}");
        let phases: Vec<_> = good["phases"].as_array().into_iter().flatten().map(|one| one["phase"].clone()).collect();
        let wanted: &[&str] = if name == "tls" {
            &["resolve", "connect", "tls", "protocol", "request"]
        } else {
            &["resolve", "connect", "protocol", "request"]
        };
        assert_eq!(phases, wanted, "{good}");
        let (verdict, other) = check(&url, &[HTTP2, more, "expected_body: dead"]);
        assert_eq!(verdict, "request.unexpected-body", "{other}");
    }
    let (verdict, refused) = check(&nginx.url("clear", "/"), &[HTTP2]);
    assert_eq!(verdict, "auth.required", "{refused}");
    let (verdict, missing) = check(&nginx.url("tls", "/none"), &[HTTP2, &trust]);
    assert_eq!((verdict.as_str(), evidence(&missing).get(..13)), ("request.unexpected-status", Some("404 Not Found")));
    let nghttpd = Nghttpd::start();
    let (verdict, good) = check(&format!("http://{}/", nghttpd.address()), &[HTTP2, "expected_code: 404"]);
    assert_eq!(verdict, "pass", "{good}");
}

#[test]
fn a_request_in_http2_has_what_it_has_in_http1() {
    let nginx = Nginx::start([Site::http("web").http2().echo("/echo")]);
    let url = nginx.url("web", "/echo?a=1");
    let more = [HTTP2, "method: POST", "body: 'one two'", "params: {q: x y}", "headers: {Host: virtual.example}"];
    for said in
        ["method: POST\\nuri: /echo?a=1&q=x+y", "content-length: 7", "host: virtual.example", "user-agent: conn-check/"]
    {
        let (verdict, sent) = check(&url, &[&more[..], &[&format!("expected_body: \"{said}\"")]].concat());
        assert_eq!(verdict, "pass", "{said}: {sent}");
    }
    harness::wait::until("nginx to write it down", || nginx.requests("web") == ["POST /echo?a=1&q=x+y 200"; 4]);
}

#[test]
fn a_redirect_in_http2_keeps_the_connection_and_follows_to_another() {
    let ca = Authority::new();
    let tls = Nginx::start([Site::tls("tls", &ca.valid()).http2().page("/", "there")]);
    let clear = Nginx::start([Site::http("web")
        .http2()
        .redirect("/", 302, "/a")
        .redirect("/a", 302, &tls.url("tls", "/"))
        .redirect("/loop", 302, "/loop")]);
    let (verdict, there) =
        check(&clear.url("web", "/"), &[HTTP2, "allow_redirects: true", "expected_body: there", &trust(&ca)]);
    assert_eq!(verdict, "pass", "{there}");
    let connects = there["phases"].as_array().into_iter().flatten().filter(|one| one["phase"] == "connect").count();
    assert_eq!(connects, 2, "{there}");
    let (verdict, around) = check(&clear.url("web", "/loop"), &[HTTP2, "allow_redirects: true"]);
    assert_eq!(verdict, "request.redirected", "{around}");
}

#[test]
fn a_long_body_in_http2_is_hashed_and_one_that_is_not_wanted_is_left() {
    const LENGTH: u64 = 20_000_000;
    let nginx = Nginx::start([Site::http("web").http2().zeros("/zeros", LENGTH)]);
    let program = format!("import hashlib; print(hashlib.sha256(bytes({LENGTH})).hexdigest())");
    let hash = Command::new("python3").args(["-c", &program]).output().expect("python3").stdout;
    let hash = format!("expected_sha256: {}", String::from_utf8_lossy(&hash).trim());
    let url = nginx.url("web", "/zeros");
    for more in [&[HTTP2, hash.as_str()][..], &[HTTP2]] {
        let (verdict, good) = check(&url, more);
        assert_eq!(verdict, "pass", "{good}");
    }
    let (verdict, cut) = check(&url, &[HTTP2, "expected_body: one"]);
    assert_eq!(verdict, "request.unexpected-body", "{cut}");
    let (verdict, status) = check(&url, &[HTTP2, "expected_code: 404"]);
    assert_eq!(verdict, "request.unexpected-status", "{status}");
}

#[test]
fn fields_behind_the_body_are_expected_like_those_before_it() {
    let nghttpd =
        Nghttpd::start_with(&["--trailer=grpc-status: 0", "--trailer=grpc-message: fine"], "index.html", "ready");
    let url = format!("http://{}/", nghttpd.address());
    for (more, verdict) in [
        (&["expected_headers: {grpc-status: '0'}"][..], "pass"),
        (&["expected_headers: {grpc-status: '0', server: /nghttp/}", "expected_body: ready"], "pass"),
        (&["expected_headers: {grpc-status: '12'}"], "request.unexpected-header"),
        (&["expected_headers: {grpc-other: }"], "request.unexpected-header"),
        (&["expected_headers: {grpc-status: '0'}", "expected_body: dead"], "request.unexpected-body"),
    ] {
        let (seen, check) = check(&url, &[&[HTTP2], more].concat());
        assert_eq!(seen, verdict, "{more:?}: {check}");
    }
    let (_, other) = check(&url, &[HTTP2, "expected_headers: {grpc-status: '12'}"]);
    assert_eq!(evidence(&other), "got \"0\", wanted \"12\"");
}

#[test]
fn http2_goes_through_proxies_by_a_tunnel() {
    let ca = Authority::new();
    let nginx = Nginx::start([
        Site::http("clear").http2().page("/", "ready"),
        Site::tls("tls", &ca.valid()).http2().page("/", "ready"),
    ]);
    let (squid, socks) = (Squid::start(&Rules::open()), Socks::start(None));
    for proxy in [squid.url(), format!("socks5h://{}", socks.address())] {
        for name in ["clear", "tls"] {
            let more = [HTTP2, "expected_body: ready", &trust(&ca), &format!("proxy_url: {proxy}")];
            let (verdict, good) = check(&nginx.url(name, "/"), &more);
            assert_eq!(verdict, "pass", "{proxy} {name}: {good}");
        }
    }
}

#[test]
fn a_server_without_http2_is_told_as_such() {
    let ca = Authority::new();
    let nginx = Nginx::start([Site::http("clear").page("/", "x"), Site::tls("tls", &ca.valid()).page("/", "x")]);
    let mute = OddServer::start(&Odd::default());
    let one = Recorder::start_with(answer("505 HTTP Version Not Supported", ""));
    let trust = trust(&ca);
    let odd = format!("ca_file: {}", mute.ca_file().display());
    for (url, more, said) in [
        (nginx.url("clear", "/"), "", "the server speaks HTTP/1.1 here, and this check HTTP/2 alone (`http2`)"),
        (one.url("/"), "", "the server speaks HTTP/1.1 here, and this check HTTP/2 alone (`http2`)"),
        (
            nginx.url("tls", "/"),
            trust.as_str(),
            "the server takes no HTTP/2 over TLS, which alone was offered (ALPN h2)",
        ),
        (
            format!("https://localhost:{}/", mute.address().port()),
            odd.as_str(),
            "the server did not take up HTTP/2, which alone was offered over TLS (ALPN h2)",
        ),
    ] {
        let (verdict, without) = check(&url, &[HTTP2, more]);
        assert_eq!((verdict.as_str(), message(&without)), ("protocol.unsupported-version", said), "{without}");
        let next = without["failure"]["next_step"].as_str();
        assert_eq!(next, Some("let the server speak HTTP/2 there; else leave `http2` out of this check"));
        assert_eq!(owner(&without), "service", "{without}");
    }
}

#[test]
fn what_is_no_server_of_http2_is_named_as_without_http2() {
    let ca = Authority::new();
    let nginx = Nginx::start([Site::tls("tls", &ca.valid()).page("/", "x")]);
    let go = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let ssh = Peer::start(Manner::Banner(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    let silent = Peer::start(Manner::Silent);
    let closes = Peer::start(Manner::Closes);
    let dead = ports::free();
    for (address, verdict) in [
        (nginx.address("tls"), "tls.required"),
        (go.address(), "tls.required"),
        (ssh.address(), "protocol.wrong-service"),
        (silent.address(), "protocol.silent"),
        (closes.address(), "protocol.closed"),
        (dead.address(), "connect.refused"),
    ] {
        let (seen, check) = check(&format!("http://{address}/"), &[HTTP2, "timeout: 2"]);
        assert_eq!(seen, verdict, "{check}");
    }
}

/// Frames of HTTP/2: SETTINGS, and what else.
fn frames(more: &[u8]) -> Peer {
    let settings = b"\0\0\0\x04\0\0\0\0\0";
    Peer::start(Manner::Answers(vec![(b"PRI".to_vec(), [settings, more].concat())]))
}

#[test]
fn what_a_server_of_http2_refuses_with_is_told_by_its_code() {
    for (frame, code, said, shown) in [
        (
            &b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x0d"[..],
            "protocol.unsupported-version",
            "the server wants HTTP/1.1 for this request",
            "RST_STREAM HTTP_1_1_REQUIRED",
        ),
        (
            b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x07",
            "protocol.closed",
            "the server refused the request before it began with it",
            "RST_STREAM REFUSED_STREAM",
        ),
        (
            b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x0b",
            "protocol.closed",
            "the server finds that this host asks too much of it",
            "RST_STREAM ENHANCE_YOUR_CALM",
        ),
        (
            b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\0",
            "protocol.closed",
            "the server ended the request before its answer was whole",
            "RST_STREAM NO_ERROR",
        ),
        (
            b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0c",
            "protocol.closed",
            "the server finds the connection not secure enough for HTTP/2",
            "GOAWAY INADEQUATE_SECURITY",
        ),
        (
            b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x02",
            "protocol.closed",
            "the server reports an internal error of its own",
            "GOAWAY INTERNAL_ERROR",
        ),
        (
            b"\0\0\x01\x01\x05\0\0\0\x01\x80",
            "protocol.malformed",
            "the server speaks HTTP/2, and breaks its rules",
            "conn-check ended the connection with PROTOCOL_ERROR",
        ),
    ] {
        let peer = frames(frame);
        let (verdict, check) = check(&format!("http://{}/", peer.address()), &[HTTP2]);
        assert_eq!((verdict.as_str(), message(&check)), (code, said), "{check}");
        assert!(check["failure"]["evidence"].as_str().unwrap_or_default().contains(shown), "{check}");
    }
}

#[test]
fn a_server_of_http2_alone_over_tls_is_named() {
    let alpn = OddServer::start(&Odd { server: "-alpn h2", ..Odd::default() });
    let trust = format!("ca_file: {}", alpn.ca_file().display());
    let (verdict, other) = check(&format!("https://localhost:{}/", alpn.address().port()), &[&trust]);
    assert_eq!(verdict, "protocol.unsupported-version", "{other}");
    assert!(message(&other).starts_with("the server takes no HTTP/1.1 over TLS, which alone was offered"), "{other}");
    assert_eq!(owner(&other), "config");
    let next = other["failure"]["next_step"].as_str().unwrap_or_default();
    assert!(next.starts_with("write `http2: true`"), "{next}");
    // Of the check's server, and not of a proxy.
    let more = format!("proxy_url: https://localhost:{}", alpn.address().port());
    let (_, proxied) = check("http://target.invalid/", &[&trust, &more]);
    let next = proxied["failure"]["next_step"].as_str().unwrap_or_default();
    assert_eq!(next, "name a port where the proxy speaks HTTP/1.1 (this is about the proxy)", "{proxied}");
}

#[test]
fn fields_of_a_connection_are_refused_with_http2() {
    for header in ["Connection: close", "transfer-encoding: chunked", "Upgrade: h2c"] {
        let yaml = |more: &str| format!("- {{type: http, url: 'http://h/', headers: {{{header}}}{more}}}\n");
        let ran = Agent::new(&yaml(", http2: true")).arg("--validate").run();
        assert!(ran.status == 3 && ran.err.contains("has no place in HTTP/2"), "{ran:?}");
        assert_eq!(Agent::new(&yaml("")).arg("--validate").run().status, 0);
    }
    for (value, status) in [("gzip", 3), ("'trailers, deflate'", 3), ("Trailers", 0)] {
        let yaml = format!("- {{type: http, url: 'http://h/', headers: {{TE: {value}}}, http2: true}}\n");
        assert_eq!(Agent::new(&yaml).arg("--validate").run().status, status, "{value}");
    }
}

#[test]
fn a_long_body_is_passed_over_for_the_fields_behind_it() {
    let nghttpd = Nghttpd::start_with(&["--trailer=grpc-status: 0"], "index.html", &"x".repeat(400_000));
    let url = format!("http://{}/", nghttpd.address());
    for more in
        [&["expected_headers: {grpc-status: '0'}"][..], &["expected_headers: {grpc-status: '0'}", "expected_body: x"]]
    {
        let (verdict, good) = check(&url, &[&[HTTP2], more].concat());
        assert_eq!(verdict, "pass", "{more:?}: {good}");
    }
}

/// A frame: its type, its flags, its stream and what is in it.
fn frame(kind: u8, flags: u8, stream: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a length").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], content].concat()
}

#[test]
fn our_own_limit_of_frames_is_told_as_ours() {
    let begin = [frame(1, 4, 1, b"\x88"), frame(0, 0, 1, b"").repeat(4000)].concat();
    let peer = frames(&begin);
    let (verdict, check) = check(&format!("http://{}/", peer.address()), &[HTTP2, "expected_body: x"]);
    assert_eq!(
        (verdict.as_str(), message(&check)),
        ("protocol.too-large", "the server sends more frames for one answer than this program takes"),
        "{check}"
    );
    assert!(evidence(&check).contains("ENHANCE_YOUR_CALM"), "{check}");
}

/// A server that redirects, and does not begin with the next request on the same connection.
fn ending(refusal: Vec<u8>) -> Peer {
    let redirect = frame(1, 5, 1, b"\x08\x03302\x0f\x1f\x02/b");
    let there = [frame(1, 4, 1, b"\x88"), frame(0, 1, 1, b"there")].concat();
    Peer::serve(move |wire| {
        let is_first = wire.number() == 0;
        let _preface = wire.first_bytes();
        let _sent = wire.send(&[frame(4, 0, 0, b""), if is_first { redirect.clone() } else { there.clone() }].concat());
        if is_first {
            // The next request, behind the acknowledgement.
            loop {
                let more = wire.first_bytes();
                if more.is_empty() {
                    return;
                }
                if more.windows(6).any(|head| head == [1, 5, 0, 0, 0, 3]) {
                    break;
                }
            }
            let _sent = wire.send(&refusal);
        }
        wire.drain();
    })
}

#[test]
fn a_request_that_the_server_did_not_begin_with_goes_out_again_on_a_new_connection() {
    for refusal in [frame(7, 0, 0, b"\0\0\0\x01\0\0\0\0"), frame(3, 0, 3, b"\0\0\0\x07")] {
        let peer = ending(refusal);
        let url = format!("http://{}/", peer.address());
        let (verdict, check) = check(&url, &[HTTP2, "allow_redirects: true", "expected_body: there"]);
        assert_eq!((verdict.as_str(), peer.connections()), ("pass", 2), "{check}");
    }
    // What it may have begun with does not.
    let peer = ending(frame(3, 0, 3, b"\0\0\0\x02"));
    let (verdict, check) = check(&format!("http://{}/", peer.address()), &[HTTP2, "allow_redirects: true"]);
    assert_eq!((verdict.as_str(), peer.connections()), ("protocol.closed", 1), "{check}");
}
