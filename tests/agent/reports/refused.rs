//! A file that cannot be run: every format says so, and no older report is emptied by it.

use super::parsers::{exposition, well_formed};
use super::{conforms, event_schema, report_schema, validator};
use conn_check::report::FORMATS;
use harness::agent::{Agent, Ran};
use serde_json::Value;
use std::fs;

const BAD: &str = "- {type: tcp, host: 'a b', port: 1}\n- {type: tcp, host: \"#\", port: x}\n";
const GOOD: &str = "- {type: tcp, host: 127.0.0.1, port: 1}\n- {type: tcp, host: 127.0.0.1, port: 2}\n";

/// A run over an older report and an older record: how it went, and what stands there then.
fn over_old(yaml: &str, arguments: &[&str]) -> (Ran, String, String) {
    let mut agent = Agent::new(yaml).args(["-o", "report", "--record", "record"]).args(arguments);
    let [report, record] = ["report", "record"].map(|name| agent.scratch().write(name, "old"));
    let ran = agent.run();
    assert_eq!(ran.out, "", "{arguments:?}");
    let text = |path| fs::read_to_string(path).expect("it is there");
    (ran, text(report), text(record))
}

/// What a format has to say of [`BAD`].
fn tells_the_refusal(format: &str, text: &str) {
    match format {
        "health" | "human" | "plain" => assert_eq!(text, "old", "what says nothing leaves the old report alone"),
        "nagios" => {
            assert!(text.starts_with("CONN-CHECK UNKNOWN: 3 problems in the checks file - checks.yaml:1:"), "{text}");
            assert_eq!(text.lines().count(), 3, "{text}");
        }
        "json" => is_refusal(&serde_json::from_str(text).expect("JSON")),
        "jsonl" => {
            let mut line: Value = serde_json::from_str(text).expect("JSON");
            conforms(&validator(&event_schema()), &line);
            let keys = line.as_object_mut().expect("an object");
            assert_eq!(keys.remove("event"), Some("refused".into()), "{text}");
            keys.remove("time");
            is_refusal(&line);
        }
        "junit" => {
            well_formed(text);
            assert!(text.contains("errors=\"1\"") && text.contains("<error type=\"bad-value\""), "{text}");
            assert_eq!(text.matches("[bad-value]").count(), 4, "{text}");
        }
        "tap" => {
            assert!(text.starts_with("TAP version 13\n# checks.yaml:1:"), "{text}");
            let last = text.lines().last().expect("a line");
            assert!(last.starts_with("Bail out! 3 problems in the checks file - checks.yaml:1:"), "{text}");
            assert!(!text.contains("\nok") && !text.contains("\nnot ok"), "{text}");
        }
        "prometheus" => {
            let info = concat!("conn_check_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}").to_owned();
            let others = ["conn_check_config_valid", "conn_check_run_timestamp_seconds"].map(str::to_owned);
            assert_eq!(exposition(text), others.into_iter().chain([info]).collect());
            assert!(text.contains("\nconn_check_config_valid 0\n"), "{text}");
        }
        new => panic!("what does {new} say of a file that cannot be run?"),
    }
}

/// The object in which a refusal is told, with everything that is wrong.
fn is_refusal(object: &Value) {
    conforms(&validator(&report_schema()), object);
    assert_eq!((&object["verdict"], &object["checks"]), (&"unknown".into(), &Value::Null), "{object}");
    assert!(object["config"].as_str().is_some_and(|config| config.ends_with("checks.yaml")), "{object}");
    assert_eq!(object["diagnostics"].as_array().map(Vec::len), Some(3), "{object}");
}

#[test]
fn a_refused_file_is_told_in_every_format_and_empties_no_old_report() {
    for format in FORMATS.map(|format| format.name) {
        let (ran, report, record) = over_old(BAD, &["--format", format]);
        assert_eq!(ran.status, 3, "{format}: {ran:?}");
        tells_the_refusal(format, &report.replace(&folder(&report), ""));
        is_refusal(&serde_json::from_str(&record).expect("JSON"));
        // Whoever reads no report reads standard error.
        let told = ran.err.matches("error[bad-value]").count();
        assert_eq!(told, if ["nagios", "json", "jsonl"].contains(&format) { 0 } else { 3 }, "{format}: {ran:?}");
    }
}

/// The folder in front of the file's name, wherever it stands.
fn folder(text: &str) -> String {
    let path = text.find("checks.yaml").map_or("", |end| &text[..end]);
    path.rfind(|c: char| c.is_whitespace() || c == '"').map_or("", |begin| &path[begin + 1..]).to_owned()
}

#[test]
fn what_was_not_meant_to_be_run_takes_the_place_of_no_record() {
    for (arguments, status) in [
        (&["--validate", "--format=json"][..], 3),
        (&["--dry-run", "--format=json"], 3),
        (&["--dry-run", "--format=json", "no such name"], 3),
    ] {
        let (ran, report, record) = over_old(BAD, arguments);
        assert_eq!((ran.status, record.as_str()), (status, "old"), "{arguments:?}");
        is_refusal(&serde_json::from_str(&report).expect("JSON"));
    }
    // With nothing selected there is nothing to run, and whoever waits for a result hears of it.
    let (ran, _, record) = over_old(GOOD, &["--format=json", "no such name"]);
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!((ran.status, &record["diagnostics"][0]["code"]), (3, &"nothing-selected".into()), "{record}");
}

#[test]
fn a_refused_file_leaves_the_records_of_other_programs_alone() {
    let mut agent = Agent::called("conn-check-export-fw", BAD).args(["--record", "record", "--journal"]);
    let record = agent.scratch().write("record", "old");
    let ran = agent.run();
    assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(!ran.err.contains("--journal"), "{ran:?}");
    assert_eq!(fs::read_to_string(record).expect("it is there"), "old");
}

#[test]
fn a_valid_file_is_told_in_every_format() {
    for format in FORMATS.map(|format| format.name) {
        let (ran, report, record) = over_old(GOOD, &["--validate", "--format", format]);
        assert_eq!((ran.status, ran.err.as_str(), record.as_str()), (0, "", "old"), "{format}");
        match format {
            "json" | "jsonl" => {
                let object: Value = serde_json::from_str(&report).expect("JSON");
                let schema = if format == "json" { report_schema() } else { event_schema() };
                conforms(&validator(&schema), &object);
                assert_eq!(object["verdict"], "pass");
            }
            "junit" => well_formed(&report),
            "tap" => super::tap(&report),
            "prometheus" => assert!(report.ends_with("\nconn_check_config_valid 1\n"), "{report}"),
            _ => {}
        }
        assert!(["json", "jsonl", "prometheus"].contains(&format) || report.contains("is valid: 2 checks"), "{report}");
    }
}

#[test]
fn a_run_says_that_its_file_is_valid() {
    let (_, report, _) = over_old(GOOD, &["--format=prometheus"]);
    assert!(report.contains("\nconn_check_config_valid 1\n"), "{report}");
}

#[test]
fn each_program_speaks_under_its_own_name() {
    let ran = Agent::called("conn-check-export-fw", GOOD).args(["--include-tags=typo,x"]).run();
    assert_eq!(ran.status, 3, "{ran:?}");
    let tagged = GOOD.replacen("port: 1", "port: 1, tags: [x]", 1);
    let ran = Agent::called("conn-check-export-fw", &tagged).args(["--include-tags=typo,x"]).run();
    let note = "conn-check-export-fw: note: no check has the tag `typo`\n";
    assert_eq!((ran.status, ran.err.as_str()), (0, note), "{ran:?}");
}
