//! Runs that were made up, and what failures say after them.

mod foreign;
mod runs;

use super::*;
use crate::fault::{Cause, Fault};
use crate::outcome::{Step, Timing};
use crate::plan::{Defaults, load};
use crate::report::series;
use crate::since::Since;
use crate::source::Source;
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

/// A check that goes where nobody has to be.
const CHECK: &str = "- {type: postgres, name: shop, host: db.internal, username: web, password: hunter2-hunter2, database: orders, timeout: 3}\n";

fn plan(yaml: &str) -> Plan {
    let source = Source::own("test", yaml);
    load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid").0
}

/// So many minutes after a moment.
fn at(minutes: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_252_480 + 60 * minutes)
}

/// Facts as a probe has them.
fn usual() -> Value {
    json!({
        "look_up": {"name": "db.internal", "addresses": ["10.0.0.4"], "resolvers": ["10.0.0.53"]},
        "route": {"address": "10.0.0.4:5432", "source": "10.0.1.2", "interface": "eth0", "gateway": "10.0.1.1", "table": 254, "mtu": 1500},
        "certificate": {
            "subject": "CN=db.internal", "issuer": "CN=One CA", "names": ["db.internal"],
            "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "days_left": 34, "warning_days": 7,
        },
        "server_version": "15.8 (Debian 15.8-0+deb12u1)",
        "server_role": "primary",
        "server": "nginx/1.22.1",
        "primary": "db1.internal:5432",
        "seen_as": "192.0.2.7",
        "answers": ["10.0.0.4", "10.0.0.5"],
        "banner": "220 ready",
        "message_id": "<1@host>",
    })
}

/// The same, but for some of them.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut facts = usual();
    for (pointer, value) in changes {
        *facts.pointer_mut(pointer).expect("a fact") = value.clone();
    }
    facts
}

/// A finished check that has learnt these facts.
fn outcome(plan: &Plan, facts: &Value, failed: Option<Cause>, connect: u64) -> Outcome {
    let timing = |phase, millis| Timing { phase, elapsed: Duration::from_millis(millis), address: None };
    let keys = [
        "look_up",
        "route",
        "certificate",
        "server_version",
        "server_role",
        "server",
        "primary",
        "seen_as",
        "answers",
        "banner",
        "message_id",
    ];
    let redactor = &plan.entries[0].redactor;
    let mut outcome = match failed {
        None => {
            let passed = Step::decided(Verdict::Pass, Duration::ZERO, Duration::ZERO);
            Outcome { steps: vec![passed; plan.entries[0].results.len()], ..Outcome::default() }
        }
        Some(cause) => {
            let failure = Fault::new(cause, "it broke").in_phase(Phase::Protocol, redactor);
            Outcome::failed(0, plan.entries[0].results.len(), Duration::ZERO, failure)
        }
    };
    outcome.phases = vec![timing(Phase::Resolve, 2), timing(Phase::Connect, connect)];
    outcome.facts = keys.iter().filter_map(|key| Some((*key, facts.get(*key)?.clone()))).collect();
    outcome
}

fn recalling(memory: &Memory, plan: &Plan) -> Recall {
    Recall::new(memory.clone(), Arc::new(Names::new(plan, series(plan), str::to_owned)))
}

/// One run of one check: what is remembered then, and what its failure says.
fn run(memory: Memory, yaml: &str, facts: &Value, failed: bool, minutes: u64) -> (Memory, Option<Since>) {
    run_in(memory, yaml, facts, failed, minutes, 1 + minutes % 7)
}

fn run_in(
    memory: Memory,
    yaml: &str,
    facts: &Value,
    failed: bool,
    minutes: u64,
    connect: u64,
) -> (Memory, Option<Since>) {
    let plan = plan(yaml);
    let recall = recalling(&memory, &plan);
    let mut outcome = outcome(&plan, facts, failed.then_some(Cause::Timeout), connect);
    recall.tell(&plan, &mut outcome, at(minutes));
    recall.hear(&plan, &outcome, at(minutes));
    let mut memory = memory;
    memory.join(recall.heard());
    // As it comes back from its file.
    let memory = Memory::read(memory.text(at(minutes)).as_bytes(), at(minutes)).expect("what was written");
    (memory, outcome.since.map(|since| *since))
}

