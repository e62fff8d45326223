//! Daemons.

use std::cell::Cell;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::ports;
use harness::process::{Daemon, Launch};
use harness::scratch::Scratch;
use harness::wait;

use super::fixture;

/// Whether a process of this number runs (a zombie does not).
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// What starting this panics with.
fn panic_of(launch: impl Fn() -> Launch) -> String {
    let ended = catch_unwind(AssertUnwindSafe(|| Daemon::start(|_| launch())));
    *ended.expect_err("the start fails").downcast::<String>().expect("a text")
}

#[test]
fn a_daemon_that_ends_at_once_panics_with_its_log() {
    let message = panic_of(|| Launch::new("sh").args(["-c", "echo line 3: no such option >&2; exit 1"]).says("up"));
    assert!(message.contains("sh ended at once"), "{message}");
    assert!(message.contains("line 3: no such option"), "{message}");
}

#[test]
fn a_daemon_that_is_never_ready_panics_with_its_log() {
    let port = ports::free();
    let sleeping = || Launch::new("sh").args(["-c", "echo loading; sleep 1000"]).accepts(port.address());
    let message = panic_of(|| sleeping().within(Duration::from_millis(300)));
    assert!(message.contains("was not ready after 300ms"), "{message}");
    assert!(message.contains("loading"), "{message}");
}

#[test]
fn a_missing_program_panics_with_the_package_to_install() {
    let message = panic_of(|| Launch::new("no-such-daemon"));
    assert_eq!(message, "no-such-daemon is not installed: apt-get install no-such-daemon");
}

#[test]
fn dropping_a_daemon_ends_its_whole_group_and_removes_its_directory() {
    let daemon = Daemon::start(|_| fixture::pair_of_processes());
    let second = daemon.log().trim().replace("second ", "");
    let (first, folder) = (daemon.pid().to_string(), daemon.scratch().path().to_owned());
    assert!(daemon.is_running() && runs(&first) && runs(&second) && folder.exists());
    drop(daemon);
    assert!(!runs(&first) && !folder.exists());
    wait::until("the second process to end", || !runs(&second));
}

#[test]
fn a_daemon_that_ignores_sigterm_is_killed() {
    let mut daemon = Daemon::start(|_| {
        Launch::new("sh").args(["-c", "trap '' TERM; echo up; while :; do sleep 1; done"]).says("up")
    });
    let started = Instant::now();
    daemon.stop();
    assert!(!daemon.is_running() && !runs(&daemon.pid().to_string()));
    assert!(started.elapsed() >= Duration::from_secs(4), "it had its grace");
}

#[test]
fn a_daemon_that_finds_its_port_taken_is_started_again_with_another() {
    let (taken, identity) = (TcpListener::bind("127.0.0.1:0").expect("a listener"), Authority::new().valid());
    let attempts = Cell::new(0);
    let (daemon, port) = Daemon::start_with(|scratch| {
        attempts.set(attempts.get() + 1);
        let free = ports::free();
        let address = if attempts.get() == 1 { taken.local_addr().expect("its address") } else { free.address() };
        let (certificate, key) = (identity.certificate_file().display(), identity.key_file().display());
        let service = format!("[x]\naccept = {address}\nconnect = 127.0.0.1:9\ncert = {certificate}\nkey = {key}\n");
        let file = scratch.write("stunnel.conf", format!("foreground = yes\nsyslog = no\npid =\n{service}"));
        (Launch::new("stunnel4").arg(file).as_nobody().says("stunnel 5").accepts(free.address()), free)
    });
    assert_eq!(attempts.get(), 2);
    assert!(daemon.is_running());
    TcpStream::connect(port.address()).expect("it listens");
}

#[test]
fn a_frozen_daemon_accepts_but_does_not_answer() {
    let mut nginx = Nginx::start([Site::http("web").page("/", "hello")]);
    nginx.daemon().freeze();
    let mut stream = TcpStream::connect(nginx.address("web")).expect("the kernel accepts");
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("the kernel takes it");
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let error = stream.read(&mut [0; 1]).expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    nginx.daemon().thaw();
    stream.set_read_timeout(None).expect("no timeout");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.ends_with("hello"), "{answer}");
}

#[test]
fn a_daemon_of_nobody_runs_as_nobody_in_an_environment_of_its_own() {
    let script = "id -un; touch here && echo may write; env; echo end";
    let daemon = Daemon::start(|_| {
        let shell = Launch::new("sh").args(["-c", &format!("{script}; sleep 1000")]);
        shell.env("OPTION", "value").as_nobody().says("end\n")
    });
    let log = daemon.log();
    assert!(log.starts_with("nobody\nmay write\n"), "{log}");
    assert!(log.contains("OPTION=value") && !log.contains("CARGO"), "{log}");
}

#[test]
fn what_a_killed_process_leaves_is_cleaned_up() {
    let scratch = Scratch::new();
    let report = scratch.path().join("report");
    let ours = (0..100).map(|_| ports::free()).collect::<Vec<_>>();
    let program = std::env::current_exe().expect("this program");
    let mut child = fixture::command(&program, "leave_things_behind", &report).spawn().expect("it starts");
    wait::until("the fixture to report", || report.exists());
    let report = fs::read_to_string(report).expect("a report");
    let [pid, folder, near, far, numbers] = report.lines().collect::<Vec<_>>().try_into().expect("five lines");
    let things =
        [format!("/run/netns/{near}"), format!("/run/netns/{far}"), format!("/etc/netns/{near}"), folder.to_owned()];
    assert!(runs(pid) && things.iter().all(|path| Path::new(path).exists()));
    assert!(numbers.split(' ').all(|number| ours.iter().all(|port| port.number().to_string() != number)));
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
    wait::until("everything to be cleaned up", || !runs(pid) && !things.iter().any(|path| Path::new(path).exists()));
}
