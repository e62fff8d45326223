//! What a body has to be: equal, JSON, of a length, of a hash; and a server at a Unix socket.

use super::{answer, check, evidence, message};
use harness::agent::Agent;
use harness::nginx::{Nginx, Site};
use harness::peers::Recorder;
use harness::scratch::Scratch;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::process::Command;

fn judged(body: &str, option: &str) -> (String, serde_json::Value) {
    check(&Recorder::start_with(answer("200 OK", body)).url("/"), &[option])
}

#[test]
fn a_body_that_has_to_be_equal() {
    for (body, wanted, verdict) in [
        ("ready", "ready", "pass"),
        ("ready\r\n", "ready", "pass"),
        ("", "''", "pass"),
        ("not ready", "ready", "request.unexpected-body"),
        ("ready", "ready or not", "request.unexpected-body"),
        ("", "ready", "request.unexpected-body"),
        ("ready", "''", "request.unexpected-body"),
    ] {
        let (seen, check) = judged(body, &format!("expected_body_equals: {wanted}"));
        assert_eq!(seen, verdict, "{body:?} {wanted}: {check}");
    }
    let (_, check) = judged("state: ready", "expected_body_equals: 'state: dead'");
    assert_eq!(message(&check), "the body is not what is expected");
    assert_eq!(
        evidence(&check),
        "got 12 bytes that begin state: ready; wanted state: dead; they differ from byte 7 on"
    );
    let (_, check) = judged("one\r\ntwo", "expected_body_equals: \"one\\ntwo\"");
    assert!(evidence(&check).ends_with("they differ in their line ends (CRLF and LF)"), "{check}");
}

#[test]
fn json_is_compared_by_value_at_its_places() {
    let body = r#"{"status": "ok", "db": {"up": true, "lag": 0.5, "hosts": ["a", "b"]}, "n": 3, "none": null, "v": "1.20", "x.y": 1}"#;
    for (wanted, verdict) in [
        ("{status: ok}", "pass"),
        ("{status: '/^o/', db.up: true, db.lag: 0.5, n: 3}", "pass"),
        ("{n: 3.0, '$.db.hosts[1]': b, /db/hosts/0: a}", "pass"),
        ("{none: null, v: 1.20, '[\"x.y\"]': 1}", "pass"),
        ("{db: {up: yes}, db.hosts: [a, b]}", "pass"),
        ("{$: {n: 3}}", "pass"),
        ("{status: OK}", "request.unexpected-body"),
        ("{db.up: false}", "request.unexpected-body"),
        ("{n: '3'}", "request.unexpected-body"),
        ("{v: 1.2}", "request.unexpected-body"),
        ("{db.hosts: [a]}", "request.unexpected-body"),
        ("{db.down: true}", "request.unexpected-body"),
        ("{none: 0}", "request.unexpected-body"),
    ] {
        let (seen, check) = judged(body, &format!("expected_json: {wanted}"));
        assert_eq!(seen, verdict, "{wanted}: {check}");
    }
    let (_, other) = judged(body, "expected_json: {db.up: false}");
    assert_eq!(
        (message(&other), evidence(&other)),
        ("the body says something else than expected", "at db.up: got true, wanted false")
    );
    let (_, none) = judged(body, "expected_json: {db.down: 1}");
    assert_eq!(
        evidence(&none),
        "nothing is at db.down (1 steps of the path are there); the object there has up, lag, hosts"
    );
    let (_, no_json) = judged("<html>", "expected_json: {a: 1}");
    assert_eq!((message(&no_json), evidence(&no_json)), ("the body is not JSON", "line 1, column 1; it begins <html>"));
}

#[test]
fn a_path_that_is_none_is_refused() {
    for path in ["a..b", "a[", "a.*"] {
        let ran = Agent::new(&format!("- {{type: http, url: 'http://h/', expected_json: {{'{path}': 1}}}}\n"))
            .args(["--validate"])
            .run();
        let said = ran.out + &ran.err;
        assert!(ran.status == 3 && said.contains("a JSON Pointer"), "{path}: {said}");
    }
}

