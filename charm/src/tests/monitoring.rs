//! NRPE and Nagios, where something is odd.

use crate::host::memory::Systemd;
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
