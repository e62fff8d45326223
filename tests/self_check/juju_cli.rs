//! The operator's command line in Juju's double, with a charm of shell scripts.

use crate::juju::deployed;
use harness::juju::cli::Release::{V2_9, V3, V4};
use harness::juju::cli::Said;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Fails as it is told, with an exit status or by the tool.
const ACTION: &str = "case $0 in */hooks/*) exit 0;; esac\necho out; action-set a.b=1\n\
     case $(action-get --format=json format) in *fail*) action-fail -- no;; *exit*) exit 2;; esac";

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[test]
fn a_client_fails_for_an_exit_status_and_not_for_a_word() {
    let (juju, _, _) = deployed(ACTION);
    let run = |format: &str| juju.cli(V3, &["run", "little/0", "run-check", format, "--format", "json"]);
    let said = run("format=plain");
    let results = json!({"a": {"b": "1"}, "return-code": 0, "stdout": "out\n"});
    assert_eq!((said.code, &json_of(&said)["little/0"]["results"]), (0, &results), "{said:?}");
    let said = run("format=fail");
    let task = json_of(&said)["little/0"].clone();
    assert_eq!((said.code, &task["status"], &task["message"]), (0, &json!("failed"), &json!("no")), "{said:?}");
    let said = run("format=exit");
    let task = json_of(&said)["little/0"].clone();
    assert_eq!((said.code, &task["status"], &task["message"]), (1, &json!("failed"), &json!("exit status 2")));
    assert!(said.err.contains("the following task failed:\n - id \"2\" with return code 2\n"), "{said:?}");
    let said = juju.cli(V3, &["run", "little/0", "run-check", "format=exit"]);
    assert_eq!(said.out, "Action id 2 failed: exit status 2\na:\n  b: '1'\n\nout\n");
}

#[test]
fn the_client_of_2_9_has_other_names_and_never_fails() {
    let (juju, _, _) = deployed(ACTION);
    let words = ["run-action", "little/0", "run-check", "format=exit", "--wait", "--format", "json"];
    let said = juju.cli(V2_9, &words);
    let task = &json_of(&said)["unit-little-0"];
    assert_eq!((said.code, &task["UnitId"]), (0, &json!("little/0")), "{said:?}");
    assert_eq!(task["results"], json!({"a": {"b": "1"}, "Stdout": "out\n", "ReturnCode": 2}));
    let said = juju.cli(V2_9, &["run", "--unit", "little/0", "--format", "json", "echo x; exit 2"]);
    assert_eq!((said.code, json_of(&said)), (0, json!([{"UnitId": "little/0", "Stdout": "x\n", "ReturnCode": 2}])));
    let said = juju.cli(V2_9, &["run", "--unit", "little/0", "echo x; exit 2"]);
    assert_eq!((said.code, said.out.as_str()), (2, "x\n"));
}

#[test]
fn a_command_by_exec_completes_whatever_its_exit_status_and_the_client_fails() {
    let (juju, _, _) = deployed(ACTION);
    let said = juju.cli(V3, &["exec", "--unit", "little/0", "--format", "json", "--", "echo x;", "exit 2"]);
    let task = &json_of(&said)["little/0"];
    assert_eq!((said.code, &task["status"]), (1, &json!("completed")), "{said:?}");
    assert_eq!(task["results"], json!({"return-code": 2, "stdout": "x\n"}));
}

