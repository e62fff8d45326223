//! What must be true after any hook, independent of the code that makes it true.

mod endpoint;

use crate::host::memory::juju::{Bag, Relation};
use crate::host::memory::tree::{Content, Tree};
use crate::tests::world::{Hook, World, charm, is_principals};
use endpoint::Endpoint;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const VERSIONS: &str = "/usr/local/lib/conn-check/versions";

/// After a hook of a unit.
pub(super) fn all_is_well(world: &mut World, hook: &Hook, units: &[&str]) {
    no_draft_is_left(world);
    nrpe_knows_its_files(world);
    let relations = relations(world, hook);
    // One that was removed by force is still listed: only `stop` tells that the unit goes.
    let forced = world.unit(&hook.unit).relations.iter().any(|(id, one)| one.removed && is_principals(id));
    if is_leaving(hook, &relations) && (!forced || ["stop", "remove"].contains(&hook.name.as_str())) {
        unit_is_gone(world, &hook.unit);
        return;
    }
    let others: Vec<_> = units.iter().filter(|unit| installed(world, unit)).copied().collect();
    for unit in others {
        assert!(world.agent(unit).is_some_and(|agent| agent.starts_with("AGENT ")), "{unit} has lost its agent");
    }
    people_have_the_newest(world);
    let checks = Checks::of(world, &hook.unit, &relations);
    let endpoint = Endpoint::of(world, &hook.unit, &relations, &checks);
    status_is_true(world, &hook.unit, &checks, endpoint.problem());
    endpoint.is_so(world, &hook.unit, &relations);
    nrpe_is_configured(world, &hook.unit, &relations, &checks);
}

/// The same hook again changes nothing, logs nothing and sets no relation data.
pub(super) fn again_does_nothing(world: &mut World, hook: &Hook) {
    let (before, ran) = (world.memory.tree.clone(), world.memory.ran.len());
    let status = world.status(&hook.unit);
    world.run(hook);
    assert_eq!(changed(&before, &world.memory.tree), Vec::<PathBuf>::new(), "a second {hook:?} writes");
    assert_eq!(world.memory.ran.len(), ran, "a second {hook:?} runs {:?}", world.memory.ran.last());
    assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "a second {hook:?} logs");
    assert_eq!(world.memory.juju.context.set, 0, "a second {hook:?} sets relation data");
    assert_eq!(world.status(&hook.unit), status, "a second {hook:?} has another status");
}

fn changed(before: &Tree, after: &Tree) -> Vec<PathBuf> {
    let paths: BTreeSet<_> = before.paths().chain(after.paths()).collect();
    paths.into_iter().filter(|path| before.get(path) != after.get(path)).map(Path::to_owned).collect()
}

/// Nothing of a unit is on the machine.
pub(super) fn unit_is_gone(world: &World, unit: &str) {
    let unit = unit.replace('/', "-");
    let paths = world.memory.tree.paths().filter(|path| !path.starts_with("/var/lib/juju"));
    let left: Vec<_> = paths.filter(|path| path.to_string_lossy().contains(&unit)).collect();
    assert_eq!(left, Vec::<&Path>::new(), "of {unit}");
    endpoint::is_gone(world, &unit);
}

/// Nothing of ours is on the machine.
pub(super) fn nothing_is_left(world: &World, before: &Tree) {
    let foreign = |path: &PathBuf| {
        let outside = ["/srv", "/etc/nagios", "/var/lib/nagios"].iter().any(|directory| path.starts_with(directory));
        outside && !path.to_string_lossy().contains("conn-check")
    };
    let left: Vec<_> = world.left(before).into_iter().filter(|path| !foreign(path)).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    assert!(!world.memory.users.contains_key("conn-check"), "we made the user");
    assert!(world.memory.groups.contains_key("nagios"), "the group may be nrpe's");
    nrpe_knows_its_files(world);
}

fn no_draft_is_left(world: &World) {
    let drafts: Vec<_> = world.memory.tree.paths().filter(|path| path.to_string_lossy().contains("draft")).collect();
    assert_eq!(drafts, Vec::<&Path>::new());
}

fn nrpe_knows_its_files(world: &World) {
    if world.memory.users.contains_key("nagios") {
        assert_eq!(world.memory.nrpe_read, world.memory.nrpe_files(), "nrpe was not reloaded");
    }
}

/// The relations that the unit has, with the units that it has met: none that is being broken, none that
/// was removed by force.
fn relations(world: &mut World, hook: &Hook) -> BTreeMap<String, Relation> {
    let mut relations = world.unit(&hook.unit).relations.clone();
    relations.retain(|id, relation| Some(id) != hook.broken() && !relation.removed);
    relations.values_mut().for_each(|relation| {
        let joined = relation.joined.clone();
        relation.remote.retain(|unit, _| joined.contains(unit));
    });
    relations
}

fn is_leaving(hook: &Hook, relations: &BTreeMap<String, Relation>) -> bool {
    let alone = !relations.keys().any(|id| is_principals(id));
    ["stop", "remove"].contains(&hook.name.as_str()) || (hook.name != "install" && alone)
}

