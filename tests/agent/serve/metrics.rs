//! The metrics, read by the strict parser of Prometheus' own client.

use super::{peer, refused, tcp};
use harness::serve::Serving;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Reads metrics and prints each family with its samples: `NAME KIND COUNT`.
const PARSER: &str = "
import sys
from prometheus_client.openmetrics import parser
from prometheus_client import parser as older
kind, text = sys.argv[1], sys.stdin.read()
read = parser.text_string_to_metric_families if kind == 'open' else older.text_string_to_metric_families
for family in read(text):
    print(family.name, family.type, len(family.samples))
";

fn parsed(kind: &str, text: &str) -> Result<String, String> {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/prometheus-client/bin/python");
    assert!(python.exists(), "{} is not there: cargo xtask test makes it", python.display());
    let mut child = Command::new(python)
        .args(["-c", PARSER, kind])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the parser starts");
    child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("its end");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

#[test]
fn the_strict_parser_takes_the_metrics_in_both_syntaxes_whatever_the_names_are() {
    let peer = peer();
    let yaml = tcp("'a \"quoted\" name \\ with {braces}, a=b'", peer.port(), ", tags: ['x\"y', b]")
        + &refused("cache", ", critical: false")
        + &tcp("slow", peer.port(), ", warn_after: 0.000001");
    let serving = Serving::start(&yaml, &[]);
    let _first = serving.get("/ht/");
    let open = serving.accepting("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assert!(open.head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{}", open.head);
    let families = parsed("open", &open.body).unwrap_or_else(|why| panic!("{why}\n{}", open.body));
    for family in [
        "conn_check_success gauge 3",
        "conn_check_critical gauge 3",
        "conn_check_failure gauge 1",
        "conn_check_warning_info gauge 1",
        "conn_check_ready gauge 1",
    ] {
        assert!(families.lines().any(|line| line == family), "{family}: {families}");
    }
    let not_critical = |line: &str| line.starts_with("conn_check_critical{") && line.ends_with(" 0");
    assert_eq!(open.body.lines().filter(|line| not_critical(line)).count(), 1, "{}", open.body);
    let liked_less = serving.accepting("/metrics", "application/openmetrics-text;q=0.2,text/plain;q=0.5");
    assert!(liked_less.head.contains("content-type: text/plain; version=0.0.4"), "{}", liked_less.head);
    let older = serving.get("/metrics");
    assert!(older.head.contains("content-type: text/plain; version=0.0.4"), "{}", older.head);
    assert!(!older.body.contains("# EOF"));
    assert_eq!(parsed("older", &older.body).expect("it is read").lines().count(), families.lines().count());
    let at_report = serving.get("/ht/?format=openmetrics");
    assert_eq!(at_report.status, 200, "what fails is not critical");
    assert!(parsed("open", &at_report.body).is_ok());
    assert!(parsed("open", &older.body).is_err(), "the parser is strict");
}
