//! Juju in memory: its hook tools, as strict as the real ones. An argument that a tool does not have
//! is exit status 2; relation data is committed when the hook succeeds.
//!
//! Source: Juju's `cmd/jujuc`.

use crate::host::Output;
use crate::host::memory::Memory;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The relation data of a unit.
pub(crate) type Bag = BTreeMap<String, String>;

/// The units of one machine and the hook that runs.
#[derive(Debug, Default)]
pub(crate) struct Juju {
    pub(crate) units: BTreeMap<String, Unit>,
    pub(crate) context: Context,
    /// Whether the controller refuses what a hook has set.
    pub(crate) refuses: bool,
    /// What the controller says in the place of a resource.
    pub(crate) undeliverable: Option<String>,
    /// The secrets that are granted, by their URIs.
    pub(crate) secrets: BTreeMap<String, Bag>,
    /// How long a resource takes to come from the controller.
    pub(crate) resource_takes: std::time::Duration,
}

/// A unit of ours.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    pub(crate) config: Map<String, Value>,
    pub(crate) relations: BTreeMap<String, Relation>,
    pub(crate) resource: Option<String>,
    pub(crate) status: (String, String),
    pub(crate) version: String,
}

/// A relation of a unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relation {
    pub(crate) remote: BTreeMap<String, Bag>,
    pub(crate) own: Bag,
    /// The units whose `-joined` has begun: no other is listed (Juju's `relationer.ContextInfo`).
    pub(crate) joined: BTreeSet<String>,
    /// It was removed by force: the unit's agent lists it until it restarts, and the controller refuses
    /// its data (Juju's `remotestate/watcher.go` drops it, the state tracker keeps it).
    pub(crate) removed: bool,
}

/// What Juju itself puts into the data of every unit.
pub(crate) fn addresses() -> Bag {
    let pairs = [("egress-subnets", "192.0.2.10/32"), ("ingress-address", ADDRESS), ("private-address", ADDRESS)];
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// From TEST-NET-1 (RFC 5737): nobody's.
const ADDRESS: &str = "192.0.2.10";

/// The hook or action that runs.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) unit: String,
    pub(crate) variables: BTreeMap<String, String>,
    /// A relation that is not listed any more: Juju leaves out the broken one only where the agent
    /// restarted while it was dying (`contextfactory.go`, `getContextRelations`).
    pub(crate) unlisted: Option<String>,
    /// In `install` the unit is in no relation's scope yet (`SynchronizeScopes` comes after it).
    pub(crate) installing: bool,
    pub(crate) parameters: Option<Map<String, Value>>,
    pub(crate) results: Bag,
    pub(crate) failure: Option<String>,
    pub(crate) logged: Vec<String>,
    pub(crate) relation_changes: Vec<(String, Bag)>,
    /// How often relation data was set.
    pub(crate) set: u32,
}

const TOOLS: [&str; 13] = [
    "config-get",
    "relation-ids",
    "relation-list",
    "relation-get",
    "relation-set",
    "status-set",
    "application-version-set",
    "juju-log",
    "resource-get",
    "secret-get",
    "action-get",
    "action-set",
    "action-fail",
];

pub(crate) fn is_tool(name: &str) -> bool {
    TOOLS.contains(&name)
}

impl Juju {
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.context.variables.get(name).cloned()
    }

    pub(crate) fn unit(&mut self) -> &mut Unit {
        self.units.entry(self.context.unit.clone()).or_default()
    }

    /// The hook succeeded. Nothing is committed over a relation that is gone.
    pub(crate) fn commit(&mut self) -> Result<(), String> {
        let gone = |id: &String, juju: &mut Self| juju.unit().relations.get(id).is_none_or(|one| one.removed);
        let ids: Vec<_> = self.context.relation_changes.iter().map(|(id, _)| id.clone()).collect();
        if !ids.is_empty() && (self.refuses || ids.iter().any(|id| gone(id, self))) {
            return Err("cannot apply changes: permission denied".to_owned());
        }
        for (id, changes) in std::mem::take(&mut self.context.relation_changes) {
            let Some(relation) = self.unit().relations.get_mut(&id) else { continue };
            for (key, value) in changes {
                if value.is_empty() {
                    relation.own.remove(&key)
                } else {
                    relation.own.insert(key, value)
                };
            }
        }
        Ok(())
    }
}

