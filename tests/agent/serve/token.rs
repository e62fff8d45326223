//! The token in the path.

use super::{peer, tcp};
use harness::agent::{Agent, Ran};
use harness::scratch::Scratch;
use harness::serve::Serving;
use std::os::unix::fs::PermissionsExt as _;

/// A new token.
fn new_token() -> String {
    let mut agent = Agent::called("conn-check-serve", "").arg("--new-token");
    let Ran { out, status, .. } = agent.run();
    assert_eq!(status, 0);
    out.trim().to_owned()
}

/// Arguments with the token in a file that only its user reads.
fn with_token(scratch: &Scratch, token: &str) -> Vec<String> {
    let file = scratch.write("token", format!("{token}\n"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    vec!["--token-file".to_owned(), file.display().to_string()]
}

#[test]
fn with_a_token_the_report_is_nowhere_else_and_the_token_in_no_line() {
    let (peer, token) = (peer(), new_token());
    assert_eq!(token.len(), 43, "32 bytes in base64");
    let serving =
        Serving::start_with(&tcp("db", peer.port(), ", takes_node_out: true"), |scratch| with_token(scratch, &token));
    let answer = serving.get(&format!("/ht/{token}/"));
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("referrer-policy: no-referrer"), "{}", answer.head);
    assert_eq!(serving.get(&format!("/ht/{token}/?format=json")).status, 200);
    let missing = serving.get("/ht/");
    assert_eq!((missing.status, missing.body.as_str()), (404, "not found\n"));
    for path in ["/", "/metrics", &format!("/ht/{}/", new_token()), &format!("/{token}/"), &format!("/ht/{token}/x")] {
        let answer = serving.get(path);
        assert_eq!((answer.status, answer.body), (404, missing.body.clone()), "{path}");
    }
    assert_eq!(serving.get("/live").body, "live\n");
    drop(peer);
    assert_eq!(serving.get("/ready").body, "ready\n", "the result is young enough");
    assert!(!serving.log().contains(&token), "{}", serving.log());
}

#[test]
fn a_node_says_one_word_to_who_has_no_token() {
    let token = new_token();
    let serving =
        Serving::start_with(&super::refused("db", ", takes_node_out: true"), |scratch| with_token(scratch, &token));
    assert_eq!(serving.get(&format!("/ht/{token}/")).status, 500);
    let answer = serving.get("/ready");
    assert_eq!((answer.status, answer.body.as_str()), (503, "out\n"));
}

#[test]
fn a_short_token_is_refused_with_the_reason_and_an_open_file_is_told() {
    let scratch = Scratch::new();
    let short = scratch.write("short", "hunter2\n").display().to_string();
    let ran = Agent::called("conn-check-serve", &super::refused("db", "")).args(["--token-file", &short]).run();
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("7 characters") && ran.err.contains("--new-token"), "{ran:?}");
    assert!(!ran.err.contains("hunter2"), "{ran:?}");
    let token = new_token();
    let serving = Serving::start_with(&super::refused("db", ""), |scratch| {
        vec!["--token-file".to_owned(), scratch.write("token", &token).display().to_string()]
    });
    assert!(serving.log().contains("everybody on this host can read it"), "{}", serving.log());
}

#[test]
fn metrics_have_listeners_of_their_own_where_that_is_asked_for() {
    let (peer, token) = (peer(), new_token());
    let port = harness::ports::free();
    let place = port.address().to_string();
    let serving = Serving::start_with(&tcp("db", peer.port(), ""), |scratch| {
        let mut words = with_token(scratch, &token);
        words.extend(["--metrics-listen".to_owned(), place.clone()]);
        words
    });
    assert_eq!(serving.get(&format!("/ht/{token}/")).status, 200);
    let metrics = harness::serve::ask(port.address(), "GET", "/metrics", &[]).expect("an answer");
    assert!(metrics.status == 200 && metrics.body.contains("conn_check_ready 1\n"), "{metrics:?}");
    let other = harness::serve::ask(port.address(), "GET", &format!("/ht/{token}/"), &[]).expect("an answer");
    assert_eq!(other.status, 404);
    assert_eq!(serving.get("/metrics").status, 404);
}
