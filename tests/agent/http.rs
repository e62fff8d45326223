//! The http check: its options as a server sees them, and what nginx answers.

mod bodies;
mod challenges;
mod expected;
mod file;
mod heads;
mod http2;
mod json;
mod peers;
mod redirects;
mod session;
mod to_tls;

use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Algorithm, Digest, Peer, Recorder, Request, TlsManner, TlsPeer};
use serde_json::Value;

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
    assert_eq!(evidence(&check), "503 Service Temporarily Unavailable: status 503\\n");
}

#[test]
fn a_header_that_holds_a_secret_is_not_shown_as_evidence() {
    let site = Site::http("web").page("/", "x").header("Set-Cookie", "session=CANARYsession; Path=/");
    let site = site.header("X-Auth-Token", "CANARYtoken").header("Content-Location", "/?access_token=CANARYaccess");
    let nginx = Nginx::start([site]);
    for (name, shown) in [
        ("Set-Cookie", "got \"session=***\""),
        ("X-Auth-Token", "got \"***\""),
        ("Content-Location", "got \"/?access_token=***\""),
    ] {
        let (seen, check) = check(&nginx.url("web", "/"), &[&format!("expected_headers: {{{name}: /zzz/}}")]);
        assert_eq!(seen, "request.unexpected-header", "{check}");
        let text = check.to_string();
        assert!(!text.contains("CANARY"), "{name}: {text}");
        assert!(check["failure"]["evidence"].as_str().is_some_and(|said| said.starts_with(shown)), "{name}: {text}");
    }
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
