//! The storage check: a file is written, read and removed, or it is told why not; nothing is left behind.

use harness::agent::{Agent, code, program};
use harness::mounts::Mounts;
use harness::scratch::Scratch;
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn check(path: &Path, options: &str) -> (String, Value) {
    check_with(&Mounts::new(), path, options)
}

fn check_with(mounts: &Mounts, path: &Path, options: &str) -> (String, Value) {
    let report =
        Agent::through(mounts.command(), &format!("- {{type: storage, path: {}{options}}}", path.display())).report();
    (code(&report), report["checks"][0].clone())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect()
}

fn message(check: &Value) -> &str {
    check["failure"]["message"].as_str().expect("a message")
}

/// A folder that root alone may write to, unless the mode says otherwise.
fn of_root(scratch: &Scratch, mode: u32) -> PathBuf {
    let path = scratch.path().join("of-root");
    fs::create_dir(&path).expect("a folder");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
    path
}

#[test]
fn a_file_is_written_read_and_removed_and_nothing_else_is_touched() {
    let scratch = Scratch::new();
    let folder = of_root(&scratch, 0o755);
    fs::write(folder.join("photo"), "somebody's").expect("a file");
    let (verdict, seen) = check(&folder, "");
    assert_eq!(verdict, "pass", "{seen}");
    assert_eq!(
        (&seen["results"][0]["name"], &seen["scope"]),
        (&format!("storage:{}", folder.display()).into(), &"local".into())
    );
    assert_eq!(names(&folder), ["photo"]);
    assert_eq!(fs::read_to_string(folder.join("photo")).expect("a file"), "somebody's");
}

