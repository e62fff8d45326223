//! The place that is taken: what the process is while it checks.

use super::{Service, UID, agent, children, first};
use harness::agent::Agent;
use harness::peers::{Manner, Peer};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::{Command, Stdio};

/// The lines of the status of a process that say what it may do.
fn rights(pid: u32) -> Vec<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let wanted = ["Uid:", "Gid:", "Groups:", "NoNewPrivs:", "CapInh:", "CapPrm:", "CapEff:", "CapAmb:"];
    let lines = status.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name)));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn each_of_both_runs_is_its_user_for_good_while_it_speaks_to_others() {
    let peer = Peer::start(Manner::Silent);
    let mut outer = Command::new("setpriv");
    outer.args([&format!("--reuid={UID}"), &format!("--regid={UID}"), "--groups=48124,48125"]);
    let service = Service::by(outer, &["sleep", "1000"]);
    let yaml = format!("- {{type: mysql, host: 127.0.0.1, port: {}, username: x, timeout: 3}}\n", peer.port());
    let mut run = agent(&yaml, &service);
    let mut child = run.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    harness::wait::until("the run before to connect", || peer.connections() >= 1);
    let parts = children(child.id());
    assert_eq!(parts.len(), 2, "{parts:?}");
    let uids = |pid: u32| rights(pid).into_iter().find(|line| line.starts_with("Uid:")).unwrap_or_default();
    // The service's part waits as root; the other one never had more than it needs when it connects.
    assert_eq!(uids(parts[0]), "Uid: 0 0 0 0");
    let none = "0000000000000000";
    let powerless =
        [format!("CapInh: {none}"), format!("CapPrm: {none}"), format!("CapEff: {none}"), format!("CapAmb: {none}")];
    let caller = rights(parts[1]);
    assert!(!caller.iter().any(|line| line.starts_with("Uid:") && line.contains(" 0")), "{caller:?}");
    assert!(powerless.iter().all(|line| caller.contains(line)), "{caller:?}");
    harness::wait::until("the run before to end", || children(child.id()) == parts[..1]);
    let before = peer.connections();
    harness::wait::until("the run as the service to connect", || peer.connections() > before);
    let own = rights(parts[0]);
    let expected = [
        format!("Uid: {UID} {UID} {UID} {UID}"),
        format!("Gid: {UID} {UID} {UID} {UID}"),
        "Groups: 48124 48125".to_owned(),
        "NoNewPrivs: 1".to_owned(),
    ];
    assert!(expected.iter().chain(&powerless).all(|line| own.contains(line)), "{own:?}");
    // Not for the service's own processes to look into.
    assert!(
        fs::metadata(format!("/proc/{}/mem", parts[0]))
            .is_ok_and(|file| std::os::unix::fs::MetadataExt::uid(&file) == 0)
    );
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
}

/// Where control groups of version 2 are.
fn groups() -> &'static std::path::Path {
    let root = std::path::Path::new("/sys/fs/cgroup/unified");
    if root.is_dir() { root } else { std::path::Path::new("/sys/fs/cgroup") }
}

#[test]
fn a_group_that_stands_still_is_not_joined_and_that_is_told() {
    let group = groups().join(format!("conn-check-frozen-{}", std::process::id()));
    fs::create_dir(&group).expect("a control group");
    let (peer, service) = (Peer::start(Manner::Silent), Service::of_user());
    fs::write(group.join("cgroup.procs"), service.pid().to_string()).expect("moved");
    fs::write(group.join("cgroup.freeze"), "1").expect("frozen");
    let stands_still =
        || fs::read_to_string(group.join("cgroup.events")).is_ok_and(|events| events.contains("frozen 1"));
    harness::wait::until("the group to stand still", stands_still);
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}, timeout: 5}}\n", peer.port());
    let report = agent(&yaml, &service).report();
    fs::write(group.join("cgroup.freeze"), "0").expect("it goes on");
    drop(service);
    harness::wait::until("the group to be empty", || fs::remove_dir(&group).is_ok());
    assert_eq!(first(&report).0, "pass", "{report}");
    assert!(report["as"]["cgroup"].is_null(), "{report}");
    let notes = report["as"]["notes"].as_array().expect("notes");
    assert!(notes.iter().any(|note| note.as_str().is_some_and(|note| note.contains("it is frozen"))), "{report}");
}

/// A unit of systemd as its control group shows it, where systemd does not run.
#[test]
fn of_a_unit_whose_main_process_is_roots_a_worker_is_taken() {
    if fs::metadata("/run/systemd/system").is_ok() {
        // systemd would be asked, and knows nothing of it.
        return;
    }
    let name = format!("conn-check-test-{}.service", std::process::id());
    let slice = groups().join("system.slice");
    let group = slice.join(&name);
    fs::create_dir_all(&group).expect("a control group");
    let (peer, main, worker) = (Peer::start(Manner::Silent), Service::of_root(), Service::of_user());
    for pid in [main.pid(), worker.pid()] {
        fs::write(group.join("cgroup.procs"), pid.to_string()).expect("moved");
    }
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}, timeout: 5}}\n", peer.port());
    for word in [name.as_str(), name.trim_end_matches(".service")] {
        let report = Agent::new(&yaml).args(["--as", word]).report();
        assert_eq!(first(&report).0, "pass", "{report}");
        assert_eq!(report["as"]["unit"], name, "{report}");
        assert_eq!(
            (&report["as"]["pid"], &report["as"]["user"]),
            (&worker.pid().into(), &format!("number {UID}").into())
        );
        assert_eq!(report["as"]["cgroup"], format!("/system.slice/{name}"), "{report}");
    }
    for service in [main, worker] {
        let _gone = kill(Pid::from_raw(i32::try_from(service.pid()).expect("a pid")), Signal::SIGKILL);
        drop(service);
    }
    harness::wait::until("the group to be empty", || fs::remove_dir(&group).is_ok());
    let _others_may_use_it = fs::remove_dir(&slice);
}
