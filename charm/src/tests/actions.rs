//! The actions, in the three ways in which Juju runs them.

use crate::action::{self, Outcome};
use crate::host::RunAs;
use crate::host::memory::PUBLIC;
use crate::host::memory::juju::Context;
use crate::tests::world::World;
use serde_json::{Value, json};
use std::path::Path;

const UNIT: &str = "conn-check/0";
const FILE: &str = "/srv/checks.yaml";
const PROGRAM: &str = "/var/lib/juju/agents/unit-conn-check-0/charm/actions/conn-check-actions";
const RECORD: &str = "/var/lib/conn-check/conn-check-0/record.json";

fn deployed(text: &str) -> World {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.memory.file(FILE, text, PUBLIC);
    world.set_relation(UNIT, "conn-check:1", "config_path", FILE);
    world.boot(UNIT);
    world.memory.ran.clear();
    world
}

/// As an action of Juju.
fn act(world: &mut World, name: &str, parameters: &Value) -> Outcome {
    let variables = [("JUJU_UNIT_NAME", UNIT), ("JUJU_ACTION_NAME", name), ("JUJU_ACTION_UUID", "12")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let parameters = parameters.as_object().cloned();
    world.memory.juju.context = Context { unit: UNIT.to_owned(), variables, parameters, ..Context::default() };
    world.memory.steps.begin(None);
    action::run(&mut world.memory, name, Path::new(PROGRAM), &[]).expect("the tools work")
}

/// As a plain command; what the process becomes.
fn command(world: &mut World, name: &str, variables: &[(&str, &str)]) -> Option<Vec<String>> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    world.memory.juju.context = Context { unit: UNIT.to_owned(), variables, ..Context::default() };
    action::run(&mut world.memory, name, Path::new(PROGRAM), &[]).expect("no tool is used");
    let program = world.memory.became.take()?;
    assert_eq!(program.run_as, RunAs::User(world.memory.users["conn-check"].clone()), "never as root");
    let words = std::iter::once(&program.program).chain(&program.arguments);
    Some(words.map(|word| word.to_string_lossy().into_owned()).collect())
}

