//! The health check of downloads of `examples/downloads`, with real reverse proxies.

use super::{text, verdicts};
use harness::agent::Agent;
use harness::downloads::{DUMMY, Downloads, Proxy};
use serde_json::Value;

/// The names of the parts.
const STORAGE: &str = "the dummy file on storage";
const DJANGO: &str = "the answer of Django";
const PROXY: &str = "the dummy file through the reverse proxy";

fn checked(downloads: &Downloads, arguments: &[&str]) -> Vec<Value> {
    let agent = Agent::new(&downloads.checks()).args(["--format=json"]).args(arguments.iter().copied());
    agent.scratch().write("dummy.txt", DUMMY);
    let mut agent = agent;
    let ran = agent.run();
    ran.json()["checks"].as_array().cloned().unwrap_or_else(|| panic!("{ran:?}"))
}

/// The code of the check from end to end, and the part that is guilty.
fn convicted(downloads: &Downloads) -> (String, String) {
    let checks = checked(downloads, &[]);
    assert_eq!(checks.len(), 4, "{checks:?}");
    let guilty = text(&checks[0], "/facts/end_to_end/guilty").to_owned();
    let message = text(&checks[0], "/failure/message");
    assert!(guilty.is_empty() || message.starts_with(&format!("the part `{guilty}` fails: ")), "{message}");
    (text(&checks[0], "/failure/code").to_owned(), guilty)
}

/// What is wrong where no part is guilty: the configuration of what joins them.
fn disagrees(downloads: &Downloads) {
    assert_eq!(convicted(downloads), ("request.parts-disagree".to_owned(), String::new()));
    let whole = &checked(downloads, &[])[0];
    let next = text(whole, "/failure/next_step");
    assert!(next.contains("it is the X-Accel (X-Sendfile) configuration of the reverse proxy; "), "{next}");
}

/// Breaks each part in turn.
fn each_part_in_turn(proxy: Proxy) {
    let mut downloads = Downloads::start(proxy);
    assert_eq!(verdicts(&checked(&downloads, &[])), ["a download, from end to end pass"]);
    let overview = checked(&downloads, &["--all-parts"]);
    assert!(overview.len() == 4 && overview.iter().all(|check| check["verdict"] == "pass"), "{overview:?}");

    downloads.store(None);
    assert_eq!(convicted(&downloads), ("local.missing".to_owned(), STORAGE.to_owned()));
    let through = &checked(&downloads, &[])[3];
    assert_eq!(text(through, "/reason"), "dependency-failed", "{through}");
    downloads.store(Some("another file\n"));
    assert_eq!(convicted(&downloads), ("local.unexpected-content".to_owned(), STORAGE.to_owned()));
    downloads.store(Some(DUMMY));

    downloads.application().stop();
    assert_eq!(convicted(&downloads), ("connect.refused".to_owned(), DJANGO.to_owned()));
}

/// The reverse proxy does not find the storage, which is there.
fn without_storage(proxy: Proxy) {
    let mut downloads = Downloads::start(proxy);
    downloads.reconfigure("/srv/shop/media", "/srv/shop/medai");
    let (code, guilty) = convicted(&downloads);
    assert!(code.starts_with("request.unexpected-status") || code == "auth.denied", "{code}");
    assert_eq!(guilty, PROXY);
}

#[test]
fn nginx_each_part_that_is_broken_is_named() {
    each_part_in_turn(Proxy::Nginx);
}

#[test]
fn nginx_that_does_not_find_the_storage_is_named() {
    without_storage(Proxy::Nginx);
}

#[test]
fn nginx_with_another_internal_location_is_said_to_be_configured_wrongly() {
    let mut downloads = Downloads::start(Proxy::Nginx);
    downloads.reconfigure("location /protected/", "location /protectd/");
    disagrees(&downloads);
    downloads.reconfigure("", "");
    assert_eq!(verdicts(&checked(&downloads, &[])), ["a download, from end to end pass"]);
}

#[test]
fn a_django_that_delivers_by_itself_is_seen_with_all_parts() {
    let mut downloads = Downloads::start(Proxy::Nginx);
    downloads.forget_proxy();
    // Users get their downloads, and Django is busy with each.
    assert_eq!(verdicts(&checked(&downloads, &[])), ["a download, from end to end pass"]);
    let overview = checked(&downloads, &["--all-parts"]);
    assert_eq!(text(&overview[2], "/failure/code"), "request.unexpected-header", "{overview:?}");
}

#[test]
fn apache_each_part_that_is_broken_is_named() {
    each_part_in_turn(Proxy::Apache);
}

#[test]
fn apache_that_does_not_find_the_storage_is_named() {
    without_storage(Proxy::Apache);
}

#[test]
fn apache_that_may_not_send_from_there_is_said_to_be_configured_wrongly() {
    let mut downloads = Downloads::start(Proxy::Apache);
    downloads.reconfigure("XSendFilePath \"/srv/shop/media\"", "XSendFilePath \"/srv/shop/other\"");
    disagrees(&downloads);
    downloads.reconfigure("XSendFile On", "XSendFile Off");
    disagrees(&downloads);
}
