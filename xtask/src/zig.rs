//! Builds for other systems than this one. cargo-zigbuild links with zig, which knows the symbols of every glibc and has
//! musl, and compiles the one dependency with C and assembler in it, ring, for each of its machines.

use crate::python;
use crate::step;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Both from `PyPI`, in an environment below `target/`.
const TOOLS: [&str; 2] = ["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];

/// What is built for.
pub(crate) struct System<'a> {
    /// As Rust calls the machine.
    pub(crate) machine: &'a str,
    /// The newest glibc that the programs may need; without one they bring musl.
    pub(crate) glibc: Option<&'a str>,
}

impl System<'_> {
    fn target(&self) -> String {
        format!("{}-unknown-linux-{}", self.machine, if self.glibc.is_some() { "gnu" } else { "musl" })
    }

    /// Builds the product; where its programs are.
    pub(crate) fn build(&self, profile: &str) -> Result<String, String> {
        let tools = tools()?;
        let target = self.target();
        add_library_of(&target)?;
        let versioned = self.glibc.map_or_else(|| target.clone(), |glibc| format!("{target}.{glibc}"));
        let arguments = ["zigbuild", "--profile", profile, "--target", &versioned];
        let shown = format!("cargo {}", arguments.join(" "));
        eprintln!("== {shown}");
        let mut command = Command::new(tools.join("cargo-zigbuild"));
        step::without_package(command.args(arguments)).env("PATH", first_on_path(&tools)?);
        step::run(&mut command, &shown)?;
        Ok(format!("target/{target}/{profile}"))
    }
}

/// Where cargo-zigbuild and the Python with zig are.
fn tools() -> Result<PathBuf, String> {
    python::environment("zig", &TOOLS)
        .map_err(|why| format!("--zigbuild needs cargo-zigbuild and zig from PyPI, which cannot be had: {why}"))?;
    Ok(step::root().join("target/zig/bin"))
}

fn first_on_path(folder: &Path) -> Result<OsString, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths([folder.to_owned()].into_iter().chain(env::split_paths(&path))).map_err(|error| error.to_string())
}

/// Rust's standard library for a target: it comes with rustup, or with the system.
fn add_library_of(target: &str) -> Result<(), String> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", target]).stderr(Stdio::inherit());
    let folder = rustc.output().map_err(|error| format!("rustc: {error}"))?.stdout;
    let folder = String::from_utf8_lossy(&folder);
    if !folder.trim().is_empty() && Path::new(folder.trim()).exists() {
        return Ok(());
    }
    let shown = format!("rustup target add {target}");
    step::run(Command::new("rustup").args(["target", "add", target]), &shown).map_err(|why| {
        format!(
            "--zigbuild needs Rust's standard library for {target}, from rustup or from your system's packages: {why}"
        )
    })
}
