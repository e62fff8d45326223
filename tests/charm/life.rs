//! From install to remove.

use crate::site::{FILE, SERVICE, Site, UNIT, names, nothing_is_left, tree, well, writes_nothing_more};
use harness::juju::machine::Machine;
use harness::packed::{self, VERSION};
use harness::peers::{Manner, Peer};
use harness::ports;
use serde_json::json;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

/// One check that passes.
fn passing(peer: &Peer) -> String {
    format!("- type: tcp\n  host: 127.0.0.1\n  port: {}\n", peer.port())
}

/// `MODE USER:GROUP` of a file, or where a link leads.
fn access(site: &Site, path: &str) -> String {
    let machine = site.juju.machine();
    let file = machine.at(path);
    let metadata = fs::symlink_metadata(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    if metadata.is_symlink() {
        return fs::read_link(file).expect("a link").display().to_string();
    }
    let name = |number, known: [(&str, Option<u32>); 2]| {
        let names = known.into_iter().find(|(_, one)| *one == Some(number));
        names.map_or_else(|| number.to_string(), |(name, _)| name.to_owned())
    };
    let user = name(metadata.uid(), [("root", Some(0)), ("conn-check", machine.user("conn-check"))]);
    let group = name(metadata.gid(), [("root", Some(0)), ("nagios", machine.group("nagios"))]);
    format!("{:o} {user}:{group}", metadata.mode() & 0o7777)
}

#[test]
fn a_life_from_install_to_remove() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    assert!(site.status().starts_with("waiting: no checks yet"), "{}", site.status());
    assert_eq!(site.juju.look(|model| model.application("conn-check").version.clone()), VERSION);
    site.check(&passing(&peer));
    assert_eq!(site.status(), "active: 1 check, not run yet");
    let nrpe = site.with_nrpe();
    let hooks = site.settle();
    assert_eq!(names(&hooks)[0], "nrpe-external-master-relation-created");
    assert_eq!(site.juju.services(|services| services.calls.len()), 1, "one reload for one change");
    writes_nothing_more(&site.juju, UNIT);
    let action = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert_eq!((action.status, action.code), ("completed", 0), "{action:?}");
    let status = site.updated_status();
    assert!(status.starts_with("active: 1 check, last run 20") && status.ends_with(": all passed"), "{status}");
    assert_eq!(site.juju.data(UNIT, nrpe)["primary"], "False");
    site.juju.remove("conn-check");
    let end = site.settle();
    assert_eq!(names(&end).iter().rev().take(2).collect::<Vec<_>>(), [&"remove", &"stop"]);
    nothing_is_left(&site.juju, &site.before);
    assert!(site.juju.machine().at(FILE).exists(), "the application's file is the application's");
}

#[test]
fn the_machine_itself_is_served_as_a_scratch_directory_is() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_namespace());
    site.with_nrpe();
    site.check(&passing(&peer));
    assert_eq!(site.status(), "active: 1 check, not run yet");
    let command = site.juju.machine().read("/etc/nagios/nrpe.d/check_conn-check-conn-check-0.cfg");
    let command = if command.is_empty() { read_only_command(&site) } else { command };
    assert!(command.contains("]=/usr/local/lib/conn-check/units/conn-check-0/conn-check --format nagios"), "{command}");
    assert!(command.contains(" --max-timeout=10 ") && command.contains(" --exclude-tags=no-nagios "), "{command}");
    writes_nothing_more(&site.juju, UNIT);
    site.juju.remove("my-service");
    site.settle();
    nothing_is_left(&site.juju, &site.before);
}

/// The one file in nrpe's directory.
fn read_only_command(site: &Site) -> String {
    let folder = site.juju.machine().at("/etc/nagios/nrpe.d");
    let files: Vec<_> = fs::read_dir(folder).expect("nrpe.d").flatten().map(|file| file.path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    fs::read_to_string(&files[0]).expect("a file")
}

#[test]
fn every_file_has_its_owner_and_mode() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    site.juju.set(SERVICE, site.relation, &[("config", &passing(&peer))]);
    site.settle();
    let lib = "/usr/local/lib/conn-check";
    assert_eq!(access(&site, &format!("{lib}/versions/{VERSION}/conn-check")), "755 root:root");
    assert_eq!(access(&site, &format!("{lib}/units/conn-check-0")), format!("../versions/{VERSION}"));
    assert_eq!(access(&site, &format!("{lib}/current")), format!("versions/{VERSION}"));
    let program = site.juju.machine().at("/usr/local/bin/conn-check");
    assert!(fs::metadata(&program).expect("the program for people").is_file());
    assert_eq!(access(&site, "/etc/conn-check/conn-check-0"), "750 root:nagios");
    assert_eq!(access(&site, "/var/lib/conn-check/conn-check-0"), "2770 conn-check:nagios");
    let folder = site.juju.machine().at("/etc/conn-check/conn-check-0");
    let texts = fs::read_dir(folder).expect("its texts").flatten().map(|file| file.file_name());
    let texts: Vec<_> = texts.map(|name| name.to_string_lossy().into_owned()).collect();
    let checks: Vec<_> = texts.iter().filter(|name| name.contains("yaml")).collect();
    assert_eq!(checks.len(), 1, "{texts:?}");
    assert_eq!(access(&site, &format!("/etc/conn-check/conn-check-0/{}", checks[0])), "640 conn-check:nagios");
    let registered = tree(&site.juju).entries.into_keys().filter(|path| path.to_string_lossy().contains("check_conn"));
    let registered: Vec<_> = registered.map(|path| path.display().to_string()).collect();
    assert_eq!(registered.len(), 2, "{registered:?}");
    registered.iter().for_each(|path| assert_eq!(access(&site, path), "644 root:root", "{path}"));
}

