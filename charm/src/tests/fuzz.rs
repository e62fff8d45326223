//! What the charm reads back, changed at random: whatever stands there, a hook and an action end well, and show nothing
//! but one line. `cargo xtask fuzz records SECONDS` goes on for longer.

use crate::host::Access;
use crate::host::memory::PUBLIC;
use crate::host::memory::agent::record;
use crate::host::memory::tree::{Content, Tree};
use crate::tests::changes::{mutate, rounds};
use crate::tests::oracle::again_does_nothing;
use crate::tests::random::Random;
use crate::tests::world::{Hook, World};
use serde_json::{Value, json};
use std::path::Path;

const UNIT: &str = "conn-check/0";

/// What others than root can write, and what hooks alone do.
const RECORD: &str = "/var/lib/conn-check/conn-check-0/record.json";
const SETTINGS: &str = "/etc/conn-check/conn-check-0/settings.json";
const RESOURCE: &str = "/usr/local/lib/conn-check/resources/conn-check-0";
const TRIALS: &str = "/usr/local/lib/conn-check/trials/conn-check-0";
const SERVING: &str = "/usr/local/lib/conn-check/serving/conn-check-0";
const COMMAND: &str = "/etc/nagios/nrpe.d/check_conn-check-conn-check-0.cfg";

/// So many changes of a round for each of them.
const CHANGES: u64 = 300;

/// As long as a status or a result may be, in characters: `failures.N` has the type, the target, the code and the message
/// of a check, each of 200 bytes.
const LONGEST: usize = 1_000;

/// The same for a line of the log, which has all that a hook has changed.
const LONGEST_LINE: usize = 8 * 1024;

/// A unit with all of it: checks that NRPE runs, a resource, and a last result.
fn deployed() -> World {
    let mut world = World::new();
    world.memory.install_nrpe();
    world.deploy(UNIT, "2.0.0");
    world.checks("/srv/checks.yaml", 2, 1);
    world.set_relation(UNIT, "conn-check:1", "config_path", "/srv/checks.yaml");
    world.relate(UNIT, "nrpe-external-master:2");
    world.relate(UNIT, "cos-agent:3");
    world.set(UNIT, "health_listen", "127.0.0.1:9842");
    world.boot(UNIT);
    let resource = "/var/lib/juju/agents/unit-conn-check-0/resources/agent/conn-check";
    world.memory.file(resource, "AGENT 2.2.0", Access { mode: 0o600, uid: 0, gid: 0 });
    world.unit(UNIT).resource = Some(resource.to_owned());
    world.hook(UNIT, "upgrade-charm");
    world.act(UNIT, "run-check", None).expect("an action");
    world
}

/// What stands there, and what else may: texts that are right.
fn seeds(world: &World, path: &str) -> Vec<Vec<u8>> {
    let own = world.memory.text(path).unwrap_or_else(|| panic!("{path} is not there"));
    let problem = json!({"code": "bad-value", "severity": "error", "line": 1, "column": 2, "message": "no port"});
    let more = match path {
        RECORD => vec![
            record("fail", 3),
            record("warn", 2),
            json!({"verdict": "unknown", "diagnostics": [problem]}).to_string(),
        ],
        SETTINGS => vec![
            json!({"file": null, "problem": "is not an absolute path", "exclude_tags": "a,b",
            "max_timeout": 59, "connect_timeout": 3})
            .to_string(),
        ],
        RESOURCE => {
            vec![json!({"size": 7, "modified": 9, "refused": "exec format error", "former": "2.1.0"}).to_string()]
        }
        TRIALS => vec![json!({"2.0.0": {"size": 7, "modified": 9, "refused": "exec format error"}}).to_string()],
        _ => Vec::new(),
    };
    std::iter::once(own).chain(more).map(String::into_bytes).collect()
}

/// The text with bytes of it changed, or with one of its values another.
fn changed(random: &mut Random, seed: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<Value>(seed) {
        Ok(mut value) if random.one_in(2) => {
            replace(random, &mut value);
            value.to_string().into_bytes()
        }
        _ => mutate(random, seed),
    }
}

/// Puts something else in the place of a value, anywhere in a tree.
fn replace(random: &mut Random, value: &mut Value) {
    let inner: Vec<&mut Value> = match value {
        Value::Object(map) => map.values_mut().collect(),
        Value::Array(list) => list.iter_mut().collect(),
        _ => Vec::new(),
    };
    let count = inner.len();
    if count > 0 && !random.one_in(4) {
        let chosen = random.below(count);
        return inner.into_iter().nth(chosen).map_or((), |one| replace(random, one));
    }
    *value = match random.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(1e308),
        5 => json!(""),
        6 => json!("\u{202e}kcab\u{2028}\u{61c}\u{2060}\n\r\t\u{1b}[2J\u{9b}\u{0}"),
        7 => json!("x".repeat(1 << random.below(16))),
        8 => json!("\u{20ac}\u{301}".repeat(1 << random.below(12))),
        9 => (0..random.below(300)).fold(json!("deep"), |inner, _| json!([inner])),
        10 => json!(["/etc/passwd", "../../../../etc/passwd", "--help", "a=b", "$(id)"][random.below(5)]),
        _ => json!({"version": "../x", "code": {}, "message": []}),
    };
}

