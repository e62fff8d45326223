//! The s3 check against s3s-fs, which checks signatures, and against peers that answer as other servers do.

use harness::agent::{Agent, Ran, verdict_of};
use harness::peers::Peer;
use harness::s3::{ACCESS_KEY, BUCKET, S3, SECRET_KEY};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

const OBJECT: &[u8] = b"what is known\n";

fn keys() -> String {
    format!("access_key: {ACCESS_KEY}, secret_key: '{SECRET_KEY}'")
}

/// A file with one check of the bucket; `more` are options.
fn s3(address: SocketAddr, bucket: &str, more: &str) -> String {
    format!("- {{type: s3, endpoint: 'http://{address}', bucket: {bucket}, timeout: 5, {more}}}\n")
}

fn check(yaml: &str) -> Value {
    Agent::new(yaml).report()["checks"][0].clone()
}

fn code(check: &Value) -> &str {
    check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str()).unwrap_or_default()
}

fn told<'a>(check: &'a Value, key: &str) -> &'a str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

#[test]
fn an_object_is_put_got_and_deleted_and_the_results_are_named_by_the_bucket() {
    let Some(server) = S3::or_skip() else { return };
    let at = server.address();
    let check = check(&s3(at, BUCKET, &keys()));
    assert_eq!(code(&check), "pass", "{check}");
    let names: Vec<_> = check["results"].as_array().expect("results").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, [json!(format!("s3:{BUCKET}:tcp:{at}")), json!(format!("s3:{BUCKET}"))]);
    assert_eq!(server.objects(), [""; 0], "nothing is left");
}

#[test]
fn a_bucket_that_is_a_host_is_asked_there() {
    let Some(server) = S3::or_skip() else { return };
    let port = server.address().port();
    let yaml = format!(
        "- {{type: s3, endpoint: 'http://localhost:{port}', bucket: {BUCKET}, path_style: false, timeout: 5, connect_to: '127.0.0.1', {}}}\n",
        keys()
    );
    let check = check(&yaml);
    assert_eq!(code(&check), "pass", "{check}");
    assert_eq!(server.objects(), [""; 0]);
}

