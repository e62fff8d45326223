//! The endpoint: when its service is started, told, left alone and taken away.

use crate::host::memory::Systemd;
use crate::host::memory::steps::Fault;
use crate::host::memory::systemd::Running;
use crate::tests::oracle::nothing_is_left;
use crate::tests::world::{Hook, World, checks_text};
use serde_json::Value;

const UNIT: &str = "conn-check/0";
const OTHER: &str = "db-check/3";
const SERVICE: &str = "conn-check-serve-conn-check-0.service";
const FILE: &str = "/srv/checks.yaml";
const COS: &str = "cos-agent:7";
const LISTEN: &str = "127.0.0.1:9842";
const TOKEN: &str = "hunter2-hunter2-hunter2-hunter2";

/// A unit with a check, and with these options.
fn with(options: &[(&str, &str)]) -> World {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.checks(FILE, 1, 0);
    world.set_relation(UNIT, "conn-check:1", "config_path", FILE);
    options.iter().for_each(|(name, value)| world.set(UNIT, name, *value));
    world.boot(UNIT);
    world
}

fn running(world: &World) -> Option<&Running> {
    world.memory.services.running.get(SERVICE)
}

/// What systemd was told by a hook.
fn told(world: &mut World, hook: &str) -> Vec<String> {
    let before = world.memory.ran.len();
    world.hook(UNIT, hook);
    world.memory.ran[before..].iter().map(|words| words.join(" ")).collect()
}

fn status(world: &mut World) -> String {
    world.hook(UNIT, "update-status");
    let (kind, text) = world.status(UNIT);
    format!("{kind}: {text}")
}

fn restarted() -> Vec<String> {
    vec!["systemctl daemon-reload".to_owned(), format!("systemctl restart {SERVICE}")]
}

#[test]
fn without_its_option_there_is_no_endpoint() {
    let world = with(&[]);
    assert!(world.memory.ran.iter().all(|words| words[0] != "systemctl"), "{:?}", world.memory.ran);
    assert_eq!(running(&world), None);
}

#[test]
fn it_is_started_once_and_anew_only_when_what_it_goes_by_has_changed() {
    let mut world = with(&[("health_listen", LISTEN)]);
    assert_eq!(running(&world).map(|running| running.listen.as_str()), Some(LISTEN));
    assert_eq!(told(&mut world, "update-status"), [""; 0]);
    world.checks(FILE, 3, 0);
    assert_eq!(told(&mut world, "update-status"), [format!("systemctl reload {SERVICE}")]);
    assert_eq!(running(&world).map(|running| running.checks.clone()), Some(checks_text(3, 0)));
    world.set(UNIT, "health_token", TOKEN);
    assert_eq!(told(&mut world, "config-changed"), restarted());
    assert_eq!(running(&world).and_then(|running| running.token.clone()), Some(format!("{TOKEN}\n")));
    world.charm(UNIT, "2.1.0", "AGENT 2.1.0");
    assert_eq!(told(&mut world, "upgrade-charm"), restarted());
    assert_eq!(running(&world).map(|running| running.program.as_str()), Some("AGENT 2.1.0"));
    assert_eq!(told(&mut world, "config-changed"), [""; 0]);
    world.memory.services.running.clear();
    assert_eq!(told(&mut world, "start"), restarted(), "one that has ended is started");
    world.set(UNIT, "health_listen", "");
    assert_eq!(
        told(&mut world, "config-changed"),
        [format!("systemctl stop {SERVICE}"), "systemctl daemon-reload".to_owned()]
    );
    assert_eq!(world.memory.text("/etc/conn-check/conn-check-0/health.token"), None);
}

#[test]
fn a_file_that_breaks_keeps_what_runs_and_is_no_reason_to_start_anything() {
    let mut world = with(&[("health_listen", LISTEN)]);
    world.memory.file(FILE, "not a list", crate::host::memory::PUBLIC);
    assert_eq!(told(&mut world, "update-status"), [""; 0]);
    assert!(running(&world).is_some());
    world.charm(UNIT, "2.1.0", "AGENT 2.1.0");
    assert_eq!(told(&mut world, "upgrade-charm"), [""; 0], "the new version waits");
    world.set(UNIT, "health_token", TOKEN);
    world.hook(UNIT, "config-changed");
    assert_eq!(running(&world), None, "nothing is served without the token that was asked for");
    world.checks(FILE, 1, 0);
    assert_eq!(told(&mut world, "update-status"), restarted());
}

