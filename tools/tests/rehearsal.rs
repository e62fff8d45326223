//! The rehearsal, which fails when a hook does, or when anything is left.

use harness::scratch::Scratch;
use std::process::Command;

fn rehearse(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rehearse")).args(arguments).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn the_rehearsal_shows_a_whole_life() {
    let (well, text) = rehearse(&[]);
    assert!(well, "{text}");
    for part in [
        "active: 3 checks, not run yet",
        "CONN-CHECK OK: 0 of 3 failed",
        "]=/usr/local/lib/conn-check/units/conn-check-0/conn-check --format nagios",
        "systemctl reload nagios-nrpe-server",
        "CONN-CHECK CRITICAL: 1 of 2 failed",
        "Action id 2 failed: ",
        "exit status 0",
        "service__juju-my-service-0_check_conn-check-conn-check-0.cfg",
        "blocked: revision 1.3.1 is not available",
        "-> ../versions/2.0.9",
        "Nothing of the charm is left",
        "Now you",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    // Before nrpe has named the host, nothing is exported for one.
    let (before, _) = text.split_once("nrpe-external-master-relation-joined").expect("the hook");
    assert!(before.contains("nrpe-external-master-relation-created") && !before.contains("service__"), "{before}");
    assert!(!text.contains("service__juju-conn-check-0"), "{text}");
    assert!(!text.contains('\x1b') && !text.contains("/root/"), "{text}");
}

#[test]
fn the_rehearsal_takes_a_file_of_ones_own() {
    let scratch = Scratch::new();
    let file = |name: &str, text: &str| scratch.write(name, text).display().to_string();
    let (well, text) = rehearse(&["--config", &file("good.yaml", "- {type: tcp, host: 127.0.0.1, port: 9}\n")]);
    assert!(well && text.contains("active: 1 check, not run yet") && text.contains("connect.refused"), "{text}");
    let (well, text) = rehearse(&["--config", &file("bad.yaml", "- {type: tcp, hots: x}\n")]);
    assert!(well && text.contains("blocked: /var/conn-check.yaml:1:4: `host` is missing"), "{text}");
    let (well, text) = rehearse(&["--config", "/nowhere.yaml"]);
    assert!(!well && text.contains("/nowhere.yaml"), "{text}");
}
