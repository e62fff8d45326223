//! What the tests need of the system: Debian packages by name, only what is missing.

use crate::step::{self, Outcome};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Lines of `PROGRAM PACKAGE`: a package is installed when its program is not found.
const LIST: &str = include_str!("../../tests/packages.txt");

/// Where programs are looked for: daemons are not on everybody's path.
const PLACES: [&str; 6] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

/// Keeps the package manager from starting the daemons it installs.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs what is missing for the tests, as root or through sudo.
pub(crate) fn install_missing() -> Outcome {
    install(|_| true)
}

/// The same of these packages alone.
pub(crate) fn install_missing_of(packages: &[&str]) -> Outcome {
    install(|package| packages.contains(&package))
}

fn install(is_wanted: impl Fn(&str) -> bool) -> Outcome {
    let wanted: Vec<_> = listed().filter(|(_, package)| is_wanted(package)).collect();
    let missing = || wanted.iter().filter(|(program, _)| !is_there(program));
    let packages: Vec<_> = missing().map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let policy = !Path::new(POLICY).exists();
    if policy {
        as_root(&["sh", "-c", &format!("printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}")])?;
    }
    let installed = as_root(&["apt-get", "update", "-q"]).and_then(|()| {
        as_root(&[&["apt-get", "install", "-y", "-q", "--no-install-recommends"], &packages[..]].concat())
    });
    if policy {
        as_root(&["rm", "-f", POLICY])?;
    }
    installed?;
    let still: Vec<_> = missing().map(|(program, _)| *program).collect();
    if still.is_empty() { Ok(()) } else { Err(format!("installed, and still not found: {}", still.join(", "))) }
}

fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = LIST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(char::is_whitespace)).map(|(program, package)| (program, package.trim()))
}

/// A program by name, or a file by its path.
fn is_there(program: &str) -> bool {
    let executable =
        |path: &Path| fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    if program.starts_with('/') {
        return Path::new(program).exists();
    }
    PLACES.iter().any(|place| executable(&Path::new(place).join(program)))
}

fn as_root(arguments: &[&str]) -> Outcome {
    let shown = arguments.join(" ");
    eprintln!("== {shown}");
    let mut command = if is_root() { Command::new(arguments[0]) } else { Command::new("sudo") };
    let rest = if is_root() { &arguments[1..] } else { arguments };
    step::run(command.args(rest).env("DEBIAN_FRONTEND", "noninteractive"), &shown)
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