#[test]
fn an_address_that_somebody_has_is_left_to_them_and_the_status_says_who() {
    let mut world = with(&[]);
    world.memory.services.taken.insert(LISTEN.to_owned());
    world.set(UNIT, "health_listen", LISTEN);
    world.hook(UNIT, "config-changed");
    let (kind, text) = world.status(UNIT);
    let wanted = "health_listen: 127.0.0.1:9842 is taken by nginx (process 0 of nginx.service); choose another address";
    assert!(kind == "blocked" && text.contains(wanted), "{kind}: {text}");
    assert_eq!(running(&world), None);
    world.memory.services.taken.clear();
    assert!(status(&mut world).starts_with("active: "));
    assert!(running(&world).is_some());
}

#[test]
fn two_units_of_a_machine_cannot_have_one_address_and_a_name_gives_each_its_own() {
    let mut world = with(&[("health_listen", LISTEN)]);
    world.deploy(OTHER, "2.0.0");
    world.set_relation(OTHER, "conn-check:1", "config_path", FILE);
    world.set(OTHER, "health_listen", LISTEN);
    world.boot(OTHER);
    let text = world.status(OTHER).1;
    assert!(text.contains("is taken by the unit conn-check-0 of this charm on the same machine"), "{text}");
    assert!(running(&world).is_some(), "nothing of another unit is touched");
    for unit in [UNIT, OTHER] {
        world.set(unit, "health_listen", "unix:health.sock");
        world.hook(unit, "config-changed");
    }
    let listen: Vec<_> = world.memory.services.running.values().map(|one| one.listen.as_str()).collect();
    assert_eq!(listen, ["conn-check-0", "db-check-3"].map(|unit| format!("unix:/run/conn-check/{unit}/health.sock")));
}

#[test]
fn the_token_may_be_a_secret_which_has_to_be_granted_and_is_followed() {
    let mut world = with(&[("health_listen", LISTEN), ("health_token", "secret:known")]);
    let text = world.status(UNIT).1;
    assert!(
        text.contains("the secret of option health_token cannot be had (permission denied): juju grant-secret"),
        "{text}"
    );
    assert_eq!(running(&world), None, "never without");
    for token in [TOKEN, "hunter2.hunter2.hunter2.hunter2"] {
        let secret = [("token".to_owned(), token.to_owned())].into();
        world.memory.juju.secrets.insert("secret:known".to_owned(), secret);
        world.hook(UNIT, "secret-changed");
        assert_eq!(running(&world).and_then(|running| running.token.clone()), Some(format!("{token}\n")));
    }
    let access = world.memory.tree.get("/etc/conn-check/conn-check-0/health.token".as_ref()).expect("a file").access;
    assert_eq!((access.mode, access.uid), (0o600, world.memory.users["conn-check"].uid));
    world.memory.juju.secrets.clear();
    assert!(status(&mut world).starts_with("blocked: "));
    assert!(running(&world).is_some(), "what runs goes on with the token that it has");
    for (token, why) in [("short", "must have 22 or more"), ("", "must have 22 or more")] {
        let secret = [("token".to_owned(), token.to_owned())].into();
        world.memory.juju.secrets.insert("secret:known".to_owned(), secret);
        assert!(status(&mut world).contains(why));
    }
    world.memory.juju.secrets.insert("secret:known".to_owned(), [("other".to_owned(), TOKEN.to_owned())].into());
    assert!(status(&mut world).contains("has no key token"));
}

#[test]
fn a_version_without_an_endpoint_has_none_and_the_status_says_so() {
    let mut world = with(&[("health_listen", LISTEN)]);
    world.charm(UNIT, "1.9.0", "AGENT 1.9.0");
    world.hook(UNIT, "upgrade-charm");
    assert_eq!(running(&world), None);
    assert!(world.status(UNIT).1.contains("this version of conn-check has no endpoint"), "{:?}", world.status(UNIT));
}

#[test]
fn without_systemd_there_is_no_endpoint_and_the_status_says_so() {
    for systemd in [Systemd::Installed, Systemd::Absent] {
        let mut world = with(&[]);
        world.memory.systemd = systemd;
        world.set(UNIT, "health_listen", LISTEN);
        world.hook(UNIT, "config-changed");
        assert!(world.status(UNIT).1.contains("needs systemd, which does not run this machine"));
        assert_eq!(world.memory.tree.children("/etc/systemd/system".as_ref()), ["multi-user.target.wants"]);
        world.hook(UNIT, "stop");
    }
}

/// What the collector is told.
fn said(world: &mut World, unit: &str) -> Value {
    let own = &world.unit(unit).relations[COS].own;
    own.get("config").map(|text| serde_json::from_str(text).expect("JSON")).unwrap_or_default()
}

