//! Strict readers of the formats, by other rules than those that wrote them.

use super::{conforms, event_schema, validator};
use serde_json::Value;
use std::collections::HashMap;
use std::collections::HashSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Lets other parsers than ours read the XML, and hold it against the rules of `junit.xsd`.
pub(super) fn well_formed(xml: &str) {
    let script = "import sys, xml.etree.ElementTree as tree\n\
                  root = tree.fromstring(sys.stdin.buffer.read())\n\
                  count = lambda suite, key: int(suite.get(key))\n\
                  for suite in root:\n    \
                      assert count(suite, 'tests') == len(suite.findall('testcase'))\n    \
                      assert count(suite, 'failures') == len(suite.findall('testcase/failure'))\n    \
                      assert count(suite, 'errors') == len(suite.findall('testcase/error'))\n    \
                      assert count(suite, 'skipped') == len(suite.findall('testcase/skipped'))\n\
                  for key in ['tests', 'failures', 'errors']:\n    \
                      assert count(root, key) == sum(count(suite, key) for suite in root)\n";
    let (good, told) = reads(Command::new("/usr/bin/python3").args(["-c", script]), xml);
    assert!(good, "{told}{xml}");
    let (good, told) = follows_the_rules(xml);
    assert!(good, "{told}{xml}");
}

/// Whether the XML is as `junit.xsd` wants it, and what xmllint says.
pub(super) fn follows_the_rules(xml: &str) -> (bool, String) {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/agent/reports/junit.xsd");
    reads(Command::new("xmllint").args(["--noout", "--nonet", "--schema", rules, "-"]), xml)
}

/// Whether a program takes a text for right, and what it says of it.
pub(super) fn reads(program: &mut Command, text: &str) -> (bool, String) {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
    child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("the text");
    let output = child.wait_with_output().expect("its end");
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

/// The plan, the numbers and the YAML blocks of TAP 13.
pub(super) fn tap(out: &str) {
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("TAP version 13"));
    let plan: usize =
        lines.next().and_then(|line| line.strip_prefix("1..")).expect("a plan").parse().expect("a number");
    let mut number = 0;
    let mut block = false;
    for line in lines {
        match line {
            "  ---" => block = true,
            "  ..." => block = false,
            line if block => {
                let (_, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
                // A time is a number, all else a text.
                let value: Value = serde_json::from_str(value).unwrap_or_else(|_| panic!("{line}"));
                assert!(
                    if line.starts_with("  duration_ms: ") { value.is_number() } else { value.is_string() },
                    "{line}"
                );
            }
            line if line.starts_with('#') => {}
            line => {
                number += 1;
                let rest = line.strip_prefix("not ").unwrap_or(line);
                assert!(rest.starts_with(&format!("ok {number} - ")), "{line}");
            }
        }
    }
    assert_eq!((number, block), (plan, false));
}

/// The grammar of Prometheus' text exposition format 0.0.4, and that no series comes twice; the series.
pub(super) fn exposition(out: &str) -> HashSet<String> {
    let (mut typed, mut series) = (HashSet::new(), HashSet::new());
    let is_name =
        |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && name.starts_with("conn_check_");
    for line in out.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<_> = comment.splitn(3, ' ').collect();
            assert!(["HELP", "TYPE"].contains(&words[0]) && is_name(words[1]), "{line}");
            assert!(words[0] == "HELP" || (words[2] == "gauge" && typed.insert(words[1].to_owned())), "{line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let _: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(series.insert(name.to_owned()), "twice: {line}");
        let (family, labels) = name.split_once('{').map_or((name, None), |(family, labels)| (family, Some(labels)));
        assert!(typed.contains(family), "no type: {line}");
        if let Some(labels) = labels {
            label_set(labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}")));
        }
    }
    series
}

/// `name="value",...` with the three escapes there are.
fn label_set(mut text: &str) {
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").unwrap_or_else(|| panic!("no label: {text}"));
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        let mut escape = false;
        let end = rest.char_indices().find(|(_, c)| {
            assert!(!escape || matches!(c, '\\' | '"' | 'n'), "an unknown escape: {rest}");
            let ends = !escape && *c == '"';
            escape = !escape && *c == '\\';
            ends
        });
        let (end, _) = end.unwrap_or_else(|| panic!("no end: {rest}"));
        text = rest[end + 1..].strip_prefix(',').unwrap_or(&rest[end + 1..]);
    }
}

/// Each line an object as the schema has it, first the run, last the summary, and per check first its start, then its phases and results, last its end.
pub(super) fn events(out: &str) {
    let mut running: HashMap<u64, Vec<String>> = HashMap::new();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let validator = validator(&event_schema());
    lines.iter().for_each(|line| conforms(&validator, line));
    let (summary, lines) = lines.split_last().expect("a summary");
    assert_eq!(summary["event"], "summary");
    let (run, lines) = lines.split_first().expect("a run");
    assert_eq!(run["event"], "run");
    for line in lines {
        let event = line["event"].as_str().expect("an event").to_owned();
        let seen = running.entry(line["check"].as_u64().expect("a check")).or_default();
        assert!(!seen.iter().any(|old| old == "finished"), "after its end: {line}");
        match event.as_str() {
            "started" | "finished" => {}
            "phase" => assert!(!seen.is_empty(), "before its start: {line}"),
            "passed" => {
                assert_eq!(
                    seen.iter().rev().find(|old| *old != "phase").map(String::as_str),
                    Some("started"),
                    "{line}"
                );
            }
            other => panic!("an unknown event: {other}"),
        }
        seen.push(event);
    }
    assert!(
        running.values().all(|seen| seen[0] == "started" && seen.last().is_some_and(|last| last == "finished")),
        "{out}"
    );
}
