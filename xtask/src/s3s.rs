//! s3s-fs, an S3 server over a folder that checks signatures: no package has it, and it is a crate.

use crate::step;
use std::process::Command;

/// The last one for the tests; it has a minimum of Rust of its own, which is that of whoever runs them.
const VERSION: &str = "0.14.1";

/// Builds it into `target/s3s-fs/` when it is not there. `Some` says why it cannot be had here.
pub(crate) fn build() -> Option<String> {
    let root = step::root().join("target/s3s-fs");
    let shown = format!("cargo install s3s-fs@{VERSION}");
    let there = Command::new(root.join("bin/s3s-fs")).arg("--version").output();
    if there.is_ok_and(|there| String::from_utf8_lossy(&there.stdout).contains(VERSION)) {
        return None;
    }
    eprintln!("== {shown}");
    let mut command = Command::new("cargo");
    command.args(["install", "--quiet", "--debug", "--locked", "--force", "--features", "binary", "--root"]).arg(&root);
    command.arg(format!("s3s-fs@{VERSION}")).env("CARGO_TARGET_DIR", root.join("build"));
    let outcome = step::run(&mut command, &shown);
    // What nobody needs any more.
    let _left = std::fs::remove_dir_all(root.join("build"));
    outcome.err()
}
