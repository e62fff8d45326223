//! What proxies answer to CONNECT: interim answers, line ends, and refusals of real ones.

use super::{check, servers, through, trust};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::haproxy::Haproxy;
use harness::nginx::{Nginx, Site};
use harness::peers::{Peer, Request, TlsManner, TlsPeer};
use harness::ports;
use harness::squid::{Rules, Squid};
use harness::stunnel::Stunnel;
use harness::tinyproxy::Tinyproxy;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A proxy that answers each CONNECT with these bytes, and where they open a tunnel, leads it to `server`.
fn connecting(answer: &'static str, server: SocketAddr) -> Peer {
    Peer::serve(move |wire| {
        let Some(_request) = Request::read(&wire) else { return };
        if !wire.send(answer.as_bytes()) || !answer.contains("200") {
            return wire.finish();
        }
        let Ok(mut out) = TcpStream::connect(server) else { return wire.finish() };
        let (mut back, from) = (out.try_clone().expect("a socket"), &wire);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(length @ 1..) = back.read(&mut buffer) {
                    if !from.send(&buffer[..length]) {
                        break;
                    }
                }
            });
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = (&wire).read(&mut buffer) {
                if out.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            let _ended = out.shutdown(std::net::Shutdown::Both);
        });
    })
}

#[test]
fn a_tunnel_is_opened_in_every_form_that_the_protocol_has() {
    let ca = Authority::new();
    let nginx = servers(&ca);
    for answer in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200 OK\nProxy-agent: x\n\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
    ] {
        let proxy = connecting(answer, nginx.address("tls"));
        let yaml = through(
            &format!("http://{}", proxy.address()),
            &nginx.url("tls", "/"),
            &[&trust(&ca), "expected_body: secret"],
        );
        let (verdict, check) = check(&yaml);
        assert_eq!(verdict, "pass", "{answer:?}: {check}");
    }
}

/// The failure of a check of an https URL through this proxy.
fn refused(proxy: &str, url: &str) -> Value {
    let (_, check) = check(&through(proxy, url, &[]));
    check["failure"].clone()
}

#[test]
fn a_refusal_of_connect_is_told_as_what_it_is() {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 1));
    for (answer, code, message) in [
        (
            "HTTP/1.1 500 Unable to connect\r\nServer: tinyproxy/1.11.1\r\n\r\n<html>",
            "proxy.bad-gateway",
            "the proxy could not reach the target",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nserver: envoy\r\n\r\nupstream connect error or disconnect/reset before headers",
            "proxy.bad-gateway",
            "the proxy could not reach the target",
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nserver: envoy\r\ncontent-length: 19\r\n\r\nRBAC: access denied",
            "proxy.denied",
            "the proxy does not let this request through",
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\n\r\n",
            "proxy.denied",
            "the proxy refuses this request: too many came from this host",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://login.proxy/?token=s3cret\r\n\r\n",
            "proxy.denied",
            "the proxy refuses this request, and sends to http://login.proxy/?token=***",
        ),
        ("HTTP/1.1 451 Unavailable For Legal Reasons\r\n\r\n", "proxy.denied", "the proxy refuses this request (451)"),
        (
            "HTTP/1.1 511 Network Authentication Required\r\n\r\n",
            "proxy.denied",
            "the proxy refuses this request (511)",
        ),
        (
            "HTTP/1.1 400 Bad Request\r\nVia: 1.1 squid.test\r\n\r\n",
            "proxy.denied",
            "the proxy refuses this request (400)",
        ),
        (
            "HTTP/1.1 400 Bad Request\r\nServer: tinyproxy/1.11.1\r\n\r\n",
            "proxy.denied",
            "the proxy refuses this request (400)",
        ),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "proxy.not-a-proxy", "what answers there is a web server, not a proxy"),
        (
            "HTTP/1.1 405 Method Not Allowed\nAllow: GET\n\n",
            "proxy.not-a-proxy",
            "what answers there is a web server, not a proxy",
        ),
        (
            "HTTP/1.1 501 Not Implemented\r\n\r\n",
            "proxy.not-a-proxy",
            "what answers there is a web server, not a proxy",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "proxy.not-a-proxy",
            "what answers there is a web server, not a proxy: it takes CONNECT for a page",
        ),
        (
            "\0\0\0\x04\0\0\0\0\0",
            "proxy.not-a-proxy",
            "this is a server of HTTP/2 alone, not a proxy that takes HTTP/1.1",
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
            "proxy.auth-required",
            "the proxy wants a login by Negotiate, NTLM, and conn-check knows Basic only",
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate, basic realm=\"p\"\r\n\r\n",
            "proxy.auth-required",
            "the proxy wants a login, none is configured",
        ),
    ] {
        let proxy = connecting(answer, anywhere);
        let failure = refused(&format!("http://{}", proxy.address()), "https://target.invalid/");
        assert_eq!((failure["code"].as_str(), failure["message"].as_str()), (Some(code), Some(message)), "{failure}");
        assert!(!failure.to_string().contains("s3cret"), "{failure}");
        let evidence = failure["evidence"].as_str().unwrap_or_default();
        for said in ["Unable to connect", "RBAC: access denied", "upstream connect error"] {
            assert_eq!(answer.contains(said), evidence.contains(said), "{failure}");
        }
        if code == "proxy.auth-required" {
            assert!(evidence.contains("Proxy-Authenticate: Negotiate, "), "{failure}");
        }
    }
}

