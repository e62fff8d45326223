//! Single rules, each from Juju's or the original charm's behaviour.

use crate::host::Access;
use crate::host::memory::agent::record;
use crate::host::memory::{PUBLIC, Systemd};
use crate::tests::world::{Hook, World};

const UNIT: &str = "conn-check/0";
const FILE: &str = "/srv/checks.yaml";
const NRPE: &str = "/etc/nagios/nrpe.d/check_conn-check-conn-check-0.cfg";
const EXPORT: &str = "/var/lib/nagios/export/service__juju-app-0_check_conn-check-conn-check-0.cfg";

/// A unit beside an application that has a file of three checks, one of them not for Nagios.
fn deployed() -> World {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.checks(FILE, 2, 1);
    world.set_relation(UNIT, "conn-check:1", "config_path", FILE);
    world.boot(UNIT);
    world
}

/// With nrpe.
fn monitored() -> World {
    let mut world = deployed();
    world.memory.install_nrpe();
    world.relate(UNIT, "nrpe-external-master:2");
    for what in ["created", "joined", "changed"] {
        world.run(&Hook::relation(UNIT, "nrpe-external-master:2", what));
    }
    world
}

fn status(world: &mut World) -> String {
    world.hook(UNIT, "update-status");
    let (kind, text) = world.status(UNIT);
    format!("{kind}: {text}")
}

#[test]
fn a_unit_installs_the_agent_for_itself_and_for_people() {
    let mut world = deployed();
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
    assert_eq!(world.memory.text("/usr/local/bin/conn-check").as_deref(), Some("AGENT 2.0.0"));
    assert_eq!(world.unit(UNIT).version, "2.0.0");
    let user = world.memory.users["conn-check"].clone();
    assert_eq!(user.gid, world.memory.groups["nagios"]);
    assert_eq!(status(&mut world), "active: 3 checks, not run yet");
}

#[test]
fn the_status_says_when_the_checks_ran_last_and_how() {
    let mut world = deployed();
    let path = "/var/lib/conn-check/conn-check-0/record.json";
    world.memory.file(path, &record("pass", 3), PUBLIC);
    assert_eq!(status(&mut world), "active: 3 checks, last run 2026-11-21 09:14Z: all passed");
    world.memory.file(path, &record("fail", 2), PUBLIC);
    assert_eq!(
        status(&mut world),
        "active: 3 checks, last run 2026-11-21 09:14Z of 2 checks: 2 failed, first tcp db:1 connect.refused"
    );
    for garbage in ["", "[]", "{\"started\": 3}", "\u{0}"] {
        world.memory.file(path, garbage, PUBLIC);
        assert_eq!(status(&mut world), "active: 3 checks, not run yet", "{garbage:?}");
    }
}

#[test]
fn every_file_that_cannot_be_used_gives_a_status_and_does_not_fail_the_hook() {
    let mut world = deployed();
    let private = |uid| Access { mode: 0o600, uid, gid: 0 };
    world.memory.file(FILE, "[", PUBLIC);
    assert_eq!(status(&mut world), "blocked: /srv/checks.yaml:1:2: this is not a list");
    world.memory.file(FILE, "[{}]", private(0));
    assert_eq!(status(&mut world), "waiting: /srv/checks.yaml cannot be read by the user conn-check");
    world.memory.tree.remove(FILE.as_ref());
    assert_eq!(status(&mut world), "waiting: /srv/checks.yaml does not exist");
    world.memory.directory(FILE);
    assert_eq!(status(&mut world), "blocked: /srv/checks.yaml: this is a directory, not a file");
    world.set_relation(UNIT, "conn-check:1", "config_path", "checks.yaml");
    assert_eq!(status(&mut world), "blocked: config_path checks.yaml of conn-check:1 is not an absolute path");
    world.set_relation(UNIT, "conn-check:1", "config_path", "/srv/a\n/b");
    assert_eq!(status(&mut world), "blocked: config_path of conn-check:1 has control characters");
    world.set_relation(UNIT, "conn-check:1", "config_path", "");
    assert_eq!(
        status(&mut world),
        "waiting: no checks yet: none came over the relation conn-check, and the option config is empty"
    );
}

