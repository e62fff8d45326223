//! Services that are none, that end, that are root's; files that are not for who checks.

use super::{Service, UID, agent, first, refused, unprivileged};
use harness::agent::{Agent, program};
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn tcp(peer: &Peer) -> String {
    format!("- {{type: tcp, host: 127.0.0.1, port: {}, timeout: 5}}\n", peer.port())
}

#[test]
fn words_that_name_no_service_are_refused_with_what_to_say_instead() {
    let peer = Peer::start(Manner::Silent);
    for (word, says) in [
        ("web/0", "of a unit of Juju, name the service that runs on it"),
        ("no-such-user-here", "there is neither a unit nor a user `no-such-user-here` here"),
        ("no-such-unit.service", "there is no unit `no-such-unit.service` here"),
        ("4194305", "there is no process 4194305"),
        ("--root=/tmp", "neither a unit of systemd, nor a user"),
        ("", "neither a unit of systemd, nor a user"),
    ] {
        let said = refused(Agent::new(&tcp(&peer)).arg(format!("--as={word}")));
        assert!(said.contains("conn-check: --as: ") && said.contains(says), "{word}: {said}");
    }
    assert_eq!(peer.connections(), 0, "nothing is checked");
}

#[test]
fn without_root_nothing_is_tried() {
    let scratch = Scratch::new();
    let file = scratch.write("checks.yaml", "- {type: tcp, host: 127.0.0.1, port: 1}\n");
    let output = unprivileged().args(["--as", "1"]).arg(&file).output().expect("it runs");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("call it with sudo"), "{output:?}");
    // Nor is one of the parts of any use to anybody.
    for part in ["service", "caller"] {
        let mut command = unprivileged();
        let output = command.args(["--part", part, "--as", "1"]).arg(&file).stdin(Stdio::null()).output();
        assert_eq!(output.expect("it runs").status.code(), Some(3), "{part}");
    }
}

#[test]
fn options_that_mean_something_else_are_refused() {
    for option in ["--validate", "--dry-run", "--journal"] {
        let output = Command::new(program()).args(["--as", "1", option, "x.yaml"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(3), "{option}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be used with"), "{option}: {output:?}");
    }
}

/// A file for one user alone.
fn private(scratch: &Scratch, name: &str, owner: u32) -> PathBuf {
    let file = scratch.write(name, "s3cretOfTheService\n");
    chown(&file, Some(owner), Some(owner)).expect("an owner");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    file
}

#[test]
fn what_who_checks_may_not_read_is_read_neither_as_root_nor_as_the_service() {
    let (scratch, peer, service) = (Scratch::new(), Peer::start(Manner::Silent), Service::of_user());
    for owner in [0, UID] {
        let file = private(&scratch, "secret", owner);
        for option in [
            "password: {file: \"FILE\"}",
            "password: x, use_tls: true, ca_file: \"FILE\"",
            "password: x, use_tls: true, client_cert: \"FILE\"",
        ] {
            let option = option.replace("FILE", &file.display().to_string());
            let yaml = format!("- {{type: redis, host: 127.0.0.1, port: {}, {option}, timeout: 5}}\n", peer.port());
            let ran = agent(&yaml, &service).args(["--format=json", "--explain"]).run();
            let text = format!("{ran:?}");
            assert!(text.contains("config.missing-secret") || text.contains("ermission denied"), "{owner}: {text}");
            assert!(!text.contains("s3cretOfTheService") && ran.status == 2, "{owner}: {text}");
        }
    }
    assert_eq!(peer.connections(), 0, "no check has run");
}

