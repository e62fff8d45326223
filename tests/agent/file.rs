//! The file check: its age, its size, its owner, its content.

use harness::agent::{Agent, code};
use harness::mounts::Mounts;
use harness::scratch::Scratch;
use serde_json::Value;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn check(path: &Path, options: &str) -> (String, Value) {
    let report = Agent::new(&format!("- {{type: file, path: {}{options}}}", path.display())).report();
    (code(&report), report["checks"][0].clone())
}

/// The message and the evidence of its failure.
fn failure(check: &Value) -> (String, String) {
    let text = |key: &str| check["failure"][key].as_str().unwrap_or_default().to_owned();
    (text("message"), text("evidence"))
}

fn changed(path: &Path, when: &str) {
    assert!(Command::new("touch").arg("-d").arg(when).arg(path).status().expect("touch").success());
}

#[test]
fn a_file_that_is_there_passes_and_one_that_is_not_is_missing() {
    let scratch = Scratch::new();
    let file = scratch.write("app.conf", "key = value\n");
    let (verdict, seen) = check(&file, "");
    assert_eq!(verdict, "pass", "{seen}");
    assert_eq!(seen["results"][0]["name"], format!("file:{}", file.display()));
    assert_eq!((&seen["facts"]["file"]["size_bytes"], &seen["facts"]["file"]["mode"]), (&12.into(), &"0644".into()));
    assert_eq!(check(&scratch.path().join("gone"), "").0, "local.missing");
    assert_eq!(check(&file.join("below"), "").0, "local.missing", "a file has nothing below");
    assert_eq!(check(scratch.path(), "").0, "pass", "a directory");
}

#[test]
fn what_should_not_be_there_is_unexpected() {
    let scratch = Scratch::new();
    let file = scratch.write("maintenance", "");
    let (verdict, there) = check(&file, ", exists: false");
    assert_eq!(verdict, "local.unexpected", "{there}");
    assert_eq!(failure(&there).0, format!("{} is there, and should not be", file.display()));
    let gone = scratch.path().join("gone");
    assert_eq!(check(&gone, ", exists: false").0, "pass");
    symlink(&gone, scratch.path().join("link")).expect("a link");
    assert_eq!(check(&scratch.path().join("link"), ", exists: false").0, "local.unexpected");
}

#[test]
fn an_old_a_young_and_a_small_file_are_warnings() {
    let scratch = Scratch::new();
    let file = scratch.write("latest.dump", "half");
    changed(&file, "3 days ago");
    let (verdict, old) = check(&file, ", max_age: 26h, min_size: 1 KiB");
    assert_eq!(verdict, "warn", "{old}");
    let told: Vec<_> = old["warnings"]
        .as_array()
        .expect("warnings")
        .iter()
        .map(|one| (one["code"].as_str(), one["message"].as_str()))
        .collect();
    let shown = file.display();
    let (first, second) =
        (format!("{shown} was changed 3 days ago, longer than 26 h"), format!("{shown} has 4 bytes, less than 1 KiB"));
    assert_eq!(told, [(Some("local.file"), Some(first.as_str())), (Some("local.file"), Some(second.as_str()))]);
    assert_eq!(check(&file, ", max_age: 4 days, min_age: 1 day, min_size: 4").0, "pass");
    assert_eq!(check(&file, ", min_age: 4 days").0, "warn");
    changed(&file, "tomorrow");
    assert_eq!(check(&file, "").0, "pass", "nobody asks for its age");
}

#[test]
fn owner_group_and_mode_are_compared_by_name_and_by_number() {
    let scratch = Scratch::new();
    let file = scratch.write_private("secret.key", "k");
    assert_eq!(check(&file, ", owner: nobody, group: nogroup, mode: 0600").0, "pass");
    assert_eq!(check(&file, ", owner: 65534, group: 65534, mode: '600'").0, "pass");
    for (options, message) in [
        ("owner: root", "the owner of FILE is nobody, not root"),
        ("group: root", "the group of FILE is nogroup, not root"),
        ("mode: 0640", "the mode of FILE is 0600, not 0640"),
    ] {
        let (verdict, wrong) = check(&file, &format!(", {options}"));
        assert_eq!(verdict, "local.unexpected", "{wrong}");
        assert_eq!(failure(&wrong).0, message.replace("FILE", &file.display().to_string()));
    }
}

#[test]
fn a_content_is_looked_for_and_never_shown() {
    let scratch = Scratch::new();
    let file = scratch.write("VERSION", "app 2.4.1 (s3cret)\n");
    assert_eq!(check(&file, ", expected_content: 2.4.1").0, "pass");
    assert_eq!(check(&file, ", expected_content: '/^app [0-9.]+ /'").0, "pass");
    let (verdict, other) = check(&file, ", expected_content: '/2\\.5/'");
    assert_eq!(verdict, "local.unexpected-content", "{other}");
    assert!(!other.to_string().contains("s3cret"), "{other}");
    assert_eq!(failure(&other).1, "it has 19 bytes");
    let large = scratch.zeros("large", 2 << 20);
    assert_eq!(check(&large, ", expected_content: x").0, "local.unexpected");
}

#[test]
fn a_pipe_that_nobody_writes_to_holds_nobody_up() {
    let scratch = Scratch::new();
    let pipe = scratch.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let ran = Agent::new(&format!("- {{type: file, path: {}, expected_content: x}}", pipe.display()))
        .args(["--format", "json"])
        .run();
    assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
    assert_eq!(code(&ran.json()), "local.unexpected", "{ran:?}");
}

#[test]
fn a_file_that_this_user_may_not_read_is_denied() {
    let scratch = Scratch::new();
    let file = scratch.write("own.key", "k");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let mut outer = Command::new("setpriv");
    outer.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    let report =
        Agent::copy_through(outer, &format!("- {{type: file, path: {}, expected_content: k}}", file.display()))
            .report();
    assert_eq!(code(&report), "local.denied", "{report}");
    let message = format!("this user may not read {}", file.display());
    assert_eq!(report["checks"][0]["failure"]["message"], message);
}

#[test]
fn a_file_on_a_dead_server_costs_the_checks_own_time() {
    let scratch = Scratch::new();
    let path = scratch.folder("mnt");
    let mounts = Mounts::new().dead(&path);
    let yaml = format!("- {{type: file, path: {}/x, timeout: 0.5}}", path.display());
    let ran = Agent::through(mounts.command(), &yaml).args(["--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
    assert_eq!(code(&ran.json()), "local.timeout", "{ran:?}");
}

#[test]
fn a_date_in_the_future_is_told_where_the_age_is_asked_for() {
    let scratch = Scratch::new();
    let file = scratch.write("latest.dump", "whole");
    changed(&file, "now + 2 hours");
    for limit in ["max_age: 26h", "min_age: 1m"] {
        let (verdict, ahead) = check(&file, &format!(", {limit}"));
        assert_eq!(verdict, "warn", "{ahead}");
        let told = ahead["warnings"][0]["message"].as_str().unwrap_or_default();
        assert!(told.contains("is dated ") && told.contains(" ahead of this host's clock"), "{ahead}");
        assert_eq!(ahead["warnings"].as_array().map(Vec::len), Some(1), "{ahead}");
        assert!(ahead["facts"]["file"]["age_seconds"].as_i64().is_some_and(|age| age < -7000), "{ahead}");
    }
    assert_eq!(check(&file, ", min_size: 1 B").0, "pass", "nobody asks for its age");
    changed(&file, "now + 2 seconds");
    assert_eq!(check(&file, ", max_age: 26h").0, "pass", "clocks of file servers are a little apart");
}