#[test]
fn a_file_system_that_knows_no_files_without_a_name_is_written_to_by_name() {
    let scratch = Scratch::new();
    let folder = of_root(&scratch, 0o755);
    let log = scratch.path().join("calls");
    let mut outer = Command::new("strace");
    outer.args(["-f", "-o"]).arg(&log).arg("-P").arg(&folder).args(["-e", "inject=openat:error=EOPNOTSUPP:when=1"]);
    let report = Agent::through(outer, &format!("- {{type: storage, path: {}}}", folder.display())).report();
    assert_eq!(code(&report), "pass", "{report}");
    assert!(fs::read_to_string(&log).expect("a log").contains("O_TMPFILE"), "{log:?}");
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn a_full_disk_a_read_only_one_and_a_missing_folder_have_their_own_codes() {
    let scratch = Scratch::new();
    let folder = scratch.folder("mnt");
    let full = Mounts::new().tmpfs(&folder, "size=1m,nr_inodes=100").fill(&folder, false);
    assert_eq!(check_with(&full, &folder, "").0, "local.full");
    let full = Mounts::new().tmpfs(&folder, "size=1m,nr_inodes=20").fill(&folder, true);
    let (verdict, without_inodes) = check_with(&full, &folder, "");
    assert_eq!(verdict, "local.full", "{without_inodes}");
    assert!(
        without_inodes["failure"]["evidence"].as_str().expect("evidence").contains("0 inodes are free"),
        "{without_inodes}"
    );
    let (verdict, read_only) = check_with(&Mounts::new().read_only(&folder), &folder, "");
    assert_eq!(verdict, "local.read-only", "{read_only}");
    let (verdict, missing) = check(&folder.join("media"), "");
    assert_eq!(
        (verdict.as_str(), message(&missing)),
        ("local.missing", format!("{}/media is not there", folder.display()).as_str())
    );
    let file = scratch.write("file", "");
    assert_eq!(check(&file, "").0, "local.unexpected");
}

#[test]
fn root_writes_as_the_user_that_is_named_and_has_no_rights_of_its_own() {
    let scratch = Scratch::new();
    // The group of root may write there: whoever acts as somebody else is not in it.
    let of_root = of_root(&scratch, 0o775);
    let of_nobody = scratch.folder("of-nobody");
    assert_eq!(check(&of_nobody, ", user: nobody").0, "pass");
    let (verdict, denied) = check(&of_root, ", user: nobody");
    assert_eq!(verdict, "local.denied", "{denied}");
    assert_eq!(message(&denied), format!("this user may not write to {}", of_root.display()));
    let evidence = denied["failure"]["evidence"].as_str().expect("evidence");
    assert!(
        evidence
            .starts_with(&format!("the user is nobody, and {} is of root:root with the mode 0775", of_root.display())),
        "{evidence}"
    );
    assert_eq!(check(&of_root, ", user: root").0, "pass");
    assert_eq!(check(&of_root, ", user: no-such-user").0, "local.missing");
    // The thread of one check is nobody's; the next one is root's again.
    let yaml = format!(
        "- {{type: storage, path: {0}, user: nobody}}\n- {{type: storage, path: {1}}}\n- {{type: storage, path: {0}, user: nobody}}\n",
        of_nobody.display(),
        of_root.display()
    );
    let report = Agent::new(&yaml).report();
    assert!(report["checks"].as_array().expect("checks").iter().all(|one| one["verdict"] == "pass"), "{report}");
    assert_eq!((names(&of_root), names(&of_nobody)), (vec![], vec![]));
}

#[test]
fn who_is_not_root_acts_as_nobody_else() {
    let scratch = Scratch::new();
    let folder = scratch.folder("of-nobody");
    let run = |user: &str| {
        let mut outer = Command::new("setpriv");
        outer.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        let yaml = format!("- {{type: storage, path: {}, user: {user}}}", folder.display());
        code(&Agent::copy_through(outer, &yaml).report())
    };
    assert_eq!((run("nobody"), run("daemon")), ("pass".into(), "local.denied".into()));
}

/// Runs the check while somebody does this to its files, until that comes of it.
fn meddled(meddle: impl Fn(&Path) + Sync, wanted: &str) -> Value {
    let scratch = Scratch::in_memory();
    let folder = of_root(&scratch, 0o755);
    let is_over = AtomicBool::new(false);
    let meddling = || {
        while !is_over.load(Ordering::Relaxed) {
            let ours = fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path());
            ours.for_each(|path| meddle(&path));
        }
    };
    let checking = || {
        let mut last = (String::new(), Value::Null);
        wait::until(wanted, || {
            // The file has its name for a while before it is read.
            let mut outer = Command::new("strace");
            outer.args(["-f", "-o", "/dev/null", "-e", "trace=linkat", "-e", "inject=linkat:delay_exit=200000"]);
            let report = Agent::through(outer, &format!("- {{type: storage, path: {}}}", folder.display())).report();
            last = (code(&report), report["checks"][0].clone());
            assert!(last.0 == "pass" || last.0 == wanted, "{}", last.1);
            last.0 == wanted
        });
        last.1
    };
    let told = std::thread::scope(|scope| {
        scope.spawn(meddling);
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(checking));
        is_over.store(true, Ordering::Relaxed);
        told
    });
    told.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[test]
fn a_file_that_a_cleaner_takes_away_has_vanished() {
    let told = meddled(|path| drop(fs::remove_file(path)), "local.vanished");
    assert!(message(&told).contains("is gone before it was re"), "{told}");
}

#[test]
fn a_file_that_is_another_one_when_it_is_read_has_unexpected_content() {
    let empty = |path: &Path| {
        if let Ok(file) = OpenOptions::new().write(true).open(path) {
            file.set_len(0).expect("its end");
        }
    };
    let told = meddled(empty, "local.unexpected-content");
    let evidence = told["failure"]["evidence"].as_str().expect("evidence");
    assert!(evidence.ends_with(" bytes of 4096 were read") && !evidence.starts_with("4096"), "{evidence}");
}

