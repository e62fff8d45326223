//! The agent in memory. Its program is a file with `AGENT` and a version; its file of checks is a
//! JSON list of `{"tags": [...]}`.

use crate::host::memory::Memory;
use crate::host::memory::tree::Content;
use crate::host::{Output, User};
use serde_json::{Value, json};
use std::io;
use std::path::Path;

pub(crate) fn run(memory: &mut Memory, program: &Path, user: Option<&User>, arguments: &[&str]) -> io::Result<Output> {
    if memory.tree.resolve(program)?.is_none() {
        return Err(io::ErrorKind::NotFound.into());
    }
    if !memory.tree.allows(user, program, 1) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let content = memory.text(&program.to_string_lossy()).unwrap_or_default();
    let Some(version) = content.strip_prefix("AGENT ") else {
        return Err(io::Error::other("exec format error"));
    };
    let (status, stdout) = match arguments {
        ["--version"] => (0, format!("conn-check {}\n", version.split(' ').next().unwrap_or_default())),
        ["--dry-run", "--format", "json", file] => rehearse(memory, user, &[], file),
        ["--dry-run", "--format", "json", tags, file] => {
            let tags = tags.strip_prefix("--exclude-tags=").expect("an option of the agent");
            rehearse(memory, user, &tags.split(',').collect::<Vec<_>>(), file)
        }
        [options @ .., "--journal", "--record", record, "--", file] => check_all(memory, user, options, record, file),
        [options @ .., "--journal", "--record", record, "--", file, _pattern] => {
            check_all(memory, user, options, record, file)
        }
        _ => panic!("not how the agent is called: {arguments:?}"),
    };
    Ok(Output { status: Some(status), stdout: stdout.into_bytes(), stderr: Vec::new() })
}

fn rehearse(memory: &Memory, user: Option<&User>, excluded: &[&str], file: &str) -> (i32, String) {
    let path = memory.tree.resolve(Path::new(file)).ok().flatten();
    let content = match path.and_then(|path| memory.tree.get(&path)).map(|entry| &entry.content) {
        Some(Content::File(content)) if memory.tree.allows(user, Path::new(file), 4) => content,
        _ => return refused("unreadable", "the file cannot be read"),
    };
    let Ok(Value::Array(checks)) = serde_json::from_slice(content) else {
        return refused("syntax", "this is not a list");
    };
    let tagged = |check: &&Value| {
        check["tags"]
            .as_array()
            .is_some_and(|tags| tags.iter().any(|tag| excluded.contains(&tag.as_str().unwrap_or(""))))
    };
    let left: Vec<_> = checks.iter().filter(|check| !tagged(check)).map(|_| check("skip")).collect();
    if left.is_empty() {
        return refused("nothing-selected", "no check is left");
    }
    (0, report("unknown", &left).to_string())
}

/// The first check of a file with the text `fail` fails.
fn check_all(memory: &mut Memory, user: Option<&User>, options: &[&str], record: &str, file: &str) -> (i32, String) {
    for option in options {
        let known = ["--format=", "--max-timeout=", "--connect-timeout=", "--exclude-tags=", "--include-tags="];
        assert!(known.iter().any(|known| option.starts_with(known)), "not an option of the agent: {option}");
    }
    memory.agent_options = options.iter().map(|option| (*option).to_owned()).collect();
    let (status, refusal) = rehearse(memory, user, &[], file);
    if status != 0 {
        return (status, refusal);
    }
    let text = memory.text(file).unwrap_or_default();
    let verdict = if text.contains("fail") { "fail" } else { "pass" };
    let kept = self::record(verdict, 1);
    memory.file(record, &kept, crate::host::memory::PUBLIC);
    (if verdict == "fail" { 2 } else { 0 }, String::new())
}

fn refused(code: &str, message: &str) -> (i32, String) {
    let diagnostic = json!({"code": code, "severity": "error", "line": 1, "column": 2, "message": message});
    (3, json!({"schema": "conn-check/1", "verdict": "unknown", "diagnostics": [diagnostic]}).to_string())
}

fn check(verdict: &str) -> Value {
    let failure = (verdict == "fail").then(|| json!({"code": "connect.refused", "message": "db:1 refused"}));
    json!({"type": "tcp", "target": "db:1", "verdict": verdict, "failure": failure, "warnings": []})
}

/// What `--record` would keep of a run that ended like this.
pub(crate) fn record(verdict: &str, count: usize) -> String {
    report(verdict, &vec![check(verdict); count]).to_string()
}

fn report(verdict: &str, checks: &[Value]) -> Value {
    json!({
        "schema": "conn-check/1", "started": "2026-11-21T09:14:37.05Z", "verdict": verdict, "checks": checks,
        "counts": {"pass": 1, "warn": 0, "fail": 0, "skip": 0},
    })
}
