//! The command check: real plugins, and programs that do all that a program should not.

mod process;
mod recipes;
mod trust;

use harness::agent::{Agent, Ran, code};
use harness::scratch::Scratch;
use serde_json::{Value, json};
use std::path::Path;

/// A file with one check that runs these words; `more` are options, each with a comma before it.
fn command(words: &[&str], more: &str) -> String {
    let words: Vec<_> = words.iter().map(|word| Value::from(*word).to_string()).collect();
    format!("- {{type: command, command: [{}]{more}}}\n", words.join(", "))
}

fn ran(words: &[&str], more: &str) -> (String, Value) {
    let report = Agent::new(&command(words, more)).report();
    (code(&report), report["checks"][0].clone())
}

/// A check that runs a line of a shell.
fn shell(line: &str, more: &str) -> (String, Value) {
    ran(&["sh", "-c", line], more)
}

fn failure<'a>(check: &'a Value, part: &str) -> &'a str {
    check["failure"][part].as_str().unwrap_or_else(|| panic!("no {part} in {check}"))
}

#[test]
fn a_plugin_passes_warns_fails_and_cannot_tell() {
    let (verdict, check) = ran(&["check_dummy", "0", "all is well"], "");
    assert_eq!((verdict.as_str(), &check["facts"]["output"]), ("pass", &json!(["OK: all is well"])));
    assert_eq!(check["results"][0]["name"], "command:check_dummy");
    assert_eq!((&check["target"], &check["scope"]), (&json!("check_dummy"), &json!("remote")));
    let (verdict, check) = ran(&["check_dummy", "1", "nearly full"], "");
    assert_eq!(verdict, "warn");
    let warning = &check["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["owner"], &warning["message"]),
        (&json!("local.command-warns"), &json!("service"), &json!("check_dummy: WARNING: nearly full"))
    );
    for (status, expected, owner) in
        [("2", "local.command-failed", "service"), ("3", "local.command-unknown", "config")]
    {
        let (verdict, check) = ran(&["/usr/lib/nagios/plugins/check_dummy", status, "full"], "");
        assert_eq!((verdict.as_str(), failure(&check, "owner")), (expected, owner));
        assert!(failure(&check, "message").ends_with(": full"), "{check}");
    }
}

#[test]
fn the_plugins_of_debian_say_what_they_say_elsewhere() {
    let (verdict, check) = ran(&["check_disk", "-w", "1", "-c", "0", "-p", "/"], "");
    assert_eq!(verdict, "pass", "{check}");
    let measured = &check["facts"]["performance"][0];
    assert_eq!((&measured["label"], &measured["min"]), (&json!("/"), &json!("0")), "{check}");
    assert!(measured["value"].as_f64().is_some_and(|used| used > 0.0) && measured["unit"].is_string(), "{measured}");
    let (verdict, check) = ran(&["check_procs", "-c", "1:", "-C", "no-such-program"], "");
    assert_eq!(verdict, "local.command-failed");
    assert!(failure(&check, "message").starts_with("check_procs: PROCS CRITICAL: 0 processes"), "{check}");
    let (verdict, check) = ran(&["check_load", "-w", "0,0,0", "-c", "9999,9999,9999"], "");
    assert!(verdict == "warn" || verdict == "pass", "{check}");
    assert_eq!(check["facts"]["performance"][0]["label"], "load1", "{check}");
    let (verdict, check) = ran(&["check_disk", "--no-such-option"], "");
    assert_eq!(verdict, "local.command-unknown", "{check}");
    // What it shares with others: a port where nothing listens.
    let free = harness::ports::free();
    let (verdict, check) = ran(&["check_tcp", "-H", "127.0.0.1", "-p", &free.number().to_string()], "");
    assert_eq!((verdict.as_str(), failure(&check, "owner")), ("local.command-failed", "service"));
}

