//! What an operator can ask for, and the stand-ins that tests ask for.

use super::charm::Charm;
use super::controller::{Juju, lock};
use super::model::{Application, Bag, Endpoint, Model, Relation, Unit};
use crate::or_panic::OrPanic;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What an operator asks for.
#[expect(clippy::must_use_candidate, reason = "what is done matters; what comes of it, not always")]
impl Juju {
    /// `juju deploy ./x.charm NAME`: of a subordinate there is no unit until it is related.
    ///
    /// # Panics
    /// When the charm is no subordinate's.
    pub fn deploy(&self, name: &str, charm: &Charm) {
        assert!(charm.metadata()["subordinate"] == Value::Bool(true), "{name} is no subordinate");
        let application = Application { charm: Some(charm.clone()), charm_version: 1, ..Application::default() };
        self.change(|model| drop(model.applications.insert(name.to_owned(), application)));
    }

    /// Another unit of a principal, on this machine; its name.
    pub fn add_unit(&self, application: &str) -> String {
        self.add_stand_in(application, None)
    }

    /// A unit of a subordinate without a charm, in a principal's container; its name.
    pub fn add_subordinate(&self, application: &str, principal: &str) -> String {
        self.add_stand_in(application, Some(principal.to_owned()))
    }

    /// What a stand-in's charm declares, the YAML of a `metadata.yaml`: `juju integrate` looks at it.
    pub fn declare(&self, application: &str, metadata: &str) {
        let metadata = serde_yaml_ng::from_str(metadata).or_panic("read a stand-in's metadata");
        self.change(|model| model.application_mut(application).metadata = metadata);
    }

    fn add_stand_in(&self, application: &str, principal: Option<String>) -> String {
        self.change(|model| {
            let owner = model.applications.entry(application.to_owned()).or_default();
            let name = format!("{application}/{}", owner.next_unit);
            owner.next_unit += 1;
            let unit = Unit { application: application.to_owned(), principal, ..Unit::default() };
            model.units.insert(name.clone(), unit);
            let relations = model.relations.values_mut().filter(|relation| relation.end_of(application).is_some());
            relations.for_each(|relation| drop(relation.units.insert(name.clone(), Bag::of_a_unit())));
            model.populate();
            name
        })
    }

    /// `juju integrate ONE:ENDPOINT OTHER:ENDPOINT`; its number.
    ///
    /// # Panics
    /// When the charm has no such relation.
    pub fn relate(&self, one: &str, other: &str) -> u32 {
        let ends = [Endpoint::of(one), Endpoint::of(other)];
        self.change(|model| {
            for end in &ends {
                let charm = model.application(&end.application).charm.as_ref();
                assert!(charm.is_none_or(|charm| charm.interface(&end.name).is_some()), "no relation {}", end.name);
            }
            let id = model.next_relation;
            model.next_relation += 1;
            let is_in = |unit: &Unit| {
                ends.iter().any(|end| end.application == unit.application)
                    && model.application(&unit.application).charm.is_none()
            };
            let units = model.units.iter().filter(|(_, unit)| is_in(unit));
            let units = units.map(|(name, _)| (name.clone(), Bag::of_a_unit())).collect();
            model.relations.insert(id, Relation { ends, units, applications: BTreeMap::new(), dying: false });
            model.populate();
            id
        })
    }