#[test]
fn text_over_the_relation_is_a_file_for_conn_check_and_nagios_alone() {
    let mut world = deployed();
    world.set_relation(UNIT, "conn-check:1", "config_path", "");
    world.set_relation(UNIT, "conn-check:1", "config", "[{}, {}]");
    assert_eq!(status(&mut world), "active: 2 checks, not run yet");
    let path = "/etc/conn-check/conn-check-0/conn-check-1.yaml";
    assert_eq!(world.memory.text(path).as_deref(), Some("[{}, {}]"));
    let (user, group) = (world.memory.users["conn-check"].uid, world.memory.groups["nagios"]);
    let access = world.memory.tree.get(path.as_ref()).expect("the file").access;
    assert_eq!(access, Access { mode: 0o640, uid: user, gid: group });
    world.set_relation(UNIT, "conn-check:1", "config", "");
    world.hook(UNIT, "conn-check-relation-changed");
    assert_eq!(world.memory.text(path), None, "what is removed from the relation is removed from the machine");
}

#[test]
fn the_status_says_which_files_are_not_used() {
    let mut world = deployed();
    world.relate(UNIT, "conn-check:12");
    world.set_relation(UNIT, "conn-check:12", "config", "[{}]");
    world.run(&Hook::relation(UNIT, "conn-check:12", "joined"));
    world.set(UNIT, "config", "[{}, {}]");
    assert_eq!(status(&mut world), "active: 3 checks, not run yet; not used: config of conn-check:12, option config");
}

#[test]
fn the_option_holds_the_checks_for_an_application_that_knows_nothing_of_us() {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.part_before_boot();
    world.relate(UNIT, "general-info:1");
    world.set(UNIT, "config", "[{}]");
    world.boot(UNIT);
    assert_eq!(status(&mut world), "active: 1 check, not run yet");
}

impl World {
    fn part_before_boot(&mut self) {
        self.unit(UNIT).relations.clear();
    }
}

