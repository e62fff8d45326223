//! Django projects, and the programs that turn their settings into checks.
//!
//! `cargo xtask test` makes a Python environment for each of [`Django`] below `target/`, by the
//! system's Python: it is the one the environments of the charm's users have, and old Djangos run
//! with no newer one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::agent::{self, Ran};
use crate::or_panic::OrPanic;
use crate::scratch::Scratch;

/// The system's Python, without Django.
pub const SYSTEM_PYTHON: &str = "/usr/bin/python3";

/// Versions of Django that the system's Python runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Django {
    /// The newest one.
    Newest,
    /// The oldest one.
    Oldest,
}

impl Django {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Newest, Self::Oldest];

    /// As the requirement is written in `tests/django.txt`.
    #[must_use]
    pub fn requirement(self) -> &'static str {
        let mut lines = include_str!("../django.txt").lines().filter(|line| line.starts_with("Django=="));
        let line = if self == Self::Newest { lines.next() } else { lines.next_back() };
        line.or_panic("find a version of Django in tests/django.txt")
    }

    /// The interpreter of its environment.
    ///
    /// # Panics
    /// When the environment was not made.
    #[must_use]
    pub fn python(self) -> PathBuf {
        let name = self.requirement().replace("==", "-").to_lowercase();
        let target = agent::folder().parent().map(Path::to_owned).or_panic("find the target folder");
        let python = target.join(name).join("bin/python");
        assert!(python.is_file(), "{} is not there: `cargo xtask test` makes it", python.display());
        python
    }
}

/// A project: the package `shop` with its settings, and what was generated from it.
#[derive(Debug)]
pub struct Project {
    scratch: Scratch,
}

impl Project {
    /// A project whose `shop/settings.py` has this content.
    #[must_use]
    pub fn new(settings: impl AsRef<[u8]>) -> Self {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path().join("shop")).or_panic("make the package");
        scratch.write("shop/__init__.py", "");
        scratch.write("shop/settings.py", settings);
        Self { scratch }
    }

    /// The directory that `manage.py` would be in, where all programs run.
    #[must_use]
    pub const fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// A call of a program of conn-check by its name, in a clean environment.
    #[must_use]
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(agent::program_called(name));
        self.clean(&mut command);
        command
    }

    /// `conn-check-django -m shop.settings --python PYTHON`.
    #[must_use]
    pub fn generate(&self, python: impl AsRef<Path>, arguments: &[&str]) -> Ran {
        let mut command = self.program("conn-check-django");
        run(command.args(["-m", "shop.settings", "--python"]).arg(python.as_ref()).args(arguments))
    }

    /// The generated file `name`, run by conn-check.
    #[must_use]
    pub fn check(&self, name: &str, arguments: &[&str]) -> Ran {
        run(self.program("conn-check").arg(name).args(arguments))
    }

    /// A generated file.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.scratch.path().join(name)).or_panic(format_args!("read {name}"))
    }

    /// A Python script of this project, with conn-check's programs on the path.
    #[must_use]
    pub fn script(&self, python: &Path, text: &str, arguments: &[&str]) -> Ran {
        let script = self.scratch.write("settings-to-conn-check.py", text);
        let mut command = Command::new(python);
        self.clean(&mut command);
        let programs = agent::program_called("conn-check-configs");
        let folder = programs.parent().or_panic("find the programs");
        let path = format!("{}:/usr/bin:/bin", folder.display());
        run(command.arg(script).args(arguments).env("PATH", path))
    }

    fn clean(&self, command: &mut Command) {
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(self.scratch.path());
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started.
pub fn run(command: &mut Command) -> Ran {
    let began = std::time::Instant::now();
    let output = command.output().or_panic("run a program");
    Ran::of(&output, began.elapsed())
}

/// A Python environment of its own with the wheel in it, as `pip install` puts it there.
#[derive(Debug)]
pub struct Environment {
    scratch: Scratch,
}

impl Environment {
    /// Makes it, and installs this wheel and nothing else.
    #[must_use]
    pub fn with(wheel: &Path) -> Self {
        let scratch = Scratch::new();
        let folder = scratch.path().join("env");
        done(Command::new(SYSTEM_PYTHON).args(["-m", "venv"]).arg(&folder));
        let environment = Self { scratch };
        let mut pip = Command::new(folder.join("bin/pip"));
        done(pip.args(["install", "--quiet", "--no-index", "--disable-pip-version-check"]).arg(wheel));
        environment
    }

    /// Its interpreter.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.scratch.path().join("env/bin/python")
    }
}

fn done(command: &mut Command) -> Output {
    let output = command.output().or_panic("run a program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}