#[test]
fn tinyproxy_refuses_in_its_own_way() {
    let dead = ports::free();
    let nginx = Nginx::start([Site::http("web").page("/", "plain").status("/500", 500)]);
    let (open, strict) = (Tinyproxy::start(), Tinyproxy::start_with("BasicAuth app s3cret\nConnectPort 443"));
    for scheme in ["http", "https"] {
        let failure = refused(&open.url(), &format!("{scheme}://{}/", dead.address()));
        assert_eq!(
            (failure["code"].as_str(), failure["owner"].as_str()),
            (Some("proxy.bad-gateway"), Some("network")),
            "{failure}"
        );
        assert!(
            failure["evidence"].as_str().is_some_and(|evidence| evidence.contains("500 Unable to connect")),
            "{failure}"
        );
        let failure = refused(&strict.url(), &format!("{scheme}://{}/", dead.address()));
        assert_eq!(failure["code"], "proxy.auth-required", "{failure}");
    }
    // Its rule on ports.
    let with_login = strict.url().replace("http://", "http://app:s3cret@");
    let failure = refused(&with_login, &format!("https://{}/", dead.address()));
    assert_eq!(failure["code"], "proxy.denied", "{failure}");
    // What the server behind it says is the server's.
    let (verdict, check) = check(&through(&open.url(), &nginx.url("web", "/500"), &[]));
    assert_eq!(verdict, "request.unexpected-status", "{check}");
}

#[test]
fn haproxy_refuses_in_its_own_way() {
    let closed = ports::free();
    let refusing = Haproxy::start("", "  http-request deny deny_status 429 if METH_CONNECT\n  http-request deny\n");
    let failure = refused(&format!("http://{}", refusing.address()), "https://target.invalid/");
    assert_eq!(
        (failure["code"].as_str(), failure["owner"].as_str()),
        (Some("proxy.denied"), Some("network")),
        "{failure}"
    );
    let behind = format!("  default_backend b\nbackend b\n  server s {}\n", closed.address());
    let without = Haproxy::start("", &behind);
    let failure = refused(&format!("http://{}", without.address()), "https://target.invalid/");
    assert_eq!(failure["code"], "proxy.bad-gateway", "{failure}");
    // To a plain request either of the two may say 503.
    let failure = refused(&format!("http://{}", without.address()), "http://target.invalid/");
    assert_eq!(failure["code"], "request.unexpected-status", "{failure}");
    let both = format!("answered 503, expected 200 (the proxy {}, or the server behind it)", without.address());
    assert_eq!(failure["message"], both);
}

