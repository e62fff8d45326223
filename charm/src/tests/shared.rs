//! What units of one machine share.

use crate::host::memory::PUBLIC;
use crate::host::memory::tree::{Content, Tree};
use crate::tests::world::World;
use std::path::{Path, PathBuf};

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
fn a_unit_whose_release_was_refused_keeps_what_its_neighbour_leaves_behind() {
    let mut world = two([("2.0.9", "for another machine"), ("2.0.0", "AGENT 2.0.0")]);
    world.hook(OTHER, "stop");
    assert!(world.memory.users.contains_key("conn-check"));
    for hook in ["update-status", "config-changed"] {
        world.hook(ONE, hook);
        assert_eq!(world.agent(ONE), None, "{hook}");
        assert_eq!(world.status(ONE).0, "blocked", "{hook}");
    }
}

#[test]
fn a_program_that_is_missing_is_put_back_by_any_hook() {
    let mut world = two([("2.0.0", "AGENT 2.0.0"); 2]);
    world.memory.tree.remove("/usr/local/lib/conn-check/versions/2.0.0/conn-check".as_ref());
    world.hook(ONE, "update-status");
    assert_eq!(world.agent(OTHER).as_deref(), Some("AGENT 2.0.0"));
}

const SHARED: [&str; 3] = ["/usr/local/lib/conn-check", "/etc/conn-check", "/var/lib/conn-check"];

#[test]
fn a_file_in_the_place_of_a_directory_stays_and_is_reported() {
    for path in SHARED {
        let mut world = World::new();
        world.memory.file(path, "theirs", PUBLIC);
        world.deploy(ONE, "2.0.0");
        world.boot(ONE);
        let text = format!("{path} is not a directory: move it away, the charm needs its own there");
        assert_eq!(world.status(ONE), ("blocked".to_owned(), text));
        assert_eq!(world.memory.text(path).as_deref(), Some("theirs"));
        world.memory.tree.remove(Path::new(path));
        world.hook(ONE, "update-status");
        assert_eq!(world.status(ONE).0, "waiting");
    }
}

/// A unit that Nagios watches; then somebody puts a file in the place of a directory.
fn obstructed(path: &str) -> (World, Tree) {
    let mut world = World::new();
    world.memory.install_nrpe();
    let before = world.memory.tree.clone();
    world.deploy(ONE, "2.0.0");
    world.set_relation(ONE, "conn-check:1", "config", "[{}]");
    world.relate(ONE, "nrpe-external-master:2");
    world.boot(ONE);
    assert_eq!(world.memory.nrpe_files().len(), 1);
    for inside in world.memory.tree.below(Path::new(path)) {
        world.memory.tree.remove(&inside);
    }
    world.memory.file(path, "theirs", PUBLIC);
    (world, before)
}

/// What nrpe and Nagios have of us.
fn seen_by_nagios(world: &World) -> usize {
    assert_eq!(world.memory.nrpe_read, world.memory.nrpe_files(), "nrpe was not reloaded");
    world.memory.nrpe_files().len() + world.memory.tree.children(Path::new("/var/lib/nagios/export")).len()
}

#[test]
fn a_unit_goes_although_a_file_is_in_the_place_of_a_directory() {
    for path in SHARED {
        for by_force in [false, true] {
            let (mut world, before) = obstructed(path);
            world.hook(ONE, "update-status");
            assert_eq!(seen_by_nagios(&world), 2, "{path}: Nagios says what is the matter");
            if by_force {
                world.part(ONE, "conn-check:1");
            } else {
                world.hook(ONE, "stop");
            }
            assert_eq!(seen_by_nagios(&world), 0, "{path}");
            assert_eq!(world.left(&before), [Path::new(path)], "all but what is theirs goes");
            assert_eq!(world.memory.text(path).as_deref(), Some("theirs"));
            assert_eq!(world.status(ONE).0, "maintenance");
            // The mark that the user is ours went with the directory.
            assert_eq!(world.memory.users.contains_key("conn-check"), path == SHARED[0], "{path}");
        }
    }
}