/// Nothing is shown but a line that can be seen, and not more of it than a person reads.
fn shown(what: &str, text: &str, story: &dyn Fn() -> String) {
    let hides = |one: char| matches!(one, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let seen = text.chars().all(|one| !one.is_control() && !hides(one));
    let longest = if what == "log" { LONGEST_LINE } else { LONGEST };
    assert!(seen && text.chars().count() <= longest, "{what}: {text:?}\n{}", story());
}

/// After a hook of every kind, in which nothing may fail, and an action.
fn judge(world: &mut World, story: &dyn Fn() -> String) {
    for name in ["update-status", "config-changed", "upgrade-charm"] {
        let hook = Hook::new(UNIT, name);
        world.attempt(&hook, None).unwrap_or_else(|error| panic!("{name}: {error}\n{}", story()));
        world.memory.juju.context.logged.clone().iter().for_each(|line| shown("log", line, story));
        shown("status", &world.status(UNIT).1, story);
        assert!(world.agent(UNIT).is_some_and(|agent| agent.starts_with("AGENT 2.")), "no agent: {}", story());
        again_does_nothing(world, &hook);
    }
}

/// An action, with what a hook has left for it changed, or what the agent is to have written.
fn judge_action(world: &mut World, story: &dyn Fn() -> String) {
    for name in ["run-check", "run-nagios-check"] {
        let outcome = world.act(UNIT, name, None).unwrap_or_else(|error| panic!("{name}: {error}\n{}", story()));
        outcome.text.iter().for_each(|text| shown("output", text, story));
        let context = std::mem::take(&mut world.memory.juju.context);
        context.results.iter().for_each(|(key, value)| shown(key, value, story));
        context.failure.iter().for_each(|text| shown("failure", text, story));
        context.logged.iter().for_each(|line| shown("log", line, story));
        assert!(context.results.contains_key("exit-code"), "no result: {}", story());
    }
}

/// Changes one of the files at random, again and again, on a machine that was well before.
fn attack(path: &str, judge: impl Fn(&mut World, &dyn Fn() -> String)) {
    let mut world = deployed();
    let (seeds, before): (_, Tree) = (seeds(&world, path), world.memory.tree.clone());
    for number in rounds().flat_map(|round| (0..CHANGES).map(move |change| round * 1_000_000 + change)) {
        let mut random = Random::new(number);
        let seed: &Vec<u8> = random.pick(&seeds);
        let content = changed(&mut random, seed);
        let access = before.get(Path::new(path)).expect("the file").access;
        world.memory.tree.put(Path::new(path), Content::File(content.clone()), access);
        let story = || format!("{path}, change {number}: {}", content.escape_ascii());
        judge(&mut world, &story);
        world.memory.tree = before.clone();
        world.memory.read_nrpe();
    }
}

#[test]
fn a_record() {
    attack(RECORD, judge);
}

/// While the agent runs, its users can put another record in the place of its own.
#[test]
fn a_record_of_an_action() {
    attack(RECORD, |world, story| {
        world.memory.forged = world.memory.text(RECORD).map(String::into_bytes);
        judge_action(world, story);
        world.memory.forged = None;
    });
}

#[test]
fn settings() {
    attack(SETTINGS, |world, story| {
        judge_action(world, story);
        judge(world, story);
    });
}

#[test]
fn the_note_of_a_resource() {
    attack(RESOURCE, judge);
}

#[test]
fn the_note_of_trials() {
    attack(TRIALS, judge);
}

#[test]
fn the_note_of_the_endpoint() {
    attack(SERVING, judge);
}

#[test]
fn a_command_of_nrpe() {
    attack(COMMAND, judge);
}

/// Where others can write, they name what is there.
#[test]
fn names() {
    let mut world = deployed();
    let before = world.memory.tree.clone();
    for number in rounds().flat_map(|round| (0..CHANGES).map(move |change| round * 1_000_000 + change)) {
        let mut random = Random::new(number);
        let seed =
            *random.pick(&["juju-app-0", "action", "\u{202e}\u{2028}", "\u{1b}[2J\n2026-11-21 ERROR unit lost\n"]);
        let name = String::from_utf8_lossy(&mutate(&mut random, seed.as_bytes())).replace(['/', '\0'], "-");
        let name: String = name.chars().take(40).collect();
        let paths = [
            format!("/var/lib/nagios/export/service__{name}_check_conn-check-conn-check-0.cfg"),
            format!("/var/lib/conn-check/conn-check-0/action-{name}.json"),
            format!("/var/lib/conn-check/conn-check-0/{name}"),
        ];
        paths.iter().for_each(|path| world.memory.file(path, "{}", PUBLIC));
        let story = || format!("names {number}: {name:?}");
        judge_action(&mut world, &story);
        paths.iter().for_each(|path| world.memory.file(path, "{}", PUBLIC));
        judge(&mut world, &story);
        world.memory.tree = before.clone();
        world.memory.read_nrpe();
    }
}

/// Where others can write, it need not be a file.
#[test]
fn what_is_no_file() {
    let mut world = deployed();
    let before = world.memory.tree.clone();
    let links = ["/etc/shadow", "record.json", "/nowhere", "/etc/conn-check/conn-check-0", SETTINGS];
    let links = links.map(|target| Content::Link(target.into()));
    for content in links.into_iter().chain([Content::Pipe, Content::Directory]) {
        for name in ["record.json", "action.json", "action-.json", ".record.json.conn-check-draft"] {
            let path = format!("/var/lib/conn-check/conn-check-0/{name}");
            world.memory.tree.remove(Path::new(&path));
            world.memory.tree.put(Path::new(&path), content.clone(), PUBLIC);
            let story = || format!("{path}: {content:?}");
            judge_action(&mut world, &story);
            world.memory.tree.put(Path::new(&path), content.clone(), PUBLIC);
            judge(&mut world, &story);
            for kept in [SETTINGS, "/srv/checks.yaml"] {
                let kept = Path::new(kept);
                let is_same =
                    world.memory.tree.get(kept).map(|one| &one.content) == before.get(kept).map(|one| &one.content);
                assert!(is_same, "{} was changed: {}", kept.display(), story());
            }
            world.memory.tree = before.clone();
        }
    }
}
