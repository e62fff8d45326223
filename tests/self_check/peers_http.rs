//! HTTP peers, asked by curl.

use std::io::{Read, Write};
use std::net::TcpStream;

use harness::peers::{Algorithm, Digest, Recorder};

use super::client::curl;

#[test]
fn whole_requests_are_recorded() {
    let recorder = Recorder::start();
    let reply = curl(&["-X", "PUT", "-d", "a=1&b=2", "-H", "X-Test: yes", "-b", "k=v", &recorder.url("/path?q=1")]);
    assert!(reply.status == 200 && reply.text.ends_with("ok"), "{reply:?}");
    let requests = recorder.requests();
    assert!(
        requests[0].starts_with("PUT /path?q=1 HTTP/1.1\r\n") && requests[0].ends_with("\r\n\r\na=1&b=2"),
        "{requests:?}"
    );
    let request = &recorder.parsed()[0];
    assert_eq!((request.method.as_str(), request.target.as_str(), request.body()), ("PUT", "/path?q=1", "a=1&b=2"));
    assert_eq!(
        (request.header("x-test"), request.header("Cookie"), request.header("none")),
        (Some("yes"), Some("k=v"), None)
    );
    assert_eq!((requests.len(), recorder.peer().connections()), (1, 1));
}

#[test]
fn large_and_chunked_bodies_are_recorded_whole() {
    let recorder = Recorder::start();
    let body = "x".repeat(100_000);
    assert_eq!(curl(&["-d", &body, &recorder.url("/")]).status, 200);
    assert_eq!(curl(&["-H", "Transfer-Encoding: chunked", "-d", "piece", &recorder.url("/")]).status, 200);
    assert_eq!(recorder.parsed()[0].body(), body);
    assert_eq!(recorder.parsed()[1].body(), "5\r\npiece\r\n0\r\n\r\n");
}

#[test]
fn the_answer_is_given_as_it_was_written() {
    let recorder = Recorder::start_with("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
    let reply = curl(&[&recorder.url("/")]);
    assert!(reply.status == 302 && reply.text.contains("Location: /x\r\n"), "{reply:?}");
}

#[test]
fn a_digest_login_is_checked() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let digest = Digest::start(algorithm, "Mufasa", "Circle of Life");
        let url = digest.url("/dir/index.html?a=1,2");
        let reply = curl(&["--digest", "-u", "Mufasa:Circle of Life", &url]);
        assert!(reply.status == 200 && reply.text.ends_with("welcome"), "{algorithm}: {reply:?}");
        assert_eq!((digest.challenges(), digest.attempts(), digest.accepted()), (1, 1, 1));
        assert_eq!(curl(&["--digest", "-u", "Mufasa:wrong", &url]).status, 401);
        assert_eq!(curl(&["--digest", "-u", "Scar:Circle of Life", &url]).status, 401);
        assert_eq!(curl(&["--basic", "-u", "Mufasa:Circle of Life", &url]).status, 401);
        assert_eq!(curl(&[&url]).status, 401);
        assert_eq!((digest.attempts(), digest.accepted()), (4, 1));
    }
}

#[test]
fn a_digest_login_cannot_be_replayed_or_used_for_another_path() {
    let digest = Digest::start(Algorithm::Md5, "app", "secret");
    let send = |request: &str| {
        let mut stream = TcpStream::connect(digest.peer().address()).expect("it accepts");
        stream.write_all(request.as_bytes()).expect("it takes it");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let challenge = send("GET / HTTP/1.1\r\n\r\n");
    let challenge = challenge.lines().find(|line| line.starts_with("WWW-Authenticate")).expect("a challenge");
    // curl computes the login for our challenge, given by a server that writes down what comes back.
    let relay = Recorder::start_with(format!(
        "HTTP/1.1 401 X\r\n{challenge}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ));
    assert_eq!(curl(&["--digest", "-u", "app:secret", &relay.url("/")]).status, 401);
    let login = relay.requests().pop().expect("a login");
    let is_right = |request: &str| send(request).starts_with("HTTP/1.1 200");
    assert!(!is_right(&login.replace("GET / ", "GET /admin ")));
    assert!(!is_right(&login.replace("GET / ", "PUT / ")));
    assert!(!is_right(&login.replace("nc=00000001", "nc=00000002")), "the count is part of the proof");
    assert!(is_right(&login));
    assert!(!is_right(&login), "the count has been used");
    assert_eq!((digest.attempts(), digest.accepted()), (5, 1));
}

#[test]
fn a_right_digest_login_is_right_once() {
    let digest = Digest::start(Algorithm::Sha256, "app", "secret");
    let trace = curl(&["--digest", "-u", "app:secret", "-v", &digest.url("/")]);
    assert_eq!(trace.status, 200);
    let line =
        trace.error.lines().find_map(|line| line.strip_prefix("> Authorization: ")).expect("the login in the trace");
    let again = curl(&["-H", &format!("Authorization: {}", line.trim()), &digest.url("/")]);
    assert_eq!((again.status, digest.attempts(), digest.accepted()), (401, 2, 1));
}
