//! The agent in memory. Its program is a file with `AGENT` and a version; its file of checks is a
//! JSON list of `{"tags": [...]}`.

use crate::host::memory::Memory;
use crate::host::memory::tree::Content;
use crate::host::{Output, User};
use serde_json::{Value, json};
use std::io;
use std::path::Path;

pub(crate) fn run(memory: &mut Memory, program: &Path, user: &User, arguments: &[&str]) -> io::Result<Output> {
    if memory.tree.resolve(program)?.is_none() {
        return Err(io::ErrorKind::NotFound.into());
    }
    if !memory.tree.allows(user, program, 1) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    if let Some(why) = memory.starts_nothing {
        return Err(why.into());
    }
    let content = memory.text(&program.to_string_lossy()).unwrap_or_default();
    let Some(version) = content.strip_prefix("AGENT ") else {
        return Err(io::Error::other(crate::executable::Unfit::NoProgram));
    };
    let (status, stdout) = match arguments {
        ["--dry-run", ..] if version.ends_with(" mute") => (0, String::new()),
        // An earlier one does not know this name.
        ["--version"] if program.ends_with("conn-check-serve") && !version.starts_with("1.") => {
            (0, format!("conn-check-serve {version}\n"))
        }
        ["--version"] if version.contains(" (") => (0, format!("conn-check {version}\n")),
        ["--version"] => (0, format!("conn-check {}\n", version.split(' ').next().unwrap_or_default())),
        ["--dry-run", "--format", "json", file] => rehearse(memory, user, &[], file),
        ["--dry-run", "--format", "json", tags, file] => {
            let tags = tags.strip_prefix("--exclude-tags=").expect("an option of the agent");
            rehearse(memory, user, &tags.split(',').collect::<Vec<_>>(), file)
        }
        [.., "--record", _, "--", _] | [.., "--record", _, "--", _, _] | [.., "--record", _, "--", _, _, _] => {
            let at = arguments.iter().position(|word| *word == "--record").unwrap_or_default();
            let (options, rest) = arguments.split_at(at);
            memory.agent_patterns = rest[4..].iter().map(|word| (*word).to_owned()).collect();
            check_all(memory, user, options, rest[1], rest[3])
        }
        _ => panic!("not how the agent is called: {arguments:?}"),
    };
    Ok(Output { status: Some(status), stdout: stdout.into_bytes(), ..Output::default() })
}

fn rehearse(memory: &Memory, user: &User, excluded: &[&str], file: &str) -> (i32, String) {
    let path = memory.tree.resolve(Path::new(file)).ok().flatten();
    let enters = memory.tree.enters(user, path.as_deref().unwrap_or(Path::new(file)));
    let content = match path.and_then(|path| memory.tree.get(&path)).map(|entry| &entry.content) {
        None if enters => return unplaced("not-there", "the file cannot be read: No such file or directory"),
        Some(Content::Directory | Content::Pipe) if enters => {
            return unplaced("not-a-file", "this is a directory, not a file");
        }
        Some(Content::File(content)) if memory.tree.allows(user, Path::new(file), 4) => content,
        _ => return unplaced("unreadable", "the file cannot be read: Permission denied"),
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

/// The first check of a file with the text `fail` fails, and one with the text `warn` has a warning.
fn check_all(memory: &mut Memory, user: &User, options: &[&str], record: &str, file: &str) -> (i32, String) {
    for option in options {
        let known = [
            "--as=",
            "--journal",
            "--all-parts",
            "--format=",
            "--max-timeout=",
            "--wait=",
            "--connect-timeout=",
            "--exclude-tags=",
            "--include-tags=",
        ];
        assert!(known.iter().any(|known| option.starts_with(known)), "not an option of the agent: {option}");
    }
    memory.agent_options = options.iter().map(|option| (*option).to_owned()).collect();
    let (status, refusal) = rehearse(memory, user, &[], file);
    if status != 0 {
        return (status, refusal);
    }
    let text = memory.text(file).unwrap_or_default();
    let (verdict, status) = match text {
        text if text.contains("fail") => ("fail", 2),
        text if text.contains("warn") => ("warn", 1),
        _ => ("pass", 0),
    };
    let kept = memory.forged.clone().unwrap_or_else(|| self::record(verdict, 1).into_bytes());
    memory.tree.put(Path::new(record), Content::File(kept), crate::host::memory::PUBLIC);
    memory.agent_record = record.to_owned();
    (status, String::new())
}

fn refused(code: &str, message: &str) -> (i32, String) {
    refusal(&json!({"code": code, "severity": "error", "line": 1, "column": 2, "message": message}))
}

/// Of the file as a whole.
fn unplaced(code: &str, message: &str) -> (i32, String) {
    refusal(&json!({"code": code, "severity": "error", "message": message}))
}

fn refusal(diagnostic: &Value) -> (i32, String) {
    (3, json!({"schema": "conn-check/1", "verdict": "unknown", "diagnostics": [diagnostic]}).to_string())
}

fn check(verdict: &str) -> Value {
    let failure = (verdict == "fail").then(|| json!({"code": "connect.refused", "message": "db:1 refused"}));
    let warnings = (verdict == "warn").then(|| json!({"code": "time.slow", "message": "db:1 is slow"}));
    let warnings: Vec<_> = warnings.into_iter().collect();
    json!({"type": "tcp", "target": "db:1", "verdict": verdict, "failure": failure, "warnings": warnings})
}

/// What `--record` would keep of a run that ended like this.
pub(crate) fn record(verdict: &str, count: usize) -> String {
    report(verdict, &vec![check(verdict); count]).to_string()
}

fn report(verdict: &str, checks: &[Value]) -> Value {
    let count = |verdict: &str| checks.iter().filter(|check| check["verdict"] == verdict).count();
    json!({
        "schema": "conn-check/1", "started": "2026-11-21T09:14:37.05Z", "verdict": verdict, "checks": checks,
        "counts": {"pass": count("pass"), "warn": count("warn"), "fail": count("fail"), "skip": count("skip")},
    })
}
