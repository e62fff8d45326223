//! NRPE and Nagios, where something is odd.

use crate::host::memory::Systemd;
use crate::host::memory::steps::Fault;
use crate::paths::is_open_to_others;
use crate::tests::world::{Hook, World};

const UNIT: &str = "conn-check/0";
const RELATION: &str = "nrpe-external-master:2";
const FILE: &str = "/srv/checks.yaml";
const EXPORT: &str = "/var/lib/nagios/export";

/// A unit with two checks, related with nrpe.
fn monitored() -> World {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.checks(FILE, 2, 0);
    world.set_relation(UNIT, "conn-check:1", "config_path", FILE);
    world.memory.install_nrpe();
    world.relate(UNIT, RELATION);
    world.boot(UNIT);
    world
}

fn status(world: &mut World) -> String {
    world.hook(UNIT, "update-status");
    let (kind, text) = world.status(UNIT);
    format!("{kind}: {text}")
}

fn exported(world: &World) -> Vec<String> {
    world.memory.tree.children(EXPORT.as_ref())
}

#[test]
fn a_name_that_is_too_long_for_a_file_is_reported_and_another_one_is_used() {
    let usual = ["service__juju-app-0_check_conn-check-conn-check-0.cfg"];
    let mut world = monitored();
    world.set_relation(UNIT, RELATION, "nagios_hostname", "/");
    world.set(UNIT, "nagios_context", "x".repeat(210));
    world.hook(UNIT, "config-changed");
    assert!(status(&mut world).starts_with("blocked: option nagios_context is too long; juju is used"));
    assert_eq!(exported(&world), usual);
    world.set_relation(UNIT, RELATION, "nagios_hostname", "short");
    world.run(&Hook::relation(UNIT, RELATION, "changed"));
    assert_eq!(status(&mut world), "active: 2 checks, not run yet", "it is not needed");
    world.set(UNIT, "nagios_context", "juju");
    world.set_relation(UNIT, RELATION, "nagios_hostname", &"x".repeat(200));
    world.run(&Hook::relation(UNIT, RELATION, "changed"));
    assert!(status(&mut world).starts_with("blocked: the nagios_hostname that nrpe sends is too long"));
    assert_eq!(exported(&world), usual);
}

#[test]
fn an_nrpe_that_could_not_be_reloaded_is_reloaded_by_the_next_hook() {
    for systemd in [Systemd::Runs, Systemd::Installed, Systemd::Absent] {
        let mut world = monitored();
        world.memory.systemd = systemd;
        world.memory.deaf_nrpe = true;
        world.set(UNIT, "max_timeout", 20);
        for hook in ["config-changed", "update-status"] {
            world.hook(UNIT, hook);
            assert!(world.memory.juju.context.logged.join("\n").contains("could not reload nrpe"));
            assert_ne!(world.memory.nrpe_read, world.memory.nrpe_files());
        }
        world.memory.deaf_nrpe = false;
        world.hook(UNIT, "update-status");
        assert_eq!(world.memory.nrpe_read, world.memory.nrpe_files(), "{systemd:?}");
        world.hook(UNIT, "update-status");
        assert_eq!(world.memory.juju.context.logged, Vec::<String>::new());
    }
}

#[test]
fn an_nrpe_that_does_not_run_is_not_reloaded_again_and_again() {
    for systemd in [Systemd::Runs, Systemd::Installed, Systemd::Absent] {
        let mut world = monitored();
        world.memory.systemd = systemd;
        world.memory.users.remove("nagios");
        world.hook(UNIT, "update-status");
        assert!(world.memory.juju.context.logged.join("\n").contains("could not reload nrpe"));
        world.hook(UNIT, "update-status");
        assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "{systemd:?}");
    }
}

#[test]
fn a_path_that_cannot_be_used_any_more_stays_registered_as_it_was() {
    let mut world = monitored();
    let (files, names) = (world.memory.nrpe_files(), exported(&world));
    assert_eq!((files.len(), names.len()), (1, 1));
    for (path, why) in [
        ("srv/checks.yaml".to_owned(), "is not an absolute path"),
        ("/srv/a\n/b".to_owned(), "has control characters"),
        (format!("/{}", "'".repeat(600)), "the command for NRPE is too long: use a shorter path of the file of checks"),
    ] {
        world.set_relation(UNIT, "conn-check:1", "config_path", &path);
        // The checks of the longest path can be used but for that.
        world.checks(&format!("/{}", "'".repeat(600)), 2, 0);
        let status = status(&mut world);
        assert!(status.starts_with("blocked: ") && status.contains(why), "{status}");
        assert_eq!((world.memory.nrpe_files(), exported(&world)), (files.clone(), names.clone()), "{path}");
        assert!(world.unit(UNIT).relations[RELATION].own.contains_key("monitors"), "{path}");
    }
    world.set_relation(UNIT, "conn-check:1", "config_path", "");
    assert!(status(&mut world).starts_with("waiting: no checks yet"));
    assert_eq!((world.memory.nrpe_files().len(), exported(&world).len()), (0, 0));
}

