//! What the tools of Juju's charms say of this one: `charm-proof` of charm-tools, charmcraft, and ops-scenario.
//! `cargo xtask test` puts them into `target/`.

use harness::agent;
use harness::packed;
use harness::scratch::Scratch;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// charm-proof reads hooks line by line, and stops at one that is no text. Here it reads on.
const READ_ON: &str = "\
import builtins, sys
strict = builtins.open
def lenient(file, mode='r', *rest, **named):
    return strict(file, mode, *rest, **(named if 'b' in mode else {'errors': 'replace', **named}))
builtins.open = lenient
from charmtools.proof import main
sys.exit(main())";

/// The packed charm's directory, which has to be called as the charm is.
fn folder(scratch: &Scratch) -> PathBuf {
    let folder = scratch.path().join("conn-check");
    packed::charm().deploy(&folder, None);
    folder
}

/// A program of one of the environments.
fn program(environment: &str, name: &str) -> Command {
    let path = agent::folder().parent().expect("target").join(environment).join("bin").join(name);
    assert!(path.is_file(), "{} is missing: cargo xtask test makes it", path.display());
    let mut command = Command::new(path);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// One of the scripts beside this file.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charm").join(name)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn charm_proof_finds_no_error() {
    let scratch = Scratch::new();
    let mut proof = program("charm-tools", "python");
    let proof = proof.args(["-c", READ_ON]).arg(folder(&scratch)).env("HOME", scratch.path()).output();
    let proof = proof.expect("charm-proof");
    let text = text(&proof);
    assert_eq!(proof.status.code(), Some(0), "{text}");
    let bad: Vec<_> = text.lines().filter(|line| line.starts_with("E:") || line.starts_with("W:")).collect();
    assert_eq!(bad, Vec::<&str>::new());
}

#[test]
fn the_files_fit_the_models_of_charmcraft() {
    let scratch = Scratch::new();
    let mut python = program("charmcraft", "python");
    let output = python.arg(script("models.py")).arg(folder(&scratch)).output().expect("python");
    assert_eq!(text(&output), "metadata config\nubuntu@22.04\nubuntu@24.04\n");
}

/// The options for Nagios have the names that every charm with an nrpe relation has (charm-helpers'
/// `charmsupport/nrpe.py`), so the others have names of the same kind, and charmcraft one remark.
#[test]
fn charmcraft_has_one_remark() {
    let scratch = Scratch::new();
    let mut analyze = program("charmcraft", "charmcraft");
    analyze.args(["analyze", "--format=json"]).arg(packed::charm().archive()).current_dir(scratch.path());
    let output = analyze.env("HOME", scratch.path()).output().expect("charmcraft");
    let found: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    let is_bad = |one: &&Value| !["ok", "nonapplicable"].contains(&one["result"].as_str().unwrap_or_default());
    let lint = found.as_array().into_iter().flatten().filter(|one| one["check_type"] == "lint");
    let (bad, good): (Vec<_>, Vec<_>) = lint.partition(is_bad);
    let bad: Vec<_> = bad.iter().map(|one| (one["name"].as_str(), one["result"].as_str())).collect();
    assert_eq!(bad, [(Some("naming-conventions"), Some("warning"))], "{found}");
    assert!(found.to_string().contains("Some config-options ("), "of the options alone: {found}");
    assert!(good.len() > 2, "{found}");
}

/// Juju runs a hook for each event that ops knows; of the leader, and of secrets of its own, the charm wants to know nothing.
#[test]
fn ops_scenario_plays_every_event_and_the_charm_has_a_hook_for_each() {
    let scratch = Scratch::new();
    let folder = folder(&scratch);
    let mut python = program("charmcraft", "python");
    let output = python.arg(script("events.py")).arg(&folder).output().expect("python");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let of = |name: &str| {
        let names = fs::read_dir(folder.join(name)).expect("links").flatten().map(|file| file.file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| !name.starts_with("conn-check-hooks") && !name.starts_with("conn-check-actions"))
            .collect::<BTreeSet<_>>()
    };
    let (actions, hooks): (BTreeSet<_>, BTreeSet<_>) =
        printed.lines().map(str::to_owned).partition(|name| name.ends_with("-action"));
    let actions: BTreeSet<_> =
        actions.iter().filter_map(|name| name.strip_suffix("-action")).map(str::to_owned).collect();
    assert_eq!(actions, of("actions"));
    assert_eq!(hooks.into_iter().filter(|name| name != "leader-elected").collect::<BTreeSet<_>>(), of("hooks"));
}
