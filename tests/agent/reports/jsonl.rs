//! Events, each of which says when it was and of which check.

use super::parsers::events;
use super::{Mix, conforms, event_schema, validator};
use harness::agent::Agent;
use serde_json::Value;

#[test]
fn every_event_is_as_the_schema_says_and_names_its_check() {
    let mix = Mix::start();
    for yaml in [mix.yaml(), mix.yaml().repeat(2)] {
        let out = Agent::new(&yaml).args(["--format=jsonl", "-t"]).run().out;
        events(&out);
        let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        for key in ["host", "version", "config", "time"] {
            assert!(lines[0][key].as_str().is_some_and(|value| !value.is_empty()), "{key}: {}", lines[0]);
        }
        // One that the file calls by a name, in what happens to it as in what comes of it.
        let cache: Vec<_> = lines.iter().filter(|line| line["label"] == "cache").collect();
        let phases = cache.iter().filter(|line| line["event"] == "phase").count();
        assert!(phases > 0 && phases < cache.len(), "{out}");
        assert!(cache.iter().all(|line| line["series"].as_str().is_some_and(|series| series.starts_with("cache"))));
        let finished = lines.iter().filter(|line| line["event"] == "finished");
        finished.for_each(|line| assert_eq!(line["series"], line["outcome"]["series"]));
    }
}

#[test]
fn the_series_of_json_are_those_of_prometheus() {
    let mix = Mix::start();
    let report = mix.run(&["--format=json"]).json();
    let metrics = mix.run(&["--format=prometheus"]).out;
    for check in report["checks"].as_array().expect("checks") {
        let series = check["series"].as_str().expect("a series");
        assert!(metrics.contains(&format!("series=\"{series}\"}}")), "{series}: {metrics}");
    }
}

#[test]
fn what_cannot_be_run_is_an_event_too() {
    let validator = validator(&event_schema());
    for bad in ["- x", "", "[", "type: tcp", "- {type: tcp, host: a b, port: x, y: 1}\n"] {
        let ran = Agent::new(bad).arg("--format=jsonl").run();
        let mut event = ran.json();
        conforms(&validator, &event);
        assert_eq!((ran.status, &event["event"], &event["verdict"]), (3, &"refused".into(), &"unknown".into()));
        event.as_object_mut().expect("an object").remove("time");
        assert!(!validator.is_valid(&event), "an event without a time");
    }
}
