//! `retries`: checks that are asked again, and those that never are.

use crate::reports::{conforms, event_schema, report_schema, validator};
use harness::agent::{Agent, Ran, code};
use harness::mail::{self, Mail, USER};
use harness::peers::{FullQueue, Peer};
use harness::ports;
use harness::postgres::{self, Postgres};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const WELL: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/// A web server that resets the connection over the first requests of a check.
struct Flaky {
    peer: Peer,
    requests: Arc<AtomicUsize>,
}

impl Flaky {
    fn start(resets: usize) -> Self {
        let requests = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&requests);
        let peer = Peer::serve(move |wire| {
            // Whoever looks what it is on connections of its own is another matter.
            let is_of_check = String::from_utf8_lossy(&wire.first_bytes()).contains("x-check: yes");
            if is_of_check && counted.fetch_add(1, Ordering::SeqCst) < resets {
                wire.reset_on_close();
            } else {
                let _ = wire.send(WELL);
                wire.finish();
            }
        });
        Self { peer, requests }
    }

    fn check(&self, options: &str) -> String {
        let address = self.peer.address();
        format!("- {{type: http, url: 'http://{address}/', headers: {{x-check: 'yes'}}{options}}}\n")
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn run(yaml: &str, arguments: &[&str]) -> Ran {
    Agent::new(yaml).args(arguments.iter().copied()).run()
}

#[test]
fn a_check_that_needed_a_second_attempt_passes_with_a_warning() {
    let peer = Flaky::start(1);
    let report = Agent::new(&peer.check(", retries: 2")).report();
    let check = &report["checks"][0];
    conforms(&validator(&report_schema()), &report);
    assert_eq!((&check["verdict"], &check["attempts"]), (&"warn".into(), &2.into()), "{check:#}");
    assert_eq!(check["warnings"][0]["code"], "run.retried", "{check:#}");
    let message = check["warnings"][0]["message"].as_str().unwrap_or_default();
    assert!(
        message.starts_with("passed at attempt 2; before: ") && message.ends_with(" [protocol.reset]"),
        "{message}"
    );
    assert_eq!(peer.requests(), 2);
    let without = Flaky::start(1);
    assert_eq!(code(&Agent::new(&without.check("")).report()), "protocol.reset");
    // Who is woken by failures alone sleeps on.
    for (option, status) in [("--warnings-as-errors=false", 0), ("--warnings-as-errors=true", 2)] {
        let ran = run(&Flaky::start(1).check(", retries: 2"), &["--format=nagios", option]);
        assert!(ran.status == status && ran.out.contains("[run.retried, network]"), "{option}: {ran:?}");
    }
}

#[test]
fn a_check_that_needed_no_second_attempt_says_nothing_of_it() {
    let peer = Flaky::start(0);
    let check = Agent::new(&peer.check(", retries: 5")).report()["checks"][0].clone();
    assert_eq!((&check["verdict"], &check["attempts"]), (&"pass".into(), &Value::Null), "{check:#}");
    assert_eq!(peer.requests(), 1);
}

#[test]
fn a_check_that_fails_at_each_attempt_says_how_often() {
    let port = ports::free();
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}, retries: 2}}\n", port.number());
    let check = Agent::new(&yaml).report()["checks"][0].clone();
    assert_eq!((&check["failure"]["code"], &check["attempts"]), (&"connect.refused".into(), &3.into()), "{check:#}");
    let evidence = check["failure"]["evidence"].as_str().unwrap_or_default();
    assert!(
        evidence.contains("2 attempts before: ") && evidence.matches("[connect.refused]").count() == 1,
        "{evidence}"
    );
}

