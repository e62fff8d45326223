//! What others than root put where they can write keeps no unit on the machine.

use crate::host::Access;
use crate::host::memory::PUBLIC;
use crate::tests::oracle::unit_is_gone;
use crate::tests::world::World;

const UNIT: &str = "conn-check/0";

/// A unit with checks that NRPE runs.
fn monitored() -> World {
    let mut world = World::new();
    world.memory.install_nrpe();
    world.deploy(UNIT, "2.0.0");
    world.checks("/srv/checks.yaml", 1, 0);
    world.set_relation(UNIT, "conn-check:1", "config_path", "/srv/checks.yaml");
    world.relate(UNIT, "nrpe-external-master:2");
    world.boot(UNIT);
    world
}

#[test]
fn what_others_keep_in_their_directory_does_not_keep_a_unit() {
    for kept in
        ["/var/lib/conn-check/conn-check-0/x/y", "/var/lib/nagios/export/service__y_check_conn-check-conn-check-0.cfg"]
    {
        let mut world = monitored();
        world.memory.directory(kept);
        world.memory.kept = Some(kept.into());
        world.hook(UNIT, "config-changed");
        world.hook(UNIT, "stop");
        let logged = world.memory.juju.context.logged.concat();
        assert!(logged.contains("went on without this: remove /var/lib/"), "{logged}");
        assert_eq!(world.status(UNIT), ("maintenance".to_owned(), "removed from this machine".to_owned()));
        assert!(!world.memory.users.contains_key("conn-check"), "the last unit takes the user");
        world.memory.kept = None;
        world.hook(UNIT, "remove");
        unit_is_gone(&world, UNIT);
    }
}

#[test]
fn a_directory_in_the_place_of_the_mark_of_a_reload_does_not_keep_a_unit() {
    let mut world = monitored();
    world.memory.directory("/usr/local/lib/conn-check/reload-nrpe/x");
    world.hook(UNIT, "stop");
    unit_is_gone(&world, UNIT);
}

/// Root could tell what is there, and `juju status` is for everybody.
#[test]
fn the_status_does_not_say_what_is_in_a_directory_that_conn_check_cannot_enter() {
    let mut world = monitored();
    let mut seen = Vec::new();
    world.memory.file("/srv/private/is-there.yaml", "[{}]", PUBLIC);
    world.memory.directory("/srv/private/is-a-directory");
    world.memory.tree.set_access("/srv/private".as_ref(), Access { mode: 0o700, uid: 0, gid: 0 }).expect("it is there");
    for name in ["is-there.yaml", "is-a-directory", "is-not-there"] {
        world.set_relation(UNIT, "conn-check:1", "config_path", &format!("/srv/private/{name}"));
        world.hook(UNIT, "conn-check-relation-changed");
        seen.push(world.status(UNIT).1.replace(name, "NAME"));
    }
    assert_eq!(seen, ["/srv/private/NAME cannot be read by the user conn-check"; 3]);
}

/// The user nagios can write the record.
#[test]
fn a_record_of_anybodys_hides_and_floods_nothing() {
    let mut world = monitored();
    let record = "/var/lib/conn-check/conn-check-0/record.json";
    for text in ["\u{202e}dessap lla\u{2028}", "\u{61c}\u{2060}\u{e0041}", &"db".repeat(10_000)] {
        let failure = serde_json::json!({"code": text, "message": text});
        let check = serde_json::json!({"type": text, "target": text, "verdict": "fail", "failure": failure});
        let forged = serde_json::json!({"started": "2026-11-21T09:14:37Z", "verdict": "fail", "checks": [check]});
        world.memory.file(record, &forged.to_string(), PUBLIC);
        world.hook(UNIT, "update-status");
        let status = world.status(UNIT).1;
        assert!(status.starts_with("1 check, last run 2026-11-21 09:14Z: 1 failed, first "), "{status}");
        assert!(status.chars().all(|one| one.is_ascii_graphic() || one == ' ') && status.len() <= 400, "{status}");
    }
}
