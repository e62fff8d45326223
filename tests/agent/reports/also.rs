//! Several formats of one run.

use super::parsers::{events, exposition, well_formed};
use super::{conforms, report_schema, validator};
use harness::agent::Agent;
use harness::peers::Recorder;
use serde_json::Value;
use std::fs;

fn check(server: &Recorder) -> String {
    format!("- {{type: http, name: web, url: '{}'}}\n", server.url("/"))
}

/// What stands in a file of the agent's directory.
fn text(agent: &Agent, name: &str) -> String {
    fs::read_to_string(agent.scratch().path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn one_run_is_told_in_as_many_formats_as_are_asked_for() {
    let server = Recorder::start();
    let also = ["--also=junit=r.xml", "--also=json=r.json", "--also", "prometheus=r.prom", "--also=jsonl=r.jsonl"];
    let mut agent = Agent::new(&check(&server)).args(["--format=plain"]).args(also).arg("--record=record");
    let ran = agent.run();
    let plain = ran.out.lines().collect::<Vec<_>>();
    assert!((ran.status, ran.err.as_str()) == (0, "") && plain.len() == 2, "{ran:?}");
    assert!(plain.iter().all(|line| line.ends_with(" OK (web)")), "{ran:?}");
    assert_eq!(server.requests().len(), 1, "one run");
    well_formed(&text(&agent, "r.xml"));
    exposition(&text(&agent, "r.prom"));
    events(&text(&agent, "r.jsonl"));
    let report: Value = serde_json::from_str(&text(&agent, "r.json")).expect("JSON");
    conforms(&validator(&report_schema()), &report);
    let record: Value = serde_json::from_str(&text(&agent, "record")).expect("JSON");
    assert_eq!(report["checks"][0]["elapsed_seconds"], record["checks"][0]["elapsed_seconds"]);
    let elapsed = report["checks"][0]["elapsed_seconds"].as_f64().expect("a time");
    let metric = format!("name=\"web\",series=\"web\"}} {elapsed:.6}\n");
    assert!(text(&agent, "r.prom").contains(&metric), "{metric}");
}

#[test]
fn what_is_read_live_and_what_is_read_later_do_not_disturb_each_other() {
    let server = Recorder::start();
    let alone = Agent::new(&check(&server)).args(["--format=human"]).run().out.lines().count();
    let mut agent = Agent::new(&check(&server)).args(["--format=human", "--also=jsonl=r.jsonl", "--also=plain=r.txt"]);
    let ran = agent.run();
    assert_eq!((ran.status, ran.out.lines().count()), (0, alone), "{ran:?}");
    events(&text(&agent, "r.jsonl"));
    assert_eq!(text(&agent, "r.txt").lines().count(), 2, "each line once");
}

#[test]
fn it_replaces_a_file_whole_and_a_bad_file_of_checks_is_told_in_it() {
    for (format, is_told) in [("junit", true), ("json", true), ("prometheus", true), ("human", false)] {
        let mut agent = Agent::new("- {type: tcp, host: 'a b', port: 1}\n").arg(format!("--also={format}=old"));
        agent.scratch().write("old", "old");
        let ran = agent.run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{ran:?}");
        assert!(ran.err.contains("error[bad-value]"), "{ran:?}");
        assert_eq!(text(&agent, "old") != "old", is_told, "{format}: {}", text(&agent, "old"));
    }
    let mut agent = Agent::new("- {type: tcp, host: a, port: 1}\n").args(["--validate", "--also=tap=r.tap"]);
    assert_eq!(agent.run().status, 0);
    super::tap(&text(&agent, "r.tap"));
}

#[test]
fn a_place_that_cannot_be_is_told_before_anything_is_checked() {
    let server = Recorder::start();
    for (arguments, told) in [
        (&["--also=json=/not/there/r"][..], "--also /not/there/r: No such file"),
        (&["--also=json=/"], "--also /: Is a directory"),
        (&["--also=json=checks.yaml/r"], "--also checks.yaml/r: Not a directory"),
        (&["-o", "/not/there/r"], "--output /not/there/r: No such file"),
        (&["--also=json=r", "--also=junit=./r"], "two of --also name the same file"),
        (&["--also=json=r", "-o", "../r/../r"], "--output ../r/../r: "),
        (&["--also=json=r", "-o", "r"], "--output and --also name the same file"),
        (&["--also=json=r", "--record", "./r"], "--record and --also name the same file"),
        (&["--also=json=-"], "--also wants a file"),
        (&["-o", "-"], "--output wants a file"),
        (&["--also=json"], "FORMAT=FILE"),
        (&["--also=json="], "FORMAT=FILE"),
        (&["--also=xml=r"], "human, plain, nagios"),
    ] {
        let mut agent = Agent::new(&check(&server)).args(arguments.iter().copied());
        let ran = agent.run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(told), "{arguments:?}: {ran:?}");
        assert!(!agent.scratch().path().join("r").exists(), "{arguments:?}");
    }
    assert_eq!(server.peer().connections(), 0, "nothing was checked");
}

#[test]
fn one_that_cannot_be_written_after_all_does_not_hide_the_result() {
    let server = Recorder::start();
    let ran = Agent::new(&check(&server)).args(["--also=json=/dev/full"]).run();
    assert!(ran.status == 3 && ran.out.lines().count() == 2, "{ran:?}");
    assert!(ran.err.contains("--also /dev/full: ") && ran.err.lines().count() == 1, "{ran:?}");
    // What failed has failed all the same.
    let failing = "- {type: tcp, host: 127.0.0.1, port: 1}\n";
    assert_eq!(Agent::new(failing).args(["--also=json=/dev/full"]).run().status, 2);
}

#[test]
fn firewall_rules_are_no_result() {
    let mut agent = Agent::called("conn-check-export-fw", "- {type: tcp, host: a, port: 1}\n").arg("--also=json=r");
    assert_eq!(agent.run().status, 0);
    assert!(!agent.scratch().path().join("r").exists());
}
