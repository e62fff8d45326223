//! A different secret in every option that can hold one, and servers that say it back in every usual spelling: it is
//! in no output, no record, no journal, no argument of another program, and no file that is left.

pub(crate) mod planted;

use crate::formats::{Told, in_every_format};
use conn_check::report::FORMATS;
use harness::agent::{Agent, program};
use harness::scratch::Scratch;
use planted::Planted;
use std::fs;
use std::process::Command;

#[test]
fn a_secret_of_any_option_is_nowhere_in_any_spelling() {
    let planted = Planted::new();
    let mut failures = 0;
    for more in [&[][..], &["--explain"], &["-v", "-d"]] {
        let Told { ran, texts } = in_every_format(Agent::new(&planted.yaml).args(more));
        assert_eq!(ran.status, 2, "{more:?}: {}", ran.err);
        planted.clean(&format!("standard error {more:?}"), &ran.err);
        for (name, text) in &texts {
            planted.clean(&format!("{name} {more:?}"), text);
        }
        failures = texts.last().expect("the record").1.matches("\"code\":").count();
    }
    assert!(failures >= planted.len() * 9 / 10, "{failures} failures of {} checks", planted.len());
    let dry = Agent::new(&planted.yaml).args(["--dry-run"]).run();
    planted.clean("--dry-run", &(dry.out + &dry.err));
}

#[test]
fn a_secret_is_in_no_message_about_the_file() {
    let planted = Planted::new();
    for yaml in planted.spoilt() {
        if Agent::new(&yaml).arg("--validate").run().status == 0 {
            // What is only warned of is run.
            let Told { ran, texts } = in_every_format(Agent::new(&yaml));
            assert_eq!(ran.status, 2, "{}", ran.err);
            planted.clean("standard error", &ran.err);
            texts.iter().for_each(|(name, text)| planted.clean(name, text));
            continue;
        }
        for format in FORMATS {
            let ran = Agent::new(&yaml).args(["--format", format.name]).run();
            assert_eq!(ran.status, 3, "{}", ran.err);
            planted.clean(format.name, &(ran.out + &ran.err));
        }
    }
}

/// The agent starts no program, and keeps no file, that holds one.
#[test]
fn a_secret_is_in_no_program_or_file_that_the_agent_makes() {
    let (planted, scratch) = (Planted::new(), Scratch::new());
    let (file, log) = (scratch.write("checks.yaml", &planted.yaml), scratch.path().join("calls"));
    let mut strace = Command::new("/usr/bin/strace");
    strace
        .args(["-f", "-qqq", "--signal=none", "-s", "4096", "-e", "trace=execve,openat,creat,rename,write", "-o"])
        .arg(&log);
    strace.arg(program()).arg(&file).args(["--format", "json", "--record"]).arg(scratch.path().join("record"));
    let output = strace.env_clear().output().expect("strace");
    assert_eq!(output.status.code(), Some(2));
    let calls = fs::read_to_string(&log).expect("the calls");
    let made =
        |line: &&str| ["execve(", "O_CREAT", "creat(", "rename(", "write("].iter().any(|call| line.contains(call));
    let text: String = calls.lines().filter(made).map(|line| line.to_owned() + "\n").collect();
    assert!(text.contains("execve("), "{calls}");
    planted.clean("calls", &text);
}
