//! The hooks: which is next, how it is run, what follows from its end.

use super::context::{Context, Subject};
use super::controller::{Juju, Retry, lock};
use super::environment::{self, Run};
use super::event::{Event, Moment};
use super::hook::{End, HookRun};
use super::model::Model;
use crate::or_panic::OrPanic;
use crate::scratch::Scratch;
use crate::wait;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// So many hooks in a row mean that they cause each other.
const TOO_MANY: usize = 500;

/// The hooks.
#[expect(clippy::must_use_candidate, reason = "what is done matters; what comes of it, not always")]
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
        self.change(|model| model.enter_scopes(unit, event));
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
        let mut run = HookRun {
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
        self.conclude(&mut run, context);
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
            self.commit(unit, context).or_panic("commit what a stand-in has set");
        }
        (code, lossy(&output.stdout) + &lossy(&output.stderr))
    }

    /// The charm's files come before `install` and before `upgrade-charm`.
    fn put_files(&self, unit: &str, event: &Event) {
        if matches!(event, Event::Install | Event::UpgradeCharm) {
            self.replace_files(unit);
            self.change(|model| model.unit_mut(unit).progress.upgrade_queued |= *event == Event::UpgradeCharm);
        }
    }

    /// The application's charm becomes the unit's, if it is another one.
    pub(super) fn replace_files(&self, unit: &str) {
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

    /// Runs a program until something is so, then kills it: itself, not what it has started.
    pub(super) fn kill_at(
        &self,
        context: Context,
        run: &Run<'_>,
        program: &Path,
        when: &dyn Fn() -> bool,
    ) -> (Output, Context) {
        let folder = self.machine.charm(&context.unit);
        let (id, mut command) = self.prepare(context, run, &folder, &[program.into()]);
        // Juju reads no longer when the process has ended; a file is nobody's to wait for.
        let scratch = Scratch::new();
        let file = |name: &str| scratch.write(name, "");
        let (out, err) = (file("out"), file("err"));
        let open = |path: &Path| fs::OpenOptions::new().append(true).open(path).or_panic("open a file");
        command.stdin(Stdio::null()).stdout(open(&out)).stderr(open(&err));
        let mut child = command.spawn().or_panic(format_args!("start {}", program.display()));
        wait::until("the moment to cancel an action", when);
        child.kill().or_panic("kill an action");
        let status = child.wait().or_panic("wait for an action");
        let read = |path: &Path| fs::read(path).unwrap_or_default();
        let context = lock(&self.shared).contexts.remove(&id).or_panic("find the context of an action");
        (Output { status, stdout: read(&out), stderr: read(&err) }, context)
    }

    fn prepare(&self, context: Context, run: &Run<'_>, folder: &Path, arguments: &[OsString]) -> (String, Command) {
        let mut state = lock(&self.shared);
        let id = format!("{}-{}", context.unit, state.next_context);
        state.next_context += 1;
        let variables = environment::of(&self.machine, &state.model, &context, &id, run);
        let arguments = arguments.iter().map(|argument| self.machine.name_of(Path::new(argument)).into_os_string());
        let wrapper = if matches!(run, Run::Hook(_) | Run::Action(_)) { state.wrapper.clone() } else { Vec::new() };
        let mut command = self.machine.command(folder, &wrapper.into_iter().chain(arguments).collect::<Vec<_>>());
        command.envs(variables);
        state.contexts.insert(id.clone(), context);
        (id, command)
    }

    fn commit(&self, unit: &str, context: Context) -> Result<(), String> {
        let mut state = lock(&self.shared);
        let sets = !context.pending.is_empty() || context.state.is_some();
        if sets && state.refused_commits > 0 {
            state.refused_commits -= 1;
            return Err("cannot apply changes: the controller is not there\n".to_owned());
        }
        commit(&mut state.model, unit, context)
    }

    /// What follows from the end of a hook.
    fn conclude(&self, run: &mut HookRun, context: Context) {
        let unit = &run.unit;
        if run.end.is_well()
            && let Err(why) = self.commit(unit, context)
        {
            run.end = End::Refused;
            run.err += &why;
        }
        self.change(|model| {
            if !run.end.is_well() {
                let this = model.unit_mut(unit);
                this.in_error = true;
                this.progress.failed = Some(run.event.clone());
                return;
            }
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
            model.forget_principals();
            // A relation that came while the unit went is for the next one.
            model.populate();
        });
        let _never_made = fs::remove_dir_all(self.machine.agent(unit));
        let tools = self.machine.at(&format!("/var/lib/juju/tools/unit-{}", unit.replace('/', "-")));
        let _never_made = fs::remove_dir_all(tools);
    }
}

/// What only counts when the hook has ended well, all of it or nothing (`CommitHookChanges`).
fn commit(model: &mut Model, unit: &str, context: Context) -> Result<(), String> {
    if context.pending.keys().any(|(id, _)| !model.relations.contains_key(id)) {
        return Err("cannot apply changes: permission denied\n".to_owned());
    }
    for ((id, owner), values) in context.pending {
        let Some(relation) = model.relations.get_mut(&id) else { continue };
        let bags = if owner.contains('/') { &mut relation.units } else { &mut relation.applications };
        bags.entry(owner).or_default().become_(values);
    }
    if let Some(state) = context.state {
        model.unit_mut(unit).state = state;
    }
    Ok(())
}

fn context_of(model: &Model, unit: &str, event: &Event) -> Context {
    let mut context = Context { unit: unit.to_owned(), ..Context::default() };
    if let Event::Relation { id, moment, remote } = event {
        let own = &model.unit(unit).application;
        let relation = model.relations.get(id);
        let remote_app = relation.and_then(|relation| relation.opposite(own)).map(|end| end.application.clone());
        let whole = model.unit(unit).dying;
        let departing =
            (*moment == Moment::Departed).then(|| if whole { Some(unit.to_owned()) } else { remote.clone() });
        context.subject = Some(Subject {
            id: *id,
            remote_unit: remote.clone(),
            remote_app: remote_app.unwrap_or_default(),
            departing: departing.flatten(),
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
