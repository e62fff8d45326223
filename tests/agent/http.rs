//! The http check against nginx, and against peers that answer in every way but the right one.

use harness::agent::{Agent, Ran, code};
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Algorithm, Digest, Manner, Peer, Recorder, Request, TlsManner, TlsPeer};
use serde_json::Value;
use std::time::Duration;

/// A file with one http check; `more` are options, each on a line of its own.
fn http(url: &str, more: &[&str]) -> String {
    let more: String = more.iter().flat_map(|line| ["  ", *line, "\n"]).collect();
    format!("- type: http\n  url: {url}\n  timeout: 5\n{more}")
}

/// The code or verdict, and the check as reported.
fn check(url: &str, more: &[&str]) -> (String, Value) {
    let report = Agent::new(&http(url, more)).report();
    (code(&report), report["checks"][0].clone())
}

/// The one request that a check sends.
fn request(path: &str, more: &[&str]) -> Request {
    let recorder = Recorder::start();
    let (verdict, check) = check(&recorder.url(path), more);
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(recorder.peer().connections(), 1);
    recorder.parsed().remove(0)
}

fn url_of(peer: &Peer) -> String {
    format!("http://{}/", peer.address())
}

/// A whole answer after which the connection is closed.
fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn message(check: &Value) -> &str {
    check["failure"]["message"].as_str().unwrap_or_else(|| panic!("no message in {check}"))
}

fn evidence(check: &Value) -> &str {
    check["failure"]["evidence"].as_str().unwrap_or_else(|| panic!("no evidence in {check}"))
}

#[test]
fn a_plain_request_says_who_asks_and_no_more_than_it_must() {
    let seen = request("/status?a=b#part", &[]);
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/status?a=b"));
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("conn-check/")), "{seen:?}");
    assert!(seen.header("host").is_some_and(|host| host.starts_with("localhost:")), "{seen:?}");
    assert!(seen.header("authorization").is_none() && seen.header("cookie").is_none(), "{seen:?}");
}

#[test]
fn methods_and_bodies_are_sent_as_written() {
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "post"] {
        assert_eq!(request("/", &[&format!("method: {method}")]).method, method.to_uppercase());
    }
    let seen = request("/", &["method: POST", "body: 'a=b&c=\u{fc}'"]);
    assert_eq!((seen.body(), seen.header("content-length")), ("a=b&c=\u{fc}", Some("8")));
}

#[test]
fn headers_are_a_mapping_or_pairs_and_may_have_several_values() {
    let seen = request("/", &["headers: {Accept: text/html, X-Number: 5, Host: virtual.example, User-Agent: me}"]);
    assert_eq!(
        ["accept", "x-number", "host", "user-agent"].map(|name| seen.header(name)),
        [Some("text/html"), Some("5"), Some("virtual.example"), Some("me")]
    );
    assert_eq!(seen.text.to_lowercase().matches("\r\nhost:").count(), 1, "{seen:?}");
    assert_eq!(seen.text.to_lowercase().matches("\r\nuser-agent:").count(), 1, "{seen:?}");
    let seen = request("/", &["headers: [[X-One, a], [X-One, b]]"]);
    let lines: Vec<_> = seen.text.lines().filter(|line| line.to_lowercase().starts_with("x-one")).collect();
    assert_eq!(lines, ["x-one: a", "x-one: b"]);
    let seen = request("/", &["headers: {X-One: [a, b]}"]);
    assert_eq!(seen.text.to_lowercase().matches("\r\nx-one: ").count(), 2, "{seen:?}");
}

#[test]
fn params_are_encoded_and_added() {
    let seen = request("/path?a=1", &["params: {q: 'x y&z', n: 5}"]);
    assert_eq!(seen.target, "/path?a=1&q=x+y%26z&n=5");
}

#[test]
fn cookies_are_sent_in_one_header() {
    assert_eq!(
        request("/", &["cookies: {session: abc, theme: dark}"]).header("cookie"),
        Some("session=abc; theme=dark")
    );
}

#[test]
fn a_login_is_sent_with_the_first_request() {
    // "app:s3cret" and "app:p:w" in base 64.
    assert_eq!(request("/", &["auth: [app, s3cret]"]).header("authorization"), Some("Basic YXBwOnMzY3JldA=="));
    let recorder = Recorder::start();
    let url = recorder.url("/").replace("http://", "http://app:p%3Aw@");
    let ran = Agent::new(&http(&url, &[])).arg("-v").run();
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(recorder.parsed()[0].header("authorization"), Some("Basic YXBwOnA6dw=="));
    assert!(!ran.out.contains("p%3Aw") && ran.out.contains("http:http://***@localhost"), "{ran:?}");
}