/// What a failure says first after passes with these facts.
fn said(yaml: &str, facts: &Value) -> Vec<(String, String)> {
    let (memory, none) = run(Memory::default(), CHECK, &usual(), false, 0);
    assert_eq!(none, None, "it passed");
    let (_, since) = run(memory, yaml, facts, true, 5);
    let since = since.expect("it is remembered");
    assert_eq!(since.passed, Some(at(0)));
    since.differences.iter().map(|one| (one.what.clone(), one.to_string())).collect()
}

#[test]
fn what_was_changed_is_said_first() {
    let own = |from: &str, to: &str| CHECK.replace(from, to);
    let fact = |changes: &[(&str, Value)]| (CHECK.to_owned(), with(changes));
    let cert = "/certificate";
    let planted = [
        (fact(&[("/look_up/addresses", json!(["10.0.0.9"]))]), "address", "db.internal 10.0.0.4 -> 10.0.0.9"),
        // What follows from it comes behind it.
        (
            fact(&[
                ("/look_up/addresses", json!(["10.9.0.9"])),
                ("/route/gateway", json!("10.9.0.1")),
                ("/certificate/issuer", json!("CN=Other CA")),
            ]),
            "address",
            "db.internal 10.0.0.4 -> 10.9.0.9",
        ),
        (
            fact(&[("/look_up/addresses", json!(["10.0.0.4", "fd00::4"]))]),
            "address",
            "db.internal 10.0.0.4 -> 10.0.0.4, fd00::4",
        ),
        (
            fact(&[("/primary", json!("db2.internal:5432"))]),
            "hosts",
            "its hosts db1.internal:5432 -> db2.internal:5432",
        ),
        (
            fact(&[
                (&format!("{cert}/issuer"), json!("CN=Other CA")),
                (&format!("{cert}/not_after"), json!("2027-02-01T00:00:00Z")),
            ]),
            "certificate.issuer",
            "the issuer of its certificate changed: CN=One CA -> CN=Other CA",
        ),
        (
            fact(&[(&format!("{cert}/names"), json!(["db.example"]))]),
            "certificate.names",
            "the names in its certificate db.internal -> db.example",
        ),
        (
            fact(&[(&format!("{cert}/not_after"), json!("2026-02-01T00:00:00Z"))]),
            "certificate.ends",
            "it has another certificate: the end 2027-01-01T00:00:00Z -> 2026-02-01T00:00:00Z",
        ),
        (fact(&[("/route/gateway", json!("10.0.1.254"))]), "gateway", "the gateway to it 10.0.1.1 -> 10.0.1.254"),
        (fact(&[("/route/gateway", json!(null))]), "gateway", "the gateway to it 10.0.1.1 -> none"),
        (fact(&[("/route/interface", json!("tun0"))]), "interface", "the interface to it eth0 -> tun0"),
        (fact(&[("/route/source", json!("10.0.1.3"))]), "source", "the address of this host 10.0.1.2 -> 10.0.1.3"),
        (
            fact(&[("/seen_as", json!("192.0.2.8"))]),
            "seen-as",
            "the address of this host as the server sees it 192.0.2.7 -> 192.0.2.8",
        ),
        (
            fact(&[("/look_up/resolvers", json!(["10.0.0.54"]))]),
            "resolver",
            "the resolvers of this host 10.0.0.53 -> 10.0.0.54",
        ),
        (
            (own("host: db.internal", "host: db2.internal"), with(&[("/look_up/name", json!("db2.internal"))])),
            "target",
            "its target in the file db.internal:5432 -> db2.internal:5432",
        ),
        (
            (own("database: orders", "database: order"), usual()),
            "file.database",
            "its `database` in the file orders -> order",
        ),
        ((own("username: web", "username: www"), usual()), "file.username", "its `username` in the file web -> www"),
        ((own("timeout: 3", "timeout: 0.1"), usual()), "file.timeout", "its `timeout` in the file 3 -> 0.1"),
        (
            (own("timeout: 3", "timeout: 3, use_tls: false"), usual()),
            "file.use_tls",
            "its `use_tls` in the file (not set) -> false",
        ),
        (fact(&[("/server_role", json!("replica"))]), "server.role", "the role of the server primary -> replica"),
        (fact(&[("/server", json!("Apache/2.4.62"))]), "server", "the server nginx/1.22.1 -> Apache/2.4.62"),
        (
            fact(&[("/server_version", json!("17.0"))]),
            "server.version",
            "the version of the server 15.8 (Debian 15.8-0+deb12u1) -> 17.0",
        ),
        (fact(&[("/answers", json!(["10.0.0.4"]))]), "answers", "the answers 10.0.0.4, 10.0.0.5 -> 10.0.0.4"),
    ];
    assert!(planted.len() >= 20);
    for ((yaml, facts), what, words) in planted {
        let differences = said(&yaml, &facts);
        let (first, told) = differences.first().unwrap_or_else(|| panic!("nothing is said of {what}"));
        assert_eq!((first.as_str(), told.as_str()), (what, words), "{differences:?}");
        // What was not planted is not said.
        assert!(differences.len() == 1 || what == "address", "{differences:?}");
    }
}

