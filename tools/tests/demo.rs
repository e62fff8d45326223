//! The demo, which judges conn-check itself and fails when it says anything unexpected.

use std::process::Command;

#[test]
fn the_demo_shows_all_green_and_then_four_faults() {
    let output = Command::new(env!("CARGO_BIN_EXE_demo")).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "exit status 0",
        "[connect.refused]",
        "[auth.rejected]",
        "[tls.expired]",
        "[proxy.denied]",
        "exit status 2",
        "Now you",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "colours in what is no terminal:\n{text}");
}
