//! A plain request to a port for TLS: told whatever the server says, and not told where it is not so.

use super::{answer, check, evidence, message};
use harness::certs::Authority;
use harness::haproxy::Haproxy;
use harness::nginx::{Nginx, Site};
use harness::peers::{Peer, Recorder};
use std::io::Write as _;
use std::net::SocketAddr;

/// A port for TLS whose server answers plain requests with these bytes: TLS is told by its first byte.
fn double(plain: &'static [u8]) -> Peer {
    Peer::serve(move |wire| {
        let first = wire.first_bytes();
        // An alert, with which every server answers a ClientHello that it does not like.
        let alert: &[u8] = b"\x15\x03\x03\0\x02\x02\x28";
        let _taken = (&wire).write_all(if first.first() == Some(&22) { alert } else { plain });
        wire.finish();
    })
}

fn told(address: SocketAddr) {
    let (verdict, check) = check(&format!("http://{address}/"), &[]);
    assert_eq!((verdict.as_str(), check["failure"]["owner"].as_str()), ("tls.required", Some("config")), "{check}");
    assert!(!check["results"][1]["verdict"].is_null() && check["results"][0]["verdict"] == "pass", "{check}");
}

#[test]
fn a_plain_request_to_a_port_for_tls_is_told_whatever_the_server_says() {
    for said in [
        // Go.
        &b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"[..],
        // Tomcat.
        b"HTTP/1.1 400 \r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nBad Request\r\nThis combination of host and port requires TLS.\r\n",
        // A product that says nothing of it.
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade, close\r\n\r\n",
        b"HTTP/1.1 501 Not Implemented\r\nConnection: close\r\n\r\nsecure port",
        // Nothing at all.
        b"",
    ] {
        told(double(said).address());
    }
}

#[test]
fn real_servers_with_tls_are_told_in_their_own_words() {
    let ca = Authority::new();
    let identity = ca.valid();
    let pem =
        [std::fs::read(identity.certificate_file()), std::fs::read(identity.key_file())].map(Result::unwrap).concat();
    let folder = harness::scratch::Scratch::new();
    let file = folder.write("both.pem", pem);
    let haproxy = Haproxy::start(&format!("ssl crt {}", file.display()), "  http-request return status 200\n");
    told(haproxy.address());
    let nginx = Nginx::start([Site::tls("tls", &identity).page("/", "x")]);
    told(nginx.address("tls"));
}

#[test]
fn a_bad_request_to_a_plain_port_stays_one() {
    let recorder = Recorder::start_with(answer("400 Bad Request", "which tenant?"));
    let (verdict, check) = check(&recorder.url("/"), &[]);
    assert_eq!((verdict.as_str(), message(&check)), ("request.unexpected-status", "answered 400, expected 200"));
    assert_eq!(evidence(&check), "400 Bad Request: which tenant?");
}

#[test]
fn a_load_balancer_that_asks_its_server_without_tls_is_told_so() {
    let ca = Authority::new();
    let behind = Nginx::start([Site::tls("tls", &ca.valid()).page("/", "x")]);
    let front = harness::stunnel::Stunnel::start(&ca.valid(), behind.address("tls"));
    let trust = format!("ca_file: {}", ca.file().display());
    let (verdict, check) = check(&format!("https://{}/", front.address()), &[&trust]);
    assert_eq!(verdict, "request.unexpected-status", "{check}");
    assert_eq!(message(&check), "answered 400: what ends TLS there asks a server without TLS that wants it");
}
