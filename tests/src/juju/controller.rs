//! The agent and the controller: what an operator can ask for, and the hooks that follow.

use super::charm::Charm;
use super::context::{Context, Subject};
use super::environment::{self, Run};
use super::event::{Event, Moment};
use super::hook::{End, HookRun};
use super::machine::Machine;
use super::model::{Application, Bag, Endpoint, Model, Relation, Unit};
use super::services::Services;
use super::socket;
use crate::or_panic::OrPanic;
use crate::wait;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// So many hooks in a row mean that they cause each other.
const TOO_MANY: usize = 500;

/// What the agent's threads share.
pub(super) type Shared = Arc<Mutex<State>>;

/// Everything that changes.
pub(super) struct State {
    pub(super) model: Model,
    pub(super) contexts: BTreeMap<String, Context>,
    pub(super) services: Services,
    pub(super) machine: Arc<Machine>,
    wrapper: Vec<OsString>,
    next_context: u32,
    /// No hook will come any more.
    pub(super) ended: bool,
}

pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What happens to a failed hook before [`Juju::settle`] returns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// It waits for the next call.
    Later,
    /// It is tried again, this often.
    Times(usize),
}

/// A model with one machine.
pub struct Juju {
    shared: Shared,
    machine: Arc<Machine>,
}

/// The model and the machine's files at one moment.
#[derive(Debug)]
pub struct Snapshot {
    model: Model,
    files: PathBuf,
}

impl Juju {
    /// A model in which nothing is deployed.
    #[must_use]
    pub fn start(machine: Machine) -> Self {
        let machine = Arc::new(machine);
        let state = State {
            model: Model::default(),
            contexts: BTreeMap::new(),
            services: Services::default(),
            machine: Arc::clone(&machine),
            wrapper: Vec::new(),
            next_context: 0,
            ended: false,
        };
        let shared = Arc::new(Mutex::new(state));
        socket::serve(&machine.socket(), Arc::clone(&shared));
        Self { shared, machine }
    }

    /// The machine.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Looks at the model.
    pub fn look<T>(&self, at: impl FnOnce(&Model) -> T) -> T {
        at(&lock(&self.shared).model)
    }

    /// Looks at, or changes, the init system.
    pub fn services<T>(&self, with: impl FnOnce(&mut Services) -> T) -> T {
        with(&mut lock(&self.shared).services)
    }

    /// What is to happen when the charm reloads or restarts a service.
    pub fn on_reload(&self, reaction: impl FnMut() + Send + 'static) {
        lock(&self.shared).services.reaction = Some(Box::new(reaction));
    }

    /// Runs the next hooks through a program, `strace` for one; an empty list ends that.
    pub fn through(&self, wrapper: &[&str]) {
        lock(&self.shared).wrapper = wrapper.iter().map(OsString::from).collect();
    }

    fn change<T>(&self, with: impl FnOnce(&mut Model) -> T) -> T {
        with(&mut lock(&self.shared).model)
    }

    /// Keeps all there is.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { model: self.look(Clone::clone), files: self.machine.copy() }
    }

    /// Goes back to what was kept.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.machine.become_copy(&snapshot.files);
        self.change(|model| model.clone_from(&snapshot.model));
    }
}

impl Drop for Juju {
    /// The thread that answers hook tools ends, and with it goes the machine.
    fn drop(&mut self) {
        lock(&self.shared).ended = true;
        socket::wake(&self.machine.socket());
    }
}

/// What an operator asks for.
impl Juju {
    /// `juju deploy ./x.charm NAME`: of a subordinate there is no unit until it is related.
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

    fn add_stand_in(&self, application: &str, principal: Option<String>) -> String {
        self.change(|model| {
            let owner = model.applications.entry(application.to_owned()).or_default();
            let name = format!("{application}/{}", owner.next_unit);
            owner.next_unit += 1;
            let unit = Unit { application: application.to_owned(), principal, ..Unit::default() };
            model.units.insert(name.clone(), unit);
            let relations = model.relations.values_mut().filter(|relation| relation.end_of(application).is_some());
            relations.for_each(|relation| drop(relation.units.insert(name.clone(), Bag::default())));
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
            let units = units.map(|(name, _)| (name.clone(), Bag::default())).collect();
            model.relations.insert(id, Relation { ends, units, applications: BTreeMap::new(), dying: false });
            model.populate();
            id
        })
    }

