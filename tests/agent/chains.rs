//! Checks that hang together: `depends_on`, `parts`, `--all-parts`.

mod downloads;
mod file;

use harness::agent::{Agent, Ran};
use harness::peers::{Manner, Peer};
use serde_json::Value;
use std::time::Duration;

/// Nothing listens there, and nobody binds to it.
const CLOSED: &str = "type: tcp, host: 127.0.0.1, port: 1";

fn run(yaml: &str, arguments: &[&str]) -> Ran {
    Agent::new(yaml).args(arguments.iter().copied()).run()
}

/// The checks of the report, by their labels.
fn report(yaml: &str, arguments: &[&str]) -> (i32, Vec<Value>) {
    let ran = run(yaml, &[arguments, &["--format=json"]].concat());
    let checks = ran.json()["checks"].as_array().cloned();
    (ran.status, checks.unwrap_or_else(|| panic!("{ran:?}")))
}

fn text<'a>(check: &'a Value, path: &str) -> &'a str {
    check.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// `LABEL VERDICT` of each.
fn verdicts(checks: &[Value]) -> Vec<String> {
    checks.iter().map(|check| format!("{} {}", text(check, "/label"), text(check, "/verdict"))).collect()
}

fn open() -> (Peer, String) {
    let peer = Peer::start(Manner::Silent);
    let check = format!("type: tcp, host: 127.0.0.1, port: {}", peer.port());
    (peer, check)
}

/// A check from end to end with two parts.
fn whole(whole: &str, more: &str, one: &str, other: &str) -> String {
    format!("- {{{whole}, name: all{more}, parts: [{{{one}, name: one}}, {{{other}, name: other}}]}}\n")
}

#[test]
fn parts_are_run_only_when_their_check_fails() {
    let (_peer, open) = open();
    for format in ["human", "plain", "nagios", "json", "jsonl", "junit", "tap", "prometheus", "health"] {
        let ran = run(&whole(&open, "", CLOSED, CLOSED), &["--format", format, "-v"]);
        assert!(ran.status == 0 && !ran.out.contains("refused"), "{format}: {ran:?}");
    }
    let (status, checks) = report(&whole(&open, "", CLOSED, &open), &[]);
    assert_eq!((status, verdicts(&checks)), (0, vec!["all pass".to_owned()]));
    let (status, checks) = report(&whole(&open, "", CLOSED, &open), &["--all-parts"]);
    assert_eq!((status, verdicts(&checks)), (2, vec!["all pass".into(), "one fail".into(), "other pass".into()]));
    assert_eq!((text(&checks[1], "/part_of"), &checks[0]["parts"]), ("all", &serde_json::json!(["one", "other"])));
}

#[test]
fn the_guilty_part_is_named_with_its_owner_unless_the_file_says_whose_it_is() {
    let (_peer, open) = open();
    let hinted = format!("{CLOSED}, hint: of the part, owner: network");
    let (status, checks) = report(&whole(CLOSED, ", hint: of the whole", &open, &hinted), &[]);
    assert_eq!((status, verdicts(&checks)), (2, vec!["all fail".into(), "one pass".into(), "other fail".into()]));
    let (message, next) = (text(&checks[0], "/failure/message"), text(&checks[0], "/failure/next_step"));
    assert_eq!(message, "the part `other` fails: 127.0.0.1:1 refused the connection");
    assert_eq!((text(&checks[0], "/failure/code"), text(&checks[0], "/failure/owner")), ("connect.refused", "network"));
    assert!(next.starts_with("of the part; ") && !next.contains("of the whole"), "{next}");
    let evidence = text(&checks[0], "/failure/evidence");
    assert!(
        evidence.starts_with("from end to end: 127.0.0.1:1 refused the connection [connect.refused]"),
        "{evidence}"
    );
    assert_eq!(text(&checks[0], "/facts/end_to_end/guilty"), "other");
    let (_, checks) = report(&whole(CLOSED, ", owner: dns", &open, &hinted), &[]);
    assert_eq!(text(&checks[0], "/failure/owner"), "dns");
    let (_, checks) = report(&whole(CLOSED, "", CLOSED, CLOSED), &[]);
    let message = text(&checks[0], "/failure/message");
    assert!(message.starts_with("the part `one` fails: ") && message.ends_with("; so does `other`"), "{message}");
}