const OTHER: &str = "db-check/3";

/// Juju took the other unit away by force.
fn with_orphan() -> World {
    let mut world = monitored();
    world.deploy(OTHER, "2.0.0");
    world.set_relation(OTHER, "conn-check:1", "config", "[{}]");
    world.relate(OTHER, RELATION);
    world.boot(OTHER);
    assert_eq!(world.memory.nrpe_read.len(), 2);
    world.memory.juju.units.remove(OTHER);
    for path in world.memory.tree.below("/var/lib/juju/agents/unit-db-check-3".as_ref()) {
        world.memory.tree.remove(&path);
    }
    world
}

fn of_other(world: &World) -> Vec<std::path::PathBuf> {
    let paths = world.memory.tree.paths().filter(|path| path.to_string_lossy().contains("db-check-3"));
    paths.map(Into::into).collect()
}

#[test]
fn nrpe_is_told_that_the_command_of_a_unit_that_was_taken_by_force_is_gone() {
    let mut world = with_orphan();
    world.hook(UNIT, "update-status");
    assert_eq!((world.memory.nrpe_read.len(), world.memory.nrpe_files().len()), (1, 1));
    assert_eq!(of_other(&world), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_hook_that_is_interrupted_forgets_nothing_of_a_unit_that_was_taken_by_force() {
    for name in ["update-status", "stop"] {
        let hook = Hook::new(UNIT, name);
        for fault in [Fault::Killed, Fault::Error] {
            for number in 1.. {
                let mut world = with_orphan();
                let result = world.attempt(&hook, Some((number, fault)));
                assert!(world.memory.steps.allow(result.is_err()), "{name} {fault:?} {number}: {result:?}");
                if world.memory.steps.taken < number {
                    break;
                }
                world.run(&hook);
                let mut left = of_other(&world);
                // With the last unit goes what is known of others; what it could not remove where others can write stays.
                left.retain(|path| (name, fault) != ("stop", Fault::Error) || !is_open_to_others(path));
                assert_eq!(left, Vec::<std::path::PathBuf>::new(), "{name} {fault:?} {number}");
                assert_eq!(world.memory.nrpe_read, world.memory.nrpe_files(), "{name} {fault:?} {number}");
            }
        }
    }
}

#[test]
fn the_reload_that_a_last_unit_could_not_do_is_done_by_a_later_hook_or_a_later_unit() {
    for later in ["remove", "another unit"] {
        let mut world = monitored();
        world.memory.deaf_nrpe = true;
        world.hook(UNIT, "stop");
        assert_eq!((world.memory.nrpe_read.len(), world.memory.nrpe_files().len()), (1, 0));
        let left = world.memory.tree.below("/usr/local/lib/conn-check".as_ref());
        assert_eq!(
            left,
            ["", "/reload-nrpe"].map(|name| std::path::PathBuf::from(format!("/usr/local/lib/conn-check{name}")))
        );
        world.memory.deaf_nrpe = false;
        if later == "remove" {
            world.hook(UNIT, later);
        } else {
            world.deploy(OTHER, "2.0.0");
            world.hook(OTHER, "install");
            world.hook(OTHER, "stop");
        }
        assert_eq!(world.memory.nrpe_read.len(), 0, "{later}");
        assert_eq!(world.memory.tree.get("/usr/local/lib/conn-check".as_ref()), None, "{later}");
    }
}

/// The home of the user nagios is above the directory.
#[test]
fn an_export_that_cannot_be_written_fails_no_hook() {
    for name in ["config-changed", "nrpe-external-master-relation-changed"] {
        let mut world = monitored();
        world.set_relation(UNIT, RELATION, "nagios_hostname", "prod-0");
        world.set(UNIT, "nagios_servicegroups", "other");
        let hook =
            if name == "config-changed" { Hook::new(UNIT, name) } else { Hook::relation(UNIT, RELATION, "changed") };
        world.memory.closed = Some(EXPORT.into());
        world.run(&hook);
        let logged = world.memory.juju.context.logged.concat();
        assert!(logged.contains("went on without this: write /var/lib/nagios/export/"), "{logged}");
        assert!(status(&mut world).starts_with("active: "));
        world.memory.closed = None;
        world.hook(UNIT, "update-status");
        assert_eq!(exported(&world), ["service__prod-0_check_conn-check-conn-check-0.cfg"]);
    }
}

/// What goes needs no room.
#[test]
fn a_unit_goes_from_a_full_disk() {
    for hook in [Hook::new(UNIT, "stop"), Hook::relation(UNIT, RELATION, "broken")] {
        let mut world = monitored();
        world.memory.full_disk = true;
        world.run(&hook);
        assert_eq!((world.memory.nrpe_read.len(), world.memory.nrpe_files().len(), exported(&world).len()), (0, 0, 0));
        let left = world.memory.tree.paths().filter(|path| path.to_string_lossy().contains("conn-check-0"));
        let left = left.filter(|path| !path.starts_with("/var/lib/juju")).count();
        assert_eq!(left == 0, hook.name == "stop", "{hook:?}");
    }
}