#[test]
fn nrpe_gets_a_command_and_nagios_a_service_and_the_relation_the_monitors() {
    let mut world = monitored();
    let command = world.memory.text(NRPE).expect("the command");
    assert!(
        command.contains(
            "\ncommand[check_conn-check-conn-check-0]=/usr/local/lib/conn-check/units/conn-check-0/conn-check \
         --format nagios --max-timeout=10 --exclude-tags=no-nagios \
         --journal --record /var/lib/conn-check/conn-check-0/record.json /srv/checks.yaml\n"
        ),
        "{command}"
    );
    let service = world.memory.text(EXPORT).expect("the service");
    assert!(service.contains("    check_command                   check_nrpe!check_conn-check-conn-check-0\n"));
    let own = world.unit(UNIT).relations["nrpe-external-master:2"].own.clone();
    assert_eq!(own["primary"], "False");
    let check = r#"{"conn-check-conn-check-0":{"command":"check_conn-check-conn-check-0"}}"#;
    assert_eq!(own["monitors"], format!(r#"{{"monitors":{{"remote":{{"nrpe":{check}}}}}}}"#));
    assert_eq!(world.memory.nrpe_read, world.memory.nrpe_files());
}

#[test]
fn without_nrpe_nothing_is_written_for_it() {
    let mut world = deployed();
    world.relate(UNIT, "nrpe-external-master:2");
    for what in ["created", "joined", "changed"] {
        world.run(&Hook::relation(UNIT, "nrpe-external-master:2", what));
    }
    assert_eq!(world.memory.tree.get("/etc/nagios".as_ref()), None);
    assert!(!world.unit(UNIT).relations["nrpe-external-master:2"].own.contains_key("monitors"));
    assert!(world.memory.ran.iter().all(|command| command[0] != "systemctl"));
}

#[test]
fn when_the_host_name_changes_the_old_service_goes() {
    let mut world = monitored();
    world.set_relation(UNIT, "nrpe-external-master:2", "nagios_hostname", "prod-app-0");
    world.hook(UNIT, "nrpe-external-master-relation-changed");
    assert_eq!(world.memory.text(EXPORT), None);
    let service = "/var/lib/nagios/export/service__prod-app-0_check_conn-check-conn-check-0.cfg";
    assert!(
        world.memory.text(service).is_some_and(|text| text.contains("host_name                       prod-app-0\n"))
    );
}

#[test]
fn with_no_check_for_nagios_nothing_is_registered_and_the_status_says_so() {
    let mut world = monitored();
    world.checks(FILE, 0, 2);
    assert_eq!(status(&mut world), "active: 2 checks, not run yet; no checks for Nagios: all are tagged no-nagios");
    assert_eq!((world.memory.text(NRPE), world.memory.text(EXPORT)), (None, None));
    assert!(!world.unit(UNIT).relations["nrpe-external-master:2"].own.contains_key("monitors"));
    world.set(UNIT, "nagios_exclude_tags", "");
    world.hook(UNIT, "config-changed");
    let command = world.memory.text(NRPE).expect("the command");
    assert!(!command.contains("--exclude-tags"), "{command}");
}

#[test]
fn a_list_without_checks_is_waited_for_and_nothing_is_registered_until_there_is_one() {
    let mut world = monitored();
    assert!(world.memory.text(NRPE).is_some());
    world.checks(FILE, 0, 0);
    assert_eq!(status(&mut world), format!("waiting: no checks yet: {FILE} has an empty list"));
    assert_eq!((world.memory.text(NRPE), world.memory.text(EXPORT)), (None, None));
    assert!(!world.unit(UNIT).relations["nrpe-external-master:2"].own.contains_key("monitors"));
    world.checks(FILE, 1, 0);
    assert_eq!(status(&mut world), "active: 1 check, not run yet");
    assert!(world.memory.text(NRPE).is_some());
}

#[test]
fn a_file_that_breaks_stays_registered_so_that_nagios_says_unknown() {
    let mut world = monitored();
    world.memory.file(FILE, "[", PUBLIC);
    assert!(status(&mut world).starts_with("blocked: "));
    assert!(world.memory.text(NRPE).is_some());
}

#[test]
fn a_file_that_nagios_cannot_read_is_reported() {
    let mut world = monitored();
    let user = world.memory.users["conn-check"].uid;
    world.memory.file(FILE, "[{}]", Access { mode: 0o640, uid: user, gid: 0 });
    assert_eq!(status(&mut world), "waiting: /srv/checks.yaml cannot be read by the user nagios; 1 check, not run yet");
}

#[test]
fn a_file_that_nrpe_does_not_see_because_it_has_a_tmp_of_its_own_is_reported() {
    let mut world = monitored();
    for (path, seen) in [("/tmp/checks.yaml", false), ("/var/tmp/a/checks.yaml", false), ("/var/tmpfile", true)] {
        world.memory.file(path, "[{}]", PUBLIC);
        world.set_relation(UNIT, "conn-check:1", "config_path", path);
        let text = format!(
            "waiting: {path} is in a directory of which nrpe has one of its own (PrivateTmp): Nagios \
                            does not see it; use another directory; 1 check, not run yet"
        );
        assert_eq!(status(&mut world), if seen { "active: 1 check, not run yet".to_owned() } else { text });
    }
    world.set_relation(UNIT, "conn-check:1", "config_path", "/tmp/checks.yaml");
    world.part(UNIT, "nrpe-external-master:2");
    assert_eq!(status(&mut world), "active: 1 check, not run yet", "without Nagios it is as good as any");
}

#[test]
fn nrpe_is_reloaded_only_when_its_file_changed() {
    let mut world = monitored();
    let reloads = |world: &World| world.memory.ran.iter().filter(|command| command[0] == "systemctl").count();
    assert_eq!(reloads(&world), 1);
    for hook in ["config-changed", "update-status", "start", "upgrade-charm"] {
        world.hook(UNIT, hook);
    }
    assert_eq!(reloads(&world), 1);
    world.set(UNIT, "max_timeout", 20);
    world.hook(UNIT, "config-changed");
    assert_eq!(reloads(&world), 2);
}

#[test]
fn where_systemd_does_not_run_nrpe_is_reloaded_by_service() {
    for systemd in [Systemd::Absent, Systemd::Installed] {
        let mut world = monitored();
        world.memory.systemd = systemd;
        world.set(UNIT, "max_timeout", 20);
        world.hook(UNIT, "config-changed");
        assert_eq!(
            world.memory.ran.last().map(|command| command.join(" ")).as_deref(),
            Some("service nagios-nrpe-server reload")
        );
        assert!(world.memory.juju.context.logged.join("\n").contains("reloaded nrpe"));
    }
}

#[test]
fn when_the_relation_with_nrpe_ends_what_was_written_for_it_goes() {
    let mut world = monitored();
    world.part(UNIT, "nrpe-external-master:2");
    assert_eq!((world.memory.text(NRPE), world.memory.text(EXPORT)), (None, None));
    assert_eq!(world.memory.nrpe_read.len(), 0);
    assert_eq!(status(&mut world), "active: 3 checks, not run yet");
}

#[test]
fn a_revision_pins_the_version_and_one_that_is_not_available_is_reported() {
    let mut world = deployed();
    world.charm(UNIT, "2.1.0", "AGENT 2.1.0");
    world.set(UNIT, "revision", "2.0.0");
    world.hook(UNIT, "upgrade-charm");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
    world.set(UNIT, "revision", "108");
    world.hook(UNIT, "config-changed");
    assert_eq!(
        status(&mut world),
        "blocked: revision 108 is not available (available: 2.0.0, 2.1.0); 3 checks, not run yet"
    );
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
    world.set(UNIT, "revision", "");
    world.hook(UNIT, "config-changed");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.1.0"));
    assert_eq!(world.unit(UNIT).version, "2.1.0");
    assert_eq!(world.memory.tree.get("/usr/local/lib/conn-check/versions/2.0.0".as_ref()), None);
}

#[test]
fn a_charm_with_the_same_version_and_other_bytes_renews_the_program() {
    let mut world = deployed();
    for build in ["AGENT 2.0.0 one", "AGENT 2.0.0 two", "AGENT 2.0.0 (musl: names by DNS)"] {
        world.charm(UNIT, "2.0.0", build);
        world.hook(UNIT, "upgrade-charm");
        assert_eq!(world.agent(UNIT).as_deref(), Some(build));
        assert_eq!(world.unit(UNIT).version, "2.0.0");
    }
}

#[test]
fn a_program_that_the_charm_did_not_make_is_left_alone() {
    let mut world = World::new();
    world.memory.file("/usr/local/bin/conn-check", "theirs", PUBLIC);
    world.deploy(UNIT, "2.0.0");
    world.hook(UNIT, "install");
    assert_eq!(world.memory.text("/usr/local/bin/conn-check").as_deref(), Some("theirs"));
    let logged = world.memory.juju.context.logged.join("\n");
    assert!(logged.contains("left /usr/local/bin/conn-check alone"), "{logged}");
    world.hook(UNIT, "stop");
    assert_eq!(world.memory.text("/usr/local/bin/conn-check").as_deref(), Some("theirs"));
}

#[test]
fn units_of_one_machine_share_versions_and_the_last_one_takes_all_away() {
    let mut world = World::new();
    let before = world.memory.tree.clone();
    let (one, other) = ("conn-check/0", "db-check/3");
    for (unit, version) in [(one, "2.0.0"), (other, "2.1.0")] {
        world.deploy(unit, version);
        world.boot(unit);
    }
    assert_eq!(world.agent(one).as_deref(), Some("AGENT 2.0.0"));
    assert_eq!(world.agent(other).as_deref(), Some("AGENT 2.1.0"));
    assert_eq!(world.memory.text("/usr/local/bin/conn-check").as_deref(), Some("AGENT 2.1.0"));
    world.hook(other, "stop");
    assert_eq!(world.agent(one).as_deref(), Some("AGENT 2.0.0"));
    assert_eq!(world.memory.text("/usr/local/bin/conn-check").as_deref(), Some("AGENT 2.0.0"), "what is in use");
    world.hook(other, "remove");
    world.hook(one, "stop");
    assert_eq!(world.left(&before), Vec::<std::path::PathBuf>::new());
    assert!(!world.memory.users.contains_key("conn-check"));
    assert!(world.memory.groups.contains_key("nagios"), "it may be nrpe's");
}

#[test]
fn a_user_that_the_charm_did_not_create_stays() {
    let mut world = World::new();
    let user = crate::host::User { uid: 77, gid: 5, groups: Vec::new() };
    world.memory.users.insert("conn-check".to_owned(), user);
    world.deploy(UNIT, "2.0.0");
    world.boot(UNIT);
    world.hook(UNIT, "stop");
    assert!(world.memory.users.contains_key("conn-check"));
}

#[test]
fn a_unit_that_is_removed_by_force_cleans_up_with_its_last_relation() {
    let mut world = monitored();
    world.part(UNIT, "conn-check:1");
    world.part(UNIT, "nrpe-external-master:2");
    let ours = world.memory.tree.paths().filter(|path| !path.starts_with("/var/lib/juju"));
    let ours: Vec<_> = ours.filter(|path| path.to_string_lossy().contains("conn-check")).collect();
    assert_eq!(ours, Vec::<&std::path::Path>::new());
}

#[test]
fn every_hook_that_changed_something_says_so_in_one_line() {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.hook(UNIT, "install");
    assert_eq!(world.memory.juju.context.logged.len(), 1);
    assert!(world.memory.juju.context.logged[0].starts_with("install: "));
    world.hook(UNIT, "update-status");
    assert_eq!(world.memory.juju.context.logged, Vec::<String>::new());
}

#[test]
fn without_juju_a_hook_fails_and_says_why() {
    let mut world = World::new();
    let error = crate::hook::run(&mut world.memory, "install").expect_err("no Juju");
    assert_eq!(error.to_string(), "JUJU_UNIT_NAME: not set; hooks are run by Juju");
}
