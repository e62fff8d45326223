//! What the users that run checks can write: whatever they put there, no hook fails, root follows no link of theirs,
//! and the unit goes.

use crate::site::{Site, UNIT, nothing_is_left, well};
use harness::juju::machine::Machine;
use harness::peers::{Manner, Peer};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const VAR: &str = "/var/lib/conn-check/conn-check-0";
const EXPORT: &str = "/var/lib/nagios/export";

/// Makes so many directories inside each other, deeper than a path can say.
fn nest(directory: &Path, depth: usize) {
    let script = "import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(int(sys.argv[2])):\n    os.mkdir('d')\n    os.chdir('d')\nopen('end', 'w')\n";
    let made = Command::new("/usr/bin/python3").args(["-c", script]).arg(directory).arg(depth.to_string()).status();
    assert!(made.expect("a Python").success());
}

fn site() -> (Site, Peer) {
    let (site, peer) = (Site::start(Machine::in_scratch()), Peer::start(Manner::Silent));
    site.with_nrpe();
    site.check(&format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port()));
    (site, peer)
}

#[test]
fn directories_that_are_deeper_than_descriptors_go_do_not_keep_a_unit() {
    let (site, _peer) = site();
    let var = site.juju.machine().at(VAR);
    for place in ["record.json", "action-7.json", "x", ".record.json.conn-check-draft"] {
        fs::create_dir(var.join(place)).expect("a directory");
        nest(&var.join(place), 1_500);
    }
    site.juju.through(&["/usr/bin/prlimit", "--nofile=256:256"]);
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert_eq!((run.code, &run.results["status"]), (0, &json!("ok")), "{run:?}");
    assert!(var.join("record.json").is_file() && !var.join("action-7.json").exists());
    nest(&var, 3_000);
    site.juju.remove("conn-check");
    site.settle();
    nothing_is_left(&site.juju, &site.before);
}

/// The home of the user nagios is the directory above.
#[test]
fn a_directory_of_exports_that_leads_nowhere_or_elsewhere_does_no_harm() {
    let (site, _peer) = site();
    let (export, etc) = (site.juju.machine().at(EXPORT), site.juju.machine().at("/etc/elsewhere"));
    fs::create_dir(&etc).expect("a directory");
    let service = "service__juju-my-service-0_check_conn-check-conn-check-0.cfg";
    let theirs = [service, ".x.conn-check-draft"].map(|name| etc.join(name));
    theirs.iter().for_each(|path| fs::write(path, "of root").expect("a file"));
    for target in [&export, &etc, &PathBuf::from("/nowhere")] {
        let _gone = fs::remove_dir_all(&export).or_else(|_| fs::remove_file(&export));
        symlink(target, &export).expect("a link");
        well(&site.juju.update_status(UNIT));
        site.juju.configure("conn-check", "nagios_servicegroups", target.display().to_string().replace('/', "-"));
        site.settle();
    }
    site.juju.remove("conn-check");
    site.settle();
    theirs.iter().for_each(|path| assert_eq!(fs::read_to_string(path).expect("it is there"), "of root"));
    fs::remove_dir_all(&etc).expect("removed");
    fs::remove_file(&export).expect("removed");
    fs::create_dir(&export).expect("as it was");
    assert_eq!(site.juju.machine().user("conn-check"), None);
}

#[test]
fn a_result_is_never_written_through_a_link_that_nagios_has_made() {
    let (site, _peer) = site();
    let machine = site.juju.machine();
    let settings = machine.at("/etc/conn-check/conn-check-0/settings.json");
    let before = fs::read_to_string(&settings).expect("settings");
    let var = machine.at(VAR);
    let nagios = machine.user("nagios");
    let own = machine.write("/var/of-conn-check/file", "theirs\n");
    for path in [own.as_path(), own.parent().expect("its directory")] {
        chown(path, machine.user("conn-check"), machine.group("nagios")).expect("an owner");
    }
    for target in [&settings, &own] {
        for name in ["record.json", "action-1.json"] {
            let link = var.join(name);
            let _not_there = fs::remove_file(&link);
            symlink(target, &link).expect("a link");
            std::os::unix::fs::lchown(&link, nagios, machine.group("nagios")).expect("an owner");
        }
        assert_eq!(site.juju.exec(UNIT, "actions/run-check").code, 0);
        let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
        assert_eq!((run.code, &run.results["status"]), (0, &json!("ok")), "{run:?}");
        assert!(!var.join("record.json").is_symlink());
    }
    assert_eq!(
        (fs::read_to_string(&settings).expect("settings"), machine.read("/var/of-conn-check/file")),
        (before, "theirs\n".into())
    );
    assert!(site.updated_status().contains("all passed"), "{}", site.status());
}