#[test]
fn the_line_of_an_end_to_end_check_names_the_guilty_part_also_where_the_cause_has_been_told() {
    let yaml = whole(CLOSED, "", CLOSED, CLOSED);
    for arguments in [&["--format=human"][..], &["--format=nagios"], &["--brief"]] {
        let ran = run(&yaml, arguments);
        assert!(ran.out.contains("the part `one` fails") && ran.out.contains("2 checks cannot connect"), "{ran:?}");
    }
    let (_peer, open) = open();
    for arguments in [&["--format=human"][..], &["--format=nagios"], &["--brief"]] {
        let ran = run(&whole(CLOSED, "", CLOSED, &open), arguments);
        assert!(ran.out.contains("the part `one` fails") && !ran.out.contains("2 checks cannot connect"), "{ran:?}");
    }
}

#[test]
fn what_the_file_says_of_one_check_is_told_of_that_one_where_the_cause_is_shared() {
    let check = |name, more| format!("- {{{CLOSED}, name: {name}, {more}}}\n");
    let billing = check("billing", "hint: call billing on 555, owner: network");
    let ran = run(&(billing + &check("shop", "hint: restart the shop, owner: config")), &["--format=nagios"]);
    assert!(ran.out.contains("[connect.refused, network] cause A: call billing on 555"), "{ran:?}");
    assert!(ran.out.contains("[connect.refused, config] cause A: restart the shop"), "{ran:?}");
    assert!(ran.out.lines().any(|line| line.starts_with("[CAUSE A]") && !line.contains("billing")), "{ran:?}");
}

#[test]
fn a_part_that_is_not_critical_is_guilty_only_where_no_other_is() {
    let minor = format!("{CLOSED}, critical: false");
    let (_, checks) = report(&whole(CLOSED, "", &minor, CLOSED), &[]);
    assert_eq!(text(&checks[0], "/facts/end_to_end/guilty"), "other", "{checks:?}");
}

#[test]
fn parts_that_are_all_well_say_that_it_is_what_joins_them() {
    let (_peer, open) = open();
    let (status, checks) = report(&whole(CLOSED, ", hint: see the joints", &open, &open), &[]);
    assert_eq!((status, checks.len()), (2, 3));
    assert_eq!(text(&checks[0], "/failure/code"), "request.parts-disagree");
    let message = text(&checks[0], "/failure/message");
    assert_eq!(message, "each of its parts is well, and together they are not: 127.0.0.1:1 refused the connection");
    assert!(text(&checks[0], "/failure/next_step").starts_with("see the joints; "), "{checks:?}");
    assert_eq!(text(&checks[0], "/facts/end_to_end/code"), "connect.refused");
}

#[test]
fn parts_say_nothing_of_a_failure_that_is_right_or_known_or_of_the_file() {
    let (_peer, open) = open();
    for (more, status) in [
        (", expect_failure: connect.refused", 0),
        (", accept: {code: connect.refused, until: 2999-12-31, why: it moves}", 0),
        (", expect_failure: connect.timeout", 2),
    ] {
        let (ended, checks) = report(&whole(CLOSED, more, &open, &open), &[]);
        assert_eq!((ended, checks.len()), (status, if status == 0 { 1 } else { 3 }), "{more}: {checks:?}");
    }
    let secret = "type: redis, host: 127.0.0.1, port: 1, password: {env: ABSENT}";
    let (_, checks) = report(&whole(secret, "", &open, &open), &[]);
    assert_eq!((text(&checks[0], "/failure/code"), checks.len()), ("config.missing-secret", 1), "{checks:?}");
}

