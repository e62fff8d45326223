//! The command line as careless users type it, and the statuses that Nagios reads.

use conn_check::report::FORMATS;
use harness::agent::{Agent, Ran, program};
use harness::certs::Authority;
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::ports;
use harness::scratch::Scratch;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// Runs the program without a file.
fn bare(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(program()).args(arguments).env_clear().output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A file with one check that passes.
fn passing(peer: &Peer) -> String {
    format!("- {{type: tcp, host: 127.0.0.1, port: {}, tags: [a, b]}}", peer.port())
}

#[test]
fn usage_errors_are_status_3_on_stderr() {
    for arguments in [
        &[][..],
        &["--no-such-option", "x.yaml"],
        &["x.yaml", "--format", "xml"],
        &["x.yaml", "--max-timeout"],
        &["x.yaml", "--max-timeout", "soon"],
        &["x.yaml", "--max-timeout=0"],
        &["x.yaml", "--max-timeout=-1"],
        &["x.yaml", "--max-timeout=inf"],
        &["x.yaml", "--max-timeout=NaN"],
        &["x.yaml", "--connect-timeout=1e9"],
        &["x.yaml", "--concurrency=0"],
        &["x.yaml", "--per-host=-1"],
        &["x.yaml", "--color=maybe"],
        &["x.yaml", "-4", "-6"],
        &["x.yaml", "--include-tags=a", "--exclude-tags=b"],
        &["x.yaml", "--tls-certs-path", "/nonexistent"],
    ] {
        let (status, out, err) = bare(arguments);
        assert_eq!((status, out.as_str()), (3, ""), "{arguments:?}: {err}");
        assert!(!err.is_empty(), "{arguments:?}: nothing is said");
        assert!(!err.contains("panicked") && err.lines().count() < 20, "{arguments:?}: {err}");
    }
}

#[test]
fn an_unknown_option_comes_with_the_right_one() {
    let (_, _, err) = bare(&["--max-timout=3", "x.yaml"]);
    assert!(err.contains("--max-timeout") && err.contains("Usage:"), "{err}");
}

#[test]
fn both_tag_options_exclude_each_other() {
    let (status, _, err) = bare(&["--include-tags=a", "--exclude-tags=b", "x.yaml"]);
    assert_eq!(status, 3);
    assert!(err.contains("--include-tags") && err.contains("--exclude-tags"), "{err}");
}

#[test]
fn version_and_help_are_no_errors() {
    let (status, out, err) = bare(&["--version"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.starts_with("conn-check 2."), "{out}");
    let (status, out, err) = bare(&["--help"]);
    assert_eq!((status, err.as_str()), (0, ""));
    insta::assert_snapshot!("help", out);
}

#[test]
fn options_stand_before_between_and_behind() {
    let peer = Peer::start(Manner::Silent);
    let scratch = Scratch::new();
    let file = scratch.write("checks.yaml", passing(&peer));
    let file = file.to_str().expect("a path");
    for arguments in [
        &["-v", file, "tcp:*"][..],
        &[file, "-v", "tcp:*"],
        &[file, "tcp:*", "-v"],
        &[file, "--", "tcp:*"],
        &["-vdt", "--", file],
        &["--max-timeout", "10", "--include-tags", "a,b", file],
        &["--include-tags=a", "--include-tags=b", file],
    ] {
        let (status, out, err) = bare(arguments);
        assert_eq!((status, err.as_str()), (0, ""), "{arguments:?}: {out}");
        assert!(out.contains(" OK"), "{arguments:?}: {out}");
    }
}

#[test]
fn a_pattern_before_the_file_says_which_file_is_missing() {
    let peer = Peer::start(Manner::Silent);
    let scratch = Scratch::new();
    let file = scratch.write("checks.yaml", passing(&peer));
    let (status, out, err) = bare(&["tcp:*", file.to_str().expect("a path")]);
    assert_eq!((status, out.as_str()), (3, ""));
    assert!(err.contains("tcp:*") && err.contains("not-there"), "{err}");
}

#[test]
fn nothing_selected_is_unknown_and_says_what_there_is() {
    let yaml = "- {type: tcp, host: 127.0.0.1, port: 1, tags: [b, a]}\n- {type: dns, name: x.test}\n";
    for arguments in [&["udp:*"][..], &["--include-tags=c"], &["--exclude-tags=a", "tcp:*"], &["TCP:*"], &[""]] {
        let Ran { out, err, status, .. } = Agent::new(yaml).args(arguments).run();
        assert_eq!((status, out.as_str()), (3, ""), "{arguments:?}");
        assert!(err.contains("nothing-selected"), "{err}");
        // What there is of the sort that was asked for.
        let by_tag = arguments.iter().any(|argument| argument.contains("-tags"));
        let there = err.contains("tags a, b") && (by_tag || err.contains("tcp:127.0.0.1:1"));
        assert!(there || arguments == ["TCP:*"] && err.contains("did you mean `tcp`?"), "{err}");
    }
    let told = Agent::new(yaml).args(["udp:*", "--format", "nagios"]).run();
    assert!(told.out.starts_with("CONN-CHECK UNKNOWN: "), "{}", told.out);
    let told = Agent::new(yaml).args(["udp:*", "--format", "json"]).run().json();
    assert_eq!(told["diagnostics"][0]["code"], "nothing-selected");
}

#[test]
fn the_status_is_that_of_nagios() {
    let peer = Peer::start(Manner::Silent);
    let authority = Authority::new();
    let expiring = TlsPeer::start(&authority.expiring_in_days(3), TlsManner::Silent);
    let refusing = ports::free();
    let pass = passing(&peer);
    let (port, ca) = (expiring.address().port(), authority.file().display());
    let warn = format!("- {{type: tls, host: localhost, port: {port}, ca_file: {ca}}}");
    let fail = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}", refusing.number());
    for (yaml, status) in [
        (pass.clone(), 0),
        (format!("{pass}\n{warn}"), 1),
        (format!("{pass}\n{warn}\n{fail}"), 2),
        (format!("{pass}\n{warn}\n{fail}\n- x"), 3),
        (String::new(), 3),
        (format!("{pass}\n  unknown: 1"), 3),
    ] {
        for format in FORMATS.map(|format| format.name) {
            let ran = Agent::new(&yaml).args(["--format", format]).run();
            assert_eq!(
                ran.status,
                crate::formats::status_in(format, status),
                "{format}: {yaml}\n{}{}",
                ran.out,
                ran.err
            );
        }
    }
    // A warning about the file is none of a check.
    let ran = Agent::new(&pass.replace('}', ", unknown: 1}")).run();
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.contains("unknown-key"));
}