#[test]
fn a_login_is_judged_by_nginx() {
    let nginx = Nginx::start([Site::http("web").page("/", "hello").basic_auth("app", "s3cret")]);
    let url = nginx.url("web", "/");
    assert_eq!(check(&url, &["auth: [app, s3cret]"]).0, "pass");
    let (verdict, without) = check(&url, &[]);
    assert_eq!((verdict.as_str(), without["failure"]["owner"].as_str()), ("auth.required", Some("config")));
    let (verdict, wrong) = check(&url, &["auth: [app, wr0ng]"]);
    assert_eq!((verdict.as_str(), wrong["failure"]["owner"].as_str()), ("auth.rejected", Some("credentials")));
    assert!(!wrong.to_string().contains("wr0ng"), "{wrong}");
    let (verdict, digest) = check(&url, &["digest_auth: [app, s3cret]"]);
    assert_eq!(verdict, "auth.method-unsupported", "{digest}");
    assert_eq!(check(&url, &["expected_code: 401"]).0, "pass");
}

#[test]
fn digest_works_with_either_hash() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let digest = Digest::start(algorithm, "app", "s3cret");
        let (verdict, check) = check(&digest.url("/x?a=b"), &["digest_auth: [app, s3cret]", "params: {c: d}"]);
        assert_eq!((verdict.as_str(), digest.accepted()), ("pass", 1), "{algorithm:?}: {check}");
        assert_eq!((digest.challenges(), digest.attempts()), (1, 1));
    }
}

#[test]
fn a_wrong_digest_password_is_sent_once() {
    let digest = Digest::start(Algorithm::Sha256, "app", "s3cret");
    let (verdict, check) = check(&digest.url("/"), &["digest_auth: [app, wr0ng]"]);
    assert_eq!((verdict.as_str(), digest.attempts(), digest.accepted()), ("auth.rejected", 1, 0), "{check}");
    assert!(!check.to_string().contains("wr0ng"), "{check}");
}

#[test]
fn a_basic_login_where_digest_is_wanted_says_so() {
    let digest = Digest::start(Algorithm::Md5, "app", "s3cret");
    let (verdict, check) = check(&digest.url("/"), &["auth: [app, s3cret]"]);
    assert_eq!((verdict.as_str(), digest.attempts()), ("auth.method-unsupported", 1), "{check}");
}

