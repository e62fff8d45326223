//! `conn-check merge`: records of many units, as conn-check and as Juju write them.

use harness::agent::Agent;
use harness::agent::program;
use harness::scratch::Scratch;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A report of conn-check: each check by its target, with the code and the owner of its failure if it fails.
fn report(host: &str, checks: &[(&str, Option<(&str, &str)>)]) -> Value {
    let check = |(target, failure): &(&str, Option<(&str, &str)>)| {
        let mut check = json!({
            "type": "tcp", "series": format!("tcp:{target}"), "target": target,
            "verdict": if failure.is_some() { "fail" } else { "pass" },
            "phases": [{"phase": "connect", "elapsed_seconds": 0.001, "address": "10.0.0.5:5432"}],
            "facts": {},
        });
        if let Some((code, owner)) = failure {
            check["failure"] = json!({"code": code, "owner": owner, "message": format!("{target} is not well"), "next_step": "look at it"});
        }
        check
    };
    json!({"schema": "conn-check/1", "host": host, "checks": checks.iter().map(check).collect::<Vec<_>>()})
}

fn merge(folder: &Scratch, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(program());
    command.arg("merge").args(arguments).current_dir(folder.path());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("conn-check");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const REFUSED: Option<(&str, &str)> = Some(("connect.refused", "service"));
const CUT: Option<(&str, &str)> = Some(("connect.timeout", "network"));

#[test]
fn a_service_that_fails_for_all_is_one_cause_and_one_unit_that_reaches_nothing_another() {
    let folder = Scratch::new();
    let _ = folder.folder("records");
    for unit in 0..14 {
        let rest = if unit == 3 { CUT } else { None };
        let db = if unit == 3 { CUT } else { REFUSED };
        let checks = [("db:5432", db), ("cache:6379", rest), ("mq:5672", rest), ("web:80", rest)];
        folder.write(&format!("records/web-{unit:02}.json"), report(&format!("web-{unit}"), &checks).to_string());
    }
    let (status, out, err) = said(&merge(&folder, &["records"], ""));
    assert_eq!((status, err.as_str()), (Some(2), ""), "{out}");
    assert!(out.contains("14 units, 4 checks: 2 causes of 17 failures"), "{out}");
    assert!(out.contains("tcp:db:5432 fails for 13 of 14 units"), "{out}");
    assert!(out.contains("web-3 reaches nothing") && out.contains("fix:  this unit or its subnet"), "{out}");
}

#[test]
fn what_nothing_explains_stands_for_itself() {
    let folder = Scratch::new();
    for (unit, failure) in [(0, None), (1, CUT), (2, None), (3, None)] {
        let checks = [("db:5432", failure), ("cache:6379", None)];
        folder.write(&format!("{unit}.json"), report(&format!("web-{unit}"), &checks).to_string());
    }
    let (status, out, _) = said(&merge(&folder, &["0.json", "1.json", "2.json", "3.json"], ""));
    assert!(
        status == Some(2) && out.contains("web-1 fails at tcp:db:5432, 3 others pass: db:5432 is not well"),
        "{out}"
    );
}

/// Five checks are too few beside seven that pass; the unit itself knows that they are one cause.
#[test]
fn what_a_unit_has_found_itself_is_told_in_its_words() {
    let folder = Scratch::new();
    let _ = folder.folder("records");
    let targets: Vec<_> = (0..12).map(|number| format!("h{number}:80")).collect();
    let dead = Some(("resolve.timeout", "dns"));
    for unit in 0..6 {
        let failure = |number: usize| if unit < 2 && number < 5 { dead } else { None };
        let checks: Vec<_> = targets.iter().enumerate().map(|(number, at)| (at.as_str(), failure(number))).collect();
        let mut report = report(&format!("web-{unit}"), &checks);
        let series: Vec<_> = targets[..5].iter().map(|target| format!("tcp:{target}")).collect();
        if unit < 2 {
            let what = "10.0.0.53 does not answer: 5 checks cannot resolve their names";
            report["causes"] = json!([
                {"id": "resolver:10.0.0.53", "code": "resolve.timeout", "owner": "dns", "what": what, "checks": series},
            ]);
        }
        folder.write(&format!("records/{unit}.json"), report.to_string());
    }
    let (status, out, err) = said(&merge(&folder, &["records"], ""));
    assert_eq!((status, err.as_str()), (Some(2), ""), "{out}");
    assert!(out.contains("6 units, 12 checks: 1 cause of 10 failures"), "{out}");
    let told = "A  web-0, web-1: 10.0.0.53 does not answer: 5 checks cannot resolve their names [resolve.timeout]";
    assert!(out.contains(told) && out.contains("fix:  dns"), "{out}");
}

#[test]
fn each_shape_of_juju_is_read() {
    let folder = Scratch::new();
    let text = |unit: &str| report(unit, &[("db:5432", REFUSED)]).to_string() + "\n";
    let task = |unit: &str| {
        json!({"id": "12", "status": "failed", "unit": unit, "message": "1 check: 1 failed",
        "results": {"return-code": 0, "stdout": text(unit), "status": "critical", "exit-code": "2"}})
    };
    let shapes = [
        json!({"web/0": task("web/0"), "web/1": task("web/1")}),
        json!({"summary": "run-check run on 2 units", "status": "completed", "action": {"name": "run-check"},
            "tasks": {"12": {"host": "web/0", "status": "completed", "results": {"stdout": text("a")}},
                "13": {"host": "web/1", "status": "completed", "results": {"stdout": text("b")}}}}),
        json!({"unit-web-0": {"UnitId": "web/0", "id": "1", "status": "completed", "results": {"Stdout": text("a"), "exit-code": "2"}},
            "unit-web-1": {"UnitId": "web/1", "id": "2", "status": "completed", "results": {"Stdout": text("b")}}}),
        json!([{"UnitId": "web/0", "Stdout": text("a"), "ReturnCode": 2}, {"UnitId": "web/1", "Stdout": text("b"), "Stderr": "x"}]),
    ];
    for shape in shapes {
        let (status, out, err) = said(&merge(&folder, &["--format=json", "-"], &shape.to_string()));
        let merged: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {err}"));
        assert_eq!((status, err.as_str()), (Some(2), ""), "{out}");
        assert_eq!(merged["units"], json!([{"name": "web/0", "refused": null}, {"name": "web/1", "refused": null}]));
        assert_eq!(merged["causes"].as_array().map(Vec::len), Some(1), "{out}");
        assert_eq!(merged["causes"][0]["cells"].as_array().map(Vec::len), Some(2), "{out}");
    }
}

#[test]
fn what_is_no_record_is_told_with_what_to_do_and_the_rest_is_merged() {
    let folder = Scratch::new();
    let plain = json!({"web/0": {"status": "completed", "unit": "web/0", "results": {"stdout": "tcp:db:5432 OK\n"}},
        "web/1": {"status": "failed", "unit": "web/1", "message": "no checks"},
        "web/2": {"status": "completed", "unit": "web/2", "results": {"stdout": report("c", &[("db:5432", None)]).to_string()}}});
    let (status, out, err) = said(&merge(&folder, &["-"], &plain.to_string()));
    assert!(status == Some(3) && out.contains("1 unit, 1 check: all is well"), "{out}{err}");
    assert!(
        err.contains("<stdin>: web/0: what it printed is no report in JSON: run the action with `format=json`"),
        "{err}"
    );
    assert!(err.contains("web/1: it has printed nothing: no checks"), "{err}");
    for (input, why) in
        [("", "the file is empty"), ("db OK\n", "not JSON"), ("[1, 2]", "neither a report"), ("{}", "neither a report")]
    {
        let (status, out, err) = said(&merge(&folder, &["-"], input));
        assert!(status == Some(3) && out.is_empty() && err.contains(why), "{input}: {out}{err}");
    }
    let (status, _, err) = said(&merge(&folder, &["nowhere.json"], ""));
    assert!(status == Some(3) && err.contains("nowhere.json"), "{err}");
}

#[test]
fn records_of_one_host_are_told_apart_by_their_files() {
    let folder = Scratch::new();
    for name in ["a.json", "b.json"] {
        folder.write(name, report("web", &[("db:5432", None)]).to_string());
    }
    let (status, out, err) = said(&merge(&folder, &["--format=json", "a.json", "b.json"], ""));
    assert_eq!((status, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("web (a.json)") && out.contains("web (b.json)"), "{out}");
}

#[test]
fn a_unit_whose_file_was_refused_is_told() {
    let folder = Scratch::new();
    let bad = Agent::new("- {type: tcp, host: 'a b', port: 1}\n").arg("--format=json").run();
    let (status, out, _) = said(&merge(&folder, &["-"], &bad.out));
    assert!(status == Some(3) && out.contains("nothing was checked: its file of checks is not valid"), "{out}");
}

#[test]
fn what_conn_check_writes_is_what_is_read() {
    let mut agent = Agent::new("- {type: tcp, host: 127.0.0.1, port: 1}\n").args(["--format=json", "--record=r"]);
    let ran = agent.run();
    let record = std::fs::read_to_string(agent.scratch().path().join("r")).expect("a record");
    for text in [ran.out, record] {
        let (status, out, err) = said(&merge(&Scratch::new(), &["-"], &text));
        assert!(status == Some(2) && out.contains("127.0.0.1:1") && out.contains("[connect.refused]"), "{out}{err}");
    }
}

#[test]
fn the_page_shows_what_records_say_and_runs_none_of_it() {
    let folder = Scratch::new();
    let hostile = "<script>alert(1)</script>\u{1b}[31m";
    folder.write("a.json", report(hostile, &[(hostile, REFUSED), ("b:1", None)]).to_string());
    let (status, out, err) = said(&merge(&folder, &["--format=html", "-o", "page.html", "a.json"], ""));
    assert!(status == Some(2) && out.is_empty(), "{out}{err}");
    let page = std::fs::read_to_string(folder.path().join("page.html")).expect("a page");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script") && !page.contains('\u{1b}'), "{page}");
    assert!(!page.contains("http:") && !page.contains("src="), "nothing foreign: {page}");
    let (_, out, _) = said(&merge(&folder, &["a.json"], ""));
    assert!(!out.contains('\u{1b}'), "{out:?}");
}

#[test]
fn a_thousand_units_with_fifty_checks_are_merged_in_a_second() {
    let hosts: Vec<String> = (0..50).map(|check| format!("host-{check}:5432")).collect();
    let mut text = String::new();
    for unit in 0..1000 {
        let of_check = |(number, host)| (host, if number == 7 || unit == 400 { REFUSED } else { None });
        let checks: Vec<_> = hosts.iter().map(String::as_str).enumerate().map(of_check).collect();
        text += &(report(&format!("web-{unit}"), &checks).to_string() + "\n");
    }
    let folder = Scratch::new();
    folder.write("all.json", &text);
    let began = Instant::now();
    let (status, out, err) = said(&merge(&folder, &["all.json"], ""));
    assert!(status == Some(2) && out.contains("1000 units, 50 checks: 2 causes"), "{out}{err}");
    assert!(
        began.elapsed() < Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 5 }),
        "{:?}",
        began.elapsed()
    );
}
