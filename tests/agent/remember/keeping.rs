//! Where it is kept, by whom, and what becomes of it there.

use super::{kept, remembering};
use harness::agent::{Agent, Ran, program};
use harness::mounts::Mounts;
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// The group of those who make the checks of a unit of Juju.
fn nagios() -> u32 {
    nix::unistd::Group::from_name("nagios").expect("groups").expect("the tests make it").gid.as_raw()
}

/// A directory of root's, who runs these tests.
fn own(scratch: &Scratch, name: &str) -> PathBuf {
    let folder = scratch.folder(name);
    chown(&folder, Some(0), Some(0)).expect("root runs this test");
    mode(&folder, 0o700);
    folder
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

/// A run that failed nothing, and complains of this.
#[track_caller]
fn complains(ran: &Ran, what: &str) {
    assert!(ran.status == 0 && ran.out.contains(" OK"), "{ran:?}");
    assert!(ran.err.contains("--remember ") && ran.err.contains(what), "{}", ran.err);
}

fn peer() -> (Peer, String) {
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, name: shop, host: 127.0.0.1, port: {}}}\n", peer.port());
    (peer, yaml)
}

#[test]
fn a_directory_that_others_can_write_is_not_used_and_the_reason_is_said() {
    let (_peer, yaml) = peer();
    let mut agent = remembering(&yaml);
    let folder = own(agent.scratch(), "kept");
    for bits in [0o777, 0o1777, 0o770] {
        mode(&folder, bits);
        complains(&agent.run(), "can write");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    }
    mode(&folder, 0o700);
    chown(&folder, Some(1001), None).expect("root runs this test");
    complains(&agent.run(), "belongs to");
    // Nor is one made in it.
    for new in ["kept/new", "kept/new/deep"] {
        agent = agent.args(["--remember", new]);
        complains(&agent.run(), "belongs to");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0, "{new}");
    }
}

#[test]
fn a_directory_that_cannot_be_written_or_is_full_or_is_none_is_a_warning() {
    let (_peer, yaml) = peer();
    let mut agent = Agent::new(&yaml).args(["--remember", "checks.yaml"]);
    complains(&agent.run(), "name a directory");
    let scratch = Scratch::new();
    let folder = own(&scratch, "kept");
    let at = |mounts: Mounts| Agent::through(mounts.command(), &yaml).arg("--remember").arg(&folder).run();
    complains(&at(Mounts::new().read_only(&folder)), "Read-only file system");
    let full = Mounts::new()
        .tmpfs(&folder, "size=4k,mode=0700")
        .run(&format!("head -c 4096 /dev/zero >{}/x", folder.display()));
    complains(&at(full), "make room there");
}

#[test]
fn a_directory_that_does_not_take_what_is_to_be_kept_holds_nobody_up() {
    let (_peer, yaml) = peer();
    // The system call that puts the file in its place takes seven seconds, of which five are waited for.
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qqq", "--signal=none", "-e", "trace=renameat2", "-o", "calls"]);
    strace.args(["-e", "inject=renameat2:delay_enter=7000000"]);
    let mut agent = Agent::through(strace, &yaml).args(["--remember", "kept"]);
    let ran = agent.run();
    // The status is strace's, which did not expect the end of who it holds up.
    assert!(ran.out.contains(" OK"), "{ran:?}");
    assert!(ran.err.contains("this run is not remembered: its directory does not answer, or this host"), "{}", ran.err);
    assert!(!agent.scratch().path().join("kept/memory-0.json").exists());
}

#[test]
fn a_directory_that_is_not_there_is_made_for_this_user_alone() {
    let (_peer, yaml) = peer();
    let mut agent = Agent::new(&yaml).args(["--remember", "a/b"]);
    assert_eq!((agent.run().err.as_str(), agent.run().err.as_str()), ("", ""));
    let made = fs::metadata(agent.scratch().path().join("a/b")).expect("a folder");
    assert_eq!(made.mode() & 0o7777, 0o700);
    for options in [&["--dry-run"][..], &["--only", "nobody"]] {
        let mut agent = Agent::new(&yaml).args(["--remember", "kept"]).args(options);
        agent.run();
        assert!(!agent.scratch().path().join("kept").exists(), "{options:?}: nothing was checked");
    }
}

