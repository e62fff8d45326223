//! `--wait` with other options: formats, files of results, what is selected, and what does not go with it.

use super::{LONG, Waiting, open, tcp};
use crate::reports::{conforms, event_schema, report_schema, validator};
use harness::agent::Agent;
use harness::peers::{Manner, Peer};
use harness::ports;
use harness::wait;
use serde_json::Value;
use std::time::Duration;

#[test]
fn formats_of_one_object_say_nothing_before_the_end() {
    for format in ["nagios", "json", "junit", "tap", "prometheus", "health"] {
        let port = ports::free();
        let ran = Agent::new(&tcp(&port)).args(["--format", format, "--wait=1"]).run();
        let status = if format == "health" { 1 } else { 2 };
        assert_eq!((ran.status, ran.err.as_str()), (status, ""), "{format}: {ran:?}");
        assert!(ran.out.contains(&port.number().to_string()), "{format}: {ran:?}");
    }
    let port = ports::free();
    for quiet in ["--quiet", "--brief"] {
        let ran = Agent::new(&tcp(&port)).args([quiet, "--wait=1"]).run();
        assert_eq!((ran.status, ran.err.as_str()), (2, ""), "{quiet}: {ran:?}");
    }
}

#[test]
fn the_report_of_a_wait_conforms_to_the_schema_and_has_the_last_of_each_check() {
    let (port, peer) = (ports::free(), Peer::start(Manner::Silent));
    let yaml = tcp(&port) + &format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    let arguments =
        ["--format=plain", LONG, "--also=json=report.json", "--also=junit=report.xml", "--record=record.json"];
    let waiting = Waiting::start(&yaml, &arguments);
    waiting.until_said("waiting for 1 of 2 checks");
    let path = |name: &str| waiting.agent.scratch().path().join(name);
    let (json, junit, record) = (path("report.json"), path("report.xml"), path("record.json"));
    assert!(!record.exists() && !json.exists(), "what is half known is no result");
    let _late = open(&port);
    wait::until("the record", || record.is_file());
    let read = |path| std::fs::read_to_string(path).expect("a file");
    let (json, junit, record) = (read(json), read(junit), read(record));
    let ran = waiting.end();
    assert_eq!(ran.status, 0, "{ran:?}");
    let (json, record): (Value, Value) =
        (serde_json::from_str(&json).expect("JSON"), serde_json::from_str(&record).expect("JSON"));
    conforms(&validator(&report_schema()), &json);
    assert_eq!((&json["wait"], &json["check_counts"]["pass"]), (&record["wait"], &2.into()), "{json:#}");
    let longest = json["checks"][0]["elapsed_seconds"].as_f64();
    assert!(json["elapsed_seconds"].as_f64() > longest, "the time is that of all rounds: {json:#}");
    assert!(junit.contains("tests=\"2\" failures=\"0\""), "{junit}");
}

#[test]
fn events_of_later_rounds_are_those_that_change_something() {
    let (port, peer) = (ports::free(), Peer::start(Manner::Silent));
    let yaml = tcp(&port) + &format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    let waiting = Waiting::start(&yaml, &["--format=jsonl", LONG, "--stable=2"]);
    wait::until("the first round", || peer.connections() > 0);
    let _late = open(&port);
    let ran = waiting.end();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    let validator = validator(&event_schema());
    let events: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for event in &events {
        let errors: Vec<_> = validator.iter_errors(event).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{event}: {errors:?}");
    }
    let finished: Vec<_> = events.iter().filter(|event| event["event"] == "finished").collect();
    let of = |check: u64| -> Vec<&str> {
        let of_check = finished.iter().filter(|event| event["check"] == check);
        of_check.filter_map(|event| event["outcome"]["verdict"].as_str()).collect()
    };
    assert_eq!((of(0).last(), of(1)), (Some(&"pass"), vec!["pass"]), "{}", ran.out);
    assert!(of(0).len() <= 2, "{}", ran.out);
    let summary = events.last().expect("a line");
    assert_eq!((&summary["event"], &summary["wait"]["ended"]), (&"summary".into(), &"well".into()), "{summary}");
    assert_eq!(summary["check_counts"]["pass"], 2, "{summary}");
}

