//! What units of one machine share.

use crate::tests::world::World;

const ONE: &str = "conn-check/0";
const OTHER: &str = "db-check/3";

/// Two units whose charms hold these.
fn two(programs: [(&str, &str); 2]) -> World {
    let mut world = World::new();
    for (unit, (version, program)) in [ONE, OTHER].into_iter().zip(programs) {
        world.deploy(unit, version);
        world.charm(unit, version, program);
        world.boot(unit);
    }
    world
}

#[test]
fn two_builds_of_one_version_do_not_overwrite_each_other_at_every_hook() {
    let mut world = two([("2.0.0", "AGENT 2.0.0 a"), ("2.0.0", "AGENT 2.0.0 longer")]);
    for hook in ["update-status", "config-changed", "start"] {
        for unit in [ONE, OTHER] {
            world.hook(unit, hook);
            assert_eq!(world.agent(ONE).as_deref(), Some("AGENT 2.0.0 longer"), "{unit} {hook}");
            assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "{unit} {hook}");
        }
    }
    world.hook(ONE, "upgrade-charm");
    assert_eq!(world.agent(OTHER).as_deref(), Some("AGENT 2.0.0 a"), "the last upgrade counts");
}

#[test]
fn a_program_that_is_missing_is_put_back_by_any_hook() {
    let mut world = two([("2.0.0", "AGENT 2.0.0"); 2]);
    world.memory.tree.remove("/usr/local/lib/conn-check/versions/2.0.0/conn-check".as_ref());
    world.hook(ONE, "update-status");
    assert_eq!(world.agent(OTHER).as_deref(), Some("AGENT 2.0.0"));
}
