//! Running a plan: as many checks at once as the host safely carries, each in a task of its own,
//! until all are decided or the time is over.

mod attempts;
mod chains;
mod guilt;
mod options;
mod panics;
mod trace;
pub mod wait;

pub use crate::net::{Family, PROXY_VARIABLES, ProxyVariables};
pub use crate::outcome::Outcome;
use chains::Chains;
pub use options::Options;
pub use panics::note_panic;
pub use trace::{By, Followed, Traced, trace};

use crate::comparison::Comparison;
use crate::event::Event;
use crate::fault::{Failure, Phase};
use crate::memory::Recall;
use crate::outcome::{SkipReason, Step, Timing};
use crate::plan::Plan;
use crate::probe::{Again, Assignment, Findings, Probe, finished};
use crate::queue::Queue;
use crate::select::Selection;
use crate::shared::Shared;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use time::{Date, OffsetDateTime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;

/// So long a run waits for what is remembered, or a tenth of its time: a directory that does not answer holds up no result.
const PATIENCE: Duration = Duration::from_secs(1);

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// The wall clock's time at the start.
    pub started: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// One outcome per check of which anything was wanted, in the plan's order.
    pub outcomes: Vec<Outcome>,
    /// The run was ended from outside; what was not decided is skipped.
    pub interrupted: bool,
    /// When the time of the run was over, from its start: what failed then was cut off.
    pub end: Option<Duration>,
    /// The run before, which this one is held against.
    pub comparison: Option<Arc<Comparison>>,
    /// The wait of which this is the end.
    pub waited: Option<wait::Waited>,
}

/// Runs the selected checks; `interrupt` ends the run early. The listener, if there is one, hears
/// every event as it happens.
pub async fn run(
    plan: &Arc<Plan>,
    selection: &Selection,
    options: &Options,
    interrupt: impl Future<Output = ()>,
    listener: Option<&mut dyn FnMut(&Event)>,
) -> Report {
    let started = SystemTime::now();
    let (events, heard) = unbounded_channel();
    let shared = Arc::new(options.shared().of_checks(selection.entries().count()));
    let mut running = Running {
        plan,
        selection,
        options,
        queue: options.queue(plan, selection, &shared),
        again: again(plan),
        tasks: Tasks::new(Arc::clone(&shared)),
        shared,
        chains: Chains::default(),
        done: Vec::with_capacity(plan.entries.len()),
        events: listener.is_some().then_some(events),
        started,
        today: OffsetDateTime::from(started).date(),
    };
    let interrupted = running.until_done(interrupt, heard, listener).await;
    finished(interrupted).await;
    let Running { shared, mut done, .. } = running;
    // Large as they are, each is moved once.
    done.sort_by_cached_key(|outcome| outcome.entry);
    Report {
        started,
        elapsed: shared.began.elapsed(),
        outcomes: done,
        interrupted,
        end: shared.end(),
        comparison: options.comparison.clone(),
        waited: None,
    }
}

/// Waits a moment until what the checks of runs that were given up have left at servers is taken back.
pub async fn settled() {
    finished(true).await;
}

/// The outcome of every selected check of a plan that is not run (`--dry-run`).
#[must_use]
pub fn rehearse(plan: &Plan, selection: &Selection) -> Report {
    let skipped =
        |entry: usize| Outcome::skipped(entry, plan.entries[entry].results.len(), SkipReason::DryRun, Duration::ZERO);
    Report {
        started: SystemTime::now(),
        elapsed: Duration::ZERO,
        outcomes: selection.entries().map(skipped).collect(),
        interrupted: false,
        end: None,
        comparison: None,
        waited: None,
    }
}

/// A run in progress.
struct Running<'a> {
    plan: &'a Arc<Plan>,
    selection: &'a Selection,
    options: &'a Options,
    shared: Arc<Shared>,
    again: Again,
    queue: Queue,
    chains: Chains,
    tasks: Tasks,
    done: Vec<Outcome>,
    events: Option<UnboundedSender<Event>>,
    started: SystemTime,
    today: Date,
}

/// The checks that are running, each in a task of its own.
struct Tasks {
    join_set: JoinSet<Outcome>,
    by_entry: BTreeMap<usize, Task>,
    shared: Arc<Shared>,
}

impl Tasks {
    fn new(shared: Arc<Shared>) -> Self {
        Self { join_set: JoinSet::new(), by_entry: BTreeMap::new(), shared }
    }

    /// Ends them, but for those that have to take something back: these go on, and nobody hears of them.
    fn end(&mut self) -> BTreeMap<usize, Task> {
        self.shared.stopped.send_replace(true);
        let tasks = std::mem::take(&mut self.by_entry);
        for task in tasks.values() {
            if !task.findings.lock().unwrap_or_else(PoisonError::into_inner).owes {
                task.abort.abort();
            }
        }
        self.join_set.detach_all();
        tasks
    }
}

/// Whoever awaits a run may give it up, too.
impl Drop for Tasks {
    fn drop(&mut self) {
        self.end();
    }
}

