//! Who could have written the file: whether what it names is started.

use super::command;
use harness::agent::{Agent, Ran, program};
use harness::scratch::Scratch;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Somebody without rights, and somebody else.
const USER: u32 = 65_534;
const STRANGER: u32 = 1001;

/// A directory of root's with a directory with a file that runs `true`.
struct Place {
    scratch: Scratch,
    program: PathBuf,
}

impl Place {
    fn new() -> Self {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path().join("d")).expect("a directory");
        mode(&scratch.path().join("d"), 0o755);
        scratch.write("d/checks.yaml", command(&["true"], ""));
        let program = scratch.program_from("conn-check", &program());
        Self { scratch, program }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn as_root(&self, arguments: &[&str]) -> Ran {
        self.run(&mut Command::new(&self.program), arguments)
    }

    fn as_user(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={USER}")).args([&format!("--regid={USER}"), "--clear-groups"]).arg(&self.program);
        self.run(&mut command, arguments)
    }

    fn run(&self, command: &mut Command, arguments: &[&str]) -> Ran {
        harness::django::run(command.args(arguments).current_dir(self.scratch.path()))
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).expect("root runs this test");
}

const FILE: &str = "d/checks.yaml";

fn refused(ran: &Ran, parts: &[&str]) {
    assert_eq!(ran.status, 3, "{ran:?}");
    for part in ["error[untrusted-file]: no program that this file names is started: "].iter().chain(parts) {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
}

#[test]
fn what_root_alone_can_write_is_run_by_root_and_by_others() {
    let place = Place::new();
    assert_eq!((place.as_root(&[FILE]).status, place.as_user(&[FILE]).status), (0, 0));
}

#[test]
fn a_file_that_others_can_write_names_no_program() {
    for bits in [0o646, 0o664, 0o666] {
        let place = Place::new();
        mode(&place.at(FILE), bits);
        let shown = format!("root (mode 0{bits:o})");
        for ran in [place.as_root(&[FILE]), place.as_user(&[FILE])] {
            refused(&ran, &[&shown, "d/checks.yaml", "chmod go-w"]);
        }
    }
}

#[test]
fn a_directory_that_others_can_write_has_no_such_file_in_it() {
    for bits in [0o777, 0o775, 0o1777] {
        let place = Place::new();
        mode(&place.at("d"), bits);
        refused(&place.as_root(&[FILE]), &["can write", &format!("(mode {bits:04o})")]);
        refused(&place.as_user(&[FILE]), &["can write"]);
    }
    let place = Place::new();
    fs::create_dir(place.at("d/e")).expect("a directory");
    fs::rename(place.at(FILE), place.at("d/e/checks.yaml")).expect("moved");
    mode(&place.at("d"), 0o777);
    refused(&place.as_root(&["d/e/checks.yaml"]), &["everybody can write"]);
    // Of a sticky one, nobody takes away a directory of root's: so is /tmp, in which all this is.
    mode(&place.at("d"), 0o1777);
    assert_eq!(place.as_root(&["d/e/checks.yaml"]).status, 0);
}

#[test]
fn a_file_of_somebody_else_names_no_program_and_one_of_the_own_does() {
    let place = Place::new();
    give(&place.at(FILE), STRANGER);
    refused(&place.as_root(&[FILE]), &["root runs conn-check, and ", "1001 (mode 0644)", "chown -h root"]);
    refused(&place.as_user(&[FILE]), &["belongs to ", "1001"]);
    give(&place.at(FILE), USER);
    refused(&place.as_root(&[FILE]), &["root runs conn-check"]);
    assert_eq!(place.as_user(&[FILE]).status, 0);
    give(&place.at("d"), USER);
    assert_eq!(place.as_user(&[FILE]).status, 0);
    give(&place.at("d"), STRANGER);
    refused(&place.as_user(&[FILE]), &["/d belongs to "]);
}

#[test]
fn a_link_leads_to_a_file_that_is_judged_where_it_is() {
    let place = Place::new();
    symlink("d/checks.yaml", place.at("link.yaml")).expect("a link");
    assert_eq!(place.as_root(&["link.yaml"]).status, 0);
    mode(&place.at("d"), 0o777);
    refused(&place.as_root(&["link.yaml"]), &["everybody can write"]);
}

#[test]
fn a_file_without_programs_may_be_anybodys() {
    let place = Place::new();
    place.scratch.write(FILE, "- {type: udp, host: 127.0.0.1, port: 9, send: x}\n");
    give(&place.at(FILE), STRANGER);
    mode(&place.at("d"), 0o777);
    for ran in [place.as_root(&[FILE, "--validate"]), place.as_user(&[FILE, "--validate"])] {
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    // Rules for firewalls start nothing.
    place.scratch.write(FILE, command(&["true"], ""));
    give(&place.at(FILE), STRANGER);
    refused(&place.as_root(&[FILE, "--validate"]), &[]);
    refused(&place.as_root(&[FILE, "--dry-run"]), &[]);
    symlink("conn-check", place.at("conn-check-export-fw")).expect("a link");
    let ran = place.run(&mut Command::new(place.at("conn-check-export-fw")), &[FILE]);
    assert_eq!(ran.status, 0, "{ran:?}");
}

#[test]
fn standard_input_is_of_who_runs_it_and_of_root_it_is_not_known() {
    let yaml = command(&["true"], "");
    let mut outer = Command::new("setpriv");
    outer.args([&format!("--reuid={USER}"), &format!("--regid={USER}"), "--clear-groups"]);
    let piped = |mut agent: Agent| {
        agent.command().arg("-");
        agent.run_with_input(yaml.as_bytes())
    };
    // The file that each call has is one without programs.
    let ran = piped(Agent::copy_through(outer, "[]\n"));
    assert_eq!(ran.status, 0, "{ran:?}");
    refused(
        &piped(Agent::new("[]\n")),
        &["root runs conn-check, and whose standard input", "write the checks to a file"],
    );
}

#[test]
fn a_program_that_is_started_as_a_service_is_in_a_file_of_roots() {
    let place = Place::new();
    let checks = nix::unistd::User::from_name("conn-check").expect("users");
    let user = checks.map_or(USER, |user| user.uid.as_raw());
    give(&place.at(FILE), user);
    let ran = place.as_root(&["--as", "nobody", FILE]);
    assert!(ran.status == 3 && ran.err.contains("untrusted-file"), "{ran:?}");
    chown(place.at(FILE), Some(0), Some(0)).expect("root's");
    let ran = place.as_root(&["--as", "nobody", FILE]);
    assert!(ran.status < 2, "{ran:?}");
}

#[test]
fn a_part_of_what_is_started_stands_in_no_file_that_others_can_write() {
    for check in [
        "command: [{file: d/part}]",
        "command: [\"true\", {file: d/part}]",
        "command: [\"true\"], env: {LD_PRELOAD: {file: d/part}}",
    ] {
        let place = Place::new();
        place.scratch.write(FILE, format!("- {{type: command, {check}}}\n"));
        place.scratch.write("d/part", "true");
        mode(&place.at(FILE), 0o644);
        mode(&place.at("d/part"), 0o644);
        assert_ne!(place.as_root(&[FILE]).status, 3, "{check}: root's own");
        mode(&place.at("d/part"), 0o666);
        for ran in [place.as_root(&[FILE]), place.as_user(&[FILE]), place.as_root(&["--validate", FILE])] {
            assert_eq!(ran.status, 3, "{check}: {ran:?}");
            let said =
                ["error[untrusted-file]", "what is started stands in a file, and everybody can write", "chmod go-w"];
            assert!(said.iter().all(|part| ran.err.contains(part)), "{check}: {}", ran.err);
        }
    }
}
