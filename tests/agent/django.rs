//! `conn-check-django`: what a Django project says about its services becomes checks that pass.
//!
//! The projects are real ones, of the newest and of the oldest Django that the system's Python
//! runs, and their services are real servers.

mod bad;
mod files;
mod projects;
mod tutorial;

use harness::agent::{Agent, Ran};
use harness::django::{Project, run};

/// A file without its comments and empty lines, and without the names of its checks, which the original's have not.
fn checks_of(yaml: &str) -> String {
    let is_shown = |line: &&str| !line.starts_with('#') && !line.is_empty() && !line.starts_with("  name: ");
    yaml.lines().filter(is_shown).map(|line| format!("{line}\n")).collect()
}

/// What conn-check says of a file under `--strict --validate`.
fn validated(yaml: &str) -> Ran {
    Agent::new(yaml).args(["--strict", "--validate"]).run()
}

/// The same content, whatever its quotes: each check's options in order, as Python reads them; without the names of
/// the checks, which the original's have not.
fn content(yaml: &str) -> serde_json::Value {
    let read = serde_yaml_ng::from_str(yaml);
    let mut read: serde_json::Value = read.unwrap_or_else(|error| panic!("no YAML ({error}): {yaml}"));
    for check in read.as_array_mut().into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        check.shift_remove("name");
    }
    read
}

#[test]
fn the_help_says_what_there_is() {
    let ran = run(Project::new("").program("conn-check-django").arg("--help"));
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!("help", ran.out);
}