/// A check that is running.
struct Task {
    began: Instant,
    findings: Arc<Mutex<Findings>>,
    abort: AbortHandle,
}

impl Running<'_> {
    /// Whether the run was interrupted.
    async fn until_done(
        &mut self,
        interrupt: impl Future<Output = ()>,
        mut heard: UnboundedReceiver<Event>,
        mut listener: Option<&mut dyn FnMut(&Event)>,
    ) -> bool {
        let mut interrupt = pin!(interrupt);
        let mut tell = |event: &Event| listener.iter_mut().for_each(|listener| listener(event));
        let deadline = self.shared.deadline.unwrap_or_else(|| self.shared.began + Duration::from_secs(365 * 86_400));
        // Until it is over no check is told of, and the checks go on.
        let mut recalling = self.options.recall.as_ref().and_then(Recall::begin);
        let patience = self.shared.end().map_or(PATIENCE, |end| PATIENCE.min(end / 10));
        let patience = self.shared.began + patience;
        let mut more = self.admit();
        let mut turn = pin!(tokio::task::yield_now());
        let mut late = false;
        loop {
            if self.tasks.join_set.is_empty() && !more {
                while let Ok(event) = heard.try_recv() {
                    tell(&event);
                }
                return false;
            }
            tokio::select! {
                biased;
                () = &mut interrupt => {
                    self.give_up(&mut tell, &mut heard);
                    return true;
                }
                Some(event) = heard.recv(), if self.events.is_some() => tell(&event),
                Some(_) = when(&mut recalling), if recalling.is_some() => recalling = None,
                () = until(patience), if recalling.is_some() => recalling = None,
                Some(joined) = self.tasks.join_set.join_next(),
                    if recalling.is_none() && !self.tasks.join_set.is_empty() =>
                {
                    // Panics are caught inside the task, and nobody else aborts one.
                    if let Ok(outcome) = joined {
                        self.landed(outcome, &mut tell, &mut heard);
                    }
                    more = !self.queue.is_empty();
                }
                () = &mut turn, if more => {
                    more = self.admit();
                    turn.set(tokio::task::yield_now());
                }
                () = until(deadline), if self.shared.deadline.is_some() && !late => {
                    self.too_late(&mut tell);
                    late = true;
                }
            }
        }
    }

    /// Starts what may be started, a few at a time: between them the connections that are already
    /// under way get their turn, so that their times are theirs and not the queue's. Whether
    /// there is more to start at once.
    ///
    /// That is once in a turn of our own, however many checks have landed in it; it comes after
    /// every 61 turns of tasks (tokio's `event_interval`). A check takes three to seven of them.
    /// If more checks were started than can be finished in between, the queue, and with it every
    /// time that is measured, would grow with the file.
    fn admit(&mut self) -> bool {
        const AT_ONCE: usize = 8;
        for _ in 0..AT_ONCE {
            if self.tasks.join_set.len() >= self.options.concurrency {
                return false;
            }
            let Some(entry) = self.queue.next() else { return false };
            self.start(entry);
        }
        !self.queue.is_empty()
    }

    fn start(&mut self, entry: usize) {
        let check = &self.plan.entries[entry];
        let findings = Arc::new(Mutex::new(Findings::new(check.results.len())));
        let assignment = Assignment {
            entry,
            wanted: self.selection.last_of(entry).unwrap_or_default(),
            results: check.results.len(),
            timeout: check.timeout,
            redactor: check.redactor.clone(),
            detour: check.detour.clone(),
            asks_once: check.asks_once,
            again: Some(self.again.clone()),
            findings: Arc::clone(&findings),
            events: self.events.clone(),
        };
        let (plan, shared) = (Arc::clone(self.plan), Arc::clone(&self.shared));
        let join_set = &mut self.tasks.join_set;
        let abort = if check.retries == 0 {
            join_set.spawn(perform(plan, shared, Box::new(assignment)))
        } else {
            join_set.spawn(attempts::perform(plan, shared, assignment))
        };
        self.tasks.by_entry.insert(entry, Task { began: Instant::now(), findings, abort });
    }

    fn landed(&mut self, outcome: Outcome, tell: &mut impl FnMut(&Event), heard: &mut UnboundedReceiver<Event>) {
        self.tasks.by_entry.remove(&outcome.entry);
        self.queue.finished(outcome.entry);
        if self.events.is_some() {
            // What the check itself told comes before its end.
            while let Ok(event) = heard.try_recv() {
                tell(&event);
            }
        }
        self.ended(outcome, tell);
    }

    /// An outcome is what it stays.
    fn keep(&mut self, outcome: Outcome) {
        if let Some(recall) = &self.options.recall {
            recall.hear(self.plan, &outcome, self.started);
        }
        self.done.push(outcome);
    }

    /// The time is over: what has not started will not.
    fn too_late(&mut self, tell: &mut impl FnMut(&Event)) {
        let at = self.shared.began.elapsed();
        self.chains.is_over = true;
        for entry in self.queue.drain() {
            let outcome = Outcome::failed(entry, self.plan.entries[entry].results.len(), at, Failure::deadline());
            self.decide(outcome, tell);
        }
    }

    /// The run was interrupted: keeps what is known of the checks under way.
    fn give_up(&mut self, tell: &mut impl FnMut(&Event), heard: &mut UnboundedReceiver<Event>) {
        self.chains.is_over = true;
        // What has ended and was not looked at yet has its outcome.
        while let Some(joined) = self.tasks.join_set.try_join_next() {
            if let Ok(outcome) = joined {
                self.landed(outcome, tell, heard);
            }
        }
        let at = self.shared.began.elapsed();
        let before = self.done.len();
        for (entry, task) in self.tasks.end() {
            let results = self.plan.entries[entry].results.len();
            let rest = || Step::skipped(SkipReason::Interrupted, at);
            self.keep(gather(entry, results, rest, task.began, &task.findings, None));
        }
        for entry in self.queue.drain() {
            let results = self.plan.entries[entry].results.len();
            self.done.push(Outcome::skipped(entry, results, SkipReason::Interrupted, at));
        }
        self.unexplained().into_iter().for_each(|outcome| self.keep(outcome));
        if self.events.is_some() {
            while let Ok(event) = heard.try_recv() {
                tell(&event);
            }
            self.done[before..].iter().for_each(|outcome| tell(&Event::Finished(Box::new(outcome.clone()))));
        }
    }
}