#[test]
fn unbuffered_lines_of_later_rounds_are_those_that_change_something() {
    let (port, peer) = (ports::free(), Peer::start(Manner::Silent));
    let yaml = tcp(&port) + &format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    let waiting = Waiting::start(&yaml, &["--format=plain", "-U", LONG]);
    waiting.until_said("waiting for 1 of 2 checks");
    let _late = open(&port);
    let ran = waiting.end();
    assert_eq!(ran.status, 0, "{ran:?}");
    let lines = |part: &str| ran.out.lines().filter(|line| line.contains(part)).count();
    let (late, there) = (port.address().to_string(), peer.address().to_string());
    assert_eq!((lines(&format!("{late} FAILED")), lines(&format!("{late} OK"))), (1, 1), "{ran:?}");
    assert_eq!(lines(&there), 1, "{ran:?}");
}

#[test]
fn only_what_is_selected_is_waited_for_in_all_files() {
    let (closed, late, there) = (ports::free(), ports::free(), Peer::start(Manner::Silent));
    let tagged = |port: u16, tag: &str| format!("- {{type: tcp, host: 127.0.0.1, port: {port}, tags: [{tag}]}}\n");
    let agent = tagged(closed.number(), "other") + &tagged(there.port(), "mine");
    let second = harness::scratch::Scratch::new();
    let file = second.write("second.yaml", tagged(late.number(), "mine"));
    let file = file.display().to_string();
    let waiting = Waiting::start(&agent, &[&file, "--format=json", "--include-tags=mine", LONG]);
    wait::until("the first round", || there.connections() > 0);
    let _late = open(&late);
    let ran = waiting.end();
    let report = ran.json();
    assert_eq!((ran.status, &report["wait"]["ended"]), (0, &"well".into()), "{report:#}");
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(2), "{report:#}");
    assert_eq!(there.connections(), 1, "what is well is not asked again");
}

#[test]
fn what_nothing_depends_on_is_not_waited_for() {
    let port = ports::free();
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}, critical: false}}\n", port.number());
    let ran = Agent::new(&yaml).args(["--format=json", LONG]).run();
    assert_eq!((ran.status, &ran.json()["wait"]["rounds"]), (1, &1.into()), "{ran:?}");
}

#[test]
fn a_port_that_has_to_be_closed_is_waited_for() {
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}, expect_failure: connect.refused}}\n", peer.port());
    let waiting = Waiting::start(&yaml, &["--format=plain", LONG]);
    waiting.until_said("[request.not-failed]");
    drop(peer);
    let ran = waiting.end();
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("note: as expected: "), "{ran:?}");
}

#[test]
fn who_only_reads_or_rehearses_does_not_wait() {
    let port = ports::free();
    for (only, status) in [("--dry-run", 0), ("--validate", 0)] {
        let ran = Agent::new(&tcp(&port)).args(["--format=plain", LONG, only]).run();
        assert!(ran.status == status && ran.err.is_empty(), "{only}: {ran:?}");
        assert!(ran.elapsed < Duration::from_secs(5), "{only}: {ran:?}");
    }
}

#[test]
fn what_does_not_go_with_a_wait_is_refused() {
    let port = ports::free();
    let yaml = tcp(&port);
    for (arguments, said) in [
        (&["--wait=1", "--as=www-data"][..], "cannot be used with"),
        (&["--stable=3"], "--wait <TIME>"),
        (&["--wait=1", "--stable=0"], "1 or more"),
        (&["--wait=soon"], "120, 120s, 2m, 1h"),
        (&["--wait=-1"], "120, 120s, 2m, 1h"),
        (&["--wait=2d"], "at most a day"),
        (&["--wait"], "a value is required"),
        (&["--retry=3"], "'--wait TIME'"),
    ] {
        let ran = Agent::new(&yaml).args(arguments.iter().copied()).run();
        assert!(ran.status == 3 && ran.err.contains(said), "{arguments:?}: {ran:?}");
    }
    let ran = Agent::called("conn-check-serve", &yaml).arg("--wait=5").run();
    assert!(ran.status == 3 && ran.err.contains("--wait"), "{ran:?}");
}

#[test]
fn times_are_written_in_seconds_or_with_a_unit() {
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    for time in ["120", "120s", "2m", "2 min", "0.5", "1h", "0"] {
        let ran = Agent::new(&yaml).args(["--format=plain", "--wait", time]).run();
        assert!(ran.status == 0 && ran.err.is_empty(), "{time}: {ran:?}");
    }
}