#[test]
fn a_file_of_checks_that_who_checks_may_not_read_is_not_read() {
    let (scratch, service) = (Scratch::new(), Service::of_user());
    for owner in [0, UID] {
        let file = private(&scratch, "other.yaml", owner);
        let output = Command::new(program()).args(["--as", &service.pid().to_string()]).arg(file).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(3) && said.contains("cannot be read"), "{said}");
        assert!(said.contains("other.yaml; let that user, or pipe it in"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_service_of_root_is_checked_as_who_checks_and_that_is_said() {
    let (peer, service) = (Peer::start(Manner::Silent), Service::of_root());
    for word in [service.pid().to_string(), "1".to_owned(), "root".to_owned()] {
        let ran = Agent::new(&tcp(&peer)).args(["--as", &word, "--format=json"]).run();
        if word == "1" && ran.status == 3 {
            // Root of a container may not look into the first process of the machine.
            assert!(ran.err.contains("process 1 cannot be looked at"), "{ran:?}");
            continue;
        }
        let report = ran.json();
        assert_eq!(first(&report).0, "pass", "{word}: {report}");
        assert_eq!(report["as"]["user"], report["as"]["before"], "{word}: {report}");
        assert!(report["as"]["notes"][0].as_str().is_some_and(|note| note.contains("checked as the user")), "{report}");
    }
}

#[test]
fn no_library_below_the_services_own_root_is_loaded() {
    let (scratch, peer) = (Scratch::new(), Peer::start(Manner::Silent));
    let etc = scratch.folder("etc");
    fs::write(etc.join("hosts"), "127.0.0.1 localhost\n").expect("written");
    fs::write(etc.join("nsswitch.conf"), "hosts: theirs files\n").expect("written");
    let (root, user) = (scratch.path().display(), format!("--userspec={UID}:{UID}"));
    let mount = format!(
        "for d in bin lib lib64 usr; do mkdir -p {root}/$d; mount --rbind /$d {root}/$d; done; exec chroot {user} {root} sleep 1000"
    );
    let mut outer = Command::new("unshare");
    outer.arg("--mount");
    let service = Service::by(outer, &["sh", "-c", &mount]);
    // A name service of this host's that is asked behind the file of hosts.
    let logs = Scratch::new();
    let services = logs.write("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files compat dns\n");
    let log = logs.path().join("calls");
    let mut strace = Command::new("unshare");
    strace.args(["--mount", "sh", "-c", "mount --bind \"$0\" /etc/nsswitch.conf && exec \"$@\""]).arg(services);
    strace.args(["strace", "-f", "-qqq", "-e", "trace=open,openat,chroot", "-o"]).arg(&log);
    let yaml = format!("- {{type: tcp, host: no-such-host.invalid, port: {}, timeout: 5}}\n", peer.port());
    let report = Agent::through(strace, &yaml).args(["--as", &service.pid().to_string()]).report();
    assert_ne!(first(&report).0, "pass", "{report}");
    let calls = fs::read_to_string(&log).expect("what strace has seen");
    let (before, inside) = calls.split_once("chroot(").expect("the place is taken");
    assert!(before.contains("libnss_compat.so"), "{before}");
    assert!(inside.contains("/etc/hosts") && !inside.contains(".so"), "{inside}");
}

#[test]
fn the_process_itself_is_no_service() {
    let (scratch, peer) = (Scratch::new(), Peer::start(Manner::Silent));
    let file = scratch.write("checks.yaml", tcp(&peer));
    let script = format!("exec {} --as $$ {}", program().display(), file.display());
    let output = Command::new("sh").args(["-c", &script]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(3) && said.contains("is conn-check itself"), "{said}");
}

#[test]
fn a_process_that_ends_during_the_run_before_is_told_so() {
    let (peer, mut service) = (Peer::start(Manner::Silent), Service::of_user());
    // The run before waits for a greeting.
    let yaml = format!("- {{type: mysql, host: 127.0.0.1, port: {}, username: x, timeout: 4}}\n", peer.port());
    let mut run = agent(&yaml, &service);
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| run.run());
        harness::wait::until("the run before to connect", || peer.connections() > 0);
        let pid = service.pid();
        service.end();
        let ran = ran.join().expect("it has run");
        assert!(ran.status == 3 && ran.err.contains(&format!("process {pid} has ended")), "{ran:?}");
    });
    assert!(refused(agent(&yaml, &service)).contains("there is no process"));
}

#[test]
fn who_stops_a_run_stops_all_of_it() {
    let (peer, service) = (Peer::start(Manner::Silent), Service::of_user());
    let yaml = format!("- {{type: mysql, host: 127.0.0.1, port: {}, username: x, timeout: 60}}\n", peer.port());
    for (signal, waits_for) in [(Signal::SIGTERM, 1), (Signal::SIGINT, 1), (Signal::SIGKILL, 1)] {
        let before = peer.connections();
        let mut run = agent(&yaml, &service);
        let command = run.command().stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        harness::wait::until("it to connect", || peer.connections() >= before + waits_for);
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), signal).expect("it is there");
        let ended = child.wait().expect("it has ended");
        assert_eq!(ended.code(), (signal != Signal::SIGKILL).then_some(3), "{signal}");
        harness::wait::until("all of it to be gone", || peer.open() == 0);
    }
}