#[test]
fn without_a_relation_nrpe_has_nothing_of_a_unit_that_a_file_is_in_the_way_of() {
    for path in SHARED {
        let (mut world, _) = obstructed(path);
        world.part(ONE, "nrpe-external-master:2");
        assert_eq!(seen_by_nagios(&world), 0, "{path}");
        let text = format!("{path} is not a directory: move it away, the charm needs its own there");
        assert_eq!(world.status(ONE), ("blocked".to_owned(), text));
        world.hook(ONE, "update-status");
        assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_link_to_a_directory_is_as_good_as_one_and_stays() {
    let mut world = World::new();
    for (path, number) in SHARED.into_iter().zip(0..) {
        let target = format!("/srv/{number}");
        world.memory.directory(&target);
        world.memory.tree.put(Path::new(path), Content::Link(target.into()), PUBLIC);
    }
    let before = world.memory.tree.clone();
    world.deploy(ONE, "2.0.0");
    world.set_relation(ONE, "conn-check:1", "config", "[{}]");
    world.boot(ONE);
    assert_eq!(world.status(ONE), ("active".to_owned(), "1 check, not run yet".to_owned()));
    assert!(world.memory.text("/srv/1/conn-check-0/conn-check-1.yaml").is_some());
    world.hook(ONE, "update-status");
    assert_eq!(world.memory.juju.context.logged, Vec::<String>::new());
    world.hook(ONE, "stop");
    assert_eq!(world.left(&before), Vec::<PathBuf>::new());
    for path in SHARED {
        let kept = world.memory.tree.get(Path::new(path)).map(|entry| &entry.content);
        assert!(matches!(kept, Some(Content::Link(_))), "{path}");
    }
}

#[test]
fn a_user_who_was_busy_is_removed_by_a_later_hook_or_a_later_unit() {
    for later in ["remove", "another unit"] {
        let mut world = World::new();
        let before = world.memory.tree.clone();
        world.deploy(ONE, "2.0.0");
        world.boot(ONE);
        world.memory.busy_user = true;
        world.hook(ONE, "stop");
        assert!(
            world.memory.juju.context.logged.join("").contains("kept the user conn-check, whose programs still run")
        );
        let left = ["", "/user-made"].map(|name| PathBuf::from(format!("/usr/local/lib/conn-check{name}")));
        assert_eq!(world.left(&before), left);
        world.memory.busy_user = false;
        if later == "remove" {
            world.hook(ONE, later);
        } else {
            world.deploy(OTHER, "2.0.0");
            world.boot(OTHER);
            world.hook(OTHER, "stop");
        }
        assert!(!world.memory.users.contains_key("conn-check"), "{later}");
        assert_eq!(world.left(&before), Vec::<PathBuf>::new(), "{later}");
    }
}

#[test]
fn a_unit_that_juju_took_away_by_force_does_not_keep_the_last_one_from_cleaning_up() {
    let mut world = World::new();
    world.memory.install_nrpe();
    let before = world.memory.tree.clone();
    for unit in [ONE, OTHER] {
        world.deploy(unit, "2.0.0");
        world.set_relation(unit, "conn-check:1", "config", "[{}]");
        world.relate(unit, "nrpe-external-master:2");
        world.boot(unit);
    }
    world.memory.juju.units.remove(OTHER);
    for path in world.memory.tree.below("/var/lib/juju/agents/unit-db-check-3".as_ref()) {
        world.memory.tree.remove(&path);
    }
    world.hook(ONE, "update-status");
    let of_other = world.left(&before).into_iter().filter(|path| path.to_string_lossy().contains("db-check-3"));
    assert_eq!(of_other.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    world.hook(ONE, "stop");
    assert_eq!(world.left(&before), Vec::<PathBuf>::new());
    assert!(!world.memory.users.contains_key("conn-check"));
}

#[test]
fn why_the_agent_does_not_run_is_reported() {
    let mut world = World::new();
    world.deploy(ONE, "2.0.0");
    world.charm(ONE, "2.0.0", "for another machine");
    world.set_relation(ONE, "conn-check:1", "config", "[{}]");
    world.boot(ONE);
    let (kind, text) = world.status(ONE);
    let why = "conn-check 2.0.0 of the charm does not run on this machine: it is not a program (an ELF file)";
    assert!(kind == "blocked" && text.starts_with(why), "{kind}: {text}");
    assert_eq!(world.agent(ONE), None);
}