#[test]
fn parameters_are_yaml_unless_they_are_said_to_be_strings() {
    let (juju, _, _) = deployed("action-get --format=json format");
    let run = |words: &[&str]| juju.cli(V3, &[&["run", "little/0", "run-check", "--format=json"], words].concat());
    let said = run(&["format=*http*"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.starts_with("ERROR yaml: did not find expected alphabetic or numeric character"), "{said:?}");
    for refused in ["format=on", "format=5", "format=- x"] {
        let said = run(&[refused]);
        assert_eq!((said.code, said.out.as_str()), (0, "{}\n"), "{refused}: {said:?}");
        assert!(said.err.contains("validation failed"), "{refused}: {said:?}");
        assert_eq!(json_of(&run(&["--string-args", refused]))["little/0"]["status"], "completed");
        let said = juju.cli(V4, &["run", "little/0", "run-check", "--format=json", refused]);
        assert_eq!((said.code, &json_of(&said)["little/0"]["status"]), (1, &json!("error")));
    }
    for (words, text) in [(&["format='*http*'"][..], "*http*"), (&["--string-args", "format=*http*"], "*http*")] {
        assert_eq!(json_of(&run(words))["little/0"]["results"]["stdout"], format!("\"{text}\"\n"));
    }
}

#[test]
fn a_client_waits_for_a_minute_or_as_long_as_it_is_told_and_says_nothing_else_when_that_is_over() {
    let (juju, _, _) = deployed("case $0 in */hooks/*) exit 0;; esac; sleep 0.3; echo done > ../done");
    let run = |wait: &str| juju.cli(V3, &["run", "little/0", "run-check", "--format", "json", wait]);
    let said = run("--wait=100ms");
    let why = "ERROR timed out waiting for results from: unit little/0\n";
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (1, "", why));
    assert!(juju.machine().charm("little/0").join("../done").exists(), "the action goes on");
    let said = run("--wait=5m");
    assert_eq!((said.code, &json_of(&said)["little/0"]["status"]), (0, &json!("completed")));
    let said = run("--wait=5");
    assert_eq!(said.code, 1);
    assert!(said.err.contains("invalid duration"), "{said:?}");
}

#[test]
fn a_task_in_the_background_is_named_and_shown_later() {
    let (juju, _, _) = deployed(ACTION);
    let said = juju.cli(V3, &["run", "little/0", "run-check", "format=exit", "--background", "--format", "json"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{said:?}");
    assert!(said.err.contains("juju show-task 2"), "{said:?}");
    let said = juju.cli(V3, &["show-task", "2", "--format", "json"]);
    let task = json_of(&said);
    assert_eq!((said.code, &task["status"], &task["results"]["return-code"]), (0, &json!("failed"), &json!(2)));
    assert_eq!(juju.cli(V3, &["show-task", "7", "--format", "json"]).code, 1);
}

#[test]
fn an_action_that_has_ended_before_it_is_cancelled_is_what_it_is() {
    let (juju, _, _) = deployed(&format!("{ACTION}; echo $$ > ../ended.draft; mv ../ended.draft ../ended"));
    let file = juju.machine().charm("little/0").join("../ended");
    // It waits for its parent to hear of its end (proc(5), "stat").
    let has_ended = || {
        let process = fs::read_to_string(&file).unwrap_or_default();
        fs::read_to_string(format!("/proc/{}/stat", process.trim())).is_ok_and(|stat| stat.contains(") Z "))
    };
    for (format, status, message) in [("plain", "completed", ""), ("fail", "failed", "no")] {
        let run = juju.cancelled("little/0", "run-check", &json!({ "format": format }), has_ended).expect("an action");
        assert_eq!((run.status, run.message.as_str(), run.code), (status, message, 0), "{run:?}");
        fs::remove_file(&file).expect("it has ended");
    }
}

#[test]
fn a_cancelled_action_is_killed_alone() {
    let script = "case $0 in */hooks/*) exit 0;; esac\n(sleep 300 & echo $! > ../child; wait) & wait";
    let (juju, _, _) = deployed(script);
    let child = juju.machine().charm("little/0").join("../child");
    let pid = || fs::read_to_string(&child).unwrap_or_default().trim().to_owned();
    let run = juju.cancelled("little/0", "run-check", &json!({}), || !pid().is_empty()).expect("an action");
    assert_eq!((run.status, run.message.as_str(), run.code), ("aborted", "terminated", -1));
    assert!(Path::new("/proc").join(pid()).exists(), "what it has started goes on");
    let number = pid().parse().expect("a number");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(number), nix::sys::signal::Signal::SIGKILL).expect("it ends");
}