fn installed(world: &World, unit: &str) -> bool {
    let link = Path::new("/usr/local/lib/conn-check/units").join(unit.replace('/', "-"));
    world.memory.tree.get(&link).is_some()
}

fn people_have_the_newest(world: &World) {
    let versions = world.memory.tree.children(Path::new(VERSIONS));
    // The versions that the lives use have three digits; `+resource` comes after the same one.
    let newest = versions.iter().max_by_key(|version| (&version[..5], !version.contains("-rc"), version.len()));
    let program = world.memory.text("/usr/local/bin/conn-check").unwrap_or_default();
    let installed = newest.and_then(|newest| world.memory.text(&format!("{VERSIONS}/{newest}/conn-check")));
    assert!(program == "theirs" || Some(&program) == installed.as_ref(), "{program} of {versions:?}");
}

/// The checks of a unit, as seen from the relations and the files.
#[derive(Debug)]
enum Checks {
    None,
    Unusable,
    Missing,
    NoFile,
    Unreadable,
    Invalid,
    Valid { path: String, all: usize, nagios: Option<usize> },
}

impl Checks {
    fn of(world: &mut World, unit: &str, relations: &BTreeMap<String, Relation>) -> Self {
        let Some((path, text)) = wanted(world, unit, relations) else { return Self::None };
        if !path.starts_with('/') {
            return Self::Unusable;
        }
        let tree = &world.memory.tree;
        let entry = tree.resolve(Path::new(&path)).ok().flatten().and_then(|target| tree.get(&target));
        let content = match entry.map(|entry| &entry.content) {
            None => return Self::Missing,
            Some(Content::File(content)) => String::from_utf8_lossy(content).into_owned(),
            Some(_) => return Self::NoFile,
        };
        if let Some(text) = text {
            assert_eq!(content, text, "the text is not that of the relation");
            assert_eq!(entry.map(|entry| entry.access.mode), Some(0o640));
        }
        let reads =
            |name: &str| world.memory.users.get(name).is_some_and(|user| tree.allows(user, Path::new(&path), 4));
        if !reads("conn-check") {
            return Self::Unreadable;
        }
        let Ok(Value::Array(checks)) = serde_json::from_str(&content) else { return Self::Invalid };
        let tags = world.memory.juju.units[unit].config.get("nagios_exclude_tags").and_then(Value::as_str);
        let excluded = tags.filter(|tags| !tags.contains('\n')).unwrap_or("no-nagios").to_owned();
        let for_nagios = checks.iter().filter(|check| check["tags"][0].as_str() != Some(&excluded)).count();
        Self::Valid { nagios: reads("nagios").then_some(for_nagios), all: checks.len(), path }
    }
}

/// The path of the file to use, and its text where we write it.
fn wanted(world: &mut World, unit: &str, relations: &BTreeMap<String, Relation>) -> Option<(String, Option<String>)> {
    let directory = format!("/etc/conn-check/{}", unit.replace('/', "-"));
    let mut numbered: Vec<(u32, &Bag)> = relations
        .iter()
        .filter_map(|(id, relation)| {
            Some((id.strip_prefix("conn-check:")?.parse().ok()?, relation.remote.values().next()?))
        })
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    for (number, bag) in numbered {
        let value = |key: &str| bag.get(key).filter(|text| !text.is_empty()).cloned();
        if let Some(path) = value("config_path") {
            return Some((path, None));
        }
        if let Some(text) = value("config") {
            return Some((format!("{directory}/conn-check-{number}.yaml"), Some(text)));
        }
        if let Some(path) = value("config-path") {
            return Some((path, None));
        }
    }
    let option = world.unit(unit).config.get("config").and_then(Value::as_str).filter(|text| !text.is_empty());
    option.map(|text| (format!("{directory}/option.yaml"), Some(text.to_owned())))
}

/// As bad as the worst that is true, and it names that.
fn status_is_true(world: &mut World, unit: &str, checks: &Checks, of_endpoint: Option<String>) {
    let (kind, text) = world.status(unit);
    // What is too much for one line is left out, and that is shown.
    let is_cut = text.len() >= 400 && text.ends_with("...");
    let says = |words: &str| {
        assert!(is_cut || text.contains(words), "{checks:?}: the status does not say {words:?}: {kind}: {text}");
    };
    let mut worst = match checks {
        Checks::None | Checks::Missing | Checks::Unreadable | Checks::Valid { all: 0, .. } => 1,
        Checks::Unusable | Checks::NoFile | Checks::Invalid => 2,
        Checks::Valid { .. } => 0,
    };
    match checks {
        Checks::None | Checks::Valid { all: 0, .. } => says("no checks yet"),
        Checks::Unusable => says("is not an absolute path"),
        Checks::Missing => says("does not exist"),
        Checks::NoFile => says("not a"),
        Checks::Unreadable => says("cannot be read by the user conn-check"),
        Checks::Invalid => says("this is not a list"),
        Checks::Valid { all, .. } => says(&format!("{all} check")),
    }
    let registrable =
        world.memory.users.contains_key("nagios") && world.unit(unit).relations.keys().any(|id| id.starts_with("nrpe"));
    if registrable && matches!(checks, Checks::Valid { nagios: Some(0), .. }) && !kind.is_empty() {
        // A relation that is being broken does not count; the rule on NRPE's files covers that.
        assert!(text.contains("no checks for Nagios") || !text.contains("for Nagios"));
    }
    if let (Checks::Valid { nagios: None, .. }, true) = (checks, text.contains("by the user nagios")) {
        worst = worst.max(1);
    }
    for problem in problems(world, unit).into_iter().chain(of_endpoint) {
        says(&problem);
        worst = 2;
    }
    assert_eq!(kind, ["active", "waiting", "blocked"][worst], "{checks:?}: {text}");
}

