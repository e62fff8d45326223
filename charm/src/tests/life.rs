//! One random life of a machine with one or two units of the charm.

mod trouble;

use crate::host::Access;
use crate::host::memory::steps::Fault;
use crate::host::memory::tree::{Content, Tree};
use crate::host::memory::{PUBLIC, Systemd};
use crate::tests::oracle;
use crate::tests::random::Random;
use crate::tests::world::{Hook, World, checks_text, is_principals};
use std::collections::BTreeMap;
use std::path::Path;

/// The life so far.
pub(super) struct Life {
    world: World,
    random: Random,
    units: Vec<Alive>,
    before: Tree,
    /// What happened, for people.
    pub(super) trace: Vec<String>,
    /// How many hooks ran.
    pub(super) hooks: u64,
    /// How many of them failed in the middle.
    pub(super) faults: u64,
    next: u32,
}

/// A unit and its relations: those whose other end it has not met yet, with what that will say.
struct Alive {
    name: String,
    unmet: BTreeMap<String, BTreeMap<String, String>>,
}

const VERSIONS: [&str; 5] = ["1.9.0", "2.0.0", "2.0.1", "2.1.0-rc1", "2.1.0"];
const PATHS: [&str; 8] = [
    "/srv/a.yaml",
    "/srv/a.yaml",
    "/srv/b.yaml",
    "/srv/it's $x!.yaml",
    "/srv/missing",
    "/srv/directory",
    "/srv/pipe",
    "a.yaml",
];
const SECRET: &str = "hunter2";
const LISTEN: [&str; 7] =
    ["", "127.0.0.1:9842", "127.0.0.1:9842", "127.0.0.1:9844", "unix:health.sock", "unix:/run/lb.sock", "here"];
const TOKENS: [&str; 6] = ["", "", "hunter2-hunter2-hunter2-hunter2", "secret:known", "secret:none", "hunter2"];

