//! Records in the journal, by a journald of the test's own.

use harness::agent::{Agent, program};
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use serde_json::Value;
use std::process::Command;

const SCRIPT: &str = include_str!("journal.sh");

/// The records that a run with `--journal` leaves, and its exit status.
fn journal_of(yaml: &str) -> (Vec<Value>, Option<i32>) {
    let scratch = Scratch::new();
    let (file, journal) = (scratch.write("checks.yaml", yaml), scratch.path().join("journal"));
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", SCRIPT, "sh"]).arg(program()).arg(file).arg(&journal);
    let ran = command.output().expect("unshare");
    let text = std::fs::read_to_string(&journal).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), ran.status.code())
}

#[test]
fn failures_warnings_and_the_run_are_records_with_fields() {
    let slow = Peer::start(Manner::Silent);
    let refusal = b"HTTP/1.1 401 for user hunter2-Correct\r\nContent-Length: 0\r\n\r\n";
    let parrot = Peer::start(Manner::Answers(vec![(b"GET".to_vec(), refusal.to_vec())]));
    let yaml = format!(
        "- {{type: tcp, host: 127.0.0.1, port: 1}}\n- {{type: tcp, host: 127.0.0.1, port: {}, warn_after: 0.000001}}\n\
         - {{type: http, url: 'http://127.0.0.1:{}/', auth: [user, hunter2-Correct]}}\n",
        slow.port(),
        parrot.port()
    );
    let (records, status) = journal_of(&yaml);
    assert_eq!(status, Some(2), "{records:?}");
    let [refused, late, rejected, run] = &records[..] else { panic!("{records:?}") };
    let field = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(field(refused, "CONN_CHECK_TYPE"), "tcp");
    assert_eq!(field(refused, "CONN_CHECK_TARGET"), "127.0.0.1:1");
    assert_eq!(field(refused, "CONN_CHECK_RESULT"), "tcp:127.0.0.1:1");
    assert_eq!(field(refused, "CONN_CHECK_CODE"), "connect.refused");
    assert_eq!(
        (field(refused, "CONN_CHECK_PHASE"), field(refused, "CONN_CHECK_OWNER")),
        ("connect".into(), "service".into())
    );
    assert_eq!(
        (field(refused, "PRIORITY"), field(late, "PRIORITY"), field(run, "PRIORITY")),
        ("3".into(), "4".into(), "5".into())
    );
    assert!(field(refused, "CONN_CHECK_NEXT_STEP").starts_with("see whether the service runs"), "{refused}");
    assert_eq!(
        (field(late, "CONN_CHECK_CODE"), field(late, "CONN_CHECK_OWNER")),
        ("run.slow".into(), "service".into())
    );
    assert!(field(late, "CONN_CHECK_NEXT_STEP").starts_with("see with --duration"), "{late}");
    assert_eq!(field(rejected, "CONN_CHECK_CODE"), "auth.rejected");
    assert_eq!((field(run, "CONN_CHECK_VERDICT"), field(run, "CONN_CHECK_FAIL")), ("fail".into(), "2".into()));
    assert!(!format!("{records:?}").contains("hunter2"), "{records:?}");
}

#[test]
fn a_file_that_cannot_be_run_is_a_record() {
    let (records, status) = journal_of("- {type: tcp, host: 'a b', port: 1}\n- x");
    assert_eq!(status, Some(3), "{records:?}");
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&record["PRIORITY"], &record["CONN_CHECK_CODE"]), (&"3".into(), &"bad-value".into()), "{record}");
    assert_eq!(record["CONN_CHECK_VERDICT"], "unknown");
    assert!(record["CONN_CHECK_CONFIG"].as_str().is_some_and(|config| config.ends_with("checks.yaml")), "{record}");
    assert!(
        record["MESSAGE"].as_str().is_some_and(|text| text.starts_with("2 problems in the checks file")),
        "{record}"
    );
}

#[test]
fn without_a_journal_the_checks_count_all_the_same() {
    // No systemd runs where the tests run; a machine that has one takes the records.
    let ran = Agent::new("- {type: tcp, host: 127.0.0.1, port: 1}").arg("--journal").run();
    assert_eq!(ran.status, 2, "{ran:?}");
    let told = ran.err.contains("--journal: there is no journal here");
    assert_eq!(told, !std::path::Path::new("/run/systemd/journal/socket").exists(), "{ran:?}");
}
