//! Where the file goes: its mode, its owner, and what is left when there is none.

use super::{Made, configs, run, run_with};
use harness::scratch::Scratch;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

/// One check with a password, into this file.
fn write(path: &Path, variables: &str) -> Made {
    run_with(&mut configs(&["env", "-", "--output", path.to_str().expect("path")]), variables.as_bytes())
}

#[test]
fn a_new_file_is_for_its_owner_only() {
    let scratch = Scratch::new();
    let path = scratch.path().join("checks.yaml");
    let made = write(&path, "A_URL=redis://:p@h\n");
    assert_eq!((made.status, made.out.as_str(), made.err.as_str()), (0, "", ""));
    assert_eq!(fs::metadata(&path).expect("file").mode() & 0o7777, 0o600);
    assert!(fs::read_to_string(&path).expect("file").contains("password: p\n"));
}

#[test]
fn an_existing_file_keeps_its_mode_and_owner() {
    let scratch = Scratch::new();
    let path = scratch.write("checks.yaml", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("mode");
    // Only root may give a file away; others see that it stays their own.
    let _ = chown(&path, Some(65534), Some(65534));
    let before = fs::metadata(&path).expect("file");
    assert_eq!(write(&path, "A_URL=redis://:p@h\n").status, 0);
    let after = fs::metadata(&path).expect("file");
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert_ne!(after.ino(), before.ino(), "written over, and not replaced");
    assert!(fs::read_to_string(&path).expect("file").contains("type: redis"));
}

#[test]
fn nobody_else_can_read_a_file_whose_owner_could_not_be_kept() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let scratch = Scratch::new();
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).expect("mode");
    for (groups, mode, expected, said) in [
        ("--groups=4", 0o660, (1001, 4, 0o660), ""),
        ("--clear-groups", 0o660, (1001, 100, 0o600), "its mode is 0600 now, and no longer 0660"),
        ("--clear-groups", 0o664, (1001, 100, 0o640), "its mode is 0640 now, and no longer 0664"),
        ("--clear-groups", 0o604, (1001, 100, 0o600), "its mode is 0600 now, and no longer 0604"),
        ("--clear-groups", 0o644, (1001, 100, 0o640), "has passwords in it (--secrets env or file keeps them out)"),
        ("--groups=4", 0o664, (1001, 4, 0o660), "its mode is 0660 now, and no longer 0664"),
    ] {
        let path = scratch.write("checks.yaml", "old");
        chown(&path, Some(33), Some(4)).expect("owner");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
        let mut command = Command::new("setpriv");
        command.args(["--reuid=1001", "--regid=100", groups]).arg(harness::agent::program_called("conn-check-configs"));
        command.args(["env", "-", "--output", path.to_str().expect("path")]);
        let made = run_with(&mut command, b"A_URL=redis://:p@h\n");
        let after = fs::metadata(&path).expect("file");
        assert_eq!((after.uid(), after.gid(), after.mode() & 0o7777), expected, "{groups} {mode:o}: {made:?}");
        assert!(made.status == 0 && made.err.contains(said) && made.err.is_empty() == said.is_empty(), "{made:?}");
    }
}

#[test]
fn what_gives_no_file_leaves_the_old_one() {
    let scratch = Scratch::new();
    let path = scratch.write("checks.yaml", "old");
    for variables in ["nonsense\n", "services:\n  a: {image: b}\n"] {
        let made = write(&path, variables);
        assert_eq!((made.status, made.out.as_str()), (3, ""), "{variables:?}: {made:?}");
        assert!(!made.err.is_empty(), "{variables:?}");
        assert_eq!(fs::read_to_string(&path).expect("file"), "old", "{variables:?}");
    }
    assert_eq!(fs::read_dir(scratch.path()).expect("folder").count(), 1, "something is left beside it");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    for path in ["/nonexistent/checks.yaml", "/proc/version", "/"] {
        let made = write(Path::new(path), "A_URL=redis://:tiger@h\n");
        assert_eq!((made.status, made.out.as_str()), (3, ""), "{path}: {made:?}");
        assert!(made.err.starts_with(&format!("conn-check-configs: {path}: ")), "{}", made.err);
        assert!(!made.err.contains("tiger"), "{}", made.err);
    }
}

#[test]
fn usage_errors_are_status_3_on_stderr() {
    for arguments in [
        &[][..],
        &["nothing"],
        &["env", "--secrets", "nowhere"],
        &["env", "--pid", "x"],
        &["env", "--pid", "-1"],
        &["env", "a", "--pid", "1"],
        &["juju", "a", "b"],
    ] {
        let made = run(&mut configs(arguments));
        assert_eq!((made.status, made.out.as_str()), (3, ""), "{arguments:?}");
        assert!(made.err.contains("--help") || made.err.contains("Usage:"), "{arguments:?}: {}", made.err);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for (arguments, name) in
        [(&["--help"][..], "help"), (&["env", "--help"], "help_env"), (&["juju", "--help"], "help_juju")]
    {
        let made = run(&mut configs(arguments));
        assert_eq!((made.status, made.err.as_str()), (0, ""));
        insta::assert_snapshot!(format!("configs_{name}"), made.out);
    }
    assert!(run(&mut configs(&["--version"])).out.starts_with("conn-check-configs 2."));
}

/// The user of the tutorial's file reads it, and so does its group; but not everybody.
#[test]
fn passwords_are_not_for_everybody_in_a_file_that_somebody_else_has_made() {
    let scratch = Scratch::new();
    let path = scratch.write("checks.yaml", "old");
    let access = || fs::metadata(&path).expect("file").mode() & 0o7777;
    let open = |owner| {
        chown(&path, Some(owner), Some(4)).expect("root runs this test");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("mode");
    };
    open(33);
    let made = write(&path, "A_URL=redis://:p@h\n");
    assert!(made.status == 0 && made.err.contains("its mode is 0660 now, and no longer 0666"), "{made:?}");
    assert_eq!((access(), fs::metadata(&path).expect("file").uid()), (0o660, 33));
    open(33);
    let text = path.to_str().expect("path");
    let made = run_with(&mut configs(&["env", "-", "--secrets", "env", "--output", text]), b"A_URL=redis://:p@h\n");
    assert!(made.status == 0 && !made.err.contains("mode"), "{made:?}");
    assert_eq!(access(), 0o666, "there is no password in it");
    open(0);
    let made = write(&path, "A_URL=redis://:p@h\n");
    assert_eq!((access(), made.err.as_str()), (0o666, ""), "one's own file is as one wants it");
}
