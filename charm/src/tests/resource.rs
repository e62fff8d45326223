//! The charm's resource `agent`.

use crate::host::Access;
use crate::host::memory::PUBLIC;
use crate::tests::world::World;
use std::io::ErrorKind;

const UNIT: &str = "conn-check/0";

fn deployed() -> World {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.checks("/srv/checks.yaml", 3, 0);
    world.set_relation(UNIT, "conn-check:1", "config_path", "/srv/checks.yaml");
    world.boot(UNIT);
    world
}

fn status(world: &mut World) -> String {
    world.hook(UNIT, "update-status");
    let (kind, text) = world.status(UNIT);
    format!("{kind}: {text}")
}

#[test]
fn a_resource_is_a_further_version_and_a_newer_one_is_used() {
    let mut world = deployed();
    world.attach("AGENT 2.2.0");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0"));
    let attached = world.unit(UNIT).resource.take();
    world.hook(UNIT, "config-changed");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0"), "Juju cannot tell at this moment");
    world.unit(UNIT).resource = attached;
    world.attach("AGENT 1.9.0");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
    world.set(UNIT, "revision", "1.9.0");
    world.hook(UNIT, "config-changed");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 1.9.0"));
    world.set(UNIT, "revision", "");
    world.attach("AGENT 2.0.0 of another build");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0 of another build"));
    assert_eq!(world.unit(UNIT).version, "2.0.0+resource");
}

#[test]
fn a_resource_has_the_charms_package_for_python_beside_it() {
    let mut world = deployed();
    for (charm, resource) in [("2.0.0", "AGENT 2.2.0"), ("2.1.0", "AGENT 2.2.0 again"), ("2.1.0", "AGENT 2.3.0")] {
        world.charm(UNIT, charm, &format!("AGENT {charm}"));
        let wheel = format!("/var/lib/juju/agents/unit-conn-check-0/charm/agent/{charm}/package-{charm}.whl");
        world.memory.file(&wheel, charm, PUBLIC);
        world.attach(resource);
        let current = "/usr/local/lib/conn-check/current";
        assert_eq!(world.memory.text(&format!("{current}/conn-check")).as_deref(), Some(resource));
        let version = &resource[6..11];
        let names = world.memory.tree.children(format!("/usr/local/lib/conn-check/versions/{version}").as_ref());
        let wheels: Vec<_> = names.iter().filter(|name| name.contains(".whl")).collect();
        assert_eq!(wheels.len(), 1, "{names:?}");
    }
}

#[test]
fn a_resource_that_is_not_an_agent_is_reported_and_does_not_fail_the_hook() {
    let mut world = deployed();
    world.attach("#!/bin/sh\nrm -rf /\n");
    for _ in 0..2 {
        assert_eq!(
            status(&mut world),
            "blocked: the resource agent cannot be run on this machine: it is not a program (an ELF file); 3 checks, not run yet"
        );
    }
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
    world.attach("");
    assert_eq!(status(&mut world), "active: 3 checks, not run yet", "an empty resource is none");
}

#[test]
fn a_resource_that_does_not_work_does_not_take_the_place_of_one_that_does() {
    let mut world = deployed();
    world.attach("AGENT 2.2.0");
    for (bad, why) in [
        ("no agent", "it is not a program (an ELF file)"),
        ("AGENT 9.9.9 mute", "it did not print what conn-check prints"),
        ("AGENT 2.2.0 mute", "it did not print what conn-check prints"),
    ] {
        world.attach(bad);
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0"), "{bad}");
        let text = format!("the resource agent cannot be run on this machine: {why}; 3 checks, not run yet");
        assert_eq!(status(&mut world), format!("blocked: {text}"));
    }
    world.attach("AGENT 2.1.0");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.1.0"));
    assert_eq!(status(&mut world), "active: 3 checks, not run yet");
}

#[test]
fn a_resource_may_take_long_to_come() {
    let mut world = deployed();
    world.memory.juju.resource_takes = std::time::Duration::from_secs(20 * 60);
    world.attach("AGENT 2.2.0");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0"));
}

#[test]
fn a_resource_that_juju_does_not_deliver_is_asked_for_by_every_hook_and_fails_none() {
    let mut world = deployed();
    world.attach("AGENT 2.2.0");
    world.memory.juju.undeliverable = Some("HTTP request failed: Get https://192.0.2.1: EOF".to_owned());
    world.attach("AGENT 2.3.0");
    let why = "ERROR could not download resource: HTTP request failed: Get https://192.0.2.1: EOF";
    let text = format!("the resource agent could not be had or tried, the next hook does it again: {why}");
    assert_eq!(world.status(UNIT), ("waiting".to_owned(), format!("{text}; 3 checks, not run yet")));
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0"), "the one before it goes on");
    world.hook(UNIT, "update-status");
    assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "once is enough");
    world.memory.juju.undeliverable = None;
    assert_eq!(status(&mut world), "active: 3 checks, not run yet");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.3.0"));
    for (resource, agent) in [(world.unit(UNIT).resource.take(), "AGENT 2.3.0"), (None, "AGENT 2.3.0")] {
        world.memory.juju.undeliverable = Some("object \"agent\" not found".to_owned());
        world.hook(UNIT, "config-changed");
        assert!(status(&mut world).starts_with("waiting: the resource agent could not be had"));
        world.memory.juju.undeliverable = None;
        assert_eq!(status(&mut world), "active: 3 checks, not run yet");
        assert_eq!(world.agent(UNIT).as_deref(), Some(agent), "{resource:?}");
    }
}

