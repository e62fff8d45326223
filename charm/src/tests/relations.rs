//! Relations as Juju treats them: one that is broken is still listed, one that was removed by force as
//! well, and nobody is met before `-joined`.

use crate::tests::world::{HOST, Hook, World};
use std::path::PathBuf;

const UNIT: &str = "conn-check/0";
const NRPE: &str = "nrpe-external-master:2";
const EXPORT: &str = "/var/lib/nagios/export";

/// A unit with two checks beside an nrpe; no relation's hook has run but `-created`.
fn created() -> World {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.checks("/srv/checks.yaml", 2, 0);
    world.set_relation(UNIT, "conn-check:1", "config_path", "/srv/checks.yaml");
    world.memory.install_nrpe();
    world.relate(UNIT, NRPE);
    world.hook(UNIT, "install");
    for id in ["conn-check:1", NRPE] {
        world.run(&Hook::relation(UNIT, id, "created"));
    }
    world.hook(UNIT, "config-changed");
    world.hook(UNIT, "start");
    for what in ["joined", "changed"] {
        world.run(&Hook::relation(UNIT, "conn-check:1", what));
    }
    world
}

fn monitored() -> World {
    let mut world = created();
    for what in ["joined", "changed"] {
        world.run(&Hook::relation(UNIT, NRPE, what));
    }
    world
}

/// The hosts for which services are exported.
fn hosts(world: &World) -> Vec<String> {
    let names = world.memory.tree.children(EXPORT.as_ref());
    let host = |name: &String| Some(name.strip_prefix("service__")?.split("_check_").next()?.to_owned());
    names.iter().map(|name| host(name).expect("a service")).collect()
}

#[test]
fn the_relation_with_nrpe_is_over_when_it_is_broken_whether_juju_lists_it_or_not() {
    for restarted in [false, true] {
        let mut world = monitored();
        assert_eq!((world.memory.nrpe_files().len(), hosts(&world)), (1, vec![HOST.to_owned()]));
        world.run(&Hook::relation(UNIT, NRPE, "departed"));
        assert_eq!(hosts(&world), [""; 0], "no host of this name is known any more");
        world.run(&Hook { restarted, ..Hook::relation(UNIT, NRPE, "broken") });
        assert_eq!((world.memory.nrpe_files().len(), hosts(&world).len()), (0, 0), "restarted: {restarted}");
    }
}

#[test]
fn the_unit_goes_with_the_last_relation_to_its_principal_whether_juju_lists_it_or_not() {
    for restarted in [false, true] {
        let mut world = monitored();
        world.run(&Hook::relation(UNIT, "conn-check:1", "departed"));
        assert!(world.agent(UNIT).is_some(), "its relation is not over yet");
        world.run(&Hook { restarted, ..Hook::relation(UNIT, "conn-check:1", "broken") });
        let ours = world.memory.tree.paths().filter(|path| !path.starts_with("/var/lib/juju"));
        let ours: Vec<_> = ours.filter(|path| path.to_string_lossy().contains("conn-check")).collect();
        assert_eq!(ours, Vec::<&PathBuf>::new(), "restarted: {restarted}");
        assert!(!world.memory.users.contains_key("conn-check"));
    }
}

#[test]
fn a_relation_that_was_removed_by_force_is_gone_though_juju_lists_it() {
    let mut world = monitored();
    let removed = |world: &mut World, id: &str| world.unit(UNIT).relations.get_mut(id).expect("it").removed = true;
    removed(&mut world, NRPE);
    for hook in ["update-status", "config-changed"] {
        world.hook(UNIT, hook);
        assert_eq!(world.status(UNIT), ("active".to_owned(), "2 checks, not run yet".to_owned()));
        assert_eq!((world.memory.nrpe_files().len(), hosts(&world).len()), (0, 0), "{hook}");
    }
    removed(&mut world, "conn-check:1");
    world.hook(UNIT, "update-status");
    assert_eq!(world.status(UNIT).0, "waiting");
}

#[test]
fn a_service_is_exported_only_for_the_host_that_nrpe_has_named() {
    let mut world = created();
    assert_eq!((world.memory.nrpe_files().len(), hosts(&world).len()), (1, 0), "nobody has been met");
    world.unit(UNIT).relations.get_mut(NRPE).expect("it").remote.values_mut().for_each(|bag| {
        bag.remove("nagios_hostname");
    });
    world.run(&Hook::relation(UNIT, NRPE, "joined"));
    assert_eq!(hosts(&world), [""; 0], "nrpe has said nothing");
    world.set_relation(UNIT, NRPE, "nagios_host_context", "juju");
    world.run(&Hook::relation(UNIT, NRPE, "changed"));
    assert_eq!(hosts(&world), ["juju-app-0"], "an nrpe that names no host names it after its principal");
    world.set(UNIT, "nagios_context", "prod");
    world.hook(UNIT, "config-changed");
    assert_eq!(hosts(&world), ["prod-app-0"]);
    world.set_relation(UNIT, NRPE, "nagios_hostname", "a-host");
    world.run(&Hook::relation(UNIT, NRPE, "changed"));
    assert_eq!(hosts(&world), ["a-host"]);
    world.set_relation(UNIT, NRPE, "nagios_hostname", "../../etc/x");
    world.run(&Hook::relation(UNIT, NRPE, "changed"));
    assert_eq!(hosts(&world), ["prod-app-0"], "a name that leads elsewhere is none");
}