pub(crate) fn run(memory: &mut Memory, name: &str, arguments: &[&str], stdin: &[u8]) -> io::Result<Output> {
    match (name, arguments) {
        ("status-set" | "relation-set" | "action-set" | "action-fail", _) => memory.steps.take()?,
        ("juju-log" | "application-version-set", _) => memory.steps.take_or_die()?,
        _ => {}
    }
    let juju = &mut memory.juju;
    let answer = match (name, arguments) {
        ("config-get", ["--format=json"]) => {
            let config = juju.unit().config.iter().filter(|(_, value)| !value.is_null());
            Ok(Value::Object(config.map(|(key, value)| (key.clone(), value.clone())).collect()).to_string())
        }
        ("relation-ids", ["--format=json", relation]) => Ok(relation_ids(juju, relation)),
        ("relation-list", ["--format=json", "-r", id]) => relation_list(juju, id),
        ("relation-get", ["--format=json", "-r", id, "-", unit]) => match relation_get(juju, id, unit) {
            Ok(bag) => Ok(bag),
            Err((status, why)) => return Ok(refused(status, &why)),
        },
        ("relation-set", ["-r", id, "--file", "-"]) => relation_set(juju, id, stdin),
        ("status-set", [status, "--", text]) => status_set(juju, status, text),
        ("application-version-set", ["--", version]) => {
            juju.unit().version = (*version).to_owned();
            Ok(String::new())
        }
        ("juju-log", ["--log-level", "INFO", "--", text]) => {
            juju.context.logged.push((*text).to_owned());
            Ok(String::new())
        }
        ("resource-get", ["agent"]) => match (juju.undeliverable.clone(), juju.unit().resource.clone()) {
            (Some(why), _) => return Ok(refused(1, &format!("could not download resource: {why}"))),
            (None, None) => return Ok(refused(1, "could not download resource: resource#conn-check/agent not found")),
            (None, Some(path)) => Ok(path),
        },
        ("secret-get", [uri, "--format=json", "--refresh"]) => match juju.secrets.get(*uri) {
            Some(secret) => Ok(json!(secret).to_string()),
            None => return Ok(refused(1, "permission denied")),
        },
        ("action-get" | "action-set" | "action-fail", _) => action(&mut juju.context, name, arguments),
        _ => panic!("not how this tool is called: {name} {arguments:?}"),
    };
    Ok(match answer {
        Ok(text) => Output { status: Some(0), stdout: text.into_bytes(), ..Output::default() },
        Err(status) => refused(status, name),
    })
}

fn refused(status: i32, why: &str) -> Output {
    Output { status: Some(status), stderr: format!("ERROR {why}\n").into_bytes(), ..Output::default() }
}

/// As texts, with the one that is being broken, unless the agent has restarted.
fn relation_ids(juju: &mut Juju, name: &str) -> String {
    let (unlisted, installing) = (juju.context.unlisted.clone(), juju.context.installing);
    let ids = juju.unit().relations.keys().filter(|id| !installing && Some(*id) != unlisted.as_ref());
    let ids: Vec<_> = ids.filter(|id| id.split(':').next() == Some(name)).collect();
    json!(ids).to_string()
}

fn relation_list(juju: &mut Juju, id: &str) -> Result<String, i32> {
    let relation = juju.unit().relations.get(id).ok_or(2)?;
    Ok(json!(relation.joined).to_string())
}

fn relation_get(juju: &mut Juju, id: &str, unit: &str) -> Result<String, (i32, String)> {
    let own = juju.context.unit == unit;
    let unknown = || (2, format!("invalid value {id:?} for option -r: relation not found"));
    let relation = juju.unit().relations.get(id).ok_or_else(unknown)?;
    if relation.removed {
        return Err((1, "permission denied".to_owned()));
    }
    let missing = || (1, format!("cannot read settings for unit {unit:?}: settings not found"));
    let bag = if own { &relation.own } else { relation.remote.get(unit).ok_or_else(missing)? };
    Ok(json!(bag).to_string())
}

fn relation_set(juju: &mut Juju, id: &str, stdin: &[u8]) -> Result<String, i32> {
    let relation = juju.unit().relations.get(id).ok_or(2)?;
    if relation.removed {
        return Err(1);
    }
    let changes = serde_json::from_slice(stdin).map_err(|_| 2)?;
    juju.context.relation_changes.push((id.to_owned(), changes));
    juju.context.set += 1;
    Ok(String::new())
}

fn status_set(juju: &mut Juju, status: &str, text: &str) -> Result<String, i32> {
    if !["maintenance", "blocked", "waiting", "active"].contains(&status) {
        return Err(2);
    }
    juju.unit().status = (status.to_owned(), text.to_owned());
    Ok(String::new())
}

/// Outside of an action they fail.
fn action(context: &mut Context, name: &str, arguments: &[&str]) -> Result<String, i32> {
    let parameters = context.parameters.clone().ok_or(1)?;
    match (name, arguments) {
        ("action-get", ["--format=json"]) => Ok(Value::Object(parameters).to_string()),
        ("action-set", results) => {
            for result in results {
                let (key, value) = result.split_once('=').ok_or(2)?;
                if !key.split('.').all(is_key) || RESERVED.contains(&key) {
                    return Err(2);
                }
                context.results.insert(key.to_owned(), value.to_owned());
            }
            Ok(String::new())
        }
        ("action-fail", ["--", text]) => {
            context.failure = Some((*text).to_owned());
            Ok(String::new())
        }
        _ => panic!("not how this tool is called: {name} {arguments:?}"),
    }
}

const RESERVED: [&str; 4] = ["stdout", "stderr", "stdout-encoding", "stderr-encoding"];

/// `^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`
fn is_key(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    bytes.first().is_some_and(|byte| plain(*byte))
        && bytes.last().is_some_and(|byte| plain(*byte))
        && bytes.iter().all(|byte| plain(*byte) || *byte == b'-')
}
