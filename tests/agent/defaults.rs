//! `- defaults: {...}`: what holds for the checks of a file that do not say otherwise.

use harness::agent::{Agent, Ran};
use harness::peers::{Manner, Peer};
use serde_json::{Value, json};

fn validated(yaml: &str) -> Ran {
    Agent::new(yaml).arg("--validate").run()
}

/// What is known of the checks of a file that is not run.
fn planned(yaml: &str, arguments: &[&str]) -> Vec<Value> {
    let ran = Agent::new(yaml).args(["--format=json", "--dry-run"]).args(arguments.iter().copied()).run();
    ran.json()["checks"].as_array().cloned().unwrap_or_else(|| panic!("{ran:?}"))
}

#[test]
fn a_check_takes_what_it_does_not_say_itself() {
    let port = 1;
    let checks = planned(
        &format!(
            "- defaults: {{tags: [db], critical: false}}
- {{type: tcp, host: 127.0.0.1, port: {port}}}
- {{type: tcp, host: 127.0.0.1, port: {port}, tags: [web], critical: true}}
"
        ),
        &[],
    );
    let said: Vec<_> = checks.iter().map(|check| (&check["tags"], &check["critical"], &check["line"])).collect();
    assert_eq!(said, [(&json!(["db"]), &json!(false), &json!(2)), (&json!(["web"]), &json!(true), &json!(3))]);
}

#[test]
fn the_check_comes_first_then_its_file_then_the_command_line() {
    let silent = Peer::start(Manner::Silent);
    let waited = |yaml: &str| {
        let ran = Agent::new(yaml).args(["--format=json", "--connect-timeout=0.9"]).run();
        ran.json()["checks"][0]["elapsed_seconds"].as_f64().unwrap_or_else(|| panic!("{ran:?}"))
    };
    let check = format!("type: redis, host: 127.0.0.1, port: {}", silent.port());
    let line = waited(&format!("- {{{check}}}\n"));
    assert!((0.8..1.5).contains(&line), "{line}");
    let file = waited(&format!("- defaults: {{timeout: 0.5}}\n- {{{check}}}\n"));
    assert!((0.4..0.8).contains(&file), "{file}");
    let own = waited(&format!("- defaults: {{timeout: 0.5}}\n- {{{check}, timeout: 0.2}}\n"));
    assert!((0.1..0.4).contains(&own), "{own}");
}

#[test]
fn what_cannot_be_a_default_is_refused_with_what_can() {
    for (defaults, said, help) in [
        ("{timeuot: 5}", "`timeuot` cannot be a default", "did you mean `timeout`?"),
        ("{name: db}", "`name` cannot be a default", "these can: timeout, tags, warn_after, retries, critical"),
        ("{expect_failure: connect.refused}", "`expect_failure` cannot be a default", "these can:"),
        ("{owner: network}", "`owner` cannot be a default", "these can:"),
        ("{password: hunter2}", "`password` cannot be a default", "these can:"),
        ("[timeout, 5]", "`defaults`: expected a mapping of options", "write `- defaults:"),
        ("{timeout: never}", "`timeout`: expected a time in seconds", ""),
    ] {
        let ran = validated(&format!(
            "- defaults: {defaults}\n- {{type: tcp, host: a, port: 1}}\n- {{type: tcp, host: b, port: 1}}\n"
        ));
        assert!(ran.status == 3 && ran.err.contains(said) && ran.err.contains(help), "{defaults}: {ran:?}");
        assert_eq!(ran.err.matches(said).count(), 1, "told once: {ran:?}");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
    }
}

#[test]
fn they_are_the_first_entry_and_nothing_else_is_in_it() {
    let check = "- {type: tcp, host: a, port: 1}\n";
    let late = validated(&format!("{check}- defaults: {{timeout: 5}}\n"));
    assert!(late.status == 3 && late.err.contains("`defaults` is not the first entry of the file"), "{late:?}");
    let twice = validated(&format!("- defaults: {{timeout: 5}}\n- defaults: {{timeout: 6}}\n{check}"));
    assert!(twice.status == 3 && twice.err.contains("is not the first entry"), "{twice:?}");
    let more = validated(&format!("- {{defaults: {{timeout: 5}}, tags: [db]}}\n{check}"));
    assert!(more.status == 3 && more.err.contains("an entry with `defaults` has nothing else"), "{more:?}");
}

#[test]
fn defaults_alone_are_no_checks_and_empty_ones_change_nothing() {
    for defaults in ["", " {}"] {
        let ran = validated(&format!("- defaults:{defaults}\n- {{type: tcp, host: a, port: 1}}\n"));
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    }
    let alone = Agent::new("- defaults: {timeout: 5}\n").run();
    assert_eq!(alone.status, 3, "{alone:?}");
}

#[test]
fn a_default_that_does_nothing_for_some_checks_is_as_it_should_be() {
    let port = "host: a, port: 1";
    for yaml in [
        // Of another type.
        format!("- defaults: {{max_age: 26h}}\n- {{type: tcp, {port}}}\n- {{type: file, path: /a}}\n"),
        // Of the type, where it means nothing.
        "- defaults: {max_age: 26h}\n- {type: file, path: /a, exists: false}\n- {type: file, path: /b}\n".to_owned(),
        format!(
            "- defaults: {{warn_after: 5}}\n- {{type: tcp, {port}, timeout: 3}}\n- {{type: tcp, host: b, port: 1}}\n"
        ),
    ] {
        let ran = Agent::new(&yaml).args(["--validate", "--strict"]).run();
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{yaml}{ran:?}");
    }
}

#[test]
fn a_default_that_does_nothing_at_all_and_an_option_that_does_nothing_are_told() {
    for (yaml, said) in [
        ("- defaults: {max_age: 26h}\n- {type: tcp, host: a, port: 1}\n", "no check of this file has such an option"),
        ("- defaults: {max_age: 26h}\n- {type: file, path: /a, exists: false}\n", "has no effect with `exists: false`"),
        (
            "- defaults: {timeout: 2, warn_after: 5}\n- {type: tcp, host: a, port: 1}\n- {type: tcp, host: b, port: 1}\n",
            "behind the `timeout`",
        ),
        ("- defaults: {timeout: 2}\n- {type: tcp, host: a, port: 1, warn_after: 5}\n", "behind the `timeout`"),
    ] {
        let ran = validated(yaml);
        assert!(ran.status == 0 && ran.err.matches(said).count() == 1, "{yaml}{ran:?}");
    }
}

#[test]
fn nothing_said_by_a_check_is_not_its_own_value_and_null_switches_a_limit_off() {
    let silent = Peer::start(Manner::Silent);
    let yaml = format!(
        "- defaults: {{timeout: 0.3}}\n- {{type: redis, host: 127.0.0.1, port: {}, timeout: }}\n",
        silent.port()
    );
    let ran = Agent::new(&yaml).args(["--format=json", "--connect-timeout=5"]).run();
    let waited = ran.json()["checks"][0]["elapsed_seconds"].as_f64().unwrap_or_else(|| panic!("{ran:?}"));
    assert!(waited < 2.0, "{waited}");
    let old = "- defaults: {max_age: 1s}\n- {type: file, path: /etc/hostname, max_age: null}\n";
    assert_eq!(Agent::new(old).run().status, 0);
}