/// Counted at the servers.
#[test]
fn a_login_is_not_tried_again() {
    let (database, mail) = (Postgres::start(&postgres::Setup::plain()), Mail::start(&mail::Setup::open()));
    let yaml = format!(
        "- {{type: postgres, host: 127.0.0.1, port: {}, username: {}, password: wrong, database: shop, use_tls: false, retries: 5}}\n\
         - {{type: smtp, host: 127.0.0.1, port: {}, from_address: a@b.example, username: {USER}, password: wrong, use_tls: false, send: false, retries: 5}}\n",
        database.address().port(),
        postgres::USER,
        mail.address().port(),
    );
    let ran = run(&yaml, &["--format=plain"]);
    assert_eq!(ran.out.matches("[auth.rejected, credentials]").count(), 2, "{ran:?}");
    let refusals = database.log().matches("password authentication failed for user").count();
    assert_eq!((refusals, mail.logins().len()), (1, 1), "{ran:?}");
}

#[test]
fn what_must_not_be_sent_twice_is_asked_again_only_while_nothing_was_sent() {
    let peer = Flaky::start(3);
    let ran = run(&peer.check(", retries: 3, method: POST, body: order"), &["--format=plain"]);
    assert_eq!((ran.status, peer.requests()), (2, 1), "{ran:?}");
    let port = ports::free();
    let yaml = format!("- {{type: http, url: 'http://{}/', method: POST, retries: 1}}\n", port.address());
    let check = Agent::new(&yaml).report()["checks"][0].clone();
    assert_eq!(check["attempts"], 2, "{check:#}");
}

#[test]
fn a_failure_that_is_right_or_known_is_not_tried_again() {
    for option in [
        ", retries: 5, expect_failure: protocol.reset",
        ", retries: 5, accept: {code: protocol.reset, until: 2999-12-31, why: moved in January}",
    ] {
        let peer = Flaky::start(9);
        let ran = run(&peer.check(option), &["--format=plain"]);
        assert_eq!((ran.status, peer.requests()), (0, 1), "{option}: {ran:?}");
    }
}

#[test]
fn each_attempt_has_its_timeout_and_the_run_ends_in_time() {
    let full = FullQueue::start();
    let port = full.address().port();
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {port}, timeout: 0.5, retries: 2}}\n");
    let ran = run(&yaml, &["--format=json"]);
    let check = &ran.json()["checks"][0];
    assert_eq!((&check["failure"]["code"], &check["attempts"]), (&"connect.timeout".into(), &3.into()), "{check:#}");
    assert!(check["elapsed_seconds"].as_f64().is_some_and(|seconds| seconds > 1.5), "{check:#}");
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {port}, timeout: 30, retries: 5}}\n");
    let ran = run(&yaml, &["--format=json", "--max-timeout=1"]);
    assert!(ran.elapsed < Duration::from_secs(5), "{ran:?}");
    assert_eq!(code(&ran.json()), "connect.timeout");
}

#[test]
fn events_tell_of_a_check_once_whatever_its_attempts_found() {
    for format in ["jsonl", "plain"] {
        let peer = Flaky::start(2);
        let ran = run(&peer.check(", retries: 2"), &["--format", format, "-U"]);
        assert_eq!((ran.status, peer.requests()), (1, 3), "{ran:?}");
        if format == "plain" {
            assert_eq!(ran.out.lines().count(), 2, "{ran:?}");
            continue;
        }
        let validator = validator(&event_schema());
        let events: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        events.iter().for_each(|event| conforms(&validator, event));
        let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap_or_default()).collect();
        assert_eq!(names, ["run", "started", "finished", "summary"], "{ran:?}");
    }
}

#[test]
fn a_file_may_have_retries_for_all_its_checks_and_each_its_own() {
    let (one, other) = (Flaky::start(1), Flaky::start(1));
    let yaml = format!("- defaults: {{retries: 1}}\n{}{}", one.check(""), other.check(", retries: 0"));
    let report = run(&yaml, &["--format=json"]).json();
    let verdicts: Vec<_> = (0..2).map(|check| report["checks"][check]["verdict"].clone()).collect();
    assert_eq!(verdicts, ["warn", "fail"], "{report:#}");
}

#[test]
fn there_are_five_retries_at_most() {
    for wrong in ["6", "-1", "1.5", "often", "[1]"] {
        let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: 1, retries: {wrong}}}\n");
        let ran = run(&yaml, &["--validate"]);
        assert!(ran.status == 3 && ran.err.contains("a whole number from 0 to 5"), "{wrong}: {ran:?}");
    }
}
