//! The process check: programs by their name, units by their control group.

use harness::agent::{Agent, code};
use harness::mounts::Mounts;
use harness::redis::{self, Redis};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// A program that nobody else runs, so many times.
struct Nappers {
    running: Vec<Child>,
    name: String,
    path: PathBuf,
    _scratch: Scratch,
}

impl Nappers {
    fn start(count: usize) -> Self {
        let scratch = Scratch::new();
        let word: String = scratch.path().display().to_string().chars().rev().take(6).collect();
        let name = format!("nap-{word}");
        let path = scratch.program_from(&name, Path::new("/usr/bin/sleep"));
        let running = (0..count).map(|_| Command::new(&path).arg("60").spawn().expect("a program")).collect();
        Self { running, name, path, _scratch: scratch }
    }
}

impl Drop for Nappers {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn check(options: &str) -> (String, Value) {
    let report = Agent::new(&format!("- {{type: process, {options}}}")).report();
    (code(&report), report["checks"][0].clone())
}

#[test]
fn a_program_runs_in_so_many_processes_or_fewer_or_none() {
    let nappers = Nappers::start(2);
    let (verdict, seen) = check(&format!("program: {}, min: 2", nappers.name));
    assert_eq!(verdict, "pass", "{seen}");
    assert_eq!(
        (&seen["results"][0]["name"], &seen["facts"]["process"]["processes"]),
        (&format!("process:{}", nappers.name).into(), &2.into())
    );
    assert_eq!(check(&format!("program: {}", nappers.path.display())).0, "pass");
    let (verdict, few) = check(&format!("program: {}, min: 3", nappers.name));
    assert_eq!((verdict.as_str(), &few["warnings"][0]["code"]), ("warn", &"local.process".into()));
    let message = format!("the program {} runs in 2 processes, fewer than 3", nappers.name);
    assert_eq!(few["warnings"][0]["message"], message);
    let name = nappers.name.clone();
    drop(nappers);
    let (verdict, gone) = check(&format!("program: {name}"));
    assert_eq!(verdict, "local.missing", "{gone}");
    assert_eq!(gone["failure"]["message"], format!("no process of the program {name} is there"));
}

#[test]
fn processes_that_are_hidden_are_not_said_to_be_missing() {
    let nappers = Nappers::start(1);
    let mounts = Mounts::new().run("mount -t proc -o hidepid=2 proc /proc");
    let outer = mounts.command_as(Some("--reuid=65534 --regid=65534 --clear-groups"));
    let report = Agent::copy_through(outer, &format!("- {{type: process, program: {}}}", nappers.name)).report();
    assert_eq!(code(&report), "local.denied", "{report}");
}

/// The control group of a unit, as systemd makes it; nothing where no hierarchy can be written to.
struct Unit {
    name: String,
    folder: PathBuf,
}

impl Unit {
    fn new(word: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        let version_2 = mounts.lines().find(|line| line.contains(" - cgroup2 ")).expect("control groups of version 2");
        let root = PathBuf::from(version_2.split(' ').nth(4).expect("a mount point"));
        let name = format!("conn-check-{word}-{}.service", std::process::id());
        let folder = root.join("system.slice").join(&name);
        fs::create_dir_all(&folder).expect("a control group needs root");
        Self { name, folder }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

#[test]
fn a_unit_runs_as_long_as_its_control_group_has_processes() {
    let unit = Unit::new("runs");
    let mut nappers = Nappers::start(2);
    for child in &nappers.running {
        fs::write(unit.folder.join("cgroup.procs"), child.id().to_string()).expect("a member");
    }
    let (verdict, seen) = check(&format!("unit: {}, min: 2", unit.name));
    assert_eq!(verdict, "pass", "{seen}");
    assert_eq!(seen["results"][0]["name"], format!("process:{}", unit.name));
    assert_eq!(check(&format!("unit: {}", unit.name.trim_end_matches(".service"))).0, "pass");
    for child in &mut nappers.running {
        child.kill().expect("its end");
        child.wait().expect("its end");
    }
    let has_systemd = Path::new("/run/systemd/system").is_dir();
    let wanted = if has_systemd { "local.missing" } else { "local.failed" };
    assert_eq!(check(&format!("unit: {}", unit.name)).0, wanted);
}

#[test]
fn a_unit_that_does_not_run_is_told_from_one_that_is_not_there() {
    let name = format!("conn-check-stopped-{}", std::process::id());
    let folder = "/run/systemd/system";
    let prepare = format!("mkdir -p {folder}; : > {folder}/{name}.service; : > {folder}/{name}@.service");
    let mounts = Mounts::new().tmpfs("/run", "size=1m").run(&prepare);
    let said = |unit: &str| {
        let report = Agent::through(mounts.command(), &format!("- {{type: process, unit: {unit}}}")).report();
        let failure = &report["checks"][0]["failure"];
        (code(&report), failure["message"].as_str().expect("a message").to_owned())
    };
    assert_eq!(said(&name), ("local.missing".into(), format!("nothing of the unit {name}.service runs")));
    let instance = format!("{name}@1.service");
    assert_eq!(said(&instance), ("local.missing".into(), format!("nothing of the unit {instance} runs")));
    assert_eq!(
        said("no-such-unit"),
        ("local.missing".into(), "there is no unit no-such-unit.service on this host".into())
    );
}

#[test]
fn what_has_to_run_is_said_once() {
    for (options, message) in [
        ("min: 2", "neither `unit` nor `program` is there"),
        ("unit: a, program: b", "`program`: `unit` says already what has to run"),
        ("unit: ../x", "`unit`: this is no name of a unit"),
    ] {
        let ran = Agent::new(&format!("- {{type: process, {options}}}")).args(["--validate"]).run();
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains(message) || ran.out.contains(message), "{ran:?}");
    }
}

#[test]
fn a_daemon_that_writes_behind_its_path_what_it_does_is_known_by_it() {
    let _redis = Redis::start(&redis::Setup::new());
    let report = Agent::new("- {type: process, program: /usr/bin/redis-server}\n").report();
    assert_eq!(code(&report), "pass", "{report}");
}
