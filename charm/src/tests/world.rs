//! A machine with units of the charm on it, and what people, Juju and applications do to them.

use crate::action::{self, Outcome};
use crate::error::Error;
use crate::hook;
use crate::host::memory::Memory;
use crate::host::memory::juju::{Context, Relation, addresses};
use crate::host::memory::steps::Fault;
use crate::host::memory::tree::{Content, Tree};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The machine.
pub(super) struct World {
    pub(super) memory: Memory,
}

/// A hook to run: of which unit, which one, and the relation that it is about.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) unit: String,
    pub(super) name: String,
    pub(super) relation: Option<String>,
    /// Whether the agent restarted while the relation was dying, so that Juju does not list it.
    pub(super) restarted: bool,
}

impl Hook {
    pub(super) fn new(unit: &str, name: &str) -> Self {
        Self { unit: unit.to_owned(), name: name.to_owned(), relation: None, restarted: false }
    }

    /// Of a relation, as in `conn-check:1` and `changed`.
    pub(super) fn relation(unit: &str, id: &str, what: &str) -> Self {
        let name = id.split(':').next().unwrap_or_default();
        Self { relation: Some(id.to_owned()), ..Self::new(unit, &format!("{name}-relation-{what}")) }
    }

    /// The relation that is broken.
    pub(super) fn broken(&self) -> Option<&String> {
        self.relation.as_ref().filter(|_| self.name.ends_with("-broken"))
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self { memory: Memory::new() }
    }

    /// A unit whose charm holds this version, related with an application over `conn-check:1`; no
    /// hook has run.
    pub(super) fn deploy(&mut self, unit: &str, version: &str) {
        self.charm(unit, version, &format!("AGENT {version}"));
        self.relate(unit, "conn-check:1");
    }

    /// The unit's charm, new or upgraded: files of the old one that are not in the new one go. Their
    /// directories stay, empty, as with Juju 2.9 to 3.5 (`manifestDeployer.removeDiff` removes the members of
    /// the archive, and the charm library names no directories among them before v12.1.1).
    pub(super) fn charm(&mut self, unit: &str, version: &str, program: &str) {
        let charm = charm(unit);
        for path in self.memory.tree.below(&charm) {
            if self.memory.tree.get(&path).is_some_and(|entry| entry.content != Content::Directory) {
                self.memory.tree.remove(&path);
            }
        }
        let path = charm.join("agent").join(version).join("conn-check");
        let access = crate::host::Access { mode: 0o755, uid: 0, gid: 0 };
        self.memory.file(&path.to_string_lossy(), program, access);
    }

    /// The other end has one unit, which the unit has not met; an nrpe says the host's name.
    pub(super) fn relate(&mut self, unit: &str, id: &str) {
        let (remote, mut bag) = match id.split(':').next() {
            Some("nrpe-external-master") => ("nrpe/0", addresses()),
            Some("cos-agent") => ("grafana-agent/0", addresses()),
            _ => ("app/0", addresses()),
        };
        if id.starts_with("nrpe") {
            bag.insert("nagios_hostname".to_owned(), HOST.to_owned());
        }
        let remote = BTreeMap::from([(remote.to_owned(), bag)]);
        self.enter(unit, id);
        self.unit(unit).relations.get_mut(id).expect("the relation is there").remote = remote;
    }

    /// The unit is in the relation's scope; at the other end there is nobody yet.
    pub(super) fn enter(&mut self, unit: &str, id: &str) {
        let new = || Relation { own: addresses(), ..Relation::default() };
        self.unit(unit).relations.entry(id.to_owned()).or_insert_with(new);
    }

    /// Sets relation data of the other end; an empty value removes a key.
    pub(super) fn set_relation(&mut self, unit: &str, id: &str, key: &str, value: &str) {
        let relation = self.unit(unit).relations.get_mut(id).expect("the relation is there");
        let bag = relation.remote.values_mut().next().expect("a unit is at the other end");
        if value.is_empty() {
            bag.remove(key)
        } else {
            bag.insert(key.to_owned(), value.to_owned())
        };
    }

    pub(super) fn set(&mut self, unit: &str, option: &str, value: impl Into<Value>) {
        self.unit(unit).config.insert(option.to_owned(), value.into());
    }

    pub(super) fn unit(&mut self, unit: &str) -> &mut crate::host::memory::juju::Unit {
        self.memory.juju.units.entry(unit.to_owned()).or_default()
    }

    /// A file of the application: `checks` for Nagios and `tagged` ones that are not.
    pub(super) fn checks(&mut self, path: &str, checks: usize, tagged: usize) {
        self.memory.file(path, &checks_text(checks, tagged), crate::host::memory::PUBLIC);
    }

    /// Runs a hook to its end.
    pub(super) fn run(&mut self, hook: &Hook) {
        self.attempt(hook, None).unwrap_or_else(|error| panic!("{hook:?}: {error}"));
    }

    /// Runs a hook by name.
    pub(super) fn hook(&mut self, unit: &str, name: &str) {
        self.run(&Hook::new(unit, name));
    }

