//! The model: applications, units, relations, and what each of them knows.

use super::charm::Charm;
use super::event::Progress;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Everything a controller would keep.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// By name.
    pub applications: BTreeMap<String, Application>,
    /// By name.
    pub units: BTreeMap<String, Unit>,
    /// By number.
    pub relations: BTreeMap<u32, Relation>,
    /// The secrets that every application may read, by their URIs.
    pub secrets: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) next_relation: u32,
}

/// An application; without a charm it is a stand-in, whose data the test writes.
#[derive(Clone, Debug, Default)]
pub struct Application {
    /// The charm it runs now.
    pub charm: Option<Charm>,
    /// What a stand-in's charm declares, as in its `metadata.yaml`.
    pub metadata: Value,
    /// What the operator has set; defaults come from the charm.
    pub config: BTreeMap<String, Value>,
    /// Files that the operator has attached.
    pub resources: BTreeMap<String, PathBuf>,
    /// What `application-version-set` said.
    pub version: String,
    pub(super) charm_version: u64,
    pub(super) config_version: u64,
    pub(super) next_unit: u32,
    pub(super) dying: bool,
}

/// A unit.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Its application.
    pub application: String,
    /// The unit in whose container a subordinate lives.
    pub principal: Option<String>,
    /// Status and message; empty until one is set.
    pub status: (String, String),
    /// What `state-set` has kept.
    pub state: BTreeMap<String, String>,
    /// Its last hook failed and has not yet been repeated.
    pub in_error: bool,
    pub(super) leader: bool,
    pub(super) dying: bool,
    pub(super) progress: Progress,
}

/// From TEST-NET-1 (RFC 5737): nobody's.
pub(super) const ADDRESS: &str = "192.0.2.10";
const SUBNET: &str = "192.0.2.10/32";

/// The agent listens at `@/var/lib/juju/agents/unit-NAME/agent.socket`, and the name of a socket has at most
/// 107 bytes: an agent of a longer name does not start (seen: 64 works, 70 does not).
const LONGEST_NAME: usize = 66;

/// The data of a unit or an application in a relation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bag {
    /// Raised by every change.
    pub version: u64,
    /// Key and value.
    pub values: BTreeMap<String, String>,
}

impl Bag {
    /// That of a unit in its relation's scope: its addresses are Juju's to say (`apiserver/facades/agent/
    /// uniter`, `EnterScope`).
    pub(super) fn of_a_unit() -> Self {
        let pairs = [("egress-subnets", SUBNET), ("ingress-address", ADDRESS), ("private-address", ADDRESS)];
        Self { version: 0, values: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into() }
    }

    /// What a charm has said in it.
    #[must_use]
    pub fn said(&self) -> BTreeMap<String, String> {
        let addresses = Self::of_a_unit().values;
        let said = self.values.iter().filter(|(key, value)| addresses.get(*key) != Some(value));
        said.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Replaces all; an empty value deletes its key.
    pub(super) fn become_(&mut self, mut values: BTreeMap<String, String>) {
        values.retain(|_, value| !value.is_empty());
        if self.values != values {
            self.values = values;
            self.version += 1;
        }
    }
}

/// One side of a relation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// The application.
    pub application: String,
    /// The relation's name in its metadata.
    pub name: String,
}

impl Endpoint {
    /// `APPLICATION:NAME`.
    ///
    /// # Panics
    /// When there is no colon.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let (application, name) = text.split_once(':').unwrap_or_else(|| panic!("{text} is not APPLICATION:ENDPOINT"));
        Self { application: application.to_owned(), name: name.to_owned() }
    }
}

/// A relation between two applications.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Both sides.
    pub ends: [Endpoint; 2],
    /// The data of the units that are in it.
    pub units: BTreeMap<String, Bag>,
    /// The data of the two applications.
    pub applications: BTreeMap<String, Bag>,
    pub(super) dying: bool,
}

impl Relation {
    /// The side of an application.
    #[must_use]
    pub fn end_of(&self, application: &str) -> Option<&Endpoint> {
        self.ends.iter().find(|end| end.application == application)
    }

    /// The other side.
    #[must_use]
    pub fn opposite(&self, application: &str) -> Option<&Endpoint> {
        self.end_of(application)?;
        self.ends.iter().find(|end| end.application != application)
    }
}

