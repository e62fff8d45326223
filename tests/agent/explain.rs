//! `conn-check explain`: what codes, types and options mean, where there is neither a file nor a network.

use conn_check::catalogue;
use conn_check::checks::Spec;
use conn_check::explain;
use harness::agent::{program, verdict_of};
use harness::scratch::Scratch;
use std::path::Path;
use std::process::Command;

/// What the program says to these arguments in a folder, on standard output and on standard error.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(program());
    let output = command.current_dir(folder).args(arguments).env_clear().output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_word_that_is_listed_is_explained() {
    let scratch = Scratch::new();
    let (status, list, err) = said(scratch.path(), &["explain"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let words: Vec<_> = explain::words().into_iter().map(|(word, _)| word).collect();
    assert!(words.len() > 150, "{}", words.len());
    // Other names of types are explained, and not listed.
    let missing: Vec<_> = words.iter().filter(|word| !list.split_whitespace().any(|listed| listed == **word)).collect();
    let aliases: Vec<_> = Spec::describe().into_iter().flat_map(|check| check.aliases).collect();
    assert!(missing.iter().all(|word| aliases.contains(word)), "{missing:?}");
    let arguments: Vec<_> = ["explain"].into_iter().chain(words.iter().copied()).collect();
    let (status, all, err) = said(scratch.path(), &arguments);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(words.iter().all(|word| all.contains(word)));
}

#[test]
fn what_is_said_of_a_code_a_type_and_an_option() {
    let scratch = Scratch::new();
    for (name, word) in [("code", "auth.rejected"), ("type", "memcached"), ("option", "use_tls")] {
        let (status, text, err) = said(scratch.path(), &["explain", word]);
        assert_eq!((status, err.as_str()), (0, ""));
        insta::assert_snapshot!(format!("explain_{name}"), text);
    }
}

#[test]
fn owners_phases_and_type_are_words_too() {
    let scratch = Scratch::new();
    for (word, part) in [
        ("credentials", "whose job a fix is"),
        ("service", "connect.refused"),
        ("connect", "a phase of a check"),
        ("request", "request."),
        ("type", "postgres"),
    ] {
        let (status, text, err) = said(scratch.path(), &["explain", word]);
        assert!(status == 0 && err.is_empty() && text.contains(part), "{word}: {text}{err}");
    }
}

#[test]
fn an_unknown_word_is_status_3_and_comes_with_the_right_one() {
    let scratch = Scratch::new();
    let (status, out, err) = said(scratch.path(), &["explain", "auth.rejectd"]);
    assert_eq!((status, out.as_str()), (3, ""));
    assert!(err.contains("did you mean `auth.rejected`?"), "{err}");
    // The others are explained all the same.
    let (status, out, _) = said(scratch.path(), &["explain", "auth.rejected", "nonsense"]);
    assert_eq!((status, out.starts_with("auth.rejected: ")), (3, true), "{out}");
}

#[test]
fn the_word_wins_over_a_file_of_that_name_and_only_in_the_first_place() {
    let scratch = Scratch::new();
    scratch.write("explain", "- {type: tcp, host: 127.0.0.1, port: 1}\n");
    let (status, out, _) = said(scratch.path(), &["explain", "--help"]);
    assert!(status == 0 && out.contains("conn-check explain auth.rejected"), "{out}");
    let (status, out, _) = said(scratch.path(), &["./explain", "--dry-run"]);
    assert_eq!((status, out.as_str()), (0, "SKIPPED: tcp:127.0.0.1:1\n"));
    let (status, out, err) = said(scratch.path(), &["./explain", "explain", "--dry-run"]);
    assert_eq!((status, out), (0, "SKIPPED: tcp:127.0.0.1:1\n".repeat(2)), "here it is a file: {err}");
    let (status, out, err) = said(scratch.path(), &["help"]);
    assert_eq!((status, err.as_str(), out), (0, "", said(scratch.path(), &["--help"]).1));
}

/// The examples that need nothing but this host.
#[test]
fn examples_give_the_code_that_they_explain() {
    for name in
        ["resolve.bad-name", "connect.refused", "connect.denied-locally", "connect.no-socket", "proxy.unreachable"]
    {
        let code = catalogue::ALL.iter().find(|code| code.name == name).expect("a code");
        assert_eq!(verdict_of(&format!("- {}\n", code.example.check)), name);
    }
}

#[test]
fn lines_are_as_wide_as_the_terminal() {
    for columns in [50, 90] {
        // `script` gives it a terminal.
        let inside = format!("stty cols {columns} rows 24; exec {} explain postgres", program().display());
        let output = Command::new("script").args(["-qec", &inside, "/dev/null"]).output().expect("it runs");
        let ran = String::from_utf8_lossy(&output.stdout).into_owned();
        let widest = ran.lines().filter(|line| !line.starts_with("    ")).map(|line| line.trim_end().len()).max();
        assert!(widest.is_some_and(|widest| widest <= columns && widest + 12 > columns), "{columns}: {ran}");
    }
}
