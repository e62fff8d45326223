//! Secrets that are replaced while it runs.

use harness::redis::{PASSWORD, Redis, Setup};
use harness::scratch::Scratch;
use harness::serve::Serving;
use harness::wait;
use std::fs;

fn yaml(redis: &Redis, secret: &str) -> String {
    let address = redis.address();
    format!(
        "- {{type: redis, name: store, host: {}, port: {}, password: {{file: {secret}}}}}\n",
        address.ip(),
        address.port()
    )
}

#[test]
fn a_password_that_is_replaced_is_read_again_without_a_signal_and_once() {
    let (redis, scratch) = (Redis::start(&Setup::new().password()), Scratch::new());
    let secret = scratch.path().join("password").display().to_string();
    let serving = Serving::start(&yaml(&redis, &secret), &["--max-age", "0"]);
    let ready = || serving.get("/ready").body;
    assert!(ready().starts_with("out\nconfig.missing-secret store: "), "{}", ready());
    scratch.write("password", PASSWORD);
    assert_eq!(ready(), "ready\n", "{}", serving.log());

    let said = redis.cli(&["CONFIG", "SET", "requirepass", "another-Secret.2"]);
    assert_eq!(said.trim(), "OK");
    assert!(ready().starts_with("degraded\nauth."), "{}", ready());
    // As a tool does it that replaces a file at once.
    fs::rename(scratch.write("new", "another-Secret.2"), &secret).expect("renamed");
    assert_eq!(ready(), "ready\n", "{}", serving.log());
    assert_eq!(ready(), "ready\n");
    let log = serving.log();
    assert_eq!(log.matches(&format!("{secret} has changed: the files are read again")).count(), 2, "{log}");
    assert!(!log.contains("Secret."), "{log}");
}

#[test]
fn what_is_not_valid_then_changes_nothing_and_is_told_once() {
    let (redis, scratch) = (Redis::start(&Setup::new().password()), Scratch::new());
    let secret = scratch.write("password", PASSWORD).display().to_string();
    let serving = Serving::start(&yaml(&redis, &secret), &["--max-age", "0"]);
    assert_eq!(serving.get("/ready").body, "ready\n");
    fs::write(serving.file(), "- {type: redis}\n").expect("written");
    fs::write(&secret, PASSWORD).expect("written");
    (0..3).for_each(|_| assert_eq!(serving.get("/ready").body, "ready\n"));
    wait::until("the refusal", || serving.log().contains("all stays as it was"));
    assert_eq!(serving.log().matches("all stays as it was").count(), 1, "{}", serving.log());
}
