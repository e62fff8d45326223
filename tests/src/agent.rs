//! The program under test: `conn-check`, as a user runs it.

use crate::advice;
use crate::scratch::Scratch;
use serde_json::Value;
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// One call of `conn-check` with a file of checks.
#[derive(Debug)]
pub struct Agent {
    scratch: Scratch,
    command: Command,
    yaml: String,
}

/// What it printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The exit status; -1 after a signal.
    pub status: i32,
    /// How long it took.
    pub elapsed: Duration,
}

impl Agent {
    /// A call with this YAML text as its file, in a clean environment.
    #[must_use]
    pub fn new(yaml: &str) -> Self {
        Self::by(Command::new(program()), yaml)
    }

    /// As [`Agent::new`], with another build of the program.
    #[must_use]
    pub fn of(program: &Path, yaml: &str) -> Self {
        Self::by(Command::new(program), yaml)
    }

    /// As [`Agent::new`], through a command that takes the program as its next argument:
    /// `ip netns exec NAME`, `setpriv ...`.
    #[must_use]
    pub fn through(mut outer: Command, yaml: &str) -> Self {
        outer.arg(program());
        Self::by(outer, yaml)
    }

    /// As [`Agent::through`], with a copy of the program for a user who may not enter where it was built.
    #[must_use]
    pub fn copy_through(mut outer: Command, yaml: &str) -> Self {
        outer.arg(program_for_all());
        Self::by(outer, yaml)
    }

    /// As [`Agent::new`], called by another of its names: `conn-check-export-fw`, say.
    #[must_use]
    pub fn called(name: &str, yaml: &str) -> Self {
        Self::by(Command::new(program_called(name)), yaml)
    }

    /// [`Agent::called`] and [`Agent::through`] in one.
    #[must_use]
    pub fn called_through(mut outer: Command, name: &str, yaml: &str) -> Self {
        outer.arg(program_called(name));
        Self::by(outer, yaml)
    }

    fn by(mut command: Command, yaml: &str) -> Self {
        let scratch = Scratch::new();
        let file = scratch.write("checks.yaml", yaml);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(scratch.path()).arg(file);
        Self { scratch, command, yaml: yaml.to_owned() }
    }

    /// The directory that the program runs in.
    #[must_use]
    pub const fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.command.arg(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&mut self) -> Ran {
        let began = Instant::now();
        let output = self.command.stdin(Stdio::null()).output();
        Ran::of(&output.unwrap_or_else(|error| panic!("conn-check cannot be started: {error}")), began.elapsed())
    }

    /// Runs it with a text on its standard input.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run_with_input(&mut self, input: &[u8]) -> Ran {
        let began = Instant::now();
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("conn-check cannot be started: {error}"));
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read to the end is for the test to judge, by what it prints.
            let _ = stdin.write_all(input);
        }
        let output = child.wait_with_output().unwrap_or_else(|error| panic!("conn-check: {error}"));
        Ran::of(&output, began.elapsed())
    }

    /// The command itself, for a test that wants to do something else with it.
    pub const fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Runs it with `--format json`, and returns the report. Its next steps are held against the options of the checks.
    ///
    /// # Panics
    /// When what it printed is no JSON, or a next step cannot be taken.
    pub fn report(&mut self) -> Value {
        self.command.args(["--format", "json"]);
        let report = self.run().json();
        advice::inspect(&report, &self.yaml);
        report
    }
}

impl Ran {
    pub(crate) fn of(output: &Output, elapsed: Duration) -> Self {
        Self {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code().unwrap_or(-1),
            elapsed,
        }
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// The code of the first check's failure, or its verdict when it has none.
///
/// # Panics
/// When the report has no check.
#[must_use]
pub fn code(report: &Value) -> String {
    let check = &report["checks"][0];
    let code = check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str());
    code.unwrap_or_else(|| panic!("no check in {report}")).to_owned()
}

/// The verdict of a one-check file: the failure's code, or `pass`, `warn`, `skip`.
#[must_use]
pub fn verdict_of(yaml: &str) -> String {
    code(&Agent::new(yaml).report())
}

/// The program under test.
///
/// # Panics
/// When it is not built.
#[must_use]
pub fn program() -> PathBuf {
    built("conn-check")
}

/// A program of this build by its name: the agent, one of the charm's, a tool. A test does not build
/// what other packages have, and takes what is beside it.
///
/// # Panics
/// When it is not built.
#[must_use]
pub fn built(name: &str) -> PathBuf {
    let program = folder().join(name);
    assert!(program.is_file(), "{} is not built: cargo build --profile ci --workspace", program.display());
    program
}

/// A link to the program by another of its names, as a package has it.
///
/// # Panics
/// When it cannot be made.
pub fn program_called(name: &str) -> PathBuf {
    static LINKS: OnceLock<Scratch> = OnceLock::new();
    let link = LINKS.get_or_init(Scratch::new).path().join(name);
    match symlink(program(), &link) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("{} cannot be made: {error}", link.display()),
        _ => link,
    }
}

/// A copy of the program under test where every user reaches it.
fn program_for_all() -> &'static Path {
    static COPY: OnceLock<(Scratch, PathBuf)> = OnceLock::new();
    let copy = || {
        let scratch = Scratch::new();
        let copy = scratch.program_from("conn-check", &program());
        (scratch, copy)
    };
    &COPY.get_or_init(copy).1
}

/// Where the programs of this build are.
///
/// # Panics
/// When this process is none of them.
#[must_use]
pub fn folder() -> PathBuf {
    // .../target/PROFILE/deps/agent-HASH, or .../target/PROFILE/demo
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let folder = own.ancestors().find(|folder| folder.join("deps").is_dir() && !folder.ends_with("deps"));
    folder.unwrap_or_else(|| panic!("{} is in no target folder", own.display())).to_owned()
}
