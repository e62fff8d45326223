//! Files that are not for everybody: those of other units, and those that somebody else has put where we write.

use harness::agent::{Agent, Ran, program};
use harness::scratch::Scratch;
use nix::sys::stat::Mode;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const CHECK: &str = "- {type: udp, host: 127.0.0.1, port: 9, send: x, name: check}\n";

/// Somebody else.
const STRANGER: u32 = 1001;

/// A directory that everybody can write, and a file of root's outside of it.
fn open_directory(mode: u32) -> (Scratch, PathBuf, PathBuf) {
    let scratch = Scratch::new();
    let (folder, target) = (scratch.path().join("open"), scratch.write("target", "of root"));
    fs::create_dir(&folder).expect("a directory");
    fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).expect("its mode");
    (scratch, folder, target)
}

fn strangers_link(target: &Path, link: &Path) {
    symlink(target, link).expect("a link");
    lchown(link, Some(STRANGER), Some(STRANGER)).expect("root runs this test");
}

fn run(scratch: &Scratch, option: &str, path: &Path) -> Ran {
    scratch.write("checks.yaml", CHECK);
    let mut command = Command::new(program());
    command.arg("checks.yaml").arg(option).arg(path).current_dir(scratch.path());
    harness::django::run(&mut command)
}

#[test]
fn a_record_takes_the_place_of_what_somebody_else_has_put_there() {
    let (scratch, folder, target) = open_directory(0o777);
    let record = folder.join("record.json");
    for put in ["link", "dangling", "pipe"] {
        let _first = fs::remove_file(&record);
        match put {
            "link" => strangers_link(&target, &record),
            "dangling" => strangers_link(&scratch.path().join("new"), &record),
            _ => {
                nix::unistd::mkfifo(&record, Mode::S_IRWXU).expect("a pipe");
                chown(&record, Some(STRANGER), Some(STRANGER)).expect("root runs this test");
            }
        }
        let ran = run(&scratch, "--record", &record);
        assert!(ran.status != 3 && ran.err.is_empty(), "{put}: {ran:?}");
        let metadata = fs::symlink_metadata(&record).expect("a record");
        assert!(metadata.is_file() && metadata.uid() == 0 && metadata.mode() & 0o777 == 0o644, "{put}: {metadata:?}");
        assert!(fs::read_to_string(&record).expect("a record").contains("conn-check/1"), "{put}");
        assert_eq!(fs::read_to_string(&target).expect("it is there"), "of root", "{put}");
        assert!(!scratch.path().join("new").exists(), "{put}");
    }
    assert_eq!(fs::read_dir(&folder).expect("a directory").count(), 1, "something is left beside it");
}

#[test]
fn a_record_goes_where_a_link_of_ones_own_leads() {
    let (scratch, folder, target) = open_directory(0o755);
    symlink(&target, folder.join("record.json")).expect("a link");
    let ran = run(&scratch, "--record", &folder.join("record.json"));
    assert!(ran.err.is_empty() && folder.join("record.json").is_symlink(), "{ran:?}");
    assert!(fs::read_to_string(&target).expect("a record").contains("conn-check/1"));
    let ran = run(&scratch, "--record", Path::new("/dev/null"));
    assert!(ran.err.is_empty() && !Path::new("/dev/null").is_file(), "{ran:?}");
}

#[test]
fn nothing_else_is_written_through_a_link_or_over_a_file_of_somebody_elses_in_an_open_directory() {
    let (scratch, folder, target) = open_directory(0o1777);
    let (link, file) = (folder.join("link"), folder.join("file"));
    strangers_link(&target, &link);
    strangers_link(&scratch.path().join("new"), &folder.join("dangling"));
    fs::write(&file, "theirs").expect("a file");
    chown(&file, Some(STRANGER), Some(STRANGER)).expect("root runs this test");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("its mode");
    for (path, said) in [
        (&link, "link of the user 1001 to"),
        (&folder.join("dangling"), "link of the user 1001 to"),
        (&file, "the user 1001 has put a file there"),
    ] {
        let ran = run(&scratch, "--output", path);
        // The kernel may say it first (fs.protected_symlinks).
        assert!(ran.err.contains(said) || ran.err.contains("ermission denied"), "{ran:?}");
        let mut command = Command::new(harness::agent::program_called("conn-check-configs"));
        command.args(["env", "--output"]).arg(path).env_clear().env("A_URL", "redis://:tiger@h");
        let ran = harness::django::run(&mut command);
        assert!(ran.status == 3 && !ran.err.contains("tiger"), "{ran:?}");
    }
    assert_eq!(fs::read_to_string(&target).expect("it is there"), "of root");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "theirs");
    assert!(!scratch.path().join("new").exists());
}

/// Two units on one machine, each with a file; the program behind the link of the first.
fn units(scratch: &Scratch) -> (PathBuf, [PathBuf; 2]) {
    let files = ["cc-0", "cc-1"].map(|unit| {
        for folder in ["etc", "var/lib"] {
            fs::create_dir_all(scratch.path().join(format!("root/{folder}/conn-check/{unit}"))).expect("a directory");
        }
        scratch.write(&format!("root/var/lib/conn-check/{unit}/record.json"), "{}");
        scratch.write(&format!("root/etc/conn-check/{unit}/option.yaml"), format!("- {{type: tcp, host: {unit}}}\n"))
    });
    let folder = scratch.path().join("root/usr/local/lib/conn-check/units/cc-0");
    fs::create_dir_all(&folder).expect("a directory");
    let link = folder.join("conn-check");
    symlink(program(), &link).expect("a link");
    (link, files)
}

#[test]
fn the_checks_of_a_unit_read_no_file_of_another_unit_whatever_leads_there() {
    let scratch = Scratch::new();
    let (link, [own, other]) = units(&scratch);
    let elsewhere = scratch.path().join("elsewhere.yaml");
    symlink(&other, &elsewhere).expect("a link");
    let around = own.parent().expect("its directory").join("../cc-1/option.yaml");
    let through = PathBuf::from(format!("/proc/self/root{}", other.display()));
    let record = scratch.path().join("root/var/lib/conn-check/cc-1/record.json");
    let said = "it belongs to the unit cc-1";
    let tried = |option: &str| {
        let yaml = format!("- {{type: http, url: 'https://127.0.0.1:9/', {option}}}\n");
        Agent::of(&link, &yaml).args(["--validate"]).run()
    };
    for path in [&other, &elsewhere, &around, &through, &record] {
        let path = path.display();
        for option in [format!("body: {{file: {path}}}"), format!("ca_file: {path}"), format!("client_cert: {path}")] {
            let ran = tried(&option);
            assert!(ran.status == 3 && ran.err.contains(said), "{option}: {ran:?}");
        }
        let mut command = Command::new(&link);
        let ran = harness::django::run(command.arg(path.to_string()).args(["--validate", "--format", "json"]));
        assert!(ran.status == 3 && ran.out.contains("of-other-unit") && ran.out.contains(said), "{ran:?}");
    }
    let ran = tried(&format!("body: {{file: {}}}", own.display()));
    assert_eq!(ran.status, 0, "{ran:?}");
    let yaml = format!("- {{type: http, url: 'https://127.0.0.1:9/', body: {{file: {}}}}}\n", other.display());
    assert_eq!(Agent::new(&yaml).args(["--validate"]).run().status, 0, "people read what they may");
}