#[test]
fn what_is_broken_is_left_out_with_a_note_and_replaced() {
    let (peer, yaml) = peer();
    let mut agent = remembering(&yaml);
    agent.run();
    let own = fs::read_dir(agent.scratch().path().join("kept"))
        .expect("a folder")
        .next()
        .expect("a file")
        .expect("a file")
        .path();
    let good = fs::read(&own).expect("what was kept");
    let other = String::from_utf8_lossy(&good).replace("conn-check-memory/2", "conn-check-memory/9");
    for broken in [&good[..good.len() / 2], b"", b"\xff\xfe", b"[[[[", other.as_bytes()] {
        fs::write(&own, broken).expect("broken");
        let ran = agent.run();
        assert!(ran.status == 0 && ran.err.contains("it is left out, and a new one is begun"), "{ran:?}");
        assert_eq!(agent.run().err, "", "a new one has been begun");
    }
    drop(peer);
    assert!(agent.run().out.contains("passed last at"), "and is used");
}

#[test]
fn a_link_in_the_place_of_the_file_gives_way_and_leads_nowhere() {
    let (_peer, yaml) = peer();
    let mut agent = remembering(&yaml);
    let folder = own(agent.scratch(), "kept");
    let precious = agent.scratch().write("precious", "gold");
    let own = folder.join(format!("memory-{}.json", nix::unistd::geteuid()));
    symlink(&precious, &own).expect("a link");
    assert_eq!(agent.run().status, 0);
    assert_eq!(fs::read_to_string(&precious).expect("it is there"), "gold");
    assert!(fs::symlink_metadata(&own).expect("a file").is_file());
    assert!(kept(&agent, "kept").contains("conn-check-memory/2"));
}

/// The keys of the checks of which something is kept there, in order.
fn checks(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("memory-0.json")).expect("what was kept");
    let kept: Value = serde_json::from_str(&text).expect("JSON");
    kept["checks"].as_object().expect("checks").values().map(|check| check[6]["name"].to_string()).collect()
}

#[test]
fn a_run_that_another_one_overtakes_keeps_what_that_has_heard() {
    let (_peer, fast) = peer();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let slow = format!("- {{type: redis, name: slow, host: 127.0.0.1, port: {port}, timeout: 30}}\n");
    let scratch = Scratch::new();
    let folder = own(&scratch, "kept");
    let run = |yaml: &str| Agent::new(yaml).arg("--remember").arg(&folder).run();
    thread::scope(|scope| {
        let slow = scope.spawn(|| run(&slow));
        // It has read what is kept, and waits for an answer.
        let (waiting, _) = listener.accept().expect("a connection");
        assert_eq!(run(&fast).status, 0);
        assert_eq!(checks(&folder).len(), 1);
        drop((waiting, listener));
        assert_eq!(slow.join().expect("a run").status, 2);
    });
    assert_eq!(checks(&folder).len(), 2);
}

#[test]
fn what_somebody_wrote_into_the_file_does_not_reach_the_terminal() {
    let (peer, yaml) = peer();
    let target = format!("\"127.0.0.1:{}\"", peer.port());
    let mut agent = remembering(&yaml);
    agent.run();
    drop(peer);
    let own = agent.scratch().path().join(format!("kept/memory-{}.json", nix::unistd::geteuid()));
    let kept = fs::read_to_string(&own).expect("what was kept");
    assert_eq!(kept.matches(&target).count(), 1, "{kept}");
    let with = |text: &str| kept.replace(&target, &Value::from(text).to_string());
    for format in ["human", "plain", "nagios", "junit", "tap"] {
        agent = agent.args(["--format", format]);
        fs::write(&own, with("elsewhere:1")).expect("a file");
        assert!(agent.run().out.contains("elsewhere:1"), "{format}: it is read");
        for hostile in ["e\u{1b}]0;pwn\u{7}\u{1b}[31m\ntcp:db:5432 OK\r", &"pwn".repeat(2000), "pwn\u{202e}"] {
            fs::write(&own, with(hostile)).expect("a file");
            let ran = agent.run();
            assert!(ran.status == 2 && !(ran.out + &ran.err).contains("pwn"), "{format}: {hostile:?}");
        }
    }
}