#[test]
fn the_output_file_is_replaced_whole_and_keeps_its_mode() {
    let peer = Peer::start(Manner::Silent);
    let mut agent = Agent::new(&passing(&peer)).args(["-o", "report", "--record", "record.json"]);
    let old = agent.scratch().write("report", "old");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).expect("its mode");
    let before = fs::metadata(&old).expect("metadata");
    let ran = agent.run();
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let after = fs::metadata(&old).expect("metadata");
    assert_eq!(fs::read_to_string(&old).expect("text"), format!("tcp:127.0.0.1:{} OK\n", peer.port()));
    assert_eq!(after.permissions().mode() & 0o7777, 0o640);
    assert_ne!(std::os::unix::fs::MetadataExt::ino(&before), std::os::unix::fs::MetadataExt::ino(&after));
    let record = agent.scratch().path().join("record.json");
    assert_eq!(fs::metadata(&record).expect("metadata").permissions().mode() & 0o7777, 0o644, "others may read it");
    let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(record).expect("text")).expect("JSON");
    assert_eq!(record["verdict"], "pass");
    let mut files: Vec<_> = fs::read_dir(agent.scratch().path())
        .expect("the folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"))
        .collect();
    files.sort();
    assert_eq!(files, ["checks.yaml", "record.json", "report"], "nothing else is left");
}

