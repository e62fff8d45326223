//! The memory check: this host's, and a control group's whose limit is tighter.

use harness::agent::{Agent, Ran, code};
use harness::mounts::Mounts;
use harness::random::Random;
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn check(options: &str) -> (String, Value) {
    let report = Agent::new(&format!("- {{type: memory{options}}}")).report();
    (code(&report), report["checks"][0].clone())
}

fn warned(check: &Value) -> String {
    check["warnings"].as_array().expect("warnings").iter().map(|one| one["message"].as_str().expect("a text")).collect()
}

/// A control group of its own, which ends with this. Of the version that has the memory here.
struct Group(PathBuf);

impl Group {
    fn new(limit: u64) -> Self {
        let name = format!("conn-check-test-{}", Random::new(u64::from(std::process::id())).below(1 << 30));
        let one = Path::new("/sys/fs/cgroup/memory");
        let two = [Path::new("/sys/fs/cgroup/unified"), Path::new("/sys/fs/cgroup")];
        let has_memory =
            |root: &&&Path| fs::read_to_string(root.join("cgroup.controllers")).is_ok_and(|all| all.contains("memory"));
        let (group, file) = match two.iter().find(has_memory) {
            Some(root) => {
                fs::write(root.join("cgroup.subtree_control"), "+memory").expect("the controller");
                (root.join(name), "memory.max")
            }
            None => (one.join(name), "memory.limit_in_bytes"),
        };
        fs::create_dir(&group).expect("a control group needs root");
        fs::write(group.join(file), limit.to_string()).expect("a limit");
        Self(group)
    }

    /// conn-check inside of it.
    fn run(&self, yaml: &str) -> Ran {
        let mut outer = Command::new("sh");
        outer.args(["-c", &format!("echo $$ > {}/cgroup.procs && exec \"$@\"", self.0.display()), "sh"]);
        Agent::through(outer, yaml).args(["--format", "json"]).run()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn this_hosts_memory_is_that_of_the_kernel() {
    let (verdict, check) = check("");
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!((&check["results"][0]["name"], &check["scope"]), (&"memory".into(), &"local".into()));
    let fact = &check["facts"]["memory"];
    let meminfo = fs::read_to_string("/proc/meminfo").expect("meminfo");
    let total: u64 = meminfo.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("MemTotal");
    assert_eq!(fact["total_bytes"], total * 1024);
    assert!(fact["available_bytes"].as_u64().is_some_and(|bytes| bytes > 0 && bytes < total * 1024), "{fact}");
}

#[test]
fn less_than_the_limit_is_a_warning_and_no_limit_is_none() {
    let (verdict, less) = check(", min_available: 900T");
    assert_eq!(verdict, "warn", "{less}");
    assert_eq!(less["warnings"][0]["code"], "local.memory");
    assert!(warned(&less).ends_with(", less than 900 TiB"), "{}", warned(&less));
    assert_eq!(check(", min_available: null").0, "pass");
}

#[test]
fn the_limit_of_a_control_group_counts_where_it_is_the_tighter_one() {
    let group = Group::new(64 << 20);
    let report = group.run("- {type: memory}\n- {type: memory, min_available: 1 MiB}\n").json();
    let first = &report["checks"][0];
    assert_eq!(
        (first["verdict"].as_str(), report["checks"][1]["verdict"].as_str()),
        (Some("warn"), Some("pass")),
        "{report}"
    );
    assert!(warned(first).contains(" are available to the control group /"), "{first}");
    assert!(warned(first).ends_with("(limit 64 MiB), less than 100 MiB"), "{first}");
    let fact = &first["facts"]["memory"];
    assert_eq!((&fact["source"], &fact["cgroup"]["limit_bytes"]), (&"cgroup".into(), &(64 << 20).into()));
}

#[test]
fn pressure_is_a_limit_where_the_kernel_counts_it() {
    let counts = Path::new("/proc/pressure/memory").exists();
    let wanted = if counts { "pass" } else { "local.failed" };
    assert_eq!(check(", max_pressure_percent: 100").0, wanted);
}

#[test]
fn of_groups_of_version_2_the_tightest_limit_and_its_pressure_count() {
    let scratch = Scratch::new();
    let write = |group: &str, name: &str, text: &str| {
        let folder = scratch.path().join("groups").join(group);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), text).expect("a file");
    };
    // The kernel of the test has one version alone: what it says of itself stands in the place of its own.
    for (name, text) in [
        ("memory.max", "67108864\n"),
        ("memory.current", "62914560\n"),
        ("memory.stat", "anon 1\ninactive_file 1048576\nslab_reclaimable 0\n"),
        (
            "memory.pressure",
            "some avg10=40.00 avg60=12.50 avg300=1.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        ),
    ] {
        write("shop.slice", name, text);
    }
    write("shop.slice/shop.service", "memory.max", "max\n");
    write("shop.slice/shop.service", "memory.current", "1048576\n");
    let groups = scratch.path().join("groups");
    let own = scratch.write("own", "0::/shop.slice/shop.service\n");
    let mounts = scratch.write("mounts", format!("30 23 0:26 / {} rw - cgroup2 cgroup2 rw\n", groups.display()));
    let inside = Mounts::new()
        .run(&format!("mount --bind {} /proc/$$/cgroup", own.display()))
        .run(&format!("mount --bind {} /proc/$$/mountinfo", mounts.display()));
    let report = Agent::through(inside.command(), "- {type: memory, max_pressure_percent: 10}").report();
    let told = warned(&report["checks"][0]);
    assert!(told.contains("5 MiB are available to the control group /shop.slice (limit 64 MiB)"), "{told}");
    assert!(told.contains("of the control group /shop.slice waited for memory in 12.5 %"), "{told}");
}