#[test]
fn nobody_is_convicted_or_cleared_for_what_was_not_found_out() {
    let (_peer, open) = open();
    let code = |parts: [&str; 2], arguments: &[&str]| {
        let (_, checks) = report(&whole(CLOSED, "", parts[0], parts[1]), arguments);
        (text(&checks[0], "/failure/code").to_owned(), text(&checks[0], "/facts/end_to_end/guilty").to_owned())
    };
    let own = ("connect.refused".to_owned(), String::new());
    // A part that nobody asked for, that could not be tried, whose failure is known.
    let unasked = format!("{CLOSED}, tags: [slow]");
    assert_eq!(code([&open, &unasked], &["--exclude-tags", "slow"]), own);
    let untried = "type: redis, host: 127.0.0.1, port: 1, password: {env: CONN_CHECK_IS_NOT_SET}";
    assert_eq!(code([untried, &open], &[]), own);
    assert_eq!(code([untried, CLOSED], &[]).1, "other");
    let known = format!("{CLOSED}, accept: {{code: connect.refused, until: 2999-12-31, why: it moves}}");
    assert_eq!(code([&open, &known], &[]), own);
}

#[test]
fn what_a_check_fails_with_itself_is_what_its_file_expects() {
    let (_peer, open) = open();
    // It answers and does not say what is expected; the part is refused, which is another failure.
    let mute = format!("{open}, send: x, expect: y, timeout: 1, expect_failure: connect.refused");
    let (status, checks) = report(&whole(&mute, "", &open, CLOSED), &[]);
    assert_eq!((status, text(&checks[0], "/verdict")), (2, "fail"), "{checks:?}");
    assert!(text(&checks[0], "/failure/message").starts_with("it should fail with connect.refused; instead: the part"));
}

#[test]
fn parts_of_a_check_that_is_not_critical_are_not_either() {
    let (_peer, open) = open();
    let (status, checks) = report(&whole(CLOSED, ", critical: false", &open, CLOSED), &[]);
    assert_eq!((status, &checks[2]["critical"]), (1, &false.into()), "{checks:?}");
    let own = format!("{CLOSED}, critical: true");
    assert_eq!(report(&whole(CLOSED, ", critical: false", &open, &own), &[]).0, 2);
}

#[test]
fn who_asks_for_a_part_gets_it_and_who_asks_for_the_check_its_parts() {
    let (_peer, open) = open();
    let yaml = whole(CLOSED, ", tags: [shop]", &format!("{open}, tags: night"), &open);
    let selected = |arguments: &[&str]| verdicts(&report(&yaml, arguments).1);
    assert_eq!(selected(&["--only", "one"]), ["one pass"]);
    assert_eq!(selected(&["--only", "all"]), ["all fail", "one pass", "other pass"]);
    assert_eq!(selected(&["--include-tags", "night"]), ["one pass"]);
    assert_eq!(selected(&["--include-tags", "shop"]), ["all fail", "one pass", "other pass"]);
    assert_eq!(selected(&["--exclude-tags", "night"]), ["all fail", "other pass"]);
    let (_, checks) = report(&yaml, &["--only", "other"]);
    assert_eq!(checks[0]["tags"], serde_json::json!(["shop"]), "tags are inherited");
}

#[test]
fn what_connects_to_nothing_knows_the_parts() {
    let yaml = whole(
        "type: tcp, host: a.test, port: 1",
        "",
        "type: tcp, host: b.test, port: 2",
        "type: tcp, host: c.test, port: 3",
    );
    let rules = Agent::called("conn-check-export-fw", &yaml).run();
    for host in ["a.test", "b.test", "c.test"] {
        assert!(rules.out.contains(host), "{rules:?}");
    }
    let dry = run(&yaml, &["--dry-run", "--format=plain"]);
    assert_eq!(dry.out.lines().count(), 3, "{dry:?}");
    assert_eq!(run(&yaml, &["--validate", "--strict"]).status, 0);
}

