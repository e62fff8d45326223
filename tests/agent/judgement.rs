//! What a file says of a check's verdict: `hint`, `owner`, `proves`, `expect_failure`, `accept`.

use harness::agent::{Agent, Ran};
use harness::peers::{Manner, Peer};
use serde_json::Value;

/// Nothing listens there, and nobody binds to it.
const CLOSED: &str = "type: tcp, name: port, host: 127.0.0.1, port: 1";

fn run(check: &str, arguments: &[&str]) -> Ran {
    Agent::new(&format!("- {{{check}}}\n")).args(arguments.iter().copied()).run()
}

fn report(check: &str) -> (i32, Value) {
    let ran = run(check, &["--format=json"]);
    (ran.status, ran.json()["checks"][0].clone())
}

fn validated(options: &str) -> Ran {
    run(&format!("{CLOSED}, {options}"), &["--validate"])
}

#[test]
fn a_port_that_must_be_closed_passes_while_it_is() {
    let (status, check) = report(&format!("{CLOSED}, expect_failure: connect.refused"));
    assert_eq!((status, check["verdict"].as_str()), (0, Some("pass")), "{check}");
    assert_eq!(check["facts"]["expected_failure"]["code"], "connect.refused", "{check}");
    let open = Peer::start(Manner::Silent);
    let (status, check) = report(&format!(
        "type: tcp, host: 127.0.0.1, port: {}, expect_failure: [connect.refused, connect.timeout]",
        open.port()
    ));
    assert_eq!((status, check["failure"]["code"].as_str()), (2, Some("request.not-failed")), "{check}");
    let message = check["failure"]["message"].as_str().unwrap_or_default();
    assert_eq!(message, "it passes, and should fail with connect.refused or connect.timeout");
}

#[test]
fn another_failure_than_the_expected_one_says_what_came_instead() {
    let (status, check) = report(&format!("{CLOSED}, expect_failure: connect.timeout"));
    assert_eq!((status, check["failure"]["code"].as_str()), (2, Some("connect.refused")), "{check}");
    let message = check["failure"]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("it should fail with connect.timeout; instead: "), "{message}");
}

#[test]
fn every_result_behind_an_expected_failure_is_well() {
    let ran = run("type: redis, host: 127.0.0.1, port: 1, expect_failure: connect.refused", &["--format=plain"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(ran.out.lines().filter(|line| line.ends_with(" OK")).count(), 2, "{ran:?}");
    assert!(ran.out.contains("note: as expected: ") && ran.out.contains("[connect.refused]"), "{ran:?}");
}

#[test]
fn a_known_fault_is_a_note_in_every_format_until_its_day_and_fails_after_it() {
    let known =
        |until: &str| format!("{CLOSED}, accept: {{code: connect.refused, until: {until}, why: moved in January}}");
    for format in ["human", "plain", "nagios", "json", "jsonl", "junit", "tap"] {
        let ran = run(&known("2999-12-31"), &["--format", format]);
        assert!(ran.status == 0 && ran.out.contains("moved in January"), "{format}: {ran:?}");
        assert!(ran.out.contains("2999-12-31") && ran.out.contains("connect.refused"), "{format}: {ran:?}");
    }
    let ran = run(&known("2020-01-31"), &["--format=json"]);
    let message = ran.json()["checks"][0]["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(ran.status == 2 && message.ends_with("(it was accepted until 2020-01-31: moved in January)"), "{message}");
}

#[test]
fn a_known_fault_covers_no_other() {
    let (status, check) =
        report(&format!("{CLOSED}, accept: {{code: connect.timeout, until: 2999-12-31, why: a firewall}}"));
    assert_eq!((status, check["failure"]["code"].as_str()), (2, Some("connect.refused")), "{check}");
}

#[test]
fn a_hint_comes_first_and_an_owner_is_believed() {
    let (_, check) = report(&format!("{CLOSED}, hint: see the page Shop in the wiki, owner: network"));
    assert_eq!(check["failure"]["owner"], "network", "{check}");
    let next = check["failure"]["next_step"].as_str().unwrap_or_default();
    assert!(next.starts_with("see the page Shop in the wiki; "), "{next}");
}

#[test]
fn what_a_pass_proves_is_told_with_verbose() {
    let open = Peer::start(Manner::Silent);
    let check = format!("type: tcp, host: 127.0.0.1, port: {}, proves: the shop can be reached", open.port());
    let shown = |arguments: &[&str]| run(&check, arguments).out.contains("proves: the shop can be reached");
    assert!(shown(&["--format=human", "-v"]) && !shown(&["--format=human"]));
    assert!(
        !run(&format!("{CLOSED}, proves: the shop can be reached"), &["--format=human", "-v"]).out.contains("proves:")
    );
}

#[test]
fn codes_days_and_owners_are_looked_at() {
    for (options, said, help) in [
        ("expect_failure: connect.refusd", "`expect_failure`", "did you mean `connect.refused`?"),
        ("expect_failure: run.deadline", "`expect_failure`", "conn-check explain"),
        ("expect_failure: []", "`expect_failure`", "found an empty list"),
        ("accept: {code: connect.refused, until: 2027-02-30, why: x}", "YYYY-MM-DD", ""),
        ("accept: {code: connect.refused, why: x}", "`accept`", "code, until, why"),
        ("accept: {code: connect.refused, until: 2027-01-31, why: x, who: me}", "no such key", "code, until, why"),
        ("accept: connect.refused", "`accept`", ""),
        ("owner: ops", "`owner`: expected an owner", ""),
    ] {
        let ran = validated(options);
        assert!(ran.status == 3 && ran.err.contains(said) && ran.err.contains(help), "{options}: {ran:?}");
    }
    assert_eq!(validated("accept: {code: connect.refused, until: '2027-01-31', why: x}").status, 0);
}

#[test]
fn a_login_that_is_refused_again_and_again_is_warned_of() {
    let check = "type: redis, host: a, password: x, expect_failure: auth.rejected";
    let ran = run(check, &["--validate"]);
    assert!(ran.status == 0 && ran.err.contains("may lock the account"), "{ran:?}");
    assert_eq!(run(&format!("{check}, tags: [no-nagios]"), &["--validate"]).err, "");
}
