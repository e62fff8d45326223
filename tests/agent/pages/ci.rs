//! The steps of a pipeline, as the page for CI has them.

use harness::agent::program_called;
use harness::ports;
use harness::scratch::Scratch;
use serde_json::Value;
use std::process::{Command, Output};

const PAGE: &str = include_str!("../../../docs/ci.md");

/// The YAML of the block that has this in it.
fn block(part: &str) -> Value {
    let mut blocks = PAGE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.find(|block| block.contains(part)).unwrap_or_else(|| panic!("{part}: no block"));
    serde_yaml_ng::from_str(block).expect("YAML")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

/// In a folder with a file of checks, one of which fails.
fn run(scratch: &Scratch, command: &str) -> Output {
    let folder = program_called("conn-check").parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    Command::new("sh").args(["-ec", command]).current_dir(scratch.path()).env("PATH", path).output().expect("a shell")
}

#[test]
fn the_steps_of_ci_check_and_report() {
    let closed = ports::free();
    let github = text(&block("runs-on:")["jobs"]["dependencies"]["steps"][1]["run"]);
    let gitlab = block("artifacts:\n    when")["dependencies"].clone();
    let uploaded = text(&block("runs-on:")["jobs"]["dependencies"]["steps"][2]["with"]["path"]);
    assert_eq!(text(&gitlab["artifacts"]["reports"]["junit"]), uploaded);
    for command in [github, text(&gitlab["script"][0])] {
        let scratch = Scratch::new();
        scratch.write("checks.yaml", format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", closed.number()));
        let ran = run(&scratch, &command);
        assert_eq!(ran.status.code(), Some(2), "{command}: {ran:?}");
        assert!(String::from_utf8_lossy(&ran.stdout).contains("connect.refused"), "the log says it too: {ran:?}");
        let report = std::fs::read_to_string(scratch.path().join(&uploaded)).expect("the report");
        assert!(report.contains("<testsuites ") && report.contains("connect.refused"), "{report}");
        scratch.write("checks.yaml", "- {type: tcp, hots: 127.0.0.1}\n");
        assert_eq!(run(&scratch, &command).status.code(), Some(3), "{command}");
    }
    let container = block("initContainers:")["spec"]["initContainers"][0].clone();
    let words: Vec<_> = container["command"].as_array().expect("words").iter().map(text).collect();
    let scratch = Scratch::new();
    scratch.write("checks.yaml", format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", closed.number()));
    let mounted = text(&container["volumeMounts"][0]["mountPath"]) + "/";
    let ran = run(&scratch, &words.join(" ").replace(&mounted, ""));
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("[connect.refused, service]"), "{ran:?}");
}
