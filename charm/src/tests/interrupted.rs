//! Hooks that are killed, or fail, at every single write.

use crate::host::Access;
use crate::host::memory::juju::Unit;
use crate::host::memory::steps::Fault;
use crate::host::memory::tree::Content;
use crate::tests::world::{Hook, World};
use std::collections::BTreeMap;
use std::path::PathBuf;

const UNIT: &str = "conn-check/0";
const NRPE: &str = "nrpe-external-master:2";

/// The machine, the status and the relation data.
type State = (BTreeMap<PathBuf, (Content, Access)>, String, BTreeMap<String, String>);

fn state(world: &mut World) -> State {
    let tree = &world.memory.tree;
    let entries = tree.paths().filter_map(|path| {
        let entry = tree.get(path)?;
        Some((path.to_owned(), (entry.content.clone(), entry.access)))
    });
    let entries = entries.collect();
    let Unit { status, relations, .. } = world.unit(UNIT);
    let own = relations.get(NRPE).map(|relation| relation.own.clone()).unwrap_or_default();
    (entries, format!("{}: {}", status.0, status.1), own)
}

/// A world just before a hook in which much is written.
fn before(hook: &str) -> (World, Hook) {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.set_relation(UNIT, "conn-check:1", "config", "[{}]");
    world.memory.install_nrpe();
    world.relate(UNIT, NRPE);
    if hook == "install" {
        return (world, Hook::new(UNIT, hook));
    }
    world.boot(UNIT);
    match hook {
        "upgrade-charm" => world.charm(UNIT, "2.1.0", "AGENT 2.1.0"),
        "config-changed" => world.set(UNIT, "max_timeout", 20),
        "nrpe-external-master-relation-changed" => world.set_relation(UNIT, NRPE, "nagios_hostname", "prod-0"),
        _ => {}
    }
    (world, Hook::new(UNIT, hook))
}

const HOOKS: [&str; 5] =
    ["install", "upgrade-charm", "config-changed", "nrpe-external-master-relation-changed", "stop"];

#[test]
fn a_hook_that_is_interrupted_at_any_write_ends_in_the_same_state_when_it_runs_again() {
    for name in HOOKS {
        let (mut world, hook) = before(name);
        world.run(&hook);
        let (undisturbed, steps) = (state(&mut world), world.memory.steps.taken);
        assert!(steps > 5, "{name} writes");
        for number in 1..=steps {
            for fault in [Fault::Killed, Fault::Error] {
                let (mut world, hook) = before(name);
                let result = world.attempt(&hook, Some((number, fault)));
                assert!(world.memory.steps.allow(result.is_err()), "{name} {number} {fault:?}: {result:?}");
                world.run(&hook);
                assert_eq!(state(&mut world), undisturbed, "{name} {number} {fault:?}");
                assert_eq!(world.memory.nrpe_read, world.memory.nrpe_files(), "{name} {number} {fault:?}");
            }
        }
    }
}

/// While a unit is in error, the world goes on: what the hook wanted to write may not be wanted
/// any more.
#[test]
fn what_an_interrupted_hook_left_behind_is_removed_even_when_it_is_not_needed_any_more() {
    for name in HOOKS {
        let (mut world, hook) = before(name);
        world.run(&hook);
        for number in 1..=world.memory.steps.taken {
            let (mut world, hook) = before(name);
            let _ = world.attempt(&hook, Some((number, Fault::Killed)));
            world.set_relation(UNIT, "conn-check:1", "config", "");
            world.set_relation(UNIT, NRPE, "nagios_hostname", "other-0");
            world.charm(UNIT, "2.2.0", "AGENT 2.2.0");
            world.run(&hook);
            let drafts: Vec<_> =
                world.memory.tree.paths().filter(|path| path.to_string_lossy().contains("draft")).collect();
            assert_eq!(drafts, Vec::<&std::path::Path>::new(), "{name} {number}");
            assert_eq!(world.memory.nrpe_read, world.memory.nrpe_files(), "{name} {number}");
        }
    }
}