#[test]
fn an_action_sets_results_and_fails_with_what_failed() {
    let mut world = deployed(r#"[{"x": "fail"}]"#);
    assert_eq!(act(&mut world, "run-check", &json!({})), Outcome { text: None, status: 2 });
    let context = &world.memory.juju.context;
    assert_eq!(context.results["status"], "critical");
    assert_eq!(context.results["exit-code"], "2");
    assert_eq!((context.results["counts.pass"].as_str(), context.results["counts.fail"].as_str()), ("0", "1"));
    assert_eq!(context.results["summary"], "1 of 1 failed, first tcp db:1 connect.refused");
    assert_eq!(context.results["failures.1"], "tcp db:1 connect.refused: db:1 refused");
    assert_eq!(context.failure.as_deref(), Some("1 of 1 failed, first tcp db:1 connect.refused"));
    assert!(world.memory.text(RECORD).is_some());
}

#[test]
fn a_directory_in_the_place_of_the_last_result_does_not_stop_an_action() {
    let mut world = deployed(r#"[{"x": "fail"}]"#);
    world.memory.directory(&format!("{RECORD}/x"));
    act(&mut world, "run-check", &json!({}));
    assert_eq!(world.memory.juju.context.results["status"], "critical");
    assert!(world.memory.text(RECORD).is_some());
}

#[test]
fn an_action_that_is_ok_does_not_fail() {
    let mut world = deployed("[{}]");
    assert_eq!(act(&mut world, "run-check", &json!({})).status, 0);
    assert_eq!(world.memory.juju.context.results["status"], "ok");
    assert_eq!(world.memory.juju.context.failure, None);
}

#[test]
fn an_action_over_some_of_the_checks_is_not_the_last_result() {
    let mut world = deployed("[{}]");
    for parameters in [
        json!({"patterns": "tcp:*"}),
        json!({"patterns": ["tcp:*", " "]}),
        json!({"include-tags": ["a", "b"]}),
        json!({"include-tags": "a"}),
        json!({"exclude-tags": "a"}),
        json!({"max-timeout": 0.1}),
    ] {
        act(&mut world, "run-check", &parameters);
        assert_eq!(world.memory.juju.context.results["status"], "ok", "{parameters}");
        assert_eq!(world.memory.text(RECORD), None, "{parameters}");
        assert_eq!(names(&world), Vec::<String>::new());
    }
}

#[test]
fn an_action_without_a_usable_file_fails_with_the_reason() {
    let mut world = deployed("[");
    assert_eq!(act(&mut world, "run-check", &json!({})).status, 3);
    assert_eq!(world.memory.juju.context.results["exit-code"], "3");
    assert_eq!(world.memory.juju.context.failure.as_deref(), Some("/srv/checks.yaml:1:2: this is not a list"));
    world.set_relation(UNIT, "conn-check:1", "config_path", "");
    world.hook(UNIT, "conn-check-relation-changed");
    let done = act(&mut world, "run-check", &json!({}));
    let why = "no checks yet: none came over the relation conn-check, and the option config is empty";
    assert_eq!(done, Outcome { text: Some(format!("CONN-CHECK UNKNOWN: {why}")), status: 3 });
    assert_eq!(world.memory.juju.context.failure.as_deref(), Some(why));
}

#[test]
fn an_action_without_a_usable_path_fails_with_what_the_status_says() {
    let mut world = deployed("[{}]");
    world.set_relation(UNIT, "conn-check:1", "config_path", "checks.yaml");
    world.hook(UNIT, "conn-check-relation-changed");
    act(&mut world, "run-check", &json!({}));
    let why = world.memory.juju.context.failure.clone();
    assert_eq!(why.as_deref(), Some("config_path checks.yaml of conn-check:1 is not an absolute path"));
    assert_eq!(why, Some(world.status(UNIT).1));
}

#[test]
fn tags_that_are_asked_for_stand_in_the_place_of_those_that_nagios_leaves_out() {
    let mut world = deployed("[{}]");
    world.memory.ran.clear();
    act(&mut world, "run-nagios-check", &json!({"include-tags": "a"}));
    assert_eq!(world.memory.juju.context.results["status"], "ok");
    let options = world.memory.agent_options.clone();
    assert_eq!(options, ["--format=nagios", "--max-timeout=10", "--include-tags=a"]);
    act(&mut world, "run-nagios-check", &json!({"include-tags": "a", "exclude-tags": "b"}));
    let why = world.memory.juju.context.failure.clone();
    assert_eq!(why.as_deref(), Some("include-tags and exclude-tags cannot be combined: use one of them"));
}

#[test]
fn the_last_result_is_one_of_the_file_in_use() {
    let mut world = deployed("[{}]");
    let after = |world: &mut World, path: &str| {
        world.memory.file("/srv/other.yaml", "[{}]", PUBLIC);
        world.set_relation(UNIT, "conn-check:1", "config_path", path);
        world.hook(UNIT, "conn-check-relation-changed");
        (world.memory.text(RECORD).is_some(), world.status(UNIT).1)
    };
    act(&mut world, "run-check", &json!({}));
    assert_eq!(after(&mut world, FILE), (true, "1 check, last run 2026-11-21 09:14Z: all passed".to_owned()));
    assert_eq!(after(&mut world, "/srv/other.yaml"), (false, "1 check, not run yet".to_owned()));
    act(&mut world, "run-check", &json!({}));
    assert!(after(&mut world, "other.yaml").0, "Nagios goes on with the file before");
    assert_eq!(after(&mut world, FILE), (false, "1 check, not run yet".to_owned()));
}

#[test]
fn under_juju_exec_an_action_is_a_plain_command() {
    let mut world = deployed("[{}]");
    let variables = [("JUJU_UNIT_NAME", UNIT), ("JUJU_ACTION_NAME", "juju-exec")];
    let agent = "/usr/local/lib/conn-check/units/conn-check-0/conn-check";
    assert_eq!(
        command(&mut world, "run-check", &variables).expect("it becomes the agent"),
        [agent, "--format=nagios", "--record", RECORD, "--", FILE]
    );
    let nagios =
        [agent, "--format=nagios", "--max-timeout=10", "--exclude-tags=no-nagios", "--record", RECORD, "--", FILE];
    assert_eq!(command(&mut world, "run-nagios-check", &variables).expect("it becomes the agent"), nagios);
}

#[test]
fn without_any_word_of_juju_the_unit_is_known_by_its_directory() {
    let mut world = deployed("[{}]");
    assert!(command(&mut world, "run-check", &[]).is_some());
}

#[test]
fn a_plain_command_with_nothing_to_run_is_unknown() {
    let mut world = World::new();
    let done = action::run(&mut world.memory, "run-check", Path::new("/tmp/x"), &[]).expect("no tool is used");
    assert_eq!(done.status, 3);
    assert_eq!(done.text.as_deref(), Some("CONN-CHECK UNKNOWN: not on a unit of the charm: use juju run UNIT ACTION"));
}

/// What is in the unit's directory of results.
fn names(world: &World) -> Vec<String> {
    world.memory.tree.children(Path::new("/var/lib/conn-check/conn-check-0"))
}

#[test]
fn a_warning_fails_an_action_only_where_that_is_asked_for() {
    let mut world = deployed(r#"[{"x": "warn"}]"#);
    for (parameters, status) in [(json!({}), 0), (json!({"fail-on": "failure"}), 0), (json!({"fail-on": "warning"}), 2)]
    {
        assert_eq!(act(&mut world, "run-check", &parameters).status, status, "{parameters}");
        let context = &world.memory.juju.context;
        assert_eq!((context.results["status"].as_str(), context.results["exit-code"].as_str()), ("warning", "1"));
        assert_eq!(context.results["summary"], "0 of 1 failed, 1 with warnings, first tcp db:1 time.slow");
        assert_eq!(context.failure.is_some(), status != 0, "{parameters}");
    }
}

#[test]
fn each_action_has_its_own_record_and_takes_away_what_a_cancelled_one_left() {
    let mut world = deployed(r#"[{"x": "fail"}]"#);
    for left in ["action.json", "action-11.json"] {
        world.memory.file(&format!("/var/lib/conn-check/conn-check-0/{left}"), "{}", PUBLIC);
    }
    act(&mut world, "run-check", &json!({"max-timeout": 5}));
    assert_eq!(world.memory.agent_record, "/var/lib/conn-check/conn-check-0/action-12.json");
    assert_eq!(names(&world), Vec::<String>::new());
    act(&mut world, "run-check", &json!({}));
    assert_eq!(names(&world), ["record.json"]);
}

#[test]
fn all_parts_are_run_when_that_is_said_in_whatever_form() {
    let mut world = deployed("[{}]");
    for given in [json!(true), json!("true")] {
        act(&mut world, "run-check", &json!({ "all-parts": given }));
        assert_eq!(world.memory.agent_options, ["--format=nagios", "--all-parts"]);
    }
    act(&mut world, "run-check", &json!({"all-parts": false}));
    assert_eq!(world.memory.agent_options, ["--format=nagios"]);
}

#[test]
fn patterns_and_tags_are_a_text_or_a_list() {
    let mut world = deployed("[{}]");
    act(&mut world, "run-check", &json!({"include-tags": ["a", "b"], "patterns": ["tcp:*", "two words"]}));
    assert_eq!(world.memory.agent_options, ["--format=nagios", "--include-tags=a,b"]);
    assert_eq!(world.memory.agent_patterns, ["tcp:*", "two words"]);
    act(&mut world, "run-nagios-check", &json!({"exclude-tags": ["c"], "patterns": " tcp:*  http:* "}));
    assert_eq!(world.memory.agent_options[2], "--exclude-tags=no-nagios,c");
    assert_eq!(world.memory.agent_patterns, ["tcp:*", "http:*"]);
}

#[test]
fn a_time_is_a_number_or_a_text_that_is_one() {
    let mut world = deployed("[{}]");
    for (given, option) in [(json!(0.5), "0.5"), (json!("5"), "5"), (json!(" 0.5 "), "0.5"), (json!("86400"), "86400")]
    {
        assert_eq!(act(&mut world, "run-check", &json!({ "max-timeout": given })).status, 0, "{given}");
        assert_eq!(world.memory.agent_options, ["--format=nagios", &format!("--max-timeout={option}")]);
    }
    for given in ["0", "0.0", "86401", "5m", "", "nan", "inf", "-1"] {
        let done = act(&mut world, "run-check", &json!({ "max-timeout": given }));
        let why = format!("max-timeout has to be more than 0 and at most 86400 seconds, and is {given}");
        assert_eq!(done, Outcome { text: Some(format!("CONN-CHECK UNKNOWN: {why}")), status: 3 });
    }
}

#[test]
fn an_action_may_wait_until_all_is_well() {
    let mut world = deployed("[{}]");
    act(&mut world, "run-check", &json!({"wait": 120, "max-timeout": "5"}));
    assert_eq!(world.memory.agent_options, ["--format=nagios", "--max-timeout=5", "--wait=120"]);
    let done = act(&mut world, "run-check", &json!({"wait": "5m"}));
    assert!(done.status == 3 && done.text.is_some_and(|text| text.contains("wait has to be more than 0")));
}

#[test]
fn arguments_are_refused_rather_than_ignored() {
    let mut world = deployed("[{}]");
    for variables in [&[("JUJU_UNIT_NAME", UNIT), ("JUJU_ACTION_NAME", "juju-exec")][..], &[]] {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        world.memory.juju.context = Context { unit: UNIT.to_owned(), variables, ..Context::default() };
        let further = ["--format=json".to_owned()];
        let done = action::run(&mut world.memory, "run-check", Path::new(PROGRAM), &further).expect("no tool is used");
        let text = "CONN-CHECK UNKNOWN: run-check takes no arguments, and was given `--format=json`: use juju run UNIT \
                    run-check KEY=VALUE..., or run conn-check itself";
        assert_eq!(done, Outcome { text: Some(text.to_owned()), status: 3 });
        assert!(world.memory.became.is_none());
    }
}

#[test]
fn the_journal_is_written_where_there_is_one() {
    let mut world = deployed("[{}]");
    act(&mut world, "run-check", &json!({}));
    assert_eq!(world.memory.agent_options, ["--format=nagios"]);
    world.memory.file("/run/systemd/journal/socket", "", PUBLIC);
    act(&mut world, "run-check", &json!({}));
    assert_eq!(world.memory.agent_options, ["--format=nagios", "--journal"]);
}

#[test]
fn without_the_user_conn_check_nothing_is_run_and_the_action_says_what_to_do() {
    let mut world = deployed("[{}]");
    world.memory.users.remove("conn-check");
    let why =
        "the user conn-check does not exist: the next hook of a unit creates it (update-status, every five minutes)";
    for name in ["run-check", "run-nagios-check"] {
        let done = act(&mut world, name, &json!({}));
        assert_eq!(done, Outcome { text: Some(format!("CONN-CHECK UNKNOWN: {why}")), status: 3 });
        let context = &world.memory.juju.context;
        assert_eq!((context.results["exit-code"].as_str(), context.failure.as_deref()), ("3", Some(why)));
        assert_eq!(command(&mut world, name, &[]), None, "it became the agent");
        assert!(world.memory.agent_options.is_empty() && names(&world).is_empty(), "it was run by root");
    }
}

#[test]
fn an_action_as_a_service_is_begun_by_root_alone_and_is_not_the_last_result() {
    let mut world = deployed("[{}]");
    for (given, argument) in [
        (json!("apache2.service"), "--as=apache2.service"),
        (json!(" postgresql@14-main.service "), "--as=postgresql@14-main.service"),
        (json!(4711), "--as=4711"),
        (json!("web/0"), "--as=web/0"),
    ] {
        assert_eq!(act(&mut world, "run-check", &json!({"as": given})).status, 0, "{given}");
        let options = &world.memory.agent_options;
        assert!(options.iter().any(|word| word == argument), "{options:?}");
        assert!(!options.iter().any(|word| word == "--journal"), "{options:?}");
    }
    assert!(world.memory.text(RECORD).is_none(), "that of the user conn-check alone is the last result");
}

#[test]
fn a_service_of_no_legal_name_is_refused() {
    for given in [json!(""), json!("--root=/x"), json!("a b"), json!("a\nb"), json!("x".repeat(256)), json!("$(id)")] {
        let mut world = deployed("[{}]");
        assert_eq!(act(&mut world, "run-nagios-check", &json!({"as": given})).status, 3, "{given}");
        let failure = world.memory.juju.context.failure.clone().unwrap_or_default();
        assert!(failure.starts_with("as has to be a unit of systemd"), "{failure}");
        assert!(!world.memory.agent_options.iter().any(|word| word.contains("--as")), "{given}");
    }
}
