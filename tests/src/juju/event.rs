//! The hooks, and which of them may come next (juju/juju `internal/worker/uniter/resolver.go`,
//! `relation/resolver.go`, `operation/runhook.go`).

use super::charm::Charm;
use super::model::{Bag, Model, Relation};
use std::collections::{BTreeMap, BTreeSet};

/// What happens in a relation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "named as Juju names them")]
pub enum Moment {
    Created,
    Joined,
    Changed,
    Departed,
    Broken,
}

/// Why a hook is run.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "named as Juju names them")]
pub enum Event {
    Install,
    LeaderElected,
    LeaderSettingsChanged,
    ConfigChanged,
    Start,
    UpgradeCharm,
    UpdateStatus,
    Stop,
    Remove,
    /// Something in a relation; `remote` is the unit it happens to, or nobody's for the application.
    Relation {
        id: u32,
        moment: Moment,
        remote: Option<String>,
    },
    /// An action or a command, which is no hook.
    Action,
}

impl Event {
    /// The name of the hook.
    #[must_use]
    pub fn hook(&self, model: &Model, unit: &str) -> String {
        let fixed = match self {
            Self::Install => "install",
            Self::LeaderElected => "leader-elected",
            Self::LeaderSettingsChanged => "leader-settings-changed",
            Self::ConfigChanged => "config-changed",
            Self::Start => "start",
            Self::UpgradeCharm => "upgrade-charm",
            Self::UpdateStatus => "update-status",
            Self::Stop => "stop",
            Self::Remove => "remove",
            Self::Action => "",
            Self::Relation { id, moment, .. } => {
                let id = model.relation_id(unit, *id);
                let endpoint = id.split(':').next().unwrap_or_default().to_owned();
                let moment = format!("{moment:?}").to_lowercase();
                return format!("{endpoint}-relation-{moment}");
            }
        };
        fixed.to_owned()
    }
}

/// How far a unit has come: what its agent keeps.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that has happened or not")]
pub struct Progress {
    pub(super) installed: bool,
    pub(super) told_of_leader: bool,
    pub(super) config_version: Option<u64>,
    pub(super) started: bool,
    pub(super) start_queued: bool,
    pub(super) charm_version: u64,
    pub(super) charm: Option<Charm>,
    pub(super) upgrade_queued: bool,
    pub(super) stopped: bool,
    pub(super) removed: bool,
    pub(super) relations: BTreeMap<u32, Joined>,
    /// The hook that failed and comes first.
    pub(super) failed: Option<Event>,
}

/// A relation as a unit has met it.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    /// Its name in the charm's metadata, which outlives the relation.
    pub(super) endpoint: String,
    /// Its `created` has run; the unit is in its scope before.
    created: bool,
    /// The agent has read that the relation is dying. It reads a relation's life when it enters its scope, and
    /// when it starts; between, its copy is never refreshed (`contextfactory.go`, `getContextRelations`).
    seen_dying: bool,
    application_version: u64,
    /// The version of each member's data when its last `changed` ran; none between joined and changed.
    pub(super) members: BTreeMap<String, Option<u64>>,
}

impl Joined {
    /// Whether `relation-ids` has it: also while it is broken, unless the agent knows of that.
    pub(super) fn is_listed(&self) -> bool {
        !self.seen_dying || !self.members.is_empty()
    }
}

impl Model {
    /// The hooks that Juju might run next for this unit, in no particular order.
    #[must_use]
    pub fn possible(&self, unit: &str) -> Vec<Event> {
        let progress = &self.unit(unit).progress;
        if let Some(failed) = &progress.failed {
            return vec![failed.clone()];
        }
        if let Some(only) = self.first_steps(unit) {
            return vec![only];
        }
        if self.unit(unit).dying {
            let events = self.relation_events(unit);
            return if events.is_empty() { self.last_step(unit).into_iter().collect() } else { events };
        }
        let created = self.not_created(unit);
        if !created.is_empty() {
            return created;
        }
        if let Some(only) = self.own_steps(unit) {
            return vec![only];
        }
        self.relation_events(unit)
    }