#[test]
fn a_long_body_is_hashed_and_counted_as_it_comes() {
    const LENGTH: u64 = 50_000_000;
    let nginx = Nginx::start([Site::http("web").zeros("/zeros", LENGTH).page("/", "abc")]);
    // Of 50,000,000 zeros.
    let program = "import hashlib; print(hashlib.sha256(bytes(50000000)).hexdigest())";
    let hash = String::from_utf8(Command::new("python3").args(["-c", program]).output().expect("python3").stdout)
        .expect("hex");
    let hash = format!("expected_sha256: {}", hash.trim());
    let url = nginx.url("web", "/zeros");
    let (verdict, good) = check(&url, &[&hash, &format!("expected_length: {LENGTH}")]);
    assert_eq!(verdict, "pass", "{good}");
    let (verdict, short) = check(&nginx.url("web", "/"), &[&hash]);
    assert_eq!(
        (verdict.as_str(), message(&short)),
        ("request.unexpected-body", "the body has another SHA-256 than expected")
    );
    let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(evidence(&short).starts_with(&format!("got {of_abc} over 3 bytes, wanted ")), "{short}");
    assert_eq!(
        check(&nginx.url("web", "/"), &[&format!("expected_sha256: SHA256:{}", of_abc.to_uppercase())]).0,
        "pass"
    );
    let (verdict, long) = check(&url, &["expected_length: 1000"]);
    assert_eq!(
        (verdict.as_str(), message(&long)),
        ("request.unexpected-body", "the body has another length than expected")
    );
    let (_, less) = check(&nginx.url("web", "/"), &["expected_length: 4"]);
    assert_eq!(evidence(&less), "got 3 bytes, wanted 4");
    let (verdict, head) = check(&url, &["method: HEAD", &format!("expected_length: {LENGTH}")]);
    assert_eq!(verdict, "pass", "{head}");
    let (_, head) = check(&url, &["method: HEAD", "expected_length: 7"]);
    assert_eq!(evidence(&head), "Content-Length is 50000000, wanted 7");
}

#[test]
fn checks_that_expect_something_else_of_one_body_are_two() {
    let yaml = ["a: 1", "b: 2"]
        .map(|wanted| format!("- {{type: http, url: 'http://h/', expected_json: {{{wanted}}}}}\n"))
        .concat();
    let ran = Agent::new(&yaml).args(["--dry-run", "--format", "json"]).run();
    let series: Vec<_> =
        ran.json()["checks"].as_array().into_iter().flatten().map(|check| check["series"].clone()).collect();
    assert!(series.len() == 2 && series[0] != series[1], "{ran:?}");
}

#[test]
fn several_expectations_of_one_body_are_all_kept() {
    let of_abc = "expected_sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let url = Recorder::start_with(answer("200 OK", "abc"));
    for (more, verdict) in [
        (&[of_abc, "expected_body: b", "expected_body_equals: abc", "expected_length: 3"][..], "pass"),
        (&[of_abc, "expected_body: d"], "request.unexpected-body"),
        (&["expected_body: b", "expected_length: 2"], "request.unexpected-body"),
        (&["expected_body: b", "expected_body_equals: ab"], "request.unexpected-body"),
    ] {
        assert_eq!(check(&url.url("/"), more).0, verdict, "{more:?}");
    }
}

#[test]
fn a_server_at_a_unix_socket() {
    let folder = Scratch::new();
    let path = folder.path().join("web.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        while !request.ends_with(b"\r\n\r\n") {
            let length = stream.read(&mut buffer).expect("a request");
            request.extend_from_slice(&buffer[..length]);
        }
        stream.write_all(answer("200 OK", "from a socket").as_bytes()).expect("an answer");
        String::from_utf8(request).expect("text")
    });
    let socket = format!("unix_socket: {}", path.display());
    let (verdict, good) = check("http://docker.test/v1/info", &[&socket, "expected_body: from a socket"]);
    assert_eq!(verdict, "pass", "{good}");
    let request = server.join().expect("a server");
    assert!(request.starts_with("GET /v1/info HTTP/1.1\r\n") && request.contains("host: docker.test\r\n"), "{request}");
    let names: Vec<_> = good["results"].as_array().into_iter().flatten().map(|result| result["name"].clone()).collect();
    assert_eq!(names, ["http:http://docker.test/v1/info:"]);
    std::fs::remove_file(&path).expect("a socket");
    let (verdict, none) = check("http://docker.test/v1/info", &[&socket]);
    assert_eq!(verdict, "connect.no-socket", "{none}");
    let both = Agent::new(&format!("- {{type: http, url: 'http://h/', {socket}, proxy_url: 'http://p:1'}}\n"))
        .args(["--validate"])
        .run();
    assert!(both.status == 3 && (both.out + &both.err).contains("is not reached through a proxy"));
    // It goes nowhere that a firewall could see.
    let rules = Agent::called("conn-check-export-fw", &format!("- {{type: http, url: 'http://h/', {socket}}}\n")).run();
    assert!(!rules.out.contains("egress:\n  - "), "{rules:?}");
}
