//! What can be written down about a failure, applied as it stands to the real thing: the check passes then, and another
//! one, which needs more than was asked for, fails as before.

mod brokers;
mod checks;
mod databases;
mod files;
mod network;
mod refused;

use conn_check::remedy::ROWS;
use harness::agent::code;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// Every row of the list, and the test here that has applied it.
const PROVEN: &[(&str, &str)] = &[
    ("auth.host-not-allowed", "postgres"),
    ("auth.locked", "postgres"),
    ("auth.required", "postgres, redis"),
    ("config.unusable-file", "files"),
    ("connect.denied-locally", "nftables"),
    ("connect.local-limit", "ports"),
    ("connect.mtu", "routes"),
    ("connect.no-route", "routes"),
    ("connect.no-socket", "files"),
    ("connect.prohibited", "firewalls"),
    ("connect.refused", "firewalls"),
    ("connect.timeout", "firewalls"),
    ("local.command-unusable", "programs"),
    ("local.denied", "files"),
    ("local.missing", "directories"),
    ("local.read-only", "file systems"),
    ("local.unexpected", "files"),
    ("protocol.overloaded", "mysql"),
    ("protocol.overloaded", "postgres"),
    ("protocol.unsupported-version", "http"),
    ("proxy.denied", "squid"),
    ("request.no-such-vhost", "rabbitmq"),
    ("request.permission-denied", "mosquitto"),
    ("request.permission-denied", "mysql"),
    ("request.permission-denied", "postgres"),
    ("request.permission-denied", "postgres database"),
    ("request.permission-denied", "rabbitmq"),
    ("request.permission-denied", "redis"),
    ("request.permission-denied", "slapd"),
    ("request.redirected", "http"),
    ("tls.required", "postgres, ldap"),
    ("tls.untrusted", "this host"),
];

/// One step, as the report has it.
#[derive(Debug)]
struct Step {
    commands: Vec<String>,
    place: String,
    safe: bool,
}

impl Step {
    /// It only shows something.
    fn looks(&self) -> bool {
        self.place.starts_with("to see it: ")
    }
}

/// The steps of the first check's failure.
fn steps(report: &Value) -> Vec<Step> {
    let all = report["checks"][0]["failure"]["remediation"].as_array();
    let step = |one: &Value| Step {
        commands: one["commands"]
            .as_array()
            .expect("commands")
            .iter()
            .map(|line| line.as_str().expect("a line").to_owned())
            .collect(),
        place: one["where"].as_str().expect("a place").to_owned(),
        safe: one["safe"].as_bool().expect("whether it is safe"),
    };
    all.unwrap_or_else(|| panic!("nothing is written down: {report}")).iter().map(step).collect()
}

/// Applies what is written down: `check` fails with this code, and passes then; `other`, which would need more, fails
/// before and after.
#[track_caller]
fn prove(wanted: &str, check: &dyn Fn() -> Value, other: &dyn Fn() -> Value, apply: &mut dyn FnMut(&Step)) {
    let before = check();
    assert_eq!(code(&before), wanted, "{before}");
    let is_well =
        |report: &Value| ["pass", "warn"].contains(&report["checks"][0]["verdict"].as_str().expect("a verdict"));
    let other_before = other();
    assert!(!is_well(&other_before), "{other_before}");
    let steps = steps(&before);
    assert!(steps.iter().all(|step| step.safe || !step.looks()), "a look does no harm: {steps:?}");
    assert!(steps.iter().any(|step| !step.looks()), "nothing but a look: {steps:?}");
    steps.iter().for_each(apply);
    let after = check();
    assert!(is_well(&after), "{steps:?}\n{after}");
    let other_after = other();
    assert!(!is_well(&other_after), "more than was asked for: {steps:?}\n{other_after}");
}

/// Runs lines in a shell, each of which has to succeed.
fn shell(mut outer: Command, lines: &[String]) {
    let output = outer.args(["sh", "-ec", &lines.join("\n")]).output().expect("a shell");
    assert!(output.status.success(), "{lines:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A shell of this host.
fn here(lines: &[String]) {
    shell(Command::new("env"), lines);
}

#[test]
fn every_row_of_the_list_is_proven_by_a_test_here() {
    let listed: BTreeSet<_> = ROWS.iter().map(|row| (row.code, row.of)).collect();
    assert_eq!(listed, PROVEN.iter().copied().collect());
    let codes: BTreeSet<_> = ROWS.iter().map(|row| row.code).collect();
    assert!(codes.len() >= 20, "{} codes", codes.len());
}