fn problems(world: &mut World, unit: &str) -> Vec<String> {
    let config = world.unit(unit).config.clone();
    let resource = world.unit(unit).resource.clone();
    let text = |option: &str| config.get(option).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut problems = Vec::new();
    if config.get("max_timeout").and_then(Value::as_u64).is_some_and(|seconds| seconds == 0 || seconds > 59) {
        problems.push("option max_timeout".to_owned());
    }
    for (option, wrong) in [("nagios_exclude_tags", "\n"), ("nagios_context", "/"), ("nagios_servicegroups", ";")] {
        if text(option).contains(wrong) {
            problems.push(format!("option {option}"));
        }
    }
    for (option, wrong) in [("health_listen", "here"), ("health_token", "hunter2")] {
        if text(option) == wrong {
            problems.push(format!("option {option}"));
        }
    }
    if resource.and_then(|path| world.memory.text(&path)).as_deref() == Some("no agent") {
        problems.push("the resource agent cannot be run".to_owned());
    }
    let revision = text("revision");
    let link = Path::new("/usr/local/lib/conn-check/units").join(unit.replace('/', "-"));
    let version = match world.memory.tree.get(&link).map(|entry| &entry.content) {
        Some(Content::Link(target)) => target.file_name().map(|name| name.to_string_lossy().into_owned()),
        _ => None,
    };
    let version = version.expect("the unit has a version");
    let embedded = charm(unit).join("agent");
    let works = |folder: &Path| world.memory.text(&folder.join("conn-check").to_string_lossy());
    let works = |folder: &Path| works(folder).map(|text| text.starts_with("AGENT "));
    if version != revision {
        // Who has pinned another version knows.
        let names = world.memory.tree.children(&embedded).into_iter();
        let bad = names.filter(|name| works(&embedded.join(name)) == Some(false));
        problems.extend(bad.map(|name| format!("conn-check {name} of the charm does not run on this machine")));
    }
    if revision.is_empty() || version == revision {
        return problems;
    }
    // Juju may leave the directory of a former charm's version behind, without a program in it.
    let with_program = |folder: &Path| {
        let names = world.memory.tree.children(folder).into_iter();
        names.filter(|name| works(&folder.join(name)) == Some(true)).collect::<Vec<_>>()
    };
    let (embedded, installed) = (with_program(&embedded), with_program(Path::new(VERSIONS)));
    assert!(![embedded, installed].concat().contains(&revision), "{revision} is available, {version} is used");
    problems.push(format!("revision {revision} is not available"));
    problems
}

/// An nrpe that has said anything; before that, nobody knows the host.
fn is_known(bag: &Bag) -> bool {
    bag.keys().any(|key| key.starts_with("nagios_"))
}

/// NRPE has a command exactly where Nagios has something to run; a file that was good once stays.
fn nrpe_is_configured(world: &mut World, unit: &str, relations: &BTreeMap<String, Relation>, checks: &Checks) {
    let dashed = unit.replace('/', "-");
    let command = world.memory.text(&format!("/etc/nagios/nrpe.d/check_conn-check-{dashed}.cfg"));
    let exported = world.memory.tree.children(Path::new("/var/lib/nagios/export"));
    let exported = exported.iter().filter(|name| name.ends_with(&format!("_check_conn-check-{dashed}.cfg"))).count();
    let bags: Vec<_> =
        relations.iter().filter(|(id, _)| id.starts_with("nrpe")).map(|(_, relation)| &relation.own).collect();
    let monitored = world.memory.users.contains_key("nagios") && !bags.is_empty();
    match checks {
        _ if !monitored => assert_eq!(command, None, "there is no nrpe"),
        Checks::None | Checks::Valid { nagios: Some(0), .. } => {
            assert_eq!(command, None, "{checks:?}");
        }
        Checks::Valid { path, nagios: Some(_), .. } => {
            let command = command.as_deref().expect("Nagios has checks to run");
            let name = path.rsplit('/').next().unwrap_or_default().replace('\'', r"'\''").replace('$', "$$");
            assert!(command.contains(&name), "{command}");
        }
        _ => {}
    }
    let known = relations.values().any(|relation| relation.remote.values().any(is_known));
    assert_eq!(exported, usize::from(command.is_some() && known), "one service for one command of a known host");
    for bag in bags {
        assert_eq!(bag.contains_key("monitors"), command.is_some(), "{bag:?}");
        assert_eq!(bag.get("primary").map(String::as_str), Some("False"));
    }
}