    /// A stand-in's `relation-set`; an empty value deletes the key.
    pub fn set(&self, unit: &str, relation: u32, pairs: &[(&str, &str)]) {
        self.change(|model| {
            let relation = model.relations.get_mut(&relation).or_panic("find the relation");
            let bag = relation.units.entry(unit.to_owned()).or_insert_with(Bag::of_a_unit);
            let mut values = bag.values.clone();
            values.extend(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
            bag.become_(values);
        });
    }

    /// What a unit's charm has set in a relation; what Juju itself puts there is left out.
    #[must_use]
    pub fn data(&self, unit: &str, relation: u32) -> BTreeMap<String, String> {
        self.look(|model| {
            let bag = model.relations.get(&relation).and_then(|relation| relation.units.get(unit));
            bag.map(Bag::said).unwrap_or_default()
        })
    }

    /// `juju config NAME KEY=VALUE`; null resets.
    ///
    /// # Panics
    /// When the charm has no such option, or one of another type.
    pub fn configure(&self, application: &str, key: &str, value: impl Into<Value>) {
        let value = value.into();
        self.change(|model| {
            let application = model.application_mut(application);
            let kind = application.charm.as_ref().map(|charm| charm.options()[key]["type"].clone());
            let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
            let fits = match &value {
                Value::Null => !kind.is_empty(),
                Value::String(_) => kind == "string",
                Value::Bool(_) => kind == "boolean",
                Value::Number(number) => kind == "float" || kind == "int" && number.is_i64(),
                _ => false,
            };
            assert!(fits, "option {key:?} expected {kind:?}, got {value}");
            let before = application.config.clone();
            match value {
                Value::Null => drop(application.config.remove(key)),
                value => drop(application.config.insert(key.to_owned(), value)),
            }
            if application.config != before {
                application.config_version += 1;
            }
        });
    }

    /// `juju refresh NAME --path ./x.charm`.
    pub fn upgrade(&self, application: &str, charm: &Charm) {
        self.change(|model| {
            let application = model.application_mut(application);
            application.charm = Some(charm.clone());
            application.charm_version += 1;
        });
    }

    /// `juju refresh NAME --path ./x.charm --force-units`. A unit in error gets the files at once, and repeats
    /// the hook that failed; no `upgrade-charm` follows (`operation/deploy.go`, `interruptedHook`).
    pub fn upgrade_by_force(&self, application: &str, charm: &Charm) {
        self.upgrade(application, charm);
        let is_in_error = |unit: &Unit| unit.application == application && unit.progress.failed.is_some();
        let in_error: Vec<_> = self.look(|model| {
            let units = model.units.iter().filter(|(_, unit)| is_in_error(unit));
            units.map(|(name, _)| name.clone()).collect()
        });
        in_error.iter().for_each(|unit| self.replace_files(unit));
    }

    /// `juju attach-resource NAME RESOURCE=FILE`.
    pub fn attach(&self, application: &str, resource: &str, file: &Path) {
        self.change(|model| {
            model.application_mut(application).resources.insert(resource.to_owned(), file.to_owned());
            let units = model.units.values_mut().filter(|unit| unit.application == application);
            units.filter(|unit| unit.progress.installed).for_each(|unit| unit.progress.upgrade_queued = true);
        });
    }

    /// `juju add-secret NAME token=TOKEN` and `juju grant-secret`; with `None`, `juju revoke-secret`.
    pub fn secret(&self, uri: &str, token: Option<&str>) {
        self.change(|model| match token {
            Some(token) => {
                let secret = BTreeMap::from([("token".to_owned(), token.to_owned())]);
                model.secrets.insert(uri.to_owned(), secret);
            }
            None => drop(model.secrets.remove(uri)),
        });
    }

    /// The machine boots: `start` runs again.
    pub fn reboot(&self) {
        self.change(|model| {
            let started = model.units.values_mut().filter(|unit| unit.progress.started && !unit.progress.stopped);
            started.for_each(|unit| unit.progress.start_queued = true);
        });
    }

    /// `juju remove-relation`. A subordinate without a relation to its principal dies.
    pub fn unrelate(&self, id: u32) {
        self.change(|model| {
            if let Some(relation) = model.relations.get_mut(&id) {
                relation.dying = true;
            }
            model.kill_orphans();
            model.forget_unused(id);
        });
    }

    /// `juju remove-relation --force`: it is gone at once. No unit hears of it, and the agents list it until
    /// they restart.
    pub fn unrelate_by_force(&self, id: u32) {
        self.change(|model| {
            model.relations.remove(&id);
            model.kill_orphans();
        });
    }

    /// The unit's agent restarts: the machine's `systemctl restart jujud-...`, or an upgrade of Juju.
    pub fn restart_agent(&self, unit: &str) {
        self.change(|model| model.restart(unit));
    }

    /// The controller refuses so many of the next commits of what hooks have set (`CommitHookChanges`).
    pub fn refuse_commits(&self, count: usize) {
        lock(&self.shared).refused_commits = count;
    }

    /// The controller does not deliver resources, and says this; with `None` it does again.
    pub fn lose_resources(&self, why: Option<&str>) {
        lock(&self.shared).undeliverable = why.map(str::to_owned);
    }

    /// `juju remove-unit` of a principal: the subordinates in its container go first.
    pub fn remove_unit(&self, principal: &str) {
        self.change(|model| {
            let inside = |name: &str, unit: &Unit| name == principal || unit.principal.as_deref() == Some(principal);
            let dying = model.units.iter_mut().filter(|(name, unit)| inside(name, unit));
            dying.for_each(|(_, unit)| unit.dying = true);
        });
    }

    /// `juju remove-application`, of ours or of a stand-in.
    pub fn remove(&self, application: &str) {
        self.change(|model| {
            let ids: Vec<_> = model.relations.iter().filter(|(_, one)| one.end_of(application).is_some()).collect();
            let ids: Vec<_> = ids.into_iter().map(|(id, _)| *id).collect();
            model
                .relations
                .values_mut()
                .filter(|one| one.end_of(application).is_some())
                .for_each(|one| one.dying = true);
            let stand_in = model.application(application).charm.is_none();
            model.application_mut(application).dying = true;
            let mut dying: BTreeSet<_> = model.units.keys().filter(|unit| model.is_orphan(unit)).cloned().collect();
            let own = model.units.iter().filter(|(_, unit)| unit.application == application);
            let own: Vec<_> = own.map(|(name, _)| name.clone()).collect();
            if stand_in {
                // What they have said can be read until the relation is gone.
                own.iter().for_each(|unit| drop(model.units.remove(unit)));
            } else {
                dying.extend(own);
            }
            let dying = model.units.iter_mut().filter(|(name, _)| dying.contains(*name));
            dying.for_each(|(_, unit)| unit.dying = true);
            ids.iter().for_each(|id| model.forget_unused(*id));
        });
    }
}

impl Model {
    fn kill_orphans(&mut self) {
        let orphans: Vec<_> = self.units.keys().filter(|unit| self.is_orphan(unit)).cloned().collect();
        orphans.iter().for_each(|unit| self.unit_mut(unit).dying = true);
    }