#[test]
fn the_login_that_a_proxy_wants_is_told_to_plain_requests_too() {
    let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let proxy = connecting(answer, SocketAddr::from(([127, 0, 0, 1], 1)));
    let with_login = format!("http://app:s3cret@{}", proxy.address());
    let failure = refused(&with_login, "http://target.invalid/");
    assert_eq!(failure["message"], "the proxy wants a login by Negotiate, and conn-check knows Basic only");
    assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some("proxy.auth-required"), Some("network")));
    assert!(
        failure["evidence"].as_str().is_some_and(|evidence| evidence.ends_with("Proxy-Authenticate: Negotiate")),
        "{failure}"
    );
}

#[test]
fn a_certificate_that_the_proxy_wants_is_told_of_the_proxy() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let squid = Squid::start(&Rules::open());
    let peer = TlsPeer::start_requiring(&ca.valid(), &clients, TlsManner::Silent);
    let stunnel = Stunnel::start_requiring_tls12(&ca.valid(), &clients, squid.address());
    for proxy in [peer.address(), stunnel.address()] {
        for scheme in ["http", "https"] {
            let (verdict, check) =
                check(&through(&format!("https://{proxy}"), &format!("{scheme}://target.invalid/"), &[&trust(&ca)]));
            assert_eq!(verdict, "tls.client-cert-required", "{scheme}: {check}");
            let message = check["failure"]["message"].as_str().unwrap_or_default();
            assert!(message.starts_with(&format!("the proxy {proxy}: ")), "{message}");
            let next = check["failure"]["next_step"].as_str().unwrap_or_default();
            assert!(next.ends_with(" (this is about the proxy)"), "{next}");
        }
    }
}

/// A proxy that answers each CONNECT in these pieces, with a pause between them.
fn in_pieces(pieces: &'static [&'static [u8]]) -> Peer {
    Peer::serve(move |wire| {
        let Some(_request) = Request::read(&wire) else { return };
        for piece in pieces {
            if !wire.send(piece) || !wire.pause(Duration::from_millis(30)) {
                return;
            }
        }
        wire.drain();
    })
}