#[test]
fn an_output_that_cannot_be_written_is_a_clear_error() {
    let peer = Peer::start(Manner::Silent);
    for (option, place) in [
        ("-o", "/nonexistent/report"),
        ("-o", "/proc/report"),
        ("--record", "/nonexistent/x"),
        ("-o", "/"),
        ("-o", "/dev/full"),
    ] {
        let ran = Agent::new(&passing(&peer)).args([option, place]).run();
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains(place) && ran.err.lines().count() == 1, "{option} {place}: {}", ran.err);
    }
    let mut full = Command::new("sh");
    full.args(["-c", "exec \"$@\" > /dev/full", "sh"]);
    let ran = Agent::through(full, &passing(&peer)).run();
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("standard output"), "{ran:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let peer = Peer::start(Manner::Silent);
    // Each has a name: checks that are the same in everything are warned of.
    let named = |number: usize| passing(&peer).replace('}', &format!(", name: {number}}}\n"));
    let yaml = |checks: usize| (0..checks).map(named).collect::<String>();
    for format in ["plain", "json", "jsonl", "nagios"] {
        let mut shell = Command::new("sh");
        shell.args(["-c", "(\"$@\"; echo status $? >&2) | head -c 1 > /dev/null", "sh"]);
        let ran = Agent::through(shell, &yaml(3000)).args(["--format", format]).run();
        assert_eq!(ran.err, "status 0\n", "{format}: {ran:?}");
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", "(\"$@\"; echo status $? >&2) | true", "sh"]);
    let ran = Agent::through(shell, &yaml(300)).arg("-U").run();
    assert_eq!(ran.err, "status 0\n", "{ran:?}");
}

#[test]
fn colours_come_only_when_asked_for() {
    let port = ports::free();
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}", port.number());
    for (arguments, colored) in [
        (&["--format=human"][..], false),
        (&["--format=human", "--color=always"], true),
        (&["--format=human", "--color=never"], false),
        (&["--format=plain", "--color=always"], false),
        (&["--format=nagios", "--color=always"], false),
        (&["--format=json", "--color=always"], false),
    ] {
        let ran = Agent::new(&yaml).args(arguments).run();
        assert_eq!(ran.out.contains('\u{1b}'), colored, "{arguments:?}: {}", ran.out);
    }
    let errors = |when: &str| Agent::new("- x").arg(format!("--color={when}")).run().err.contains('\u{1b}');
    assert_eq!([errors("auto"), errors("never"), errors("always")], [false, false, true]);
    // On a terminal: `script` gives it one.
    let on_terminal = |environment: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{environment} script -qec \"$(printf '%s ' \"$@\")\" /dev/null"), "sh"]);
        Agent::through(shell, &yaml).run().out
    };
    assert!(on_terminal("TERM=xterm").contains('\u{1b}'), "{}", on_terminal("TERM=xterm"));
    for plain in ["TERM=xterm NO_COLOR=1", "TERM=dumb", "TERM="] {
        assert!(!on_terminal(plain).contains("\u{1b}[3"), "{plain}: {}", on_terminal(plain));
    }
}

#[test]
fn a_flag_may_be_said_twice_and_the_last_value_counts() {
    let peer = Peer::start(Manner::Silent);
    let ran = Agent::new(&passing(&peer)).args(["-vv", "--format=json", "--format=plain"]).run();
    assert_eq!((ran.status, ran.out.contains(" OK")), (0, true), "{ran:?}");
}

#[test]
fn a_record_does_not_take_the_place_of_the_output() {
    let peer = Peer::start(Manner::Silent);
    let ran = Agent::new(&passing(&peer)).args(["--output=same", "--record=same"]).run();
    assert_eq!(ran.status, 3);
    assert!(ran.err.contains("--output and --record name the same file"), "{ran:?}");
}

#[test]
fn a_tag_that_no_check_has_is_noted() {
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}, tags: [a]}}\n", peer.port());
    let ran = Agent::new(&yaml).args(["--include-tags=a,typo"]).run();
    assert_eq!((ran.status, ran.err.as_str()), (0, "conn-check: note: no check has the tag `typo`\n"), "{ran:?}");
}