#[test]
fn what_waits_for_a_failure_is_not_tried_and_says_for_which_in_every_format() {
    let (_peer, open) = open();
    let yaml = format!(
        "- {{{open}, name: shop, depends_on: [database]}}\n- {{{open}, name: database, depends_on: network}}\n\
         - {{{CLOSED}, name: network}}\n- {{{open}, name: alone}}\n"
    );
    let (status, checks) = report(&yaml, &[]);
    assert_eq!(status, 2);
    assert_eq!(verdicts(&checks), ["shop skip", "database skip", "network fail", "alone pass"]);
    assert_eq!(
        (text(&checks[0], "/reason"), &checks[0]["depends_on"]),
        ("dependency-failed", &serde_json::json!(["database"]))
    );
    for format in ["human", "plain", "nagios", "junit", "tap", "health"] {
        let ran = run(&yaml, &["--format", format]);
        assert!(ran.out.contains("not tried: `network` failed"), "{format}: {ran:?}");
        assert!(ran.out.contains("not tried: `database` was not tried, as `network` failed"), "{format}: {ran:?}");
    }
}

#[test]
fn what_is_not_selected_and_what_is_not_needed_is_not_waited_for() {
    let (_peer, open) = open();
    let yaml = format!("- {{{open}, name: shop, depends_on: database}}\n- {{{CLOSED}, name: database, tags: db}}\n");
    assert_eq!(verdicts(&report(&yaml, &["--exclude-tags", "db"]).1), ["shop pass"]);
    let yaml = format!("- {{{open}, name: shop, depends_on: one}}\n") + &whole(&open, "", CLOSED, CLOSED);
    assert_eq!(verdicts(&report(&yaml, &[]).1), ["shop pass", "all pass"]);
    assert_eq!(verdicts(&report(&yaml, &["--all-parts"]).1)[0], "shop skip");
}

#[test]
fn only_what_waits_is_held_up() {
    let (_peer, open) = open();
    let silent = Peer::start(Manner::Silent);
    let slow = format!("type: redis, host: 127.0.0.1, port: {}, timeout: 2", silent.port());
    let yaml =
        format!("- {{{slow}, name: slow}}\n- {{{open}, name: behind, depends_on: slow}}\n- {{{open}, name: free}}\n");
    let ran = run(&yaml, &["-U", "--format=plain"]);
    let place = |name: &str| ran.out.lines().position(|line| line.contains(name)).unwrap_or_else(|| panic!("{ran:?}"));
    assert!(place("(free)") < place("(slow) accepted") && place("(slow) accepted") <= place("(behind)"), "{ran:?}");
}

#[test]
fn one_check_at_a_time_of_a_host_and_one_in_all_are_enough_for_parts() {
    let (_peer, open) = open();
    let yaml = whole(CLOSED, "", &open, &format!("{open}, depends_on: one"))
        + &format!("- {{{open}, name: behind, depends_on: [one, other]}}\n");
    let (_, checks) = report(&yaml, &["--per-host=1", "--concurrency=1"]);
    assert_eq!(verdicts(&checks), ["all fail", "one pass", "other pass", "behind pass"]);
}

#[test]
fn the_end_of_the_run_convicts_nobody() {
    let (_peer, open) = open();
    let silent = Peer::start(Manner::Silent);
    let slow = format!("type: redis, host: 127.0.0.1, port: {}", silent.port());
    let ran = run(&whole(&slow, "", &open, &open), &["--max-timeout=1", "--format=json"]);
    let report = ran.json();
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(1), "{report}");
    assert!(ran.status == 2 && ran.elapsed < Duration::from_secs(3), "{ran:?}");
    let ran = run(&whole(CLOSED, "", &slow, &open), &["--max-timeout=1", "--format=json"]);
    let checks = ran.json()["checks"].clone();
    assert!(ran.status == 2 && ran.elapsed < Duration::from_secs(3), "{ran:?}");
    assert_eq!(verdicts(checks.as_array().map_or(&[], Vec::as_slice)), ["all fail", "one fail", "other pass"]);
}