impl Model {
    /// The unit.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn unit(&self, name: &str) -> &Unit {
        self.units.get(name).unwrap_or_else(|| panic!("there is no unit {name}"))
    }

    pub(super) fn unit_mut(&mut self, name: &str) -> &mut Unit {
        self.units.get_mut(name).unwrap_or_else(|| panic!("there is no unit {name}"))
    }

    /// The application.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn application(&self, name: &str) -> &Application {
        self.applications.get(name).unwrap_or_else(|| panic!("there is no application {name}"))
    }

    pub(super) fn application_mut(&mut self, name: &str) -> &mut Application {
        self.applications.get_mut(name).unwrap_or_else(|| panic!("there is no application {name}"))
    }

    /// The relations of a unit's application.
    pub(super) fn relations_of<'a>(&'a self, unit: &'a str) -> impl Iterator<Item = (u32, &'a Relation)> {
        let application = &self.unit(unit).application;
        self.relations.iter().filter(|(_, one)| one.end_of(application).is_some()).map(|(id, one)| (*id, one))
    }

    /// The unit in whose container this one lives: itself for a principal.
    pub(super) fn container<'a>(&'a self, unit: &'a str) -> &'a str {
        self.units.get(unit).and_then(|unit| unit.principal.as_deref()).unwrap_or(unit)
    }

    /// The units on the other side, as far as this one can see: those in its container.
    pub(super) fn members(&self, unit: &str, id: u32) -> BTreeSet<String> {
        let Some(relation) = self.relations.get(&id) else { return BTreeSet::new() };
        let own = &self.unit(unit).application;
        let is_seen = |other: &&String| {
            self.units.get(*other).is_some_and(|remote| remote.application != *own)
                && self.container(other) == self.container(unit)
        };
        relation.units.keys().filter(is_seen).cloned().collect()
    }

    /// The id as the hook tools write it.
    #[must_use]
    pub fn relation_id(&self, unit: &str, id: u32) -> String {
        let this = self.unit(unit);
        let end = self.relations.get(&id).and_then(|relation| relation.end_of(&this.application));
        // The agent remembers the name of one that was removed by force.
        let known = || this.progress.relations.get(&id).map(|joined| joined.endpoint.as_str());
        format!("{}:{id}", end.map(|end| end.name.as_str()).or_else(known).unwrap_or_default())
    }

    /// The units that `relation-list` names: those whose `-joined` has begun (`relationer.go`, `ContextInfo`).
    /// A stand-in has met everybody.
    pub(super) fn met(&self, unit: &str, id: u32) -> BTreeSet<String> {
        if self.is_stand_in(unit) {
            return self.members(unit, id);
        }
        let joined = self.unit(unit).progress.relations.get(&id);
        joined.map(|joined| joined.members.keys().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn is_stand_in(&self, unit: &str) -> bool {
        self.application(&self.unit(unit).application).charm.is_none()
    }

    /// The configuration as a hook sees it: defaults under what is set; null for what is neither.
    #[must_use]
    pub fn configuration(&self, application: &str) -> Map<String, Value> {
        let application = self.application(application);
        let options = application.charm.as_ref().and_then(|charm| charm.options().as_object()).cloned();
        let value = |(name, option): (String, Value)| {
            let value = application.config.get(&name).cloned();
            (name, value.unwrap_or_else(|| option.get("default").cloned().unwrap_or(Value::Null)))
        };
        options.unwrap_or_default().into_iter().map(value).collect()
    }

    /// Makes a unit of a subordinate for every principal that is related to it and has none.
    pub(super) fn populate(&mut self) {
        for (subordinate, principal) in self.wanted() {
            let application = self.application_mut(&subordinate);
            let number = application.next_unit;
            application.next_unit += 1;
            let unit = Unit {
                application: subordinate.clone(),
                principal: Some(principal),
                leader: number == 0,
                ..Unit::default()
            };
            let name = format!("{subordinate}/{number}");
            assert!(name.len() <= LONGEST_NAME, "{name}: listen unix: bind: invalid argument");
            self.units.insert(name, unit);
        }
    }

    /// Subordinate applications and the principals' units that miss a unit of theirs.
    fn wanted(&self) -> Vec<(String, String)> {
        let mut wanted = BTreeSet::new();
        for relation in self.relations.values().filter(|relation| !relation.dying) {
            let [one, other] = &relation.ends;
            for (own, remote) in [(one, other), (other, one)] {
                let applications = [&own.application, &remote.application].map(|name| self.applications.get(name));
                let alive = applications.iter().all(|one| one.is_some_and(|one| !one.dying));
                if !alive || self.application(&own.application).charm.is_none() {
                    continue;
                }
                let principals = self.units.iter().filter(|(_, unit)| {
                    unit.application == remote.application && unit.principal.is_none() && !unit.dying
                });
                let missing = principals.filter(|(principal, _)| {
                    !self.units.values().any(|unit| {
                        unit.application == own.application && unit.principal.as_deref() == Some(principal.as_str())
                    })
                });
                wanted.extend(missing.map(|(principal, _)| (own.application.clone(), principal.clone())));
            }
        }
        wanted.into_iter().collect()
    }
}
