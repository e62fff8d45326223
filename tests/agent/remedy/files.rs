//! Of files, directories, sockets and programs of this host.

use super::{Step, here, prove, shell};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::peers::{TlsManner, TlsPeer};
use harness::redis::{Redis, Setup};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// conn-check as nobody.
fn as_nobody(yaml: &str) -> Value {
    as_user("65534", yaml)
}

fn as_user(user: &str, yaml: &str) -> Value {
    let mut outer = Command::new("setpriv");
    outer.args([&format!("--reuid={user}"), "--regid=65534", "--clear-groups", "--"]);
    Agent::copy_through(outer, yaml).report()
}

/// The user `games` of Debian, who is nobody here.
const SOMEBODY: &str = "5";

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn run(step: &Step) {
    here(&step.commands);
}

#[test]
fn a_file_that_may_not_be_read_is_opened_to_one_user() {
    let scratch = Scratch::new();
    let file = scratch.write("its $(own) key's", "k");
    set_mode(&file, 0o600);
    let yaml =
        format!("- {{type: file, path: '{}', expected_content: k}}", file.display().to_string().replace('\'', "''"));
    prove("local.denied", &|| as_nobody(&yaml), &|| as_user(SOMEBODY, &yaml), &mut run);
}

#[test]
fn a_directory_that_may_not_be_written_to_is_opened_to_one_user() {
    let scratch = Scratch::new();
    let folder = scratch.folder("media");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("a mode");
    nix::unistd::chown(&folder, Some(nix::unistd::Uid::from_raw(0)), None).expect("an owner");
    let yaml = format!("- {{type: storage, path: {}}}", folder.display());
    prove("local.denied", &|| as_nobody(&yaml), &|| as_user(SOMEBODY, &yaml), &mut run);
}

#[test]
fn a_directory_that_nobody_may_pass_is_opened_to_one_user() {
    let scratch = Scratch::new();
    let closed = scratch.folder("closed");
    let inner = closed.join("inner");
    fs::create_dir(&inner).expect("a directory");
    let file = inner.join("file");
    fs::write(&file, "k").expect("a file");
    nix::unistd::chown(&closed, Some(nix::unistd::Uid::from_raw(0)), None).expect("an owner");
    set_mode(&closed, 0o700);
    let yaml = format!("- {{type: file, path: {}, expected_content: k}}", file.display());
    prove("local.denied", &|| as_nobody(&yaml), &|| as_user(SOMEBODY, &yaml), &mut run);
}

#[test]
fn owner_group_and_mode_become_those_of_the_check() {
    let scratch = Scratch::new();
    let file = scratch.write("secret.key", "k");
    set_mode(&file, 0o644);
    for (option, other) in
        [("owner: games", "owner: daemon"), ("group: games", "group: daemon"), ("mode: '0640'", "mode: '0600'")]
    {
        let yaml = |option: &str| format!("- {{type: file, path: {}, {option}}}", file.display());
        let report = |option: &str| Agent::new(&yaml(option)).report();
        prove("local.unexpected", &|| report(option), &|| report(other), &mut run);
    }
}

#[test]
fn a_directory_that_is_not_there_is_made_for_one_user() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("media");
    let yaml = format!("- {{type: storage, path: {}}}", folder.display());
    prove("local.missing", &|| as_nobody(&yaml), &|| as_user(SOMEBODY, &yaml), &mut run);
}

#[test]
fn a_program_may_be_run_by_one_user() {
    let scratch = Scratch::new();
    let program = scratch.write("check-app", "#!/bin/sh\nexit 0\n");
    nix::unistd::chown(&program, Some(nix::unistd::Uid::from_raw(0)), None).expect("an owner");
    set_mode(&program, 0o644);
    let yaml = format!("- {{type: command, command: [{}]}}", program.display());
    prove("local.command-unusable", &|| as_nobody(&yaml), &|| as_user(SOMEBODY, &yaml), &mut run);
}

#[test]
fn a_socket_may_be_used_by_one_user() {
    let server = Redis::start(&Setup::new());
    let socket = server.socket();
    nix::unistd::chown(&socket, Some(nix::unistd::Uid::from_raw(0)), None).expect("an owner");
    set_mode(&socket, 0o600);
    let yaml = format!("- {{type: redis, host: {}, timeout: 5}}", socket.display());
    prove("connect.no-socket", &|| as_nobody(&yaml), &|| as_user(SOMEBODY, &yaml), &mut run);
}