#[test]
fn a_reference_that_leads_nowhere_is_a_diagnostic_at_its_place() {
    let check = |name: &str, more: &str| format!("- type: tcp\n  host: h\n  port: 1\n  name: {name}\n{more}");
    for (yaml, said, carets) in [
        (
            check("shop", "  depends_on: databse\n") + &check("database", ""),
            &["did you mean `database`?", "depends_on: databse"][..],
            1,
        ),
        (check("shop", "  depends_on: [x]\n"), &["no check has the name `x`", "write `name: x`"], 1),
        (check("shop", "  depends_on: shop\n"), &["waits for itself"], 1),
        (
            check("a", "  depends_on: b\n") + &check("b", "  depends_on: a\n"),
            &["the checks wait for each other: `a` for `b`, `b` for `a`"],
            1,
        ),
        (
            check("db", "") + &check("db", "  timeout: 3\n") + &check("shop", "  depends_on: db\n"),
            &["the name `db` stands at 2 checks", "checks.yaml:10 means one of them"],
            2,
        ),
        (check("a", "  depends_on: {x: y}\n"), &["`depends_on`: expected a name, found a mapping"], 1),
        (check("a", "  parts: x\n"), &["`parts`: expected a list of checks"], 1),
        (check("a", "  parts: []\n"), &["`parts`: expected a list of checks"], 1),
        (check("a", "  parts: [x]\n"), &["expected a check: a mapping with a `type`"], 1),
        (
            check("a", "  parts:\n    - {type: tcp, hots: h, port: 2}\n"),
            &["unknown option `hots`", "`host` is missing"],
            2,
        ),
        (
            check("a", "  parts:\n    - {type: tcp, host: h, port: 2, parts: [{type: tcp, host: h, port: 3}]}\n"),
            &["a part has no parts of its own"],
            1,
        ),
        (check("a", "  parts:\n    - include: x.yaml\n"), &["the parts of a check stand in its own file"], 1),
        (
            "- {type: redis, url: 'redis://a:1,b:2/', parts: [{type: tcp, host: h, port: 1}]}\n".to_owned(),
            &["several hosts"],
            1,
        ),
    ] {
        let ran = run(&yaml, &["--validate"]);
        assert!(ran.status == 3 && said.iter().all(|said| ran.err.contains(said)), "{yaml}: {}", ran.err);
        assert_eq!(ran.err.lines().filter(|line| line.contains('^')).count(), carets, "{yaml}: {}", ran.err);
    }
    let twice = check("db", "") + &check("db", "  timeout: 3\n");
    assert_eq!(run(&twice, &["--validate", "--strict"]).status, 0, "a doubled name that nobody refers to is none");
}

#[test]
fn names_are_found_across_files() {
    let (_peer, open) = open();
    let agent = Agent::new("- include: d/*.yaml\n- {type: tcp, host: 127.0.0.1, port: 1, name: network}\n");
    let _ = agent.scratch().folder("d");
    agent.scratch().write("d/a.yaml", format!("- {{{open}, name: shop, depends_on: network}}\n"));
    let ran = agent.args(["--format=json"]).run();
    assert_eq!(text(&ran.json()["checks"][0], "/reason"), "dependency-failed", "{ran:?}");
    let agent = Agent::new("- include: d/*.yaml\n");
    let _ = agent.scratch().folder("d");
    agent.scratch().write("d/a.yaml", format!("- {{{open}, name: shop, depends_on: network}}\n"));
    let ran = agent.args(["--validate"]).run();
    assert!(ran.status == 3 && ran.err.contains("d/a.yaml:1:"), "{ran:?}");
}

#[test]
fn nothing_of_a_part_that_may_be_secret_is_shown() {
    let yaml = "- type: tcp\n  host: h\n  port: 1\n  parts: [{type: redis, host: h, password: hunter2, prot: 1}]\n";
    let ran = run(yaml, &["--validate"]);
    assert!(ran.err.contains("unknown option `prot`") && !ran.err.contains("hunter2"), "{ran:?}");
}