#[test]
fn of_a_resource_that_was_never_attached_nothing_is_left_when_juju_can_tell() {
    let mut world = deployed();
    world.memory.juju.undeliverable = Some("EOF".to_owned());
    world.hook(UNIT, "config-changed");
    assert!(status(&mut world).starts_with("waiting: "));
    world.memory.juju.undeliverable = None;
    assert_eq!(status(&mut world), "active: 3 checks, not run yet");
    assert_eq!(world.memory.tree.children("/usr/local/lib/conn-check/resources".as_ref()), Vec::<String>::new());
}

#[test]
fn a_resource_that_could_not_be_tried_is_tried_by_the_next_hook() {
    for why in [ErrorKind::OutOfMemory, ErrorKind::TimedOut, ErrorKind::ExecutableFileBusy] {
        let mut world = deployed();
        world.memory.starts_nothing = Some(why);
        world.attach("AGENT 2.2.0");
        let text = format!("the resource agent could not be had or tried, the next hook does it again: {why}");
        assert!(world.status(UNIT).1.contains(&text), "{:?}", world.status(UNIT));
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
        world.memory.starts_nothing = None;
        assert_eq!(status(&mut world), "active: 3 checks, not run yet");
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0"));
    }
}

/// Juju does not fetch the same bytes again: the file stays the same to the nanosecond.
#[test]
fn a_resource_that_was_refused_is_tried_again_when_the_machine_starts_or_it_is_attached_again() {
    for hook in ["start", "upgrade-charm"] {
        let mut world = deployed();
        world.memory.starts_nothing = Some(ErrorKind::PermissionDenied);
        world.attach("AGENT 2.2.0");
        assert_eq!(world.status(UNIT).0, "blocked");
        let before = world.memory.tree.clone();
        world.hook(UNIT, hook);
        assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "nothing new");
        assert!(before.paths().eq(world.memory.tree.paths()));
        world.memory.starts_nothing = None;
        assert!(status(&mut world).starts_with("blocked: "), "it was a verdict");
        world.hook(UNIT, hook);
        assert_eq!(status(&mut world), "active: 3 checks, not run yet", "{hook}");
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0"), "{hook}");
    }
}

#[test]
fn a_refresh_to_the_version_of_a_resource_leaves_the_resource_in_use() {
    let mut world = deployed();
    world.attach("AGENT 2.2.0 attached");
    for first in ["upgrade-charm", "update-status"] {
        world.charm(UNIT, "2.2.0", "AGENT 2.2.0 of the charm");
        for hook in [first, "config-changed", "update-status", "upgrade-charm"] {
            world.hook(UNIT, hook);
            assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0 attached"), "{first}: {hook}");
        }
        assert_eq!(world.unit(UNIT).version, "2.2.0+resource");
        world.charm(UNIT, "2.0.0", "AGENT 2.0.0");
        world.hook(UNIT, "upgrade-charm");
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0 attached"));
    }
    world.set(UNIT, "revision", "2.0.0");
    world.hook(UNIT, "config-changed");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
}

#[test]
fn a_resource_takes_no_other_units_agent_away_and_none_takes_its() {
    let mut world = deployed();
    let other = "db-check/3";
    world.deploy(other, "2.2.0");
    world.boot(other);
    world.attach("AGENT 2.2.0 attached");
    assert_eq!(world.agent(other).as_deref(), Some("AGENT 2.2.0"));
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.2.0 attached"));
    world.attach("AGENT 2.3.0 attached");
    world.charm(other, "2.3.0", "AGENT 2.3.0");
    world.hook(other, "upgrade-charm");
    for hook in ["config-changed", "update-status", "config-changed"] {
        for unit in [UNIT, other] {
            world.hook(unit, hook);
        }
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.3.0 attached"), "{hook}");
        assert_eq!(world.agent(other).as_deref(), Some("AGENT 2.3.0"), "{hook}");
    }
}

impl World {
    pub(super) fn attach(&mut self, content: &str) {
        let path = "/var/lib/juju/agents/unit-conn-check-0/resources/agent/conn-check";
        self.memory.file(path, content, Access { mode: 0o600, uid: 0, gid: 0 });
        self.unit(UNIT).resource = Some(path.to_owned());
        self.hook(UNIT, "upgrade-charm");
    }
}