#[test]
fn the_key_of_a_client_may_be_read_by_one_user() {
    let (authority, scratch) = (Authority::new(), Scratch::new());
    let identity = authority.valid();
    let server = TlsPeer::start(&identity, TlsManner::Silent);
    let copy = |from: &Path, name: &str| {
        let to = scratch.path().join(name);
        fs::copy(from, &to).expect("a copy");
        to
    };
    let (certificate, key) = (copy(identity.certificate_file(), "own.pem"), copy(identity.key_file(), "own.key"));
    let ca = copy(authority.file(), "ca.pem");
    nix::unistd::chown(&key, Some(nix::unistd::Uid::from_raw(0)), None).expect("an owner");
    for file in [&certificate, &ca] {
        set_mode(file, 0o644);
    }
    set_mode(&key, 0o600);
    let address = server.address();
    let yaml = format!(
        "- {{type: tls, host: {}, port: {}, ca_file: {}, client_cert: {}, client_key: {}, timeout: 5}}",
        address.ip(),
        address.port(),
        ca.display(),
        certificate.display(),
        key.display()
    );
    prove("config.unusable-file", &|| as_nobody(&yaml), &|| as_user(SOMEBODY, &yaml), &mut run);
}

#[test]
fn a_file_system_takes_writes_again() {
    let scratch = Scratch::new();
    let (point, other) = (scratch.folder("disk"), scratch.folder("other"));
    // A mount namespace, which a shell keeps open.
    let mut keeper = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c"])
        .arg(format!(
            "mount -t tmpfs -o ro none {0} && mount -t tmpfs -o ro none {1} && exec sleep 600",
            point.display(),
            other.display()
        ))
        .spawn()
        .expect("unshare");
    let inside = || {
        let mut command = Command::new("nsenter");
        command.args(["--mount", &format!("--target={}", keeper.id())]);
        command
    };
    harness::wait::until("the mounts", || {
        inside().args(["findmnt", &other.display().to_string()]).output().is_ok_and(|output| output.status.success())
    });
    let check =
        |folder: &Path| Agent::through(inside(), &format!("- {{type: storage, path: {}}}", folder.display())).report();
    prove("local.read-only", &|| check(&point), &|| check(&other), &mut |step| shell(inside(), &step.commands));
    keeper.kill().expect("its end");
    keeper.wait().expect("its end");
}

#[test]
fn a_ca_of_the_sites_own_is_trusted_and_no_other() {
    let (authority, other, scratch) = (Authority::new(), Authority::new(), Scratch::new());
    let server = TlsPeer::start(&authority.valid(), TlsManner::Silent);
    let another = TlsPeer::start(&other.valid(), TlsManner::Silent);
    fs::copy(authority.file(), scratch.path().join("ca.pem")).expect("a copy");
    let mut keeper = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c"])
        .arg(
            "cp -a /etc/ssl/certs /run/conn-check-certs.$$ && mount -t tmpfs none /usr/local/share/ca-certificates && \
             mount -t tmpfs none /etc/ssl/certs && cp -a /run/conn-check-certs.$$/. /etc/ssl/certs && \
             rm -rf /run/conn-check-certs.$$ && touch /etc/ssl/certs/ready && exec sleep 600",
        )
        .spawn()
        .expect("unshare");
    let inside = || {
        let mut command = Command::new("nsenter");
        command.args(["--mount", &format!("--target={}", keeper.id())]);
        command
    };
    harness::wait::until("the mounts", || {
        inside().args(["test", "-e", "/etc/ssl/certs/ready"]).output().is_ok_and(|output| output.status.success())
    });
    let check = |port: u16| {
        Agent::through(inside(), &format!("- {{type: tls, host: localhost, port: {port}, timeout: 5}}")).report()
    };
    let apply = |step: &Step| {
        let folder = format!("cd {}", scratch.path().display());
        shell(inside(), &[&[folder][..], &step.commands].concat());
    };
    prove("tls.untrusted", &|| check(server.address().port()), &|| check(another.address().port()), &mut |step| {
        apply(step);
    });
    keeper.kill().expect("its end");
    keeper.wait().expect("its end");
}