    /// Whether a unit of ours has lost all relations to its principal.
    fn is_orphan(&self, name: &str) -> bool {
        let unit = self.unit(name);
        let charmed = self.application(&unit.application).charm.is_some();
        let Some(principal) = unit.principal.as_ref().filter(|_| charmed) else { return false };
        let principal = principal.split('/').next().unwrap_or_default();
        let alive = |relation: &Relation| {
            !relation.dying
                && relation.end_of(principal).is_some()
                && relation.end_of(&unit.application).is_some()
                && self.applications.contains_key(principal)
        };
        !self.relations.values().any(alive)
    }

    /// Principals that waited for the last unit of ours beside them.
    pub(super) fn forget_principals(&mut self) {
        let beside = |principal: &str| {
            let ours = |unit: &Unit| self.applications.get(&unit.application).is_some_and(|one| one.charm.is_some());
            self.units.values().any(|unit| unit.principal.as_deref() == Some(principal) && ours(unit))
        };
        let waiting = self.units.iter().filter(|(name, unit)| unit.dying && unit.principal.is_none() && !beside(name));
        let gone: Vec<_> = waiting.map(|(name, _)| name.clone()).collect();
        self.units.retain(|name, _| !gone.contains(name));
    }

    /// A dying relation that no unit of ours has entered is gone at once.
    fn forget_unused(&mut self, id: u32) {
        let in_use = self.units.values().any(|unit| unit.progress.relations.contains_key(&id));
        if !in_use && self.relations.get(&id).is_some_and(|relation| relation.dying) {
            self.relations.remove(&id);
        }
    }
}
