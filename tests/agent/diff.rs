//! `conn-check diff`: what changed between two records.

use harness::agent::{Agent, program};
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A record of one host with these checks, each with what is otherwise than usual.
fn record(host: &str, checks: &[(&str, Value)]) -> String {
    let check = |(name, more): &(&str, Value)| {
        let mut check = json!({
            "type": "tcp", "series": name, "target": "db.internal:5432", "verdict": "pass",
            "phases": [{"phase": "connect", "elapsed_seconds": 0.001}],
            "facts": {"look_up": {"name": "db.internal", "addresses": ["10.0.0.4"], "resolvers": ["10.0.0.53"]}},
        });
        for (key, value) in more.as_object().expect("members") {
            check[key] = value.clone();
        }
        check
    };
    let checks: Vec<_> = checks.iter().map(check).collect();
    json!({"schema": "conn-check/1", "version": "2.0.0", "host": host, "started": "2026-11-28T09:14:00Z", "checks": checks})
        .to_string()
}

fn look_up(address: &str) -> Value {
    json!({"look_up": {"name": "db.internal", "addresses": [address], "resolvers": ["10.0.0.53"]}})
}

fn failed(facts: &Value) -> Value {
    let failure = json!({"code": "connect.refused", "phase": "connect", "message": "it refused the connection"});
    json!({"verdict": "fail", "failure": failure, "facts": facts})
}

/// The exit status, and what was said to whom.
fn diff(folder: &Scratch, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(program());
    command.arg("diff").args(arguments).current_dir(folder.path());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("conn-check");
    // Who is told of a wrong command line reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_changed_is_said_check_by_check_those_that_fail_first() {
    let folder = Scratch::new();
    folder
        .write("a.json", record("web1", &[("a", json!({})), ("b", json!({})), ("c", json!({})), ("gone", json!({}))]));
    let moved = look_up("10.0.0.9");
    let now =
        record("web1", &[("a", json!({"facts": moved})), ("b", json!({})), ("c", failed(&moved)), ("new", json!({}))]);
    let (status, out, err) = diff(&folder, &["a.json", "-"], &now);
    assert_eq!((status, err.as_str()), (Some(1), ""), "{out}");
    let shown = "\
web1, 2026-11-28 09:14 -> 2026-11-28 09:14: 4 of 5 checks are otherwise

c (tcp): passed -> connect.refused
   db.internal 10.0.0.4 -> 10.0.0.9
   it refused the connection

a (tcp): passed
   db.internal 10.0.0.4 -> 10.0.0.9

gone (tcp): passed -> not checked

new (tcp): not checked -> passed
";
    assert_eq!(out, shown);
    let (status, out, _) = diff(&folder, &["--format=json", "a.json", "-"], &now);
    let told: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((status, &told["same"]), (Some(1), &json!(false)));
    let check = &told["pairs"][0]["checks"][0];
    assert_eq!(check["differences"], json!([{"what": "address", "before": "10.0.0.4", "now": "10.0.0.9"}]));
    assert_eq!((&check["before"]["verdict"], &check["now"]["code"]), (&json!("pass"), &json!("connect.refused")));
}

#[test]
fn the_records_of_two_real_runs_that_are_alike_are_the_same() {
    let peer = Peer::start(Manner::Silent);
    let yaml =
        format!("- {{type: tcp, host: localhost, port: {}}}\n- {{type: file, path: /etc/passwd}}\n", peer.port());
    let mut agent = Agent::new(&yaml);
    for name in ["a.json", "b.json"] {
        agent = agent.args(["--record", name]);
        assert_eq!(agent.run().status, 0);
    }
    let (status, out, err) = diff(agent.scratch(), &["a.json", "b.json"], "");
    assert!(status == Some(0) && err.is_empty() && out.ends_with(": 2 checks, and all are the same\n"), "{out}{err}");
    drop(peer);
    agent.run();
    let (status, out, _) = diff(agent.scratch(), &["a.json", "b.json"], "");
    assert!(status == Some(1) && out.contains("passed -> connect.refused"), "{out}");
}

#[test]
fn two_hosts_are_held_against_each_other_and_units_by_their_names() {
    let folder = Scratch::new();
    folder.write("a.json", record("web1", &[("a", json!({}))]));
    folder.write("b.json", record("web2", &[("a", json!({"facts": look_up("10.0.0.9")}))]));
    let (status, out, _) = diff(&folder, &["a.json", "b.json"], "");
    assert!(status == Some(1) && out.starts_with("web1 -> web2, "), "{out}");
    let both = record("web1", &[("a", json!({}))]) + &record("web2", &[("a", json!({}))]);
    folder.write("both.json", &both);
    let (status, out, _) = diff(&folder, &["both.json", "both.json"], "");
    assert!(status == Some(0) && out.lines().count() == 3, "{out}");
    let (status, out, _) = diff(&folder, &["both.json", "b.json"], "");
    assert!(status == Some(1) && out.contains("web1: there is a record of before alone"), "{out}");
}

#[test]
fn what_is_no_record_is_told_with_what_to_do() {
    let folder = Scratch::new();
    folder.write("a.json", record("web1", &[]));
    folder.write("bad.json", "{");
    folder.write("other.json", "{\"a\": 1}");
    folder.write("empty.json", "");
    for (arguments, why) in [
        (["a.json", "nowhere.json"], "nowhere.json: No such file"),
        (["bad.json", "a.json"], "not JSON"),
        (["a.json", "other.json"], "neither a report of conn-check"),
        (["a.json", "empty.json"], "the file is empty"),
        (["-", "-"], "name a file for one of them"),
    ] {
        let (status, out, err) = diff(&folder, &arguments, "");
        assert!(status == Some(3) && out.is_empty() && err.contains(why), "{arguments:?}: {status:?} {err}");
    }
}

#[test]
fn a_file_that_was_refused_before_is_a_change() {
    let folder = Scratch::new();
    let refused = json!({"schema": "conn-check/1", "host": "web1", "version": "1.9.0", "started": "2026-11-28T09:00:00Z",
        "diagnostics": [{"code": "unknown-type", "message": "there is no check of type `tpc`"}]});
    folder.write("a.json", refused.to_string());
    folder.write("b.json", record("web1", &[]));
    let (status, out, _) = diff(&folder, &["a.json", "b.json"], "");
    assert_eq!(status, Some(1), "{out}");
    assert!(out.contains("before, nothing was checked: there is no check of type `tpc`"), "{out}");
    assert!(out.contains("conn-check itself 1.9.0 -> 2.0.0"), "{out}");
}

#[test]
fn the_word_wins_over_a_file_of_that_name() {
    let folder = Scratch::new();
    folder.write("diff", "- {type: file, path: /etc/passwd}\n");
    let (status, _, err) = diff(&folder, &[], "");
    assert!(status == Some(3) && err.contains("required"), "{err}");
    let output = Command::new(program()).arg("./diff").current_dir(folder.path()).output().expect("conn-check");
    assert_eq!(output.status.code(), Some(0));
}