#[test]
fn wrong_keys_are_told_apart_and_shown_nowhere() {
    let Some(server) = S3::or_skip() else { return };
    for (access, secret) in [("AKIAOFNOBODYCANARY22", SECRET_KEY), (ACCESS_KEY, "wrong-Secret/Canary3")] {
        let yaml = s3(server.address(), BUCKET, &format!("access_key: {access}, secret_key: '{secret}'"));
        let check = check(&yaml);
        assert_eq!((code(&check), told(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
        for format in ["human", "json", "jsonl", "plain", "journal", "junit"] {
            let Ran { out, err, .. } = Agent::new(&yaml).args(["--format", format]).run();
            for word in [access, secret, "X-Amz-Signature="] {
                assert!(!out.contains(word) && !err.contains(word), "{format}: {word}: {out}{err}");
            }
        }
    }
    assert_eq!(server.objects(), [""; 0]);
}

#[test]
fn an_object_that_is_not_there_is_told_and_unsigned_requests_are_let_in_nowhere() {
    let Some(server) = S3::or_skip() else { return };
    let at = server.address();
    let unsigned = check(&s3(at, BUCKET, "object: a"));
    assert_eq!((code(&unsigned), told(&unsigned, "owner")), ("auth.required", "config"), "{unsigned}");
    let missing = check(&s3(at, BUCKET, &format!("object: a, {}", keys())));
    assert_eq!(code(&missing), "request.no-such-entry", "{missing}");
    assert!(told(&missing, "next_step").contains("`object`"), "{missing}");
}

#[test]
fn a_known_object_is_got_and_held_against_its_hash() {
    let Some(server) = S3::or_skip() else { return };
    fs::write(server.bucket().join("known.txt"), OBJECT).expect("an object");
    let sha256 = sha256_of(&server.bucket().join("known.txt"));
    let known =
        |hash: &str| s3(server.address(), BUCKET, &format!("object: known.txt, expected_sha256: '{hash}', {}", keys()));
    assert_eq!(verdict_of(&known(&sha256)), "pass");
    let other = check(&known(&sha256.replace(|digit: char| digit.is_ascii_digit(), "a")));
    assert_eq!(code(&other), "request.unexpected-body", "{other}");
    assert!(told(&other, "evidence").contains(&sha256), "{other}");
    assert_eq!(server.objects(), ["known.txt"]);
}

fn sha256_of(path: &std::path::Path) -> String {
    let output = std::process::Command::new("sha256sum").arg(path).output().expect("sha256sum of coreutils");
    String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap_or_default().to_owned()
}

/// Of the requests that the check makes.
const METHODS: [&str; 3] = ["PUT", "GET", "DELETE"];

/// A peer that answers each request by its method, and notes the methods.
fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (Peer, Arc<Mutex<Vec<String>>>) {
    let methods = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&methods);
    let peer = Peer::serve(move |wire| {
        let head = String::from_utf8_lossy(&wire.first_bytes()).into_owned();
        // What is said to find out who answers is none of them.
        let Some(method) = head.split(' ').next().filter(|method| METHODS.contains(method)) else { return };
        noted.lock().unwrap_or_else(PoisonError::into_inner).push(method.to_owned());
        if wire.send(answer(method).as_bytes()) {
            wire.finish();
        }
    });
    (peer, methods)
}

fn error(status: &str, code: &str, more: &str) -> String {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>its words</Message>{more}</Error>");
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[test]
fn what_other_servers_say_has_its_code_its_owner_and_its_next_step() {
    let late = "HTTP/1.1 403 Forbidden\r\nDate: Mon, 01 Jan 2001 00:00:00 GMT\r\nContent-Type: application/xml\r\nContent-Length: 61\r\nConnection: close\r\n\r\n<Error><Code>RequestTimeTooSkewed</Code><Message/></Error>   ";
    let html =
        "HTTP/1.1 405 Not Allowed\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>";
    for (answer, code, owner, next) in [
        (late.to_owned(), "auth.rejected", "host", "clock"),
        (html.to_owned(), "protocol.wrong-service", "config", "`endpoint`"),
        (error("403 Forbidden", "AccessDenied", ""), "request.permission-denied", "service", "s3:PutObject"),
        (error("404 Not Found", "NoSuchBucket", ""), "request.no-such-bucket", "config", "bucket"),
        (
            error("301 Moved Permanently", "PermanentRedirect", "<Region>eu-west-1</Region>"),
            "request.redirected",
            "config",
            "`region: eu-west-1`",
        ),
        (
            error("400 Bad Request", "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
            "auth.rejected",
            "config",
            "`region: eu-west-1`",
        ),
        (error("507 Insufficient Storage", "XMinioStorageFull", ""), "request.full", "service", "room"),
        (error("503 Slow Down", "SlowDown", ""), "protocol.overloaded", "service", ""),
        (error("400 Bad Request", "SomethingElse", ""), "request.unexpected-reply", "service", "words"),
    ] {
        let (peer, methods) = answering(move |_| answer.clone());
        let check = check(&s3(peer.address(), BUCKET, &keys()));
        assert_eq!((self::code(&check), told(&check, "owner")), (code, owner), "{check}");
        assert!(told(&check, "next_step").contains(next), "{check}");
        let methods = methods.lock().expect("methods").clone();
        assert_eq!(methods, ["PUT"], "an object that was not taken is not deleted: {check}");
    }
}

#[test]
fn the_object_is_deleted_also_when_it_cannot_be_got_or_the_put_is_not_answered() {
    let ok = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let gone = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    let (peer, methods) = answering(move |method| match method {
        "PUT" => ok.to_owned(),
        "DELETE" => gone.to_owned(),
        _ => error("403 Forbidden", "AccessDenied", ""),
    });
    let denied = check(&s3(peer.address(), BUCKET, &keys()));
    assert_eq!(code(&denied), "request.permission-denied", "{denied}");
    assert!(told(&denied, "next_step").contains("s3:GetObject"), "{denied}");
    assert_eq!(*methods.lock().expect("methods"), ["PUT", "GET", "DELETE"]);
    let (peer, methods) = answering(move |method| match method {
        "PUT" => String::new(),
        _ => gone.to_owned(),
    });
    let unanswered = check(&s3(peer.address(), BUCKET, &keys()));
    assert_eq!(code(&unanswered), "protocol.closed", "{unanswered}");
    assert_eq!(*methods.lock().expect("methods"), ["PUT", "DELETE"]);
}

#[test]
fn of_a_server_that_hangs_the_object_is_deleted_within_the_time() {
    let methods = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&methods);
    let peer = Peer::serve(move |wire| {
        let head = String::from_utf8_lossy(&wire.first_bytes()).into_owned();
        let Some(method) = head.split(' ').next().filter(|method| METHODS.contains(method)) else { return };
        noted.lock().unwrap_or_else(PoisonError::into_inner).push(method.to_owned());
        match method {
            "DELETE" => drop(wire.send(b"HTTP/1.1 204 No Content\r\n\r\n")),
            _ => wire.drain(),
        }
    });
    let check = check(&s3(peer.address(), BUCKET, &keys()).replace("timeout: 5", "timeout: 2"));
    assert_eq!(code(&check), "request.timeout", "{check}");
    assert_eq!(*methods.lock().expect("methods"), ["PUT", "DELETE"]);
}

#[test]
fn options_that_contradict_each_other_are_refused_with_what_to_write() {
    for (more, wanted) in [
        ("access_key: a", "`access_key` without `secret_key`"),
        ("secret_key: a", "`secret_key` without `access_key`"),
        ("timeout: 1", "`access_key`"),
        (
            "expected_sha256: '0000000000000000000000000000000000000000000000000000000000000000', access_key: a, secret_key: b",
            "`object`",
        ),
    ] {
        let Ran { out, err, .. } =
            Agent::new(&format!("- {{type: s3, endpoint: 'http://h', bucket: b, {more}}}\n")).arg("--validate").run();
        assert!([&out, &err].iter().any(|text| text.contains(wanted)), "{more}: {out}{err}");
    }
}

#[test]
fn a_page_is_no_object_and_an_object_may_be_a_page() {
    let page = |status: &str| {
        let body = "<html>welcome</html>";
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let known = format!("object: index.html, {}", keys());
    for always in [page("200 OK"), page("404 Not Found").replace("text/html", "application/octet-stream")] {
        let first = page("200 OK");
        let (asked, peer) = {
            let (peer, methods) = answering_in_turn(vec![first, always]);
            (methods, peer)
        };
        let check = check(&s3(peer.address(), BUCKET, &known));
        assert_eq!((code(&check), told(&check, "owner")), ("protocol.wrong-service", "config"), "{check}");
        assert!(told(&check, "evidence").contains("welcome"), "{check}");
        assert_eq!(*asked.lock().expect("methods"), ["GET", "GET"]);
    }
    let signed = page("200 OK").replace("Content-Type", "x-amz-request-id: 1\r\nContent-Type");
    let (peer, asked) = answering_in_turn(vec![signed]);
    assert_eq!(code(&check(&s3(peer.address(), BUCKET, &known))), "pass", "a bucket may hold a page");
    assert_eq!(*asked.lock().expect("methods"), ["GET"]);
    let (peer, _) = answering_in_turn(vec![page("200 OK"), error("404 Not Found", "NoSuchKey", "")]);
    assert_eq!(code(&check(&s3(peer.address(), BUCKET, &known))), "pass", "its errors are S3's");
}

/// A peer that gives these answers in turn, and the last one for ever.
fn answering_in_turn(answers: Vec<String>) -> (Peer, Arc<Mutex<Vec<String>>>) {
    let left = Mutex::new(answers);
    answering(move |_| {
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    })
}