/// The end of what was begun, if anything was.
async fn when<T>(begun: &mut Option<JoinHandle<T>>) -> Option<Result<T, JoinError>> {
    Some(begun.as_mut()?.await)
}

/// How a check of the plan is performed once more, for what a probe learns from it.
fn again(plan: &Arc<Plan>) -> Again {
    let plan = Arc::clone(plan);
    Again::new(move |entry, mut probe| {
        let plan = Arc::clone(&plan);
        Box::pin(async move {
            // What comes of it is the probe's.
            let _ = plan.entries[entry].spec.run(&mut probe).await;
        })
    })
}

async fn until(deadline: Instant) {
    tokio::time::sleep_until(deadline).await;
}

/// One check, from its start to its outcome; a panic in it is its failure.
///
/// The assignment comes in a box: what is handed over stays in the task beside what is made of it.
async fn perform(plan: Arc<Plan>, shared: Arc<Shared>, assignment: Box<Assignment>) -> Outcome {
    let (entry, findings) = (assignment.entry, Arc::clone(&assignment.findings));
    let check = &plan.entries[entry];
    if let Some(fault) = &check.missing {
        let failure = fault.clone().in_phase(Phase::Config, &check.redactor);
        return Outcome::failed(entry, check.results.len(), shared.began.elapsed(), failure);
    }
    let mut probe = Probe::new(Arc::clone(&shared), *assignment);
    let began = probe.began();
    let result = panics::Guarded(check.spec.run(&mut probe)).await;
    let courtesy = probe.take_courtesy();
    let failure = match result {
        Ok(result) => probe.end(result),
        Err(panic) => {
            let failure = panics::judge(&*panic, &probe, &check.redactor);
            probe.end(Err(failure.into()))
        }
    };
    let rest = || Step::skipped(SkipReason::AfterFailure, shared.began.elapsed());
    let mut outcome = gather(entry, check.results.len(), rest, began, &findings, failure);
    outcome.has_sent &= check.asks_once;
    let slow = check.warn_after.filter(|most| outcome.elapsed > *most && outcome.failure.is_none());
    if let Some(most) = slow {
        outcome.note_slow(most);
    }
    courtesy.await;
    outcome
}

/// What is known of a check; results that were not decided are skipped as `rest` says.
fn gather(
    entry: usize,
    results: usize,
    rest: impl FnOnce() -> Step,
    began: Instant,
    findings: &Mutex<Findings>,
    failure: Option<Failure>,
) -> Outcome {
    let findings = std::mem::take(&mut *findings.lock().unwrap_or_else(PoisonError::into_inner));
    let mut steps = findings.steps;
    if steps.len() < results {
        steps.resize(results, rest());
    }
    let has_sent = findings.sent.unwrap_or_else(|| may_have_asked(&findings.phases, failure.as_ref()));
    let mut outcome = Outcome {
        entry,
        steps,
        phases: findings.phases,
        failure: failure.map(Box::new),
        warnings: findings.warnings,
        facts: findings.facts,
        elapsed: began.elapsed(),
        has_sent,
        attempts: 1,
        ..Outcome::default()
    };
    outcome.apply_warnings();
    outcome
}

/// Whether a check that went through these phases may have sent what it is about: whatever comes behind TLS may be it, also
/// where it broke down in the middle.
fn may_have_asked(phases: &[Timing], failure: Option<&Failure>) -> bool {
    phases.iter().any(|timing| timing.phase > Phase::Tls)
        || failure.is_some_and(|failure| failure.code.phase > Phase::Tls)
}

#[cfg(test)]
mod tests;