#[test]
fn digest_goes_over_the_one_connection_where_the_server_keeps_it() {
    // Without a qop the response of RFC 2069 is wanted, and nobody checks it here: only the count of
    // connections matters.
    let challenge = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 3\r\n\r\nno!";
    let peer = Peer::serve(move |wire| {
        while let Some(request) = Request::read(&wire) {
            let known = request.header("authorization").is_some();
            let reply = if known { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" } else { challenge };
            if !wire.send(reply.as_bytes()) {
                return;
            }
        }
    });
    let (verdict, check) = check(&url_of(&peer), &["digest_auth: [app, s3cret]", "expected_body: ok"]);
    assert_eq!((verdict.as_str(), peer.connections()), ("pass", 1), "{check}");
}

#[test]
fn statuses_are_a_number_a_list_or_a_class() {
    let nginx = Nginx::start([Site::http("web").status("/204", 204).status("/503", 503).page("/", "x")]);
    for (path, expected, wanted) in [
        ("/204", "204", "pass"),
        ("/204", "'204'", "pass"),
        ("/204", "[200, 204]", "pass"),
        ("/204", "2xx", "pass"),
        ("/503", "[2xx, 503]", "pass"),
        ("/204", "200", "request.unexpected-status"),
        ("/503", "2xx", "request.unexpected-status"),
        ("/none", "404", "pass"),
    ] {
        let (verdict, check) = check(&nginx.url("web", path), &[&format!("expected_code: {expected}")]);
        assert_eq!(verdict, wanted, "{path} {expected}: {check}");
    }
    let (_, check) = check(&nginx.url("web", "/503"), &[]);
    assert_eq!(message(&check), "answered 503, expected 200");
    assert_eq!(evidence(&check), "503 Service Unavailable: status 503\\n");
}

#[test]
fn expected_headers_are_a_text_a_pattern_or_any_value() {
    let nginx = Nginx::start([Site::http("web").page("/", "x").header("X-Version", "v1.2")]);
    let url = nginx.url("web", "/");
    for (wanted, verdict) in [
        ("{X-Version: v1.2}", "pass"),
        ("{x-version: '/^v1[.]/'}", "pass"),
        ("{X-Version: null}", "pass"),
        ("{X-Version: v1}", "request.unexpected-header"),
        ("{X-Version: '/^v2/'}", "request.unexpected-header"),
        ("{X-None: null}", "request.unexpected-header"),
    ] {
        let (seen, check) = check(&url, &[&format!("expected_headers: {wanted}")]);
        assert_eq!(seen, verdict, "{wanted}: {check}");
    }
    let (_, other) = check(&url, &["expected_headers: {X-Version: v2}"]);
    assert_eq!(
        (message(&other), evidence(&other)),
        ("the header x-version is not as expected", "got \"v1.2\", wanted \"v2\"")
    );
}

#[test]
fn expected_bodies_are_a_text_or_a_pattern_compressed_or_not() {
    let nginx = Nginx::start([Site::http("web").page("/", "state: ready").gzip("/zip", "state: ready")]);
    for path in ["/", "/zip"] {
        let url = nginx.url("web", path);
        let headers = "headers: {Accept-Encoding: gzip}";
        assert_eq!(check(&url, &[headers, "expected_body: ready"]).0, "pass");
        assert_eq!(check(&url, &[headers, "expected_body: '/state: +r/'"]).0, "pass");
        let (verdict, check) = check(&url, &[headers, "expected_body: asleep"]);
        assert_eq!(verdict, "request.unexpected-body");
        assert_eq!(evidence(&check), "wanted \"asleep\" in 12 bytes; they begin state: ready");
    }
}

#[test]
fn a_compression_bomb_is_cut() {
    let nginx = Nginx::start([Site::http("web").gzip_zeros("/bomb", 50_000_000)]);
    let more = ["headers: {Accept-Encoding: gzip}", "expected_body: never"];
    let (verdict, check) = check(&nginx.url("web", "/bomb"), &more);
    assert_eq!(verdict, "request.unexpected-body", "{check}");
    assert!(evidence(&check).contains("in 65536 bytes, where reading ended"), "{check}");
}

#[test]
fn a_redirect_is_named_without_its_secrets() {
    let target = "https://user:hunter2@login.example/x?token=hunter2&a=b";
    let nginx = Nginx::start([Site::http("web").redirect("/", 302, target)]);
    let ran = Agent::new(&http(&nginx.url("web", "/"), &[])).args(["--format", "json", "-t"]).run();
    let check = &ran.json()["checks"][0];
    assert_eq!(check["failure"]["code"], "request.redirected");
    assert_eq!(message(check), "redirects (302) to https://***@login.example/x?token=***&a=b");
    assert!(!ran.out.contains("hunter2"), "{ran:?}");
}

#[test]
fn redirects_are_followed_when_allowed() {
    let nginx = Nginx::start([Site::http("web")
        .redirect("/", 302, "/a")
        .redirect("/a", 308, "/b?x=1")
        .page("/b", "there")
        .redirect("/loop", 302, "/loop")]);
    let (verdict, there) = check(&nginx.url("web", "/"), &["allow_redirects: true", "expected_body: there"]);
    assert_eq!(verdict, "pass", "{there}");
    let (verdict, around) = check(&nginx.url("web", "/loop"), &["allow_redirects: true"]);
    assert_eq!(verdict, "request.redirected");
    assert!(message(&around).starts_with("more than 10 redirects, the last to http"), "{around}");
    assert_eq!(check(&nginx.url("web", "/"), &["expected_code: 302"]).0, "pass");
}

#[test]
fn a_redirect_keeps_the_connection_and_the_login_on_the_same_host() {
    let peer = Peer::serve(|wire| {
        while let Some(request) = Request::read(&wire) {
            let welcome = request.target == "/there" && request.header("authorization").is_some();
            let status = if request.target == "/" {
                "302 Found"
            } else if welcome {
                "200 OK"
            } else {
                "403 Forbidden"
            };
            if !wire.send(format!("HTTP/1.1 {status}\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n").as_bytes()) {
                return;
            }
        }
    });
    let (verdict, check) = check(&url_of(&peer), &["allow_redirects: true", "auth: [app, s3cret]"]);
    assert_eq!((verdict.as_str(), peer.connections()), ("pass", 1), "{check}");
}

#[test]
fn a_redirect_to_another_host_gets_no_login_and_no_cookie() {
    let other = Recorder::start();
    let elsewhere = other.url("/in").replace("localhost", "127.0.0.1");
    let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {elsewhere}"), ""));
    let more = [
        "allow_redirects: true",
        "auth: [app, s3cret]",
        "cookies: {session: abc}",
        "headers: {Authorization: x, Cookie: y}",
    ];
    let (verdict, check) = check(&first.url("/"), &more);
    assert_eq!(verdict, "pass", "{check}");
    assert!(first.parsed()[0].header("authorization").is_some() && first.parsed()[0].header("cookie").is_some());
    let seen = other.parsed().remove(0);
    assert_eq!(
        (seen.target.as_str(), seen.header("authorization"), seen.header("cookie")),
        ("/in", None, None),
        "{seen:?}"
    );
}

#[test]
fn a_redirect_to_another_port_gets_no_login() {
    let other = Recorder::start();
    let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {}", other.url("/in")), ""));
    let (verdict, check) = check(&first.url("/"), &["allow_redirects: true", "auth: [app, s3cret]"]);
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(other.parsed()[0].header("authorization"), None);
}

#[test]
fn a_login_that_was_not_sent_is_not_called_wrong() {
    let other = Recorder::start_with(answer("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"", ""));
    let elsewhere = other.url("/in").replace("localhost", "127.0.0.1");
    let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {elsewhere}"), ""));
    let (verdict, check) = check(&first.url("/"), &["allow_redirects: true", "auth: [app, s3cret]"]);
    assert_eq!(verdict, "auth.required", "{check}");
    assert_eq!(
        message(&check),
        "the server that the redirect leads to wants a login; ours is for the first server only"
    );
}

#[test]
fn a_redirect_after_a_post_becomes_a_get_as_browsers_do() {
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let other = Recorder::start();
        let first = Recorder::start_with(answer(&format!("{status} Moved\r\nLocation: {}", other.url("/in")), ""));
        let (verdict, check) = check(&first.url("/"), &["method: POST", "body: data", "allow_redirects: true"]);
        assert_eq!(verdict, "pass", "{check}");
        let seen = other.parsed().remove(0);
        assert_eq!((seen.method.as_str(), seen.body() == "data"), (method, method == "POST"), "{status}");
    }
}

#[test]
fn https_is_verified_like_any_tls() {
    let ca = Authority::new();
    let nginx = Nginx::start([
        Site::tls("good", &ca.valid()).page("/", "x"),
        Site::tls("old", &ca.expired()).page("/", "x"),
        Site::http("plain").page("/", "x"),
    ]);
    let trust = format!("ca_file: {}", ca.file().display());
    let (verdict, good) = check(&nginx.url("good", "/"), &[&trust]);
    assert_eq!((verdict.as_str(), good["facts"]["tls_verified"].as_bool()), ("pass", Some(true)), "{good}");
    let (verdict, old) = check(&nginx.url("old", "/"), &[&trust]);
    assert_eq!((verdict.as_str(), old["results"][0]["verdict"].as_str()), ("tls.expired", Some("pass")), "{old}");
    assert_eq!(check(&nginx.url("old", "/"), &["disable_tls_verification: true", "expiry_warning_days: 0"]).0, "warn");
    let url = nginx.url("plain", "/").replace("http:", "https:");
    assert_eq!(check(&url, &[&trust]).0, "tls.not-tls");
}

#[test]
fn a_plain_request_to_a_tls_port_is_told_to_use_tls() {
    let ca = Authority::new();
    let rustls = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let nginx = Nginx::start([Site::tls("tls", &ca.valid()).page("/", "x")]);
    for address in [nginx.address("tls"), rustls.address()] {
        let (verdict, check) = check(&format!("http://{address}/"), &[]);
        assert_eq!((verdict.as_str(), check["failure"]["owner"].as_str()), ("tls.required", Some("config")), "{check}");
    }
}

#[test]
fn client_certificates_over_http() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let nginx = Nginx::start([Site::tls("web", &ca.valid()).page("/", "x").client_certificate(&clients)]);
    let url = nginx.url("web", "/");
    let trust = format!("ca_file: {}", ca.file().display());
    let (good, bad) = (clients.client("app"), Authority::new().client("stranger"));
    for (identity, wanted) in
        [(None, "tls.client-cert-required"), (Some(&bad), "tls.client-cert-rejected"), (Some(&good), "pass")]
    {
        let own: Vec<_> = identity
            .into_iter()
            .flat_map(|own| {
                [
                    format!("client_cert: {}", own.certificate_file().display()),
                    format!("client_key: {}", own.key_file().display()),
                ]
            })
            .collect();
        let mut more = vec![trust.as_str()];
        more.extend(own.iter().map(String::as_str));
        let (verdict, check) = check(&url, &more);
        assert_eq!(verdict, wanted, "{check}");
    }
}

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
        assert_eq!((check["results"][0]["verdict"].as_str(), peer.connections()), (Some("pass"), 1), "{manner:?}");
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
