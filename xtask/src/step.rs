//! One command of a task: shown, run, and named when it fails.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// Done, or why not.
pub(crate) type Outcome = Result<(), String>;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// Runs the cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Outcome {
    let (mut command, shown) = cargo_command(arguments);
    run(&mut command, &shown)
}

/// As [`cargo`] with these variables, and `read` sees every line of its output, which goes on to standard output.
pub(crate) fn cargo_read(arguments: &[&str], variables: &[(&str, String)], read: impl FnMut(&str)) -> Outcome {
    let (mut command, shown) = cargo_command(arguments);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let status = passing_on(command, read).map_err(|error| format!("cannot run: {shown}: {error}"))?;
    ended(status, &shown)
}

fn cargo_command(arguments: &[&str]) -> (Command, String) {
    let shown = format!("cargo {}", arguments.join(" "));
    eprintln!("== {shown}");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    without_package(command.args(arguments));
    (command, shown)
}

/// Both its outputs are one pipe, so that their lines stay in order.
fn passing_on(mut command: Command, mut read: impl FnMut(&str)) -> io::Result<ExitStatus> {
    let (output, input) = io::pipe()?;
    let mut child = command.current_dir(root()).stdout(input.try_clone()?).stderr(input).spawn()?;
    // It has the writing end, without whose end the pipe has none.
    drop(command);
    let (mut output, mut line) = (BufReader::new(output), Vec::new());
    while output.read_until(b'\n', &mut line)? > 0 {
        io::stdout().write_all(&line)?;
        read(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
        line.clear();
    }
    child.wait()
}

/// Takes away what cargo tells its children about their package, ours: build scripts that read it
/// (ring's) would see a change after every call from a shell, and all that depends on them would be
/// built again.
pub(crate) fn without_package(command: &mut Command) -> &mut Command {
    let of_package = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    env::vars_os().map(|(name, _)| name).filter(of_package).fold(command, |command, name| command.env_remove(name))
}

/// Runs a command in the root of the repository.
pub(crate) fn run(command: &mut Command, shown: &str) -> Outcome {
    let status = command.current_dir(root()).status().map_err(|error| format!("cannot run: {shown}: {error}"))?;
    ended(status, shown)
}

fn ended(status: ExitStatus, shown: &str) -> Outcome {
    if status.success() { Ok(()) } else { Err(format!("failed: {shown} ({status})")) }
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