#[test]
fn another_version_of_this_program_and_a_slow_phase_are_said_last() {
    let (memory, _) = run(Memory::default(), CHECK, &usual(), false, 0);
    let older = memory
        .text(at(0))
        .replace(&format!("\"conn-check\":[\"{}\"]", env!("CARGO_PKG_VERSION")), "\"conn-check\":[\"1.9.9\"]");
    let memory = Memory::read(older.as_bytes(), at(1)).expect("it is one");
    let (_, since) = run_in(memory, CHECK, &with(&[("/server_role", json!("replica"))]), true, 5, 4_800);
    let what: Vec<_> = since.expect("it is remembered").differences.iter().map(|one| one.what.clone()).collect();
    assert_eq!(what, ["server.role", "conn-check", "time.connect"]);
}

/// Numbers that look like accidents, always the same.
fn accidents() -> impl FnMut(u64) -> u64 {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    move |most| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    }
}

/// What is another thing in each run, though nothing has changed.
fn restless(accident: &mut impl FnMut(u64) -> u64) -> Value {
    let (one, other) = (accident(20), accident(20));
    let issuers = ["CN=One CA", "CN=Two CA"];
    with(&[
        // A name with twenty addresses, of which some come at a time; two servers with a certificate each.
        ("/look_up/addresses", json!([format!("10.0.0.{one}"), format!("10.0.0.{other}")])),
        ("/certificate/issuer", json!(issuers[usize::from(accident(10) == 0)])),
        ("/answers", json!([format!("10.0.0.{one}")])),
        (
            "/server_version",
            json!(format!("mail ESMTP 12:{:02}:07 #{}", accident(60), 1_000_000 + accident(1_000_000))),
        ),
        ("/banner", json!(format!("nonce {}", accident(1_000_000)))),
        ("/message_id", json!(format!("<{}@host>", accident(1_000_000)))),
    ])
}

#[test]
fn what_always_changes_is_not_said_in_a_thousand_runs() {
    let mut accident = accidents();
    let (mut memory, mut failures) = (Memory::default(), 0);
    for number in 0..1_000 {
        // Once the habits are known, one in eight fails.
        let fails = number > 60 && accident(8) == 0;
        let (after, since) = run(memory, CHECK, &restless(&mut accident), fails, number);
        memory = after;
        assert_eq!(since.is_some(), fails);
        failures += usize::from(fails);
        assert_eq!(since.map(|since| since.differences).unwrap_or_default(), [], "run {number}");
    }
    assert!(failures > 80, "{failures}");
}

#[test]
fn what_seldom_changes_is_said_also_where_something_else_always_does() {
    let mut accident = accidents();
    let mut memory = Memory::default();
    for number in 0..40 {
        memory = run(memory, CHECK, &restless(&mut accident), false, number).0;
    }
    let mut facts = restless(&mut accident);
    facts["route"]["gateway"] = json!("10.0.1.254");
    let (_, since) = run(memory, CHECK, &facts, true, 41);
    let told: Vec<_> = since.expect("it is remembered").differences.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["the gateway to it 10.0.1.1 -> 10.0.1.254"]);
}

