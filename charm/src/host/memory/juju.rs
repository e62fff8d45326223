//! Juju in memory: its hook tools, as strict as the real ones. An argument that a tool does not have
//! is exit status 2; relation data is committed when the hook succeeds.
//!
//! Source: Juju's `cmd/jujuc`.

use crate::host::Output;
use crate::host::memory::Memory;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;

/// The relation data of a unit.
pub(crate) type Bag = BTreeMap<String, String>;

/// The units of one machine and the hook that runs.
#[derive(Debug, Default)]
pub(crate) struct Juju {
    pub(crate) units: BTreeMap<String, Unit>,
    pub(crate) context: Context,
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
}

/// The hook or action that runs.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) unit: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) broken: Option<String>,
    pub(crate) parameters: Option<Map<String, Value>>,
    pub(crate) results: Bag,
    pub(crate) failure: Option<String>,
    pub(crate) logged: Vec<String>,
    pub(crate) relation_changes: Vec<(String, Bag)>,
    /// How often relation data was set.
    pub(crate) set: u32,
}

const TOOLS: [&str; 12] = [
    "config-get",
    "relation-ids",
    "relation-list",
    "relation-get",
    "relation-set",
    "status-set",
    "application-version-set",
    "juju-log",
    "resource-get",
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

    /// The hook succeeded.
    pub(crate) fn commit(&mut self) {
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
        ("relation-get", ["--format=json", "-r", id, "-", unit]) => relation_get(juju, id, unit),
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
        ("resource-get", ["agent"]) => juju.unit().resource.clone().ok_or(1),
        ("action-get" | "action-set" | "action-fail", _) => action(&mut juju.context, name, arguments),
        _ => panic!("not how this tool is called: {name} {arguments:?}"),
    };
    Ok(match answer {
        Ok(text) => Output { status: Some(0), stdout: text.into_bytes(), stderr: Vec::new() },
        Err(status) => {
            Output { status: Some(status), stdout: Vec::new(), stderr: format!("ERROR {name}").into_bytes() }
        }
    })
}

/// As texts, without the one that is being broken.
fn relation_ids(juju: &mut Juju, name: &str) -> String {
    let broken = juju.context.broken.clone();
    let ids = juju.unit().relations.keys().filter(|id| Some(*id) != broken.as_ref());
    let ids: Vec<_> = ids.filter(|id| id.split(':').next() == Some(name)).collect();
    json!(ids).to_string()
}

fn relation_list(juju: &mut Juju, id: &str) -> Result<String, i32> {
    let units: Vec<_> = juju.unit().relations.get(id).ok_or(2)?.remote.keys().collect();
    Ok(json!(units).to_string())
}

fn relation_get(juju: &mut Juju, id: &str, unit: &str) -> Result<String, i32> {
    let own = juju.context.unit == unit;
    let relation = juju.unit().relations.get(id).ok_or(2)?;
    let bag = if own { &relation.own } else { relation.remote.get(unit).ok_or(1)? };
    Ok(json!(bag).to_string())
}

fn relation_set(juju: &mut Juju, id: &str, stdin: &[u8]) -> Result<String, i32> {
    if !juju.unit().relations.contains_key(id) || juju.context.broken.as_deref() == Some(id) {
        return Err(2);
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