#[test]
fn two_units_on_one_machine_share_the_agent_and_nothing_else() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    let other = site.juju.add_unit("my-service");
    site.settle();
    site.juju.add_subordinate("nrpe", &other);
    site.check(&passing(&peer));
    site.juju.set(&other, site.relation, &[("config", &passing(&peer))]);
    site.settle();
    for unit in [UNIT, "conn-check/1"] {
        assert_eq!(crate::site::status(&site.juju, unit), "active: 1 check, not run yet", "{unit}");
        writes_nothing_more(&site.juju, unit);
    }
    let commands = fs::read_dir(site.juju.machine().at("/etc/nagios/nrpe.d")).expect("nrpe.d").count();
    assert_eq!(commands, 2);
    site.juju.remove_unit(SERVICE);
    site.settle();
    let left = site.juju.machine().at("/usr/local/lib/conn-check/units/conn-check-1/conn-check");
    assert!(left.exists(), "the other unit has its agent");
    assert!(!site.juju.machine().at("/etc/conn-check/conn-check-0").exists());
    assert_eq!(fs::read_dir(site.juju.machine().at("/etc/nagios/nrpe.d")).expect("nrpe.d").count(), 1);
    writes_nothing_more(&site.juju, "conn-check/1");
    let run = site.juju.action("conn-check/1", "run-check", &json!({})).expect("an action");
    assert_eq!(run.status, "completed", "{run:?}");
    site.juju.remove("conn-check");
    site.settle();
    nothing_is_left(&site.juju, &site.before);
}

#[test]
fn two_applications_of_the_charm_beside_one_principal_do_not_disturb_each_other() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    site.juju.deploy("second", &packed::charm());
    let relation = site.juju.relate("second:general-info", "my-service:juju-info");
    site.juju.relate("second:nrpe-external-master", "nrpe:nrpe-external-master");
    site.juju.configure("second", "config", passing(&peer));
    let closed = ports::free();
    site.check(&format!("- {{type: tcp, host: 127.0.0.1, port: {}}}", closed.number()));
    for unit in [UNIT, "second/0"] {
        assert_eq!(crate::site::status(&site.juju, unit), "active: 1 check, not run yet", "{unit}");
    }
    let run = |unit: &str| site.juju.action(unit, "run-check", &json!({})).expect("an action").status;
    assert_eq!((run(UNIT), run("second/0")), ("failed", "completed"));
    site.juju.unrelate(relation);
    site.settle();
    assert_eq!(run(UNIT), "failed");
    site.juju.remove("my-service");
    site.settle();
    nothing_is_left(&site.juju, &site.before);
}

#[test]
fn a_hook_that_finds_nothing_to_do_is_quick() {
    let site = Site::start(Machine::in_scratch());
    let quoted = |word: &String| format!("'{}'", word.replace('\'', r"'\''"));
    let pairs = (0..9).map(|_| {
        let hook = site.juju.update_status(UNIT);
        well(&hook);
        // The same tools from a shell, which itself takes a millisecond or two.
        let calls = hook.calls.iter().map(|call| [std::slice::from_ref(&call.tool), &call.arguments[..]].concat());
        let script: Vec<_> = calls.map(|words| words.iter().map(quoted).collect::<Vec<_>>().join(" ")).collect();
        assert!(script.len() > 5, "{script:?}");
        let began = Instant::now();
        let tools = site.juju.exec_on_machine(UNIT, &format!("set -e\n{} > /dev/null", script.join(" > /dev/null\n")));
        let took = began.elapsed();
        assert!(tools.code == 0 && tools.err.is_empty(), "{tools:?}");
        (hook.took, took)
    });
    let (hooks, tools): (Vec<_>, Vec<_>) = pairs.unzip();
    let (hook, tools) = (hooks.iter().min().expect("a time"), tools.iter().min().expect("a time"));
    assert!(*hook < *tools + Duration::from_millis(20), "{hook:?}; its tools alone {tools:?}");
}

#[test]
fn a_reboot_and_every_unknown_hook_change_nothing() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.check(&passing(&peer));
    let before = tree(&site.juju);
    site.juju.reboot();
    assert_eq!(names(&site.settle()), ["start"]);
    assert_eq!(before.touched(&tree(&site.juju)), [""; 0].map(std::path::PathBuf::from));
    let program = "hooks/conn-check-hooks";
    let run = site.juju.exec_on_machine(UNIT, &format!("JUJU_DISPATCH_PATH=hooks/secret-rotate {program}; echo $?"));
    assert_eq!((run.out.as_str(), run.err.as_str()), ("0\n", ""));
}
