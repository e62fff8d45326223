//! What is in the charm.

use crate::archive::{Entries, Entry};
use crate::{Order, Outcome};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tools::elf::Program;
use tools::root;
use tools::wheel::wheel;

/// Files of the repository's root that are the charm's as they are.
const FILES: [&str; 7] =
    ["LICENSE", "README.md", "actions.yaml", "config.yaml", "copyright", "icon.svg", "metadata.yaml"];

/// The binaries behind all hooks and all actions.
const HOOKS: &str = "conn-check-hooks";
const ACTIONS: &str = "conn-check-actions";

/// The programs of the agent; beside them is the Python package for Django settings.
const AGENT: [&str; 1] = ["conn-check"];

/// Hooks that do not belong to a relation.
const OWN_HOOKS: [&str; 8] =
    ["install", "start", "config-changed", "upgrade-charm", "update-status", "stop", "remove", "secret-changed"];

/// What happens in a relation.
const MOMENTS: [&str; 5] = ["created", "joined", "changed", "departed", "broken"];

/// The base that only programs for an old glibc can have.
const BASE_20_04: &str = "  - name: ubuntu\n    channel: \"20.04\"\n    architectures: [amd64]\n";

/// The base that Juju 2.9 may not know.
const BASE_24_04: &str = "  - name: ubuntu\n    channel: \"24.04\"\n    architectures: [amd64]\n";

/// The charm's files.
pub(crate) struct Charm {
    pub(crate) entries: Entries,
}

impl Charm {
    /// Reads everything.
    pub(crate) fn gather(order: &Order) -> Outcome<Self> {
        let mut entries = BTreeMap::new();
        let agent = Program::read(&read(&order.binaries.join(AGENT[0]))?)?;
        for name in FILES {
            entries.insert(name.to_owned(), Entry::Text(read(&root().join(name))?));
        }
        entries.insert("manifest.yaml".to_owned(), Entry::Text(manifest(order, agent.machine.debian)?.into_bytes()));
        // `juju status` shows it as the charm's version.
        entries.insert("version".to_owned(), Entry::Text(format!("{}\n", env!("CARGO_PKG_VERSION")).into_bytes()));
        let program = |name: &str| Ok::<_, String>(Entry::Program(read(&order.binaries.join(name))?));
        for (folder, binary, names) in [("hooks", HOOKS, hooks()?), ("actions", ACTIONS, actions()?)] {
            entries.insert(format!("{folder}/{binary}"), program(binary)?);
            let links = names.into_iter().map(|name| (format!("{folder}/{name}"), Entry::Link(binary.to_owned())));
            entries.extend(links);
        }
        for name in AGENT {
            entries.insert(format!("agent/{}/{name}", order.agent), program(name)?);
        }
        let (name, content) = wheel()?;
        entries.insert(format!("agent/{}/{name}", order.agent), Entry::Text(content));
        Ok(Self { entries })
    }

    /// Name, size and needs of each program.
    pub(crate) fn programs(&self) -> Outcome<Vec<(String, u64, Program)>> {
        let programs = self.entries.iter().filter_map(|(name, entry)| match entry {
            Entry::Program(content) => Some((name, content)),
            Entry::Text(_) | Entry::Link(_) => None,
        });
        programs.map(|(name, content)| Ok((name.clone(), content.len() as u64, Program::read(content)?))).collect()
    }
}

/// The bases, for an architecture.
fn manifest(order: &Order, architecture: &str) -> Outcome<String> {
    let text = text("manifest.yaml")?;
    let (head, bases) = text.split_once("bases:\n").ok_or("manifest.yaml has no `bases:`")?;
    let first = if order.supports_20_04() { BASE_20_04 } else { "" };
    let bases = if order.is_for_juju_2 {
        bases.split_once(BASE_24_04).ok_or("manifest.yaml has no 24.04 at its end")?.0
    } else {
        bases
    };
    Ok(format!("{head}bases:\n{first}{bases}").replace("amd64", architecture))
}

/// Every hook by its name: the links to the hook binary.
fn hooks() -> Outcome<Vec<String>> {
    let metadata = yaml("metadata.yaml")?;
    let roles = ["requires", "provides", "peers"];
    let relations = roles.iter().flat_map(|role| metadata[role].as_object().into_iter().flatten());
    let of_relations = relations
        .flat_map(|(relation, _)| MOMENTS.map(|moment| format!("{relation}-relation-{moment}")))
        .collect::<Vec<_>>();
    Ok(OWN_HOOKS.map(str::to_owned).into_iter().chain(of_relations).collect())
}

fn actions() -> Outcome<Vec<String>> {
    let actions = yaml("actions.yaml")?;
    Ok(actions.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect())
}

fn yaml(name: &str) -> Outcome<Value> {
    serde_yaml_ng::from_str(&text(name)?).map_err(|error| format!("{name}: {error}"))
}

fn text(name: &str) -> Outcome<String> {
    String::from_utf8(read(&root().join(name))?).map_err(|error| format!("{name}: {error}"))
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
