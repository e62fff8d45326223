//! One command of a task: shown, run, and named when it fails.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Done, or why not.
pub(crate) type Outcome = Result<(), String>;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// Runs the cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Outcome {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let shown = format!("cargo {}", arguments.join(" "));
    eprintln!("== {shown}");
    run(without_package(Command::new(cargo).args(arguments)), &shown)
}

/// Takes away what cargo tells its children about their package, ours: build scripts that read it
/// (ring's) would see a change after every call from a shell, and all that depends on them would be
/// built again.
fn without_package(command: &mut Command) -> &mut Command {
    let of_package = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    env::vars_os().map(|(name, _)| name).filter(of_package).fold(command, |command, name| command.env_remove(name))
}

/// Runs a command in the root of the repository.
pub(crate) fn run(command: &mut Command, shown: &str) -> Outcome {
    let status = command.current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed: {shown} ({status})")),
        Err(error) => Err(format!("cannot run: {shown}: {error}")),
    }
}

/// Makes sure that a part of the toolchain is there.
pub(crate) fn component(subcommand: &str, component: &str) -> Outcome {
    let quiet = |command: &mut Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    if quiet(Command::new(cargo).args([subcommand, "--version"])) {
        return Ok(());
    }
    run(Command::new("rustup").args(["component", "add", component]), &format!("rustup component add {component}"))
}
