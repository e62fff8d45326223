//! The generated files of `docs/`.

use std::process::Command;

#[test]
fn the_generated_documentation_is_what_the_code_says() {
    let output = Command::new(env!("CARGO_BIN_EXE_docs")).arg("--check").output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