#[test]
fn an_answer_in_json_has_several_errors_and_warnings_whatever_the_exit_status() {
    let say = |answer: &str, status: u8| shell(&format!("echo '{answer}'; exit {status}"), "");
    let (verdict, check) = say(r#"{"errors": ["no disk", "no memory"], "warnings": ["warm"]}"#, 0);
    assert_eq!(verdict, "local.command-failed");
    assert_eq!(failure(&check, "message"), "sh: no disk; no memory");
    let (verdict, check) = say(r#"{"warnings": ["warm", "loud"]}"#, 0);
    assert_eq!(verdict, "warn");
    let messages: Vec<_> = check["warnings"].as_array().expect("a list").iter().map(|one| &one["message"]).collect();
    assert_eq!(messages, ["sh: warm", "sh: loud"]);
    assert_eq!(say(r#"{"errors": [], "warnings": []}"#, 0).0, "pass");
    assert_eq!(say(r#"{"errors": []}"#, 2).0, "local.command-failed");
    let (verdict, check) = say(r#"{"errors": {"disk": "full"}}"#, 0);
    assert_eq!(verdict, "local.command-unknown");
    assert!(failure(&check, "next_step").contains("{\"errors\": [TEXT"), "{check}");
}

#[test]
fn any_status_but_0_is_a_failure_of_what_is_no_plugin() {
    assert_eq!(shell("exit 0", ", plugin: false").0, "pass");
    for status in [1, 2, 3, 4, 137] {
        let (verdict, check) = shell(&format!("echo broken; exit {status}"), ", plugin: false");
        assert_eq!((verdict.as_str(), failure(&check, "message")), ("local.command-failed", "sh: broken"));
        assert_eq!(check["facts"]["exit_status"], status);
    }
    let (_, check) = shell("echo why >&2; exit 1", ", plugin: false");
    assert_eq!(failure(&check, "message"), "sh: why");
    let (_, check) = shell("exit 1", ", plugin: false");
    assert_eq!(failure(&check, "message"), "sh: it ended with the status 1 and said nothing");
}

#[test]
fn what_a_program_measures_is_in_the_formats_for_monitoring() {
    let yaml = command(&["sh", "-c", "echo \"OK | 'a=b''c'=3.5%;80;90;0;100 n=2c\""], ", name: shop");
    let ran = Agent::new(&yaml).args(["--format", "nagios"]).run();
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.ends_with("\n'shop a b c'=3.5%;80;90;0;100\n'shop n'=2c\n"), "{}", ran.out);
    let ran = Agent::new(&yaml).args(["--format", "prometheus"]).run();
    let samples: Vec<_> = ran.out.lines().filter(|line| line.starts_with("conn_check_command_value{")).collect();
    assert_eq!(samples.len(), 2, "{}", ran.out);
    assert!(samples[1].contains("name=\"shop\"") && samples[1].ends_with("label=\"n\",unit=\"c\"} 2"), "{samples:?}");
}

#[test]
fn a_secret_that_a_program_is_told_is_not_shown_when_it_says_it_again() {
    let scratch = Scratch::new();
    let file = scratch.write("secret", "correct-horse-battery");
    let from_file = format!("{{file: {}}}", file.display());
    let echo = "echo \"$0 $1 $TOKEN\"; echo \"$TOKEN | '$TOKEN'=1\" ; exit 2";
    let told = |more: &str| format!("- {{type: command, command: [sh, -c, '{}'{more}}}\n", echo.replace('\'', "''"));
    for (more, secret) in [
        (format!(", {from_file}]"), "correct-horse"),
        (", --password=hunter2hunter2]".to_owned(), "hunter2hunter2"),
        (", --password, hunter2hunter2]".to_owned(), "hunter2hunter2"),
        (", 'postgres://shop:hunter2hunter2@db.internal/shop']".to_owned(), "hunter2hunter2"),
        (", 'Authorization: Bearer hunter2hunter2']".to_owned(), "hunter2hunter2"),
        (", -p, hunter2hunter2]".to_owned(), "hunter2hunter2"),
        ("], env: {TOKEN: staple-battery-horse}".to_owned(), "staple-battery"),
    ] {
        let yaml = told(&more);
        for format in ["human", "json", "nagios", "prometheus", "junit"] {
            let ran = Agent::new(&yaml).args(["-v", "--explain", "--format", format]).run();
            assert!(ran.status == 2 && ran.out.contains("***") || format == "prometheus", "{format}: {ran:?}");
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{format}: {ran:?}");
        }
    }
}

#[test]
fn a_line_for_a_shell_is_refused_with_what_to_write() {
    for (value, help) in [
        ("check_disk -w 10% -p /", "there is no shell"),
        ("[]", "begin it with one"),
        ("['']", "begin it with one"),
        ("[./check.sh]", "write the whole path"),
        ("[sh, [a]]", ""),
        ("\"('sh', '-c')\"", "there is no shell"),
    ] {
        let ran = validated(&format!("- {{type: command, command: {value}}}\n"));
        assert!(ran.status == 3 && ran.err.contains(help), "{value}: {ran:?}");
    }
    let ran = validated("- {type: command, command: [sh], env: {A=B: c}}\n");
    assert!(ran.status == 3 && ran.err.contains("no variable can have such a name"), "{ran:?}");
}

fn validated(yaml: &str) -> Ran {
    Agent::new(yaml).arg("--validate").run()
}

#[test]
fn nothing_is_started_where_nothing_is_run() {
    let scratch = Scratch::new();
    let mark = scratch.path().join("started");
    let yaml = command(&["touch", &mark.display().to_string()], "");
    for arguments in [&["--dry-run"][..], &["--validate"]] {
        assert_eq!(Agent::new(&yaml).args(arguments.iter().copied()).run().status, 0);
    }
    let ran = Agent::called("conn-check-export-fw", &yaml).run();
    assert!(ran.err.contains("note: command touch: what the program connects to"), "{ran:?}");
    assert!(!Path::new(&mark).exists());
    assert_eq!(Agent::new(&yaml).run().status, 0);
    assert!(Path::new(&mark).exists());
}
