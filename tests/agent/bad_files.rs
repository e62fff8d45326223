//! Files that are wrong, each in a way of its own: what is printed, and that nothing is run.

use conn_check::diagnostic::Flaw;
use conn_check::plan::{Defaults, load};
use conn_check::source::Source;
use harness::agent::{Agent, program};
use std::collections::HashSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Every file of `bad/`, as it is refused (or, for notes and warnings, accepted).
#[test]
fn every_bad_file_is_explained() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/agent/bad");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() > 30, "only {} files", files.len());
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let mut command = Command::new(program());
        let output =
            command.current_dir(folder).args([&name, "--validate", "--color", "never"]).output().expect("it runs");
        let text = format!(
            "exit {}\n{}{}",
            output.status.code().unwrap_or(-1),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!text.contains("hunter2"), "{name} echoes a secret:\n{text}");
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn strict_refuses_what_is_otherwise_a_warning_and_never_a_note() {
    let misspelt = "- {type: tcp, host: a, port: 1, tag: x}";
    assert_eq!(Agent::new(misspelt).arg("--validate").run().status, 0);
    assert_eq!(Agent::new(misspelt).args(["--validate", "--strict"]).run().status, 3);
    assert_eq!(Agent::new("- {type: ssl, host: a, port: 1}").args(["--validate", "--strict"]).run().status, 0);
}

/// What is known of the files in `bad/`: the codes that they are explained with.
#[test]
fn every_code_of_a_diagnostic_has_a_file() {
    // A file of checks alone cannot show these: hostile.rs, files.rs, command_line.rs, include.rs, command/trust.rs and those
    // of the firewall have them.
    const ELSEWHERE: [&str; 9] = [
        "unreadable",
        "not-there",
        "not-a-file",
        "of-other-unit",
        "untrusted-file",
        "bad-include",
        "nothing-selected",
        "no-rules",
        "unresolved",
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/agent/bad");
    let mut seen = HashSet::new();
    for file in fs::read_dir(folder).expect("the folder") {
        let path = file.expect("a file").path();
        let diagnostics = match Source::read(path.to_str().expect("a name")) {
            Ok(source) => load(&source, Defaults { timeout: Duration::from_secs(1) }, false)
                .map_or_else(|errors| errors, |(_, warnings)| warnings),
            Err(unreadable) => vec![unreadable.1],
        };
        assert!(!diagnostics.is_empty(), "nothing is wrong with {}", path.display());
        seen.extend(diagnostics.into_iter().map(|one| one.flaw.code()));
    }
    let known: HashSet<_> = Flaw::ALL.iter().map(|flaw| flaw.code()).collect();
    assert!(seen.is_subset(&known), "not listed: {:?}", seen.difference(&known));
    let missing: Vec<_> = known.difference(&seen).filter(|code| !ELSEWHERE.contains(code)).collect();
    assert!(missing.is_empty(), "no file shows {missing:?}");
}