/// As NRPE does it, and an action: two users of the group nagios in the directory of a unit.
#[test]
fn two_users_share_what_they_remember_and_neither_breaks_the_others() {
    let scratch = Scratch::new();
    mode(scratch.path(), 0o755);
    let shared = own(&scratch, "unit");
    chown(&shared, Some(0), Some(nagios())).expect("root runs this test");
    mode(&shared, 0o2770);
    let copy = scratch.path().join("conn-check");
    fs::copy(program(), &copy).expect("a copy");
    mode(&copy, 0o755);
    let (peer, yaml) = peer();
    mode(&scratch.write("checks.yaml", &yaml), 0o644);
    let run = |user: u32| {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args([&format!("--reuid={user}"), &format!("--regid={}", nagios()), "--clear-groups"]).arg(&copy);
        command.args(["checks.yaml", "--format", "json", "--remember", "unit"]).current_dir(scratch.path());
        let output = command.env_clear().output().expect("setpriv");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        json["checks"][0].clone()
    };
    assert_eq!(run(1001)["verdict"], "pass");
    drop(peer);
    let first = run(1002);
    assert!(first["since"]["passed"].is_string(), "another user knows of it: {first}");
    thread::scope(|scope| {
        for user in [1001, 1002, 1001, 1002] {
            scope.spawn(move || (0..5).for_each(|_| drop(run(user))));
        }
    });
    assert_eq!(run(1001)["since"]["passed"], first["since"]["passed"]);
    let name = |file: std::io::Result<fs::DirEntry>| file.expect("a file").file_name().into_string().expect("a name");
    let mut names: Vec<_> = fs::read_dir(&shared).expect("a folder").map(name).collect();
    names.sort();
    let of_user = |user| [format!(".memory-{user}.json.other"), format!(".memory-{user}.lock")];
    let own = ["memory-1001.json".to_owned(), "memory-1002.json".to_owned()];
    assert_eq!(names, [of_user(1001), of_user(1002), own].concat(), "nothing else is left");
}

/// The charm starts the program by the link of the unit, which is all that it has to say.
#[test]
fn a_unit_of_juju_remembers_in_its_own_directory_without_an_option() {
    let scratch = Scratch::new();
    let root = own(&scratch, "root");
    for folder in [&root, scratch.path()] {
        mode(folder, 0o755);
    }
    let (link, var) = (root.join("usr/local/lib/conn-check/units/cc-0"), root.join("var/lib/conn-check/cc-0"));
    fs::create_dir_all(&link).expect("a folder");
    fs::create_dir_all(&var).expect("a folder");
    fs::copy(program(), link.join("conn-check")).expect("a copy");
    mode(&link.join("conn-check"), 0o755);
    chown(&var, Some(0), Some(nagios())).expect("root runs this test");
    mode(&var, 0o2770);
    let (_peer, yaml) = peer();
    mode(&scratch.write("checks.yaml", &yaml), 0o644);
    let run = |user: u32| {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args([&format!("--reuid={user}"), &format!("--regid={}", nagios()), "--clear-groups"]);
        let output = command.arg(link.join("conn-check")).arg("checks.yaml").current_dir(scratch.path()).output();
        let output = output.expect("setpriv");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let name = |file: std::io::Result<fs::DirEntry>| file.expect("a file").file_name();
        let (own, beside): (Vec<_>, Vec<_>) = fs::read_dir(&var)
            .expect("a folder")
            .map(name)
            .partition(|name| name.as_encoded_bytes().starts_with(b"memory-"));
        assert!(!own.is_empty() || beside.is_empty(), "{beside:?}");
        own.len()
    };
    assert_eq!((run(0), run(1001), run(1002)), (0, 1, 2), "root writes nothing where others do");
}