#[test]
fn a_move_and_one_back_are_no_habit() {
    let (here, there) = (usual(), with(&[("/look_up/addresses", json!(["10.0.0.9"]))]));
    let mut memory = Memory::default();
    for (number, facts) in [&here, &here, &there, &here, &here].into_iter().enumerate() {
        memory = run(memory, CHECK, facts, false, number as u64).0;
    }
    let (_, since) = run(memory, CHECK, &there, true, 9);
    assert_eq!(since.expect("it is remembered").differences.len(), 1);
}

#[test]
fn a_failure_that_lasts_says_for_how_long_and_the_next_pass_ends_it() {
    let (memory, _) = run(Memory::default(), CHECK, &usual(), false, 0);
    let (memory, since) = run(memory, CHECK, &usual(), true, 5);
    assert_eq!(since.expect("it is remembered").failing, Duration::ZERO);
    let (memory, since) = run(memory, CHECK, &usual(), true, 17);
    let since = since.expect("it is remembered");
    assert_eq!((since.failing, since.passed), (Duration::from_secs(12 * 60), Some(at(0))));
    let (memory, _) = run(memory, CHECK, &usual(), false, 20);
    let (_, since) = run(memory, CHECK, &usual(), true, 25);
    let since = since.expect("it is remembered");
    assert_eq!((since.failing, since.passed), (Duration::ZERO, Some(at(20))));
}

#[test]
fn a_check_that_never_passed_says_since_when_it_fails() {
    let (memory, since) = run(Memory::default(), CHECK, &usual(), true, 0);
    assert_eq!(since, None, "nothing is known of it");
    let (_, since) = run(memory, CHECK, &usual(), true, 3);
    let since = since.expect("it is remembered");
    assert_eq!((since.passed, since.failing, since.differences), (None, Duration::from_secs(180), Vec::new()));
}

#[test]
fn lines_that_move_in_the_file_keep_what_is_known() {
    let (memory, _) = run(Memory::default(), CHECK, &usual(), false, 0);
    let moved = format!("# A comment.\n\n{}", CHECK.replace("timeout: 3", "tags: [db], timeout: 3"));
    let (_, since) = run(memory, &moved, &usual(), true, 5);
    assert_eq!(since.expect("it is remembered").differences, []);
}

#[test]
fn a_check_has_a_kilobyte_at_most_and_the_address_stays() {
    let long = |number: u64| "x".repeat(50) + &number.to_string();
    let facts = with(&[
        (
            "/look_up/addresses",
            json!((0..40).map(|last| format!("2001:db8:aaaa:bbbb:cccc:dddd:eeee:{last:04x}")).collect::<Vec<_>>()),
        ),
        ("/certificate/names", json!((0..60).map(long).collect::<Vec<_>>())),
        ("/answers", json!((0..60).map(long).collect::<Vec<_>>())),
        ("/server_version", json!(long(1))),
    ]);
    let (mut memory, _) = run(Memory::default(), CHECK, &facts, false, 0);
    for number in 1..20 {
        memory = run(memory, CHECK, &restless(&mut accidents()), false, number).0;
        memory = run(memory, CHECK, &facts, false, number).0;
    }
    let kept: Value = serde_json::from_str(&memory.text(at(20))).expect("JSON");
    let checks = kept["checks"].as_object().expect("checks");
    let (_, one) = checks.iter().next().expect("a check");
    assert!(checks.len() == 1 && one.to_string().len() <= known::MOST, "{} bytes: {one}", one.to_string().len());
    assert!(one[6]["facts"]["address db.internal"].to_string().contains("and 32 more"), "{one}");
}

#[test]
fn a_secret_that_a_server_says_back_is_not_kept() {
    let secret = "hunter2-hunter2";
    let facts = with(&[
        ("/server_version", json!(format!("15 {secret}"))),
        ("/certificate/subject", json!(format!("CN={secret}"))),
        ("/look_up/name", json!(secret)),
        ("/answers", json!([secret])),
    ]);
    let (memory, _) = run(Memory::default(), CHECK, &facts, false, 0);
    let text = memory.text(at(0));
    assert!(!text.contains("hunter2") && text.contains("***"), "{text}");
}