    /// A stand-in's `relation-set`; an empty value deletes the key.
    pub fn set(&self, unit: &str, relation: u32, pairs: &[(&str, &str)]) {
        self.change(|model| {
            let relation = model.relations.get_mut(&relation).or_panic("find the relation");
            let bag = relation.units.entry(unit.to_owned()).or_default();
            let mut values = bag.values.clone();
            values.extend(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
            bag.become_(values);
        });
    }

    /// What a unit has set in a relation.
    #[must_use]
    pub fn data(&self, unit: &str, relation: u32) -> BTreeMap<String, String> {
        self.look(|model| {
            let bag = model.relations.get(&relation).and_then(|relation| relation.units.get(unit));
            bag.map(|bag| bag.values.clone()).unwrap_or_default()
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

    /// `juju attach-resource NAME RESOURCE=FILE`.
    pub fn attach(&self, application: &str, resource: &str, file: &Path) {
        self.change(|model| {
            model.application_mut(application).resources.insert(resource.to_owned(), file.to_owned());
            let units = model.units.values_mut().filter(|unit| unit.application == application);
            units.filter(|unit| unit.progress.installed).for_each(|unit| unit.progress.upgrade_queued = true);
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
            let orphans: Vec<_> = model.units.keys().filter(|unit| model.is_orphan(unit)).cloned().collect();
            orphans.iter().for_each(|unit| model.unit_mut(unit).dying = true);
            model.forget_unused(id);
        });
    }

    /// A unit of ours goes away, as when its principal's unit does.
    pub fn remove_unit(&self, unit: &str) {
        self.change(|model| model.unit_mut(unit).dying = true);
    }

    /// `juju remove-application`, of ours or of a stand-in.
    pub fn remove(&self, application: &str) {
        self.change(|model| {
            let ids: Vec<_> = model.relations.iter().filter(|(_, one)| one.end_of(application).is_some()).collect();
            let ids: Vec<_> = ids.into_iter().map(|(id, _)| *id).collect();
            model.relations.values_mut().filter(|one| one.end_of(application).is_some()).for_each(|one| one.dying = true);
            let stand_in = model.application(application).charm.is_none();
            model.application_mut(application).dying = true;
            let mut dying: BTreeSet<_> = model.units.keys().filter(|unit| model.is_orphan(unit)).cloned().collect();
            let own = model.units.iter().filter(|(_, unit)| unit.application == application);
            let own: Vec<_> = own.map(|(name, _)| name.clone()).collect();
            if stand_in {
                own.iter().for_each(|unit| drop(model.units.remove(unit)));
                model.relations.values_mut().for_each(|one| one.units.retain(|unit, _| !own.contains(unit)));
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

    /// A dying relation that no unit of ours has entered is gone at once.
    fn forget_unused(&mut self, id: u32) {
        let in_use = self.units.values().any(|unit| unit.progress.relations.contains_key(&id));
        if !in_use && self.relations.get(&id).is_some_and(|relation| relation.dying) {
            self.relations.remove(&id);
        }
    }
}

/// The hooks.
impl Juju {
    /// Every unit with every hook that may be its next.
    #[must_use]
    pub fn possible(&self) -> Vec<(String, Event)> {
        self.look(|model| {
            let charmed = model.units.iter().filter(|(_, unit)| model.application(&unit.application).charm.is_some());
            let events =
                charmed.flat_map(|(name, _)| model.possible(name).into_iter().map(|event| (name.clone(), event)));
            events.collect()
        })
    }

    /// Runs hooks until nothing is left to do, failed ones three times.
    pub fn settle(&self) -> Vec<HookRun> {
        self.settle_with(Retry::Times(3), &mut |_| 0)
    }

    /// Runs hooks until nothing is left to do; `choose` says which of so many possible ones is next.
    ///
    /// # Panics
    /// When there is no end to it.
    pub fn settle_with(&self, retry: Retry, choose: &mut dyn FnMut(usize) -> usize) -> Vec<HookRun> {
        let mut runs: Vec<HookRun> = Vec::new();
        let mut failures: BTreeMap<String, usize> = BTreeMap::new();
        let most = match retry {
            Retry::Later => 1,
            Retry::Times(times) => times + 1,
        };
        while runs.len() < TOO_MANY {
            let given_up = |unit: &String| failures.get(unit).is_some_and(|count| *count >= most);
            let possible: Vec<_> = self.possible().into_iter().filter(|(unit, _)| !given_up(unit)).collect();
            let Some((unit, event)) = possible.get(choose(possible.len().max(1))) else { return runs };
            let run = self.run(unit, event);
            if run.end.is_well() {
                failures.remove(unit);
            } else {
                *failures.entry(unit.clone()).or_default() += 1;
            }
            runs.push(run);
        }
        let last: String = runs[runs.len() - 4..].iter().map(HookRun::story).collect();
        panic!("{TOO_MANY} hooks, and no end; the last ones:\n{last}");
    }

    /// Runs `update-status` of a unit that has nothing else to do.
    pub fn update_status(&self, unit: &str) -> HookRun {
        self.run(unit, &Event::UpdateStatus)
    }

    /// Runs one hook, whose turn it has to be.
    pub fn run(&self, unit: &str, event: &Event) -> HookRun {
        self.put_files(unit, event);
        let (context, hook) = self.look(|model| (context_of(model, unit, event), event.hook(model, unit)));
        let folder = self.machine.charm(unit);
        let handlers = [folder.join("dispatch"), folder.join("hooks").join(&hook)];
        let program = handlers.into_iter().find(|path| path.exists());
        let began = Instant::now();
        let (output, context) = match program {
            Some(program) => {
                let (output, context) = self.carry_out(context, &Run::Hook(&hook), &folder, &[program.into()], "");
                (Some(output), context)
            }
            None => (None, context),
        };
        let run = HookRun {
            unit: unit.to_owned(),
            event: event.clone(),
            hook,
            end: end_of(output.as_ref()),
            out: output.as_ref().map(|output| lossy(&output.stdout)).unwrap_or_default(),
            err: output.as_ref().map(|output| lossy(&output.stderr)).unwrap_or_default(),
            log: context.log.clone(),
            calls: context.calls.clone(),
            took: began.elapsed(),
        };
        self.conclude(&run, context);
        run
    }

    /// A hook of a stand-in's own charm: any program, run as Juju runs hooks. What it sets in the relation
    /// counts when it ends well.
    pub fn run_stand_in(&self, unit: &str, relation: u32, moment: Moment, program: &Path) -> (i32, String) {
        let remote = self.look(|model| model.members(unit, relation).first().cloned());
        let event = Event::Relation { id: relation, moment, remote };
        let (context, hook) = self.look(|model| (context_of(model, unit, &event), event.hook(model, unit)));
        let folder = self.machine.charm(unit);
        fs::create_dir_all(&folder).or_panic("make the charm directory of a stand-in");
        let (output, context) = self.carry_out(context, &Run::Hook(&hook), &folder, &[program.into()], "");
        let code = output.status.code().unwrap_or(-1);
        if code == 0 {
            self.change(|model| commit(model, unit, context));
        }
        (code, lossy(&output.stdout) + &lossy(&output.stderr))
    }

    /// The charm's files come before `install` and before `upgrade-charm`.
    fn put_files(&self, unit: &str, event: &Event) {
        if !matches!(event, Event::Install | Event::UpgradeCharm) {
            return;
        }
        let folder = self.machine.charm(unit);
        self.change(|model| {
            let application = model.application(&model.unit(unit).application);
            let (charm, version) = (application.charm.clone(), application.charm_version);
            let progress = &mut model.unit_mut(unit).progress;
            if progress.charm_version != version {
                let former = progress.charm.replace(charm.clone().or_panic("deploy a stand-in"));
                charm.or_panic("deploy a stand-in").deploy(&folder, former.as_ref());
                progress.charm_version = version;
            }
            progress.upgrade_queued |= *event == Event::UpgradeCharm;
        });
    }

    /// Runs a program in a context; what it printed, and the context with what it did.
    pub(super) fn carry_out(
        &self,
        context: Context,
        run: &Run<'_>,
        folder: &Path,
        arguments: &[OsString],
        input: &str,
    ) -> (Output, Context) {
        let (id, mut command) = self.prepare(context, run, folder, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
        let mut child = command.process_group(0).spawn().or_panic(format_args!("start {}", arguments[0].display()));
        let group = child.id();
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read is its own affair.
            let _gone = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().or_panic("wait for a hook");
        if output.status.signal().is_some() {
            // Juju tries again after seconds: what a killed hook has started has ended by then.
            wait::until("the programs of a killed hook to end", || !is_at_work(group));
        }
        let context = lock(&self.shared).contexts.remove(&id).or_panic("find the context of a hook");
        (output, context)
    }

    fn prepare(&self, context: Context, run: &Run<'_>, folder: &Path, arguments: &[OsString]) -> (String, Command) {
        let mut state = lock(&self.shared);
        let id = format!("{}-{}", context.unit, state.next_context);
        state.next_context += 1;
        let variables = environment::of(&self.machine, &state.model, &context, &id, run);
        let arguments = arguments.iter().map(|argument| self.machine.name_of(Path::new(argument)).into_os_string());
        let wrapper = if matches!(run, Run::Hook(_)) { state.wrapper.clone() } else { Vec::new() };
        let mut command = self.machine.command(folder, &wrapper.into_iter().chain(arguments).collect::<Vec<_>>());
        command.envs(variables);
        state.contexts.insert(id.clone(), context);
        (id, command)
    }

    /// What follows from the end of a hook.
    fn conclude(&self, run: &HookRun, context: Context) {
        let unit = &run.unit;
        self.change(|model| {
            if !run.end.is_well() {
                let this = model.unit_mut(unit);
                this.in_error = true;
                this.progress.failed = Some(run.event.clone());
                return;
            }
            commit(model, unit, context);
            model.unit_mut(unit).in_error = false;
            model.has_happened(unit, &run.event);
        });
        if run.event == Event::Remove && run.end.is_well() {
            self.forget(unit);
        }
    }

    /// The unit is gone, and its agent with it.
    fn forget(&self, unit: &str) {
        self.change(|model| {
            let application = model.unit(unit).application.clone();
            model.units.remove(unit);
            let last = !model.units.values().any(|other| other.application == application);
            if last && model.application(&application).dying {
                model.applications.remove(&application);
            }
            // A relation that came while the unit went is for the next one.
            model.populate();
        });
        let _never_made = fs::remove_dir_all(self.machine.agent(unit));
        let tools = self.machine.at(&format!("/var/lib/juju/tools/unit-{}", unit.replace('/', "-")));
        let _never_made = fs::remove_dir_all(tools);
    }
}

/// What only counts when the hook has ended well.
pub(super) fn commit(model: &mut Model, unit: &str, context: Context) {
    for ((id, owner), values) in context.pending {
        let Some(relation) = model.relations.get_mut(&id) else { continue };
        let bags = if owner.contains('/') { &mut relation.units } else { &mut relation.applications };
        bags.entry(owner).or_default().become_(values);
    }
    if let Some(state) = context.state {
        model.unit_mut(unit).state = state;
    }
}

fn context_of(model: &Model, unit: &str, event: &Event) -> Context {
    let mut context = Context { unit: unit.to_owned(), ..Context::default() };
    if let Event::Relation { id, moment, remote } = event {
        let own = &model.unit(unit).application;
        let relation = model.relations.get(id);
        let remote_app = relation.and_then(|relation| relation.opposite(own)).map(|end| end.application.clone());
        let whole = model.unit(unit).dying;
        let departing = (*moment == Moment::Departed).then(|| if whole { Some(unit.to_owned()) } else { remote.clone() });
        context.subject = Some(Subject {
            id: *id,
            remote_unit: remote.clone(),
            remote_app: remote_app.unwrap_or_default(),
            departing: departing.flatten(),
            broken: *moment == Moment::Broken,
        });
    }
    context
}

fn end_of(output: Option<&Output>) -> End {
    let Some(status) = output.map(|output| output.status) else { return End::Missing };
    status.signal().map_or_else(|| End::Exited(status.code().unwrap_or(-1)), End::Killed)
}

/// Whether a process of this group still runs; a zombie waits only for somebody to hear of its end.
fn is_at_work(group: u32) -> bool {
    let processes = fs::read_dir("/proc").or_panic("list the processes").flatten();
    processes.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok()).any(|stat| {
        // proc(5): number, (name), state, parent, group.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let running = !matches!(fields.next(), Some("Z" | "X") | None);
        running && fields.nth(1) == Some(&group.to_string())
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
