//! What a failure and a warning come to: `critical`, `--warnings-as-errors`.

use harness::agent::{Agent, Ran};
use harness::peers::Recorder;

/// A check that fails, with more options: nothing listens on that port, to which nobody binds.
fn failing(more: &str) -> String {
    format!("- {{type: tcp, name: port, host: 127.0.0.1, port: 1{more}}}\n")
}

/// A check that passes with a warning.
fn slow(server: &Recorder) -> String {
    format!("- {{type: http, name: page, url: '{}', warn_after: 0.000001}}\n", server.url("/"))
}

fn run(yaml: &str, arguments: &[&str]) -> Ran {
    Agent::new(yaml).args(arguments.iter().copied()).run()
}

#[test]
fn a_failure_that_is_not_critical_gives_the_status_of_a_warning() {
    let minor = failing(", critical: false");
    assert_eq!(run(&failing(""), &[]).status, 2);
    for (arguments, status) in
        [(&[][..], 1), (&["--warnings-as-errors", "false"], 0), (&["--warnings-as-errors=true"], 1)]
    {
        let ran = run(&minor, arguments);
        assert_eq!(ran.status, status, "{arguments:?}: {ran:?}");
    }
    let both = format!("{minor}{}", failing(", tags: [other]"));
    assert_eq!(run(&both, &["--warnings-as-errors=false"]).status, 2, "the other one is critical");
}

#[test]
fn warnings_are_errors_or_nothing_where_that_is_said() {
    let server = Recorder::start();
    for (arguments, status, verdict) in [
        (&[][..], 1, "warn"),
        (&["--warnings-as-errors=true"], 2, "fail"),
        (&["--warnings-as-errors=false"], 0, "pass"),
    ] {
        let ran = run(&slow(&server), &[&["--format=json"], arguments].concat());
        assert_eq!((ran.status, ran.json()["verdict"].as_str()), (status, Some(verdict)), "{ran:?}");
        assert_eq!(ran.json()["counts"]["warn"], 1, "what it is called stays: {ran:?}");
    }
    let wrong = run(&slow(&server), &["--warnings-as-errors=maybe"]);
    assert_eq!(wrong.status, 3, "{wrong:?}");
}

#[test]
fn each_format_says_that_a_failure_is_not_critical() {
    let minor = failing(", critical: false");
    for (format, said) in [
        ("human", "not critical"),
        ("nagios", "CONN-CHECK WARNING: 1 of 1 failed"),
        ("nagios", "[WARNING] port"),
        ("tap", " # TODO not critical"),
        ("json", "\"critical\":false"),
    ] {
        let ran = run(&minor, &["--format", format]);
        assert!(ran.status == 1 && ran.out.contains(said), "{format}: {ran:?}");
        let ran = run(&failing(""), &["--format", format]);
        assert!(ran.status == 2 && !ran.out.contains(said), "{format}: {ran:?}");
    }
}

#[test]
fn what_takes_a_node_out_is_critical() {
    let ran = run(&failing(", critical: false, takes_node_out: true"), &["--validate"]);
    assert!(ran.err.contains("`takes_node_out` has no effect on a check that is not critical"), "{ran:?}");
}

#[test]
fn a_warning_of_a_check_that_is_not_critical_is_no_error_either() {
    let server = Recorder::start();
    let minor = slow(&server).replace("warn_after", "critical: false, warn_after");
    for (policy, status) in [("true", 1), ("false", 0)] {
        let ran = run(&minor, &["--warnings-as-errors", policy]);
        assert_eq!(ran.status, status, "{policy}: {ran:?}");
    }
}