    /// What comes before any relation.
    fn first_steps(&self, unit: &str) -> Option<Event> {
        let this = self.unit(unit);
        let progress = &this.progress;
        if !progress.installed {
            return Some(Event::Install);
        }
        // Joined is followed by changed, whatever else there is.
        let half = progress.relations.iter().find_map(|(id, joined)| {
            let member = joined.members.iter().find(|(_, seen)| seen.is_none())?;
            Some(Event::Relation { id: *id, moment: Moment::Changed, remote: Some(member.0.clone()) })
        });
        let newer = progress.charm_version != self.application(&this.application).charm_version;
        // A unit that dies is not upgraded any more.
        half.or_else(|| (!this.dying && (newer || progress.upgrade_queued)).then_some(Event::UpgradeCharm))
    }

    /// Before any hook but `install` and `upgrade-charm` the unit enters the scopes of all its relations
    /// (`statetracker.go`, `SynchronizeScopes`): the other sides can see it from now on.
    pub(super) fn enter_scopes(&mut self, unit: &str, event: &Event) {
        let this = self.unit(unit);
        let waits = !this.progress.installed || this.progress.failed.is_some() || this.dying;
        if waits || matches!(event, Event::Install | Event::UpgradeCharm) {
            return;
        }
        let own = this.application.clone();
        let new = |(id, relation): (u32, &Relation)| {
            let endpoint = relation.end_of(&own).map(|end| end.name.clone()).unwrap_or_default();
            let is_new = !relation.dying && !this.progress.relations.contains_key(&id);
            is_new.then(|| (id, Joined { endpoint, ..Joined::default() }))
        };
        for (id, joined) in self.relations_of(unit).filter_map(new).collect::<Vec<_>>() {
            self.unit_mut(unit).progress.relations.insert(id, joined);
            if let Some(relation) = self.relations.get_mut(&id) {
                relation.units.entry(unit.to_owned()).or_insert_with(Bag::of_a_unit);
            }
        }
    }

    /// The agent starts again: it reads the relations' lives, and forgets those that are no more.
    pub(super) fn restart(&mut self, unit: &str) {
        let lives: BTreeMap<_, _> = self.relations.iter().map(|(id, relation)| (*id, relation.dying)).collect();
        let relations = &mut self.unit_mut(unit).progress.relations;
        relations.retain(|id, _| lives.contains_key(id));
        relations.iter_mut().for_each(|(id, joined)| joined.seen_dying = lives[id]);
    }

    fn not_created(&self, unit: &str) -> Vec<Event> {
        let known = &self.unit(unit).progress.relations;
        let new = self
            .relations_of(unit)
            .filter(|(id, relation)| !relation.dying && known.get(id).is_none_or(|joined| !joined.created));
        new.map(|(id, _)| Event::Relation { id, moment: Moment::Created, remote: None }).collect()
    }

    /// What the unit has to do whatever its relations are.
    fn own_steps(&self, unit: &str) -> Option<Event> {
        let this = self.unit(unit);
        let progress = &this.progress;
        if !progress.told_of_leader {
            return Some(if this.leader { Event::LeaderElected } else { Event::LeaderSettingsChanged });
        }
        if progress.stopped {
            return None;
        }
        if progress.config_version != Some(self.application(&this.application).config_version) {
            return Some(Event::ConfigChanged);
        }
        progress.start_queued.then_some(Event::Start)
    }

    fn last_step(&self, unit: &str) -> Option<Event> {
        let this = self.unit(unit);
        match (this.dying, this.progress.stopped) {
            (true, false) => Some(Event::Stop),
            (true, true) if !this.progress.removed => Some(Event::Remove),
            _ => None,
        }
    }