    /// Installation to start.
    pub(super) fn boot(&mut self, unit: &str) {
        self.hook(unit, "install");
        for id in self.unit(unit).relations.keys().cloned().collect::<Vec<_>>() {
            self.run(&Hook::relation(unit, &id, "created"));
        }
        self.hook(unit, "config-changed");
        self.hook(unit, "start");
        for id in self.unit(unit).relations.keys().cloned().collect::<Vec<_>>() {
            self.run(&Hook::relation(unit, &id, "joined"));
            self.run(&Hook::relation(unit, &id, "changed"));
        }
    }

    /// The relation ends.
    pub(super) fn part(&mut self, unit: &str, id: &str) {
        self.run(&Hook::relation(unit, id, "departed"));
        self.run(&Hook::relation(unit, id, "broken"));
        self.unit(unit).relations.remove(id);
    }

    /// Runs a hook in which this may happen.
    pub(super) fn attempt(&mut self, hook: &Hook, fault: Option<(u64, Fault)>) -> Result<(), Error> {
        self.memory.juju.context = context(hook);
        self.before(hook);
        self.memory.steps.begin(fault);
        hook::run(&mut self.memory, &hook.name)?;
        self.memory.juju.commit().map_err(|why| Error::new("commit", why))
    }

    /// Runs an action; with a fault it is cancelled there: Juju kills its process (`runner.go`).
    pub(super) fn act(&mut self, unit: &str, name: &str, fault: Option<(u64, Fault)>) -> Result<Outcome, Error> {
        let mut context = context(&Hook::new(unit, name));
        context.variables.insert("JUJU_ACTION_NAME".to_owned(), name.to_owned());
        context.parameters = Some(serde_json::Map::new());
        self.memory.juju.context = context;
        self.memory.steps.begin(fault);
        let program = charm(unit).join("actions/conn-check-actions");
        action::run(&mut self.memory, name, &program, &[])
    }

    /// What Juju's agent notes of a relation before the hook runs.
    fn before(&mut self, hook: &Hook) {
        let Some(relation) = hook.relation.as_ref().and_then(|id| self.unit(&hook.unit).relations.get_mut(id)) else {
            return;
        };
        match hook.name.rsplit('-').next() {
            Some("joined" | "changed") => relation.joined = relation.remote.keys().cloned().collect(),
            Some("departed" | "broken") => relation.joined.clear(),
            _ => {}
        }
    }

    pub(super) fn status(&mut self, unit: &str) -> (String, String) {
        self.unit(unit).status.clone()
    }

    /// The content of the agent of a unit.
    pub(super) fn agent(&self, unit: &str) -> Option<String> {
        self.memory.text(&format!("/usr/local/lib/conn-check/units/{}/conn-check", unit.replace('/', "-")))
    }

    /// What is on the machine and was not there before: the tree is that of a machine without us.
    pub(super) fn left(&self, before: &Tree) -> Vec<PathBuf> {
        let known = |path: &Path| before.get(path).is_some() || path.starts_with("/var/lib/juju");
        self.memory.tree.paths().filter(|path| !known(path)).map(Path::to_owned).collect()
    }
}

/// Whether this is a relation with the principal.
pub(super) fn is_principals(id: &str) -> bool {
    ["conn-check:", "general-info:"].iter().any(|name| id.starts_with(name))
}

/// The host's name in Nagios, as nrpe says it.
pub(super) const HOST: &str = "juju-app-0";

/// What a hook finds.
fn context(hook: &Hook) -> Context {
    let mut variables = BTreeMap::from([
        ("JUJU_UNIT_NAME".to_owned(), hook.unit.clone()),
        ("JUJU_PRINCIPAL_UNIT".to_owned(), "app/0".to_owned()),
        ("JUJU_MODEL_NAME".to_owned(), "prod".to_owned()),
        ("JUJU_MODEL_UUID".to_owned(), "7f5cbd08-5bd4-4a6b-8f6c-0d8d3d6ad2d4".to_owned()),
        ("JUJU_CHARM_DIR".to_owned(), charm(&hook.unit).to_string_lossy().into_owned()),
    ]);
    variables.extend(hook.relation.clone().map(|id| ("JUJU_RELATION_ID".to_owned(), id)));
    Context {
        unit: hook.unit.clone(),
        variables,
        unlisted: hook.broken().filter(|_| hook.restarted).cloned(),
        installing: hook.name == "install",
        ..Context::default()
    }
}

/// Where Juju puts the charm of a unit.
pub(super) fn charm(unit: &str) -> PathBuf {
    Path::new("/var/lib/juju/agents").join(format!("unit-{}", unit.replace('/', "-"))).join("charm")
}

pub(super) fn checks_text(checks: usize, tagged: usize) -> String {
    let mut list = vec![serde_json::json!({}); checks];
    list.extend(vec![serde_json::json!({"tags": ["no-nagios"]}); tagged]);
    Value::Array(list).to_string()
}
