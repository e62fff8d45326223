//! The long forms of tests that go through random cases: `cargo xtask lives`, and others like it.

use crate::PROFILE;
use crate::step::{self, Outcome};
use std::process::Command;

/// One of them.
struct Long {
    task: &'static str,
    /// What says how many cases there are to be, and how many unless told.
    variable: &'static str,
    count: &'static str,
    /// Where cargo finds the test, and its name.
    test: &'static [&'static str],
}

const ALL: [Long; 5] = [
    Long {
        task: "lives",
        variable: "CONN_CHECK_LIVES",
        count: "100000",
        test: &["--package", "conn-check-charm", "--lib", "--", "--ignored", "--nocapture", "many_more_lives"],
    },
    Long {
        task: "deadlines",
        variable: "CONN_CHECK_MIXES",
        count: "1000",
        test: &["--package", "conn-check-tests", "--test", "agent", "--", "--nocapture", "deadlines::"],
    },
    Long {
        task: "calls",
        variable: "CONN_CHECK_CALLS",
        count: "100000",
        test: &["--package", "conn-check-tests", "--test", "agent", "--", "--nocapture", "calls::"],
    },
    Long {
        task: "changes",
        variable: "CONN_CHECK_CHANGES",
        count: "1000",
        // What it costs is measured, too, on a machine that does nothing else.
        test: &[
            "--package",
            "conn-check-tests",
            "--test",
            "agent",
            "--",
            "--include-ignored",
            "--test-threads=1",
            "remember::",
        ],
    },
    Long {
        task: "worlds",
        variable: "CONN_CHECK_WORLDS",
        count: "1000",
        // One after the other: the noise of each takes the better part of a processor.
        test: &["--package", "conn-check-tests", "--test", "agent", "--", "--test-threads=1", "host::"],
    },
];

/// Runs the long form of this name, if there is one, with as many cases as told.
pub(crate) fn run(task: &str, arguments: &[String]) -> Option<Outcome> {
    let long = ALL.iter().find(|long| long.task == task)?;
    let count = arguments.first().map_or(long.count, String::as_str);
    Some(cases(task, long.variable, count, long.test))
}

/// `cargo xtask fuzz TARGET SECONDS`; the target is a part of its tests' names, `records` are what the charm reads back.
pub(crate) fn fuzz(arguments: &[String]) -> Outcome {
    let [target, seconds] = arguments else {
        return Err(
            "cargo xtask fuzz TARGET SECONDS: a type of check, config, rules, juju_status, dotenv, serve, records, \
                    or all"
                .into(),
        );
    };
    let part = if target == "all" { "" } else { target };
    let names = ["peers", "files", "requests"].map(|kind| format!("fuzz::{kind}::{part}"));
    let agent = ["--package", "conn-check-tests", "--test", "agent", "--", "--nocapture", &names[0], &names[1]];
    let charm = ["--package", "conn-check-charm", "--lib", "--", "--nocapture", "tests::fuzz::"];
    let run = |test: &[&str]| cases("fuzz", "CONN_CHECK_FUZZ", seconds, test);
    match target.as_str() {
        "all" => run(&agent).and_then(|()| run(&charm)),
        "records" => run(&charm),
        _ => run(&agent),
    }
}

fn cases(task: &str, variable: &str, count: &str, test: &[&str]) -> Outcome {
    if count.parse::<u64>().is_err() {
        return Err(format!("cargo xtask {task}: {count} is not a number"));
    }
    let words = [&["test", "--quiet"], &PROFILE[..], test].concat();
    let mut command = Command::new("cargo");
    crate::build("ci").and_then(|()| step::run(command.args(words).env(variable, count), task))
}