#[test]
fn what_a_proxy_answers_is_the_same_however_it_is_cut_into_packets() {
    const LINE: &[u8] = b"HTTP/1.1 200 OK\r\n";
    const CASES: &[(&[&[u8]], &str, &str)] = &[
        (&[b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"], "proxy.not-a-proxy", "HTTP/1.1 200 OK"),
        (&[LINE, b"Content-Length: 5\r\n\r\n", b"hello"], "proxy.not-a-proxy", "HTTP/1.1 200 OK"),
        (&[LINE, b"Content-Type: text/html\r\n\r", b"\n", b"<html>"], "proxy.not-a-proxy", "HTTP/1.1 200 OK"),
        (
            &[b"HTTP/1.1 403 Forbidden\r\n\r\nRBAC: access denied"],
            "proxy.denied",
            "HTTP/1.1 403 Forbidden; RBAC: access denied",
        ),
        (
            &[b"HTTP", b"/1.1 403 Forbidden\r\n\r\n", b"RBAC: ", b"access denied"],
            "proxy.denied",
            "HTTP/1.1 403 Forbidden; RBAC: access denied",
        ),
        (&[b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"], "proxy.denied", "HTTP/1.1 403 Forbidden"),
        (&[b"SSH-2.0-OpenSSH_9.2\r\n"], "proxy.not-a-proxy", "SSH-2.0-OpenSSH_9.2"),
        (&[b"HTTP/1.1 200 OK\r\n\r\n<html>"], "proxy.not-a-proxy", "HTTP/1.1 200 OK"),
        (&[b"SSH-2", b".0-OpenSSH_9.2\r\n"], "proxy.not-a-proxy", "SSH-2.0-OpenSSH_9.2"),
    ];
    for (pieces, code, evidence) in CASES {
        let proxy = in_pieces(pieces);
        let failure = refused(&format!("http://{}", proxy.address()), "https://target.invalid/");
        let seen = (failure["code"].as_str(), failure["evidence"].as_str());
        assert_eq!(seen, (Some(*code), Some(*evidence)), "{failure}");
    }
}

#[test]
fn server_name_is_the_targets_and_not_the_proxys() {
    let ca = Authority::new();
    let squid = Squid::start(&Rules::open().tls(&ca.wrong_name()));
    let nginx = servers(&ca);
    let proxy = squid.url();
    assert!(proxy.starts_with("https://"), "{proxy}");
    // Both are at localhost: its certificate is still judged by the proxy's own name.
    for (name, more) in [("tls", "server_name: elsewhere.example"), ("web", "verify_name: true")] {
        let (verdict, check) = check(&through(&proxy, &nginx.url(name, "/"), &[&trust(&ca), more]));
        assert_eq!(verdict, "tls.wrong-name", "{check}");
        let next = check["failure"]["next_step"].as_str().unwrap_or_default();
        let wanted = "write a name of its certificate in proxy_url; else have it issued for this name too, or say \
                      `verify_name: false` (this is about the proxy)";
        assert_eq!(next, wanted, "{check}");
    }
    let yaml = through(&proxy, &nginx.url("web", "/"), &[&trust(&ca), "server_name: elsewhere.example"]);
    let ran = Agent::new(&yaml).arg("--validate").run();
    assert!(ran.err.contains("`server_name` has no effect with a URL of http://"), "{ran:?}");
}

#[test]
fn what_speaks_first_in_a_tunnel_is_told_the_same_however_it_is_cut_into_packets() {
    const BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";
    const CASES: [&[&[u8]]; 2] =
        [&[b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.2\r\n"], &[b"HTTP/1.1 200 OK\r\n\r\n", BANNER]];
    let told = CASES.map(|pieces| {
        let proxy = in_pieces(pieces);
        let failure = refused(&format!("http://{}", proxy.address()), "https://target.invalid/");
        (failure["code"].clone(), failure["message"].clone(), failure["evidence"].clone())
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, "tls.not-tls", "{told:?}");
    // SETTINGS of HTTP/2, with the head of the answer.
    let peer = Peer::serve(|wire| {
        let Some(_connect) = Request::read(&wire) else { return };
        let _sent = wire.send(b"HTTP/1.1 200 OK\r\n\r\n\0\0\0\x04\0\0\0\0\0");
        // The preface, and the request with or behind it.
        let _asked = (wire.first_bytes(), wire.pause(Duration::from_millis(100)));
        let _sent = wire.send(b"\0\0\x05\x01\x05\0\0\0\x01\x88\x0f\x0d\x010");
        wire.drain();
    });
    let yaml = through(&format!("http://{}", peer.address()), "http://target.invalid/", &["http2: true"]);
    let (verdict, check) = check(&yaml);
    assert_eq!(verdict, "pass", "{check}");
}

#[test]
fn an_answer_to_connect_that_ends_too_early_or_is_too_long_is_told_as_that() {
    let long = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'y'; 40_000], b"\r\n\r\n".to_vec()].concat();
    for (answer, code, message) in [
        (b"HTTP/1.1".to_vec(), "proxy.closed", "the proxy closed the connection in the middle of its answer"),
        (
            b"HTTP/1.1 200 OK\r\nVia: x\r\n".to_vec(),
            "proxy.closed",
            "the proxy closed the connection in the middle of its answer",
        ),
        (long, "proxy.too-large", "the head of the proxy's answer is longer than this program takes"),
    ] {
        let proxy = Peer::serve(move |wire| {
            let _request = Request::read(&wire);
            let _sent = wire.send(&answer);
            wire.finish();
        });
        let failure = refused(&format!("http://{}", proxy.address()), "https://target.invalid/");
        let seen = (failure["code"].as_str(), failure["message"].as_str());
        assert_eq!(seen, (Some(code), Some(message)), "{failure}");
    }
}
