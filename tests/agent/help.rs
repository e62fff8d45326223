//! What the programs say of themselves, and to who has not typed what they take.

use harness::agent::{Agent, program, program_called};
use harness::ports;
use harness::scratch::Scratch;
use std::fs;
use std::process::Command;

/// What a program of this name says to these arguments: the status, standard output, standard error.
fn said(name: &str, arguments: &[&str]) -> (i32, String, String) {
    let program = if name == "conn-check" { program() } else { program_called(name) };
    let output = Command::new(program).args(arguments).env_clear().output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

const PROGRAMS: [&str; 6] = [
    "conn-check",
    "conn-check-configs",
    "conn-check-convert-fw",
    "conn-check-django",
    "conn-check-export-fw",
    "conn-check-serve",
];

#[test]
fn help_has_the_types_and_says_where_options_are_written() {
    let (_, help, _) = said("conn-check", &["--help"]);
    for check in conn_check::checks::Spec::describe() {
        assert!(help.contains(check.kind), "{}", check.kind);
    }
    assert!(help.contains("`conn-check explain`") && help.contains("conn-check.yaml(5)"), "{help}");
    let place = |text: &str| help.find(text).unwrap_or_else(|| panic!("{text} is missing: {help}"));
    assert!(place("Examples:") < place("Options:"), "the examples are read first");
    let words: Vec<_> = help.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("3 usage error, invalid file, nothing to check, or interrupted before anything failed"),
        "{help}"
    );
}

#[test]
fn every_program_says_its_exit_statuses() {
    for name in PROGRAMS {
        let (status, help, _) = said(name, &["--help"]);
        assert!(status == 0 && help.contains("Exit status: 0 "), "{name}: {help}");
    }
}

#[test]
fn export_fw_shows_only_what_means_something_to_it_and_takes_the_rest() {
    let (_, help, _) = said("conn-check-export-fw", &["--help"]);
    for shown in ["--with-dns", "--include-tags", "--strict", "--output", "--color", "--schema", "--validate"] {
        assert!(help.contains(shown), "{shown}: {help}");
    }
    for hidden in
        ["--max-timeout", "--journal", "--format", "--record", "--unbuffered-output", "--concurrency", "--explain"]
    {
        assert!(!help.contains(hidden), "{hidden}: {help}");
    }
    let mut agent = Agent::called("conn-check-export-fw", "- {type: tcp, host: a.example, port: 1}\n");
    let ran = agent.command().args(["--max-timeout", "3", "--format", "junit", "-U"]).output().expect("it runs");
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn the_output_is_o_and_f_in_every_program() {
    for name in PROGRAMS.into_iter().filter(|name| !matches!(*name, "conn-check-configs" | "conn-check-serve")) {
        let (_, help, _) = said(name, &["-h"]);
        assert!(help.contains("-o") && help.contains("-f"), "{name}: {help}");
    }
    for option in ["-o", "-f"] {
        let scratch = Scratch::new();
        let variables = scratch.write(".env", "REDIS_URL=redis://cache.internal:6379/0\n");
        let place = scratch.path().join("out");
        let (variables, out) = (variables.to_str().expect("a path"), place.to_str().expect("a path"));
        let (status, _, err) = said("conn-check-configs", &["env", variables, option, out]);
        assert_eq!(status, 0, "{err}");
        assert!(fs::read_to_string(&place).is_ok_and(|text| text.contains("type: redis")));
        let (status, _, err) = said("conn-check-export-fw", &[out, option, out]);
        assert_eq!(status, 0, "{err}");
        let (status, _, err) = said("conn-check", &["--schema", option, out]);
        assert_eq!(status, 0, "{err}");
        assert!(fs::read_to_string(&place).is_ok_and(|text| text.contains("$schema")));
    }
}

#[test]
fn an_option_of_another_program_comes_with_ours() {
    for (option, ours) in [("--json", "--format json"), ("--no-color", "--color never"), ("--tags=a", "--include-tags")]
    {
        let (status, _, err) = said("conn-check", &[option, "x.yaml"]);
        assert!(status == 3 && err.contains(ours) && !err.contains("'-- -"), "{option}: {err}");
    }
    let (status, _, err) = said("conn-check", &["--max-timeout", "-1", "x.yaml"]);
    assert!(status == 3 && err.contains("more than 0"), "{err}");
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_anything_is_run() {
    let refusing = ports::free();
    let fail = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", refusing.number());
    for option in ["-o", "-f", "--record"] {
        let ran = Agent::new(&fail).args([option, "/nonexistent/x"]).run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{option}: {ran:?}");
        assert!(ran.err.contains("/nonexistent/x"), "{ran:?}");
    }
    // What is not written need not be writable, and looking leaves nothing behind.
    let mut agent = Agent::new(&fail).args(["--record", "/nonexistent/x", "--dry-run"]);
    assert_eq!(agent.run().status, 0);
    let mut agent = Agent::new(&fail).args(["--record", "record.json"]);
    assert_eq!(agent.run().status, 2);
    let files = fs::read_dir(agent.scratch().path()).expect("the folder").count();
    assert_eq!(files, 2, "the checks and the record");
}

#[test]
fn the_last_line_counts_what_is_wrong() {
    let wrong = "- {type: tcp, host: a}\n- {type: tcp, port: 1}\n- {type: tcp, host: a, port: 1, tiemout: 1}\n";
    let ran = Agent::new(wrong).run();
    assert!(ran.err.ends_with("\nconn-check: 2 errors, 1 warning; nothing was run\n"), "{}", ran.err);
    let ran = Agent::new(wrong).arg("--validate").run();
    assert!(ran.err.ends_with("\nconn-check: 2 errors, 1 warning\n"), "{}", ran.err);
}

#[test]
fn a_file_that_is_not_there_is_named_in_the_layout_of_all_problems() {
    let (status, _, err) = said("conn-check", &["/nonexistent/x.yaml"]);
    assert_eq!(status, 3);
    let expected = "\
error[not-there]: the file cannot be read: No such file or directory (os error 2)
 --> /nonexistent/x.yaml
  |
  = help: check the path

conn-check: 1 error; nothing was run
";
    assert_eq!(err, expected);
}