#[test]
fn a_collector_is_told_of_a_port_of_the_loopback_address_which_each_unit_has_for_itself() {
    let mut world = World::new();
    world.checks(FILE, 1, 0);
    for unit in [UNIT, OTHER] {
        world.deploy(unit, "2.0.0");
        world.set_relation(unit, "conn-check:1", "config_path", FILE);
        world.relate(unit, COS);
        world.boot(unit);
    }
    let targets = |world: &mut World, unit: &str| {
        said(world, unit)["metrics_scrape_jobs"][0]["static_configs"][0]["targets"][0].clone()
    };
    assert_eq!(
        (targets(&mut world, UNIT), targets(&mut world, OTHER)),
        ("127.0.0.1:9843".into(), "127.0.0.1:9844".into())
    );
    let hidden = "unix:/run/conn-check/conn-check-0/health.sock";
    assert_eq!(running(&world).map(|running| running.listen.as_str()), Some(hidden), "no option asks for an endpoint");
    world.set(UNIT, "health_listen", LISTEN);
    world.set(UNIT, "health_token", TOKEN);
    world.hook(UNIT, "config-changed");
    assert_eq!(targets(&mut world, UNIT), "127.0.0.1:9843", "the port stays");
    assert!(!said(&mut world, UNIT).to_string().contains("hunter2"));
    world.set_relation(UNIT, "conn-check:1", "config_path", "");
    world.hook(UNIT, "config-changed");
    assert_eq!(said(&mut world, UNIT), Value::Null, "without checks there is nothing to fetch");
    world.part(OTHER, COS);
    assert_eq!(world.memory.services.running.len(), 0);
}

#[test]
fn all_units_of_an_application_say_the_same_alerts() {
    let mut world = World::new();
    world.checks(FILE, 1, 0);
    let rules = ["conn-check/0", "conn-check/1"].map(|unit| {
        world.deploy(unit, "2.0.0");
        world.set_relation(unit, "conn-check:1", "config_path", FILE);
        world.relate(unit, COS);
        world.boot(unit);
        said(&mut world, unit)["metrics_alert_rules"].clone()
    });
    assert_eq!(rules[0], rules[1]);
    assert!(rules[0]["groups"][0]["rules"].as_array().is_some_and(|rules| rules.len() > 5), "{}", rules[0]);
}

#[test]
fn a_unit_takes_its_endpoint_along_and_so_does_one_that_was_taken_by_force() {
    let mut world = World::new();
    let before = world.memory.tree.clone();
    world.checks(FILE, 1, 0);
    for (unit, listen) in [(UNIT, "unix:a"), (OTHER, "unix:b")] {
        world.deploy(unit, "2.0.0");
        world.set_relation(unit, "conn-check:1", "config_path", FILE);
        world.set(unit, "health_listen", listen);
        world.boot(unit);
    }
    world.memory.juju.units.remove(OTHER);
    for path in world.memory.tree.below("/var/lib/juju/agents/unit-db-check-3".as_ref()) {
        world.memory.tree.remove(&path);
    }
    world.hook(UNIT, "update-status");
    assert_eq!(world.memory.services.running.keys().collect::<Vec<_>>(), [SERVICE]);
    world.hook(UNIT, "stop");
    assert!(world.memory.services.running.is_empty());
    nothing_is_left(&world, &before);
}

/// Whatever is cut off, the next hook ends in the same state.
#[test]
fn a_hook_that_is_interrupted_at_any_step_is_made_good_by_the_next_one() {
    let prepared = |name: &str| {
        let mut world = with(&[("health_listen", LISTEN), ("health_token", TOKEN)]);
        match name {
            "upgrade-charm" => world.charm(UNIT, "2.1.0", "AGENT 2.1.0"),
            "config-changed" => world.set(UNIT, "health_listen", "127.0.0.1:9900"),
            _ => {}
        }
        world
    };
    for name in ["upgrade-charm", "config-changed", "stop"] {
        let hook = Hook::new(UNIT, name);
        let mut undisturbed = prepared(name);
        undisturbed.run(&hook);
        for number in 1..=undisturbed.memory.steps.taken {
            for fault in [Fault::Killed, Fault::Error] {
                let mut world = prepared(name);
                let result = world.attempt(&hook, Some((number, fault)));
                assert!(world.memory.steps.allow(result.is_err()), "{name} {number} {fault:?}: {result:?}");
                world.run(&hook);
                assert_eq!(running(&world), running(&undisturbed), "{name} {number} {fault:?}");
                world.run(&hook);
                assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "{name} {number} {fault:?}");
            }
        }
    }
}

/// What goes needs no room.
#[test]
fn an_endpoint_goes_from_a_full_disk() {
    let mut world = with(&[("health_listen", LISTEN), ("health_token", TOKEN)]);
    world.memory.full_disk = true;
    world.hook(UNIT, "stop");
    assert_eq!(running(&world), None);
}