    /// What relations give rise to: any of these may be next.
    fn relation_events(&self, unit: &str) -> Vec<Event> {
        let this = self.unit(unit);
        let mut events = Vec::new();
        for (id, joined) in &this.progress.relations {
            let event = |moment, remote: Option<&String>| Event::Relation { id: *id, moment, remote: remote.cloned() };
            // Of one that was removed by force the agent hears nothing (`remotestate/watcher.go`).
            let Some(relation) = self.relations.get(id) else { continue };
            let ends = this.dying || relation.dying;
            let members = if ends { BTreeSet::new() } else { self.members(unit, *id) };
            let departed = joined.members.keys().filter(|member| !members.contains(*member));
            let departed: Vec<_> = departed.map(|member| event(Moment::Departed, Some(member))).collect();
            if ends && departed.is_empty() {
                events.push(event(Moment::Broken, None));
            }
            events.extend(departed);
            if ends {
                continue;
            }
            let remote = relation.opposite(&this.application).map(|end| end.application.as_str()).unwrap_or_default();
            if relation.applications.get(remote).is_some_and(|bag| bag.version != joined.application_version) {
                events.push(event(Moment::Changed, None));
            }
            for member in &members {
                match joined.members.get(member) {
                    None => events.push(event(Moment::Joined, Some(member))),
                    Some(seen) if *seen != Some(relation.units[member].version) => {
                        events.push(event(Moment::Changed, Some(member)));
                    }
                    Some(_) => {}
                }
            }
        }
        events
    }

    /// The hook has ended well.
    pub(super) fn has_happened(&mut self, unit: &str, event: &Event) {
        let application = self.application(&self.unit(unit).application).clone();
        let progress = &mut self.unit_mut(unit).progress;
        progress.failed = None;
        match event {
            Event::Install => progress.installed = true,
            Event::LeaderElected | Event::LeaderSettingsChanged => progress.told_of_leader = true,
            Event::ConfigChanged => {
                progress.config_version = Some(application.config_version);
                progress.start_queued |= !progress.started;
            }
            Event::Start => (progress.started, progress.start_queued) = (true, false),
            Event::UpgradeCharm => {
                progress.upgrade_queued = false;
                progress.config_version = None;
            }
            Event::Stop => progress.stopped = true,
            Event::Remove => progress.removed = true,
            Event::UpdateStatus | Event::Action => {}
            Event::Relation { id, moment, remote } => self.relation_has_happened(unit, *id, *moment, remote.as_ref()),
        }
    }

    fn relation_has_happened(&mut self, unit: &str, id: u32, moment: Moment, remote: Option<&String>) {
        let relation = self.relations.get(&id);
        let version = |member: &String| relation.and_then(|relation| relation.units.get(member)).map(|bag| bag.version);
        let seen = remote.and_then(version);
        let other = relation.and_then(|relation| relation.opposite(&self.unit(unit).application));
        let application = other.and_then(|other| relation?.applications.get(&other.application));
        let application_version = application.map(|bag| bag.version);
        let relations = &mut self.unit_mut(unit).progress.relations;
        let joined = relations.entry(id).or_default();
        match (moment, remote) {
            (Moment::Created, _) => joined.created = true,
            (Moment::Joined, Some(remote)) => {
                joined.members.insert(remote.clone(), None);
            }
            // A member that left between joined and changed has no data any more.
            (Moment::Changed, Some(remote)) => {
                joined.members.insert(remote.clone(), Some(seen.unwrap_or(u64::MAX)));
            }
            (Moment::Changed, None) => joined.application_version = application_version.unwrap_or_default(),
            (Moment::Departed, Some(remote)) => {
                joined.members.remove(remote);
            }
            (Moment::Broken, _) => {
                relations.remove(&id);
                self.leave(unit, id);
            }
            _ => {}
        }
    }

    /// The unit is out of the relation; the last one takes a dying relation away.
    fn leave(&mut self, unit: &str, id: u32) {
        let Some(relation) = self.relations.get_mut(&id) else { return };
        relation.units.remove(unit);
        let in_use = self.units.values().any(|unit| unit.progress.relations.contains_key(&id));
        if relation.dying && !in_use {
            self.relations.remove(&id);
        }
    }
}