impl Life {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut world = World::new();
        world.memory.directory("/srv/directory");
        world.memory.tree.put(Path::new("/srv/pipe"), Content::Pipe, PUBLIC);
        world.memory.systemd = *random.pick(&[Systemd::Runs, Systemd::Runs, Systemd::Installed, Systemd::Absent]);
        if random.one_in(4) {
            world.memory.groups.insert("nagios".to_owned(), 120);
        }
        if random.one_in(8) {
            world.memory.file("/usr/local/bin/conn-check", "theirs", PUBLIC);
        }
        if random.one_in(3) {
            world.memory.install_nrpe();
        }
        let before = world.memory.tree.clone();
        Self { world, random, units: Vec::new(), before, trace: Vec::new(), hooks: 0, faults: 0, next: 1 }
    }

    /// From the first unit to the last.
    pub(super) fn live(&mut self) {
        self.deploy("conn-check/0");
        let events = 5 + self.random.below(20);
        let second = self.random.below(2 * events);
        for event in 0..events {
            if event == second {
                self.deploy("db-check/3");
            }
            let unit = self.random.below(self.units.len());
            self.something(unit);
        }
        while !self.units.is_empty() {
            let unit = self.random.below(self.units.len());
            self.destroy(unit);
        }
        oracle::nothing_is_left(&self.world, &self.before);
    }

    /// Juju's order: install, the relations' creation, configuration, start.
    fn deploy(&mut self, name: &str) {
        let mut unmet = BTreeMap::new();
        let principal = if self.random.one_in(4) { "general-info" } else { "conn-check" };
        let nrpe = self.random.one_in(2).then_some("nrpe-external-master");
        let cos = self.random.one_in(3).then_some("cos-agent");
        for relation in [Some(principal), nrpe, cos].into_iter().flatten() {
            unmet.insert(self.id(relation), self.relation_data(relation));
        }
        self.units.push(Alive { name: name.to_owned(), unmet });
        let unit = self.units.len() - 1;
        self.upgrade_files(unit);
        for _ in 0..self.random.below(3) {
            self.option(unit);
        }
        self.hook(&Hook::new(name, "install"));
        let ids = self.shuffled(self.units[unit].unmet.keys().cloned().collect());
        ids.iter().for_each(|id| self.world.enter(name, id));
        for id in ids {
            self.hook(&Hook::relation(name, &id, "created"));
        }
        self.hook(&Hook::new(name, "config-changed"));
        self.hook(&Hook::new(name, "start"));
    }

    /// One thing that may happen to a unit that runs.
    fn something(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        match self.random.below(20) {
            0..=2 => self.meet(unit),
            3 | 4 => self.set_relation(unit),
            5 => {
                self.option(unit);
                self.hook(&Hook::new(&name, "config-changed"));
            }
            6 => {
                if self.random.one_in(4) {
                    let version = *self.random.pick(&VERSIONS);
                    self.trace.push(format!("{name}: the charm holds {version} for another machine"));
                    self.world.charm(&name, version, "for another machine");
                } else {
                    self.upgrade_files(unit);
                }
                self.hook(&Hook::new(&name, "upgrade-charm"));
                self.hook(&Hook::new(&name, "config-changed"));
            }
            7 => self.relate(unit),
            8 => self.part_one(unit),
            9 => self.attach(unit),
            10 => self.hook(&Hook::new(&name, "start")),
            12 => self.force_one(unit),
            13 | 14 => self.act(unit),
            15 => self.restart(unit),
            18 => self.change_secret(unit),
            19 => self.disturb_service(unit),
            11 => {
                self.trace.push("nrpe is installed".to_owned());
                self.world.memory.install_nrpe();
            }
            _ => {
                self.outside();
                self.hook(&Hook::new(&name, "update-status"));
            }
        }
    }

    /// Every relation ends; by force, `stop` and `remove` do not run.
    fn destroy(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let ids = self.world.unit(&name).relations.keys().cloned().collect();
        let forced = self.random.one_in(5);
        for id in self.shuffled(ids) {
            if forced && self.random.one_in(2) {
                self.force(unit, &id);
            }
            self.part(unit, &id);
        }
        let unaware = self.world.unit(&name).relations.keys().any(|id| is_principals(id));
        if unaware || !self.random.one_in(4) {
            self.hook(&Hook::new(&name, "stop"));
            self.hook(&Hook::new(&name, "remove"));
        }
        oracle::unit_is_gone(&self.world, &name);
        self.world.memory.juju.units.remove(&name);
        self.units.remove(unit);
    }

    fn id(&mut self, relation: &str) -> String {
        self.next += 1 + u32::from(self.random.one_in(3)) * 7;
        format!("{relation}:{}", self.next)
    }

    /// The unit meets the other end of a relation.
    fn meet(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let Some(id) = self.units[unit].unmet.keys().next_back().cloned() else { return };
        let data = self.units[unit].unmet.remove(&id).unwrap_or_default();
        self.world.relate(&name, &id);
        // An nrpe that has just come has often said nothing yet.
        let spoken = self.random.one_in(2);
        if id.starts_with("nrpe") && !spoken {
            self.world.set_relation(&name, &id, "nagios_hostname", "");
        }
        for (key, value) in data {
            self.world.set_relation(&name, &id, &key, &value);
        }
        self.hook(&Hook::relation(&name, &id, "joined"));
        self.hook(&Hook::relation(&name, &id, "changed"));
    }

    fn met(&mut self, unit: usize) -> Option<String> {
        let name = self.units[unit].name.clone();
        let relations = self
            .world
            .unit(&name)
            .relations
            .iter()
            .filter(|(_, relation)| !relation.removed && !relation.joined.is_empty());
        let ids: Vec<_> = relations.map(|(id, _)| id.clone()).collect();
        (!ids.is_empty()).then(|| self.random.pick(&ids).clone())
    }

    /// The other end changes its relation data.
    fn set_relation(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        if let Some(id) = self.change_relation_data(unit) {
            self.hook(&Hook::relation(&name, &id, "changed"));
        }
    }

    /// The relation whose data is changed.
    fn change_relation_data(&mut self, unit: usize) -> Option<String> {
        let id = self.met(unit)?;
        let name = self.units[unit].name.clone();
        for (key, value) in self.relation_data(id.split(':').next().unwrap_or_default()) {
            self.trace.push(format!("{name}: {id} has {key}={value:?}"));
            self.world.set_relation(&name, &id, &key, &value);
        }
        Some(id)
    }

    /// What the other end of a relation may say.
    fn relation_data(&mut self, relation: &str) -> BTreeMap<String, String> {
        let mut relation_data = BTreeMap::new();
        match relation {
            "conn-check" => {
                for key in ["config_path", "config_path", "config", "config-path"] {
                    if self.random.one_in(2) {
                        let path =
                            if self.random.one_in(4) { String::new() } else { (*self.random.pick(&PATHS)).to_owned() };
                        relation_data.insert(key.to_owned(), if key == "config" { self.checks() } else { path });
                    }
                }
            }
            "nrpe-external-master" if self.random.one_in(2) => {
                let name = *self.random.pick(&["prod-app-0", "prod.app_0", "../../etc/x", ""]);
                relation_data.insert("nagios_hostname".to_owned(), name.to_owned());
            }
            _ => {}
        }
        relation_data
    }

    /// The text of a file of checks, good or bad.
    fn checks(&mut self) -> String {
        match self.random.below(6) {
            0 => String::new(),
            1 => format!("- password: {SECRET}"),
            2 => checks_text(0, 2),
            _ => checks_text(1 + self.random.below(3), self.random.below(2)),
        }
    }

    fn relate(&mut self, unit: usize) {
        let relation = *self.random.pick(&[
            "conn-check",
            "nrpe-external-master",
            "nrpe-external-master",
            "general-info",
            "cos-agent",
        ]);
        let (id, relation_data) = (self.id(relation), self.relation_data(relation));
        self.units[unit].unmet.insert(id.clone(), relation_data);
        let name = self.units[unit].name.clone();
        self.world.enter(&name, &id);
        self.hook(&Hook::relation(&name, &id, "created"));
    }

    /// A relation ends that is not the last one to the principal.
    fn part_one(&mut self, unit: usize) {
        if let Some(id) = self.dispensable(unit) {
            self.part(unit, &id);
        }
    }

    /// A relation, unless it is the last one to the principal.
    fn dispensable(&mut self, unit: usize) -> Option<String> {
        let name = self.units[unit].name.clone();
        let relations = self.world.unit(&name).relations.iter().filter(|(_, relation)| !relation.removed);
        let ids: Vec<_> = relations.map(|(id, _)| id.clone()).collect();
        let id = self.random.pick(&ids).clone();
        let principal = |id: &String| is_principals(id);
        (!principal(&id) || ids.iter().filter(|id| principal(id)).count() > 1).then_some(id)
    }

    fn part(&mut self, unit: usize, id: &str) {
        let name = self.units[unit].name.clone();
        self.units[unit].unmet.remove(id);
        if self.world.unit(&name).relations[id].removed {
            return;
        }
        let met = !self.world.unit(&name).relations[id].joined.is_empty();
        if met {
            self.hook(&Hook::relation(&name, id, "departed"));
            self.between(&name);
        }
        let restarted = self.random.one_in(3);
        self.hook(&Hook { restarted, ..Hook::relation(&name, id, "broken") });
        self.world.unit(&name).relations.remove(id);
    }

    fn option(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let (option, value): (&str, serde_json::Value) = match self.random.below(11) {
            0 => ("revision", (*self.random.pick(&["2.0.0", "1.9.0", "108", "", "", "../x"])).into()),
            1 => ("config", self.checks().into()),
            2 => ("nagios_exclude_tags", (*self.random.pick(&["no-nagios", "", "other", "a\nb", "it's $x"])).into()),
            3 => ("nagios_context", (*self.random.pick(&["juju", "prod", "../x", ""])).into()),
            4 => ("max_timeout", (*self.random.pick(&[10, 20, 0, 3600])).into()),
            5 => ("connect_timeout", (*self.random.pick(&[10, 3])).into()),
            7 | 8 => ("health_listen", (*self.random.pick(&LISTEN)).into()),
            9 | 10 => ("health_token", (*self.random.pick(&TOKENS)).into()),
            _ => ("nagios_servicegroups", (*self.random.pick(&["", "a,b", "a;b"])).into()),
        };
        self.trace.push(format!("{name}: option {option}={value}"));
        self.world.set(&name, option, value);
    }

    /// Other files in the charm's directory, maybe of the same version.
    fn upgrade_files(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let version = *self.random.pick(&VERSIONS);
        let build = if self.random.one_in(4) { " another build" } else { "" };
        self.trace.push(format!("{name}: the charm holds {version}{build}"));
        self.world.charm(&name, version, &format!("AGENT {version}{build}"));
    }

    /// Another resource is attached; Juju runs upgrade-charm for that.
    fn attach(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let resource = match self.random.below(4) {
            0 => String::new(),
            1 => "no agent".to_owned(),
            _ => format!("AGENT {} attached", self.random.pick(&VERSIONS)),
        };
        self.trace.push(format!("{name}: resource {resource:?}"));
        let path = format!("/var/lib/juju/agents/unit-{}/resources/agent/conn-check", name.replace('/', "-"));
        self.world.memory.file(&path, &resource, Access { mode: 0o600, uid: 0, gid: 0 });
        self.world.unit(&name).resource = Some(path);
        self.hook(&Hook::new(&name, "upgrade-charm"));
    }

    /// Runs a hook until it succeeds, as Juju does; it may fail in the middle. Then all is as it
    /// should be, and the same hook again does nothing.
    fn hook(&mut self, hook: &Hook) {
        for _ in 0..3 {
            if !self.random.one_in(3) {
                break;
            }
            let kind = *self.random.pick(&[Fault::Error, Fault::Killed]);
            let fault = (1 + self.random.below(30) as u64, kind);
            let result = self.world.attempt(hook, Some(fault));
            assert!(self.world.memory.steps.allow(result.is_err()), "{hook:?} {fault:?}: {result:?}");
            if !self.world.memory.steps.happened() {
                break;
            }
            self.trace.push(format!("{}: {} fails: {fault:?}", hook.unit, hook.name));
            self.faults += 1;
            self.meanwhile(&hook.unit);
        }
        match self.random.below(20) {
            0 | 1 => self.refuse(hook),
            2 => self.fill_disk(hook),
            _ => {}
        }
        self.trace.push(format!("{}: {}", hook.unit, hook.name));
        self.hooks += 1;
        self.world.run(hook);
        let status = self.world.status(&hook.unit);
        self.trace.push(format!("    {} {}", status.0, status.1));
        oracle::all_is_well(
            &mut self.world,
            hook,
            &self.units.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        );
        oracle::again_does_nothing(&mut self.world, hook);
        let shown = self.world.memory.juju.context.logged.join("\n") + &self.trace[self.trace.len() - 1];
        assert!(!shown.contains(SECRET), "a secret is shown: {shown}");
    }

    fn shuffled(&mut self, mut items: Vec<String>) -> Vec<String> {
        for index in (1..items.len()).rev() {
            items.swap(index, self.random.below(index + 1));
        }
        items
    }
}