#[test]
fn an_interrupt_leaves_no_file_behind() {
    let scratch = Scratch::new();
    let folders: Vec<_> = (0..60).map(|number| scratch.folder(&format!("media-{number}"))).collect();
    let yaml: String =
        folders.iter().map(|folder| format!("- {{type: storage, path: {}}}\n", folder.display())).collect();
    let file = scratch.write("checks.yaml", yaml);
    for delay in 0..20 {
        let mut child =
            Command::new(program()).arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("conn-check");
        std::thread::sleep(Duration::from_millis(delay));
        // It may have ended.
        let _ = kill(Pid::from_raw(i32::try_from(child.id()).expect("a number")), Signal::SIGINT);
        child.wait().expect("its end");
        let left: Vec<_> = folders.iter().flat_map(|folder| names(folder)).collect();
        assert!(left.is_empty(), "after {delay} ms: {left:?}");
    }
}

#[test]
fn a_known_file_is_read_and_nothing_is_written() {
    let scratch = Scratch::new();
    let folder = scratch.folder("media");
    fs::write(folder.join("known"), "known\n").expect("a file");
    let sum = Command::new("sha256sum").arg(folder.join("known")).output().expect("sha256sum");
    let sum = String::from_utf8_lossy(&sum.stdout).split(' ').next().expect("a sum").to_owned();
    let mounts = Mounts::new().read_only(&folder);
    assert_eq!(
        check_with(&mounts, &folder, ", read: known, expected_content: '/^k.*x/'").0,
        "local.unexpected-content"
    );
    assert_eq!(
        check_with(&mounts, &folder, &format!(", read: known, expected_sha256: {sum}, expected_content: known")).0,
        "pass"
    );
    let (verdict, other) = check_with(&mounts, &folder, &format!(", read: known, expected_sha256: {}", "0".repeat(64)));
    assert_eq!(verdict, "local.unexpected-content", "{other}");
    assert_eq!(other["failure"]["evidence"], format!("its 6 bytes have the SHA-256 {sum}"));
    assert_eq!(check_with(&mounts, &folder, ", read: unknown").0, "local.missing");
    for (options, message) in [
        ("read: ../x", "the file is one of the directory"),
        ("expected_content: x", "`expected_content` without `read`"),
    ] {
        let ran = Agent::new(&format!("- {{type: storage, path: /srv, {options}}}")).args(["--validate"]).run();
        assert!(ran.status == 3 && (ran.err + &ran.out).contains(message), "{options}");
    }
}

#[test]
fn a_dead_file_server_costs_the_checks_own_time() {
    let scratch = Scratch::new();
    let folder = scratch.folder("mnt");
    let yaml = format!("- {{type: storage, path: {}, timeout: 0.5}}", folder.display());
    let ran = Agent::through(Mounts::new().dead(&folder).command(), &yaml).args(["--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
    assert_eq!(code(&ran.json()), "local.timeout", "{ran:?}");
    let failure = ran.json()["checks"][0]["failure"].clone();
    assert_eq!(failure["owner"], "service", "all nodes have it: {failure}");
    for (key, part) in [("evidence", "dead.internal:/export is mounted on"), ("next_step", "file server")] {
        assert!(failure[key].as_str().is_some_and(|text| text.contains(part)), "{failure}");
    }
}

#[test]
fn a_quota_that_is_used_up_is_told_as_one() {
    let scratch = Scratch::new();
    let (image, mount) = (scratch.path().join("image"), scratch.folder("mnt"));
    let (image, at) = (image.display(), mount.display());
    // A file system whose quotas need nothing of the kernel beside itself.
    let full = Mounts::new()
        .run(&format!("truncate -s 160M {image} && mkfs.btrfs -q {image} >&2 && mount -o loop {image} {at}"))
        .run(&format!("btrfs quota enable {at} >&2 && btrfs subvolume create {at}/media >&2"))
        .run(&format!("btrfs qgroup limit 1M {at}/media >&2"))
        .fill(mount.join("media"), false);
    let (verdict, told) = check_with(&full, &mount.join("media"), "");
    assert_eq!((verdict.as_str(), &told["failure"]["owner"]), ("local.full", &"host".into()), "{told}");
    assert!(message(&told).starts_with("the quota is used up for "), "{told}");
    assert!(told["failure"]["next_step"].as_str().is_some_and(|next| next.contains("quota")), "{told}");
}
