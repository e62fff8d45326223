//! The Django projects of the tests need Djangos.

use crate::step::{self, Outcome};
use std::process::Command;

/// The versions, one per line.
const LIST: &str = include_str!("../../tests/django.txt");

/// The system's own: an old Django does not run with a newer one.
const PYTHON: &str = "/usr/bin/python3";

/// A Python environment below `target/` for each version, named after it: `django-5.2.19`.
pub(crate) fn environments() -> Outcome {
    LIST.lines().filter(|line| line.starts_with("Django==")).try_for_each(environment)
}

fn environment(requirement: &str) -> Outcome {
    let folder = step::root().join("target").join(requirement.replace("==", "-").to_lowercase());
    // Written last of all, so an installation that was interrupted is done again.
    let done = folder.join("conn-check-complete");
    if done.exists() {
        return Ok(());
    }
    let text = folder.display().to_string();
    step::run(Command::new(PYTHON).args(["-m", "venv", &text]), &format!("{PYTHON} -m venv {text}"))?;
    let shown = format!("pip install {requirement}");
    eprintln!("== {shown}");
    step::run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", requirement]), &shown)?;
    std::fs::write(&done, "").map_err(|error| format!("{}: {error}", done.display()))
}
