//! The demo, which judges conn-check itself and fails when it says anything unexpected.

use std::process::Command;

#[test]
fn the_demo_shows_all_green_and_then_three_faults() {
    let output = Command::new(env!("CARGO_BIN_EXE_demo")).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "4 checks ok",
        "exit status 0",
        "[auth.rejected]",
        "[connect.refused]",
        "[proxy.denied]",
        "fix: credentials 1, network 1, service 1",
        "exit status 2",
        "Now you",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "colours in what is no terminal:\n{text}");
}
