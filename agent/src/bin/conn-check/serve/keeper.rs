//! Keeps the last result, and sees to it that there is one run at a time, and none before its time.

use super::settled::{Checks, Settled};
use crate::remember::Remembering;
use conn_check::event::Event;
use conn_check::memory::Recall;
use conn_check::report::View;
use conn_check::run::{self, Options, Outcome, Report};
use conn_check::serve::{Costs, History, Notifier, Readiness};
use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

/// The last result, whoever asks for it.
pub(crate) struct Keeper {
    options: Options,
    pub(crate) max_age: Duration,
    notifier: Notifier,
    state: RefCell<State>,
    /// A run is over.
    turned: Notify,
}

struct State {
    checks: Rc<Checks>,
    settled: Rc<Settled>,
    last: Option<Rc<Last>>,
    history: History,
    remembering: Remembering,
    is_running: bool,
    /// What the run in progress has found so far, and of which checks.
    landed: Option<(Rc<Checks>, Landed)>,
}

/// Outcomes by the places of their checks.
type Landed = Rc<RefCell<BTreeMap<usize, Outcome>>>;

/// A finished run.
pub(crate) struct Last {
    pub(crate) checks: Rc<Checks>,
    pub(crate) report: Report,
    pub(crate) readiness: Readiness,
    pub(crate) ended: Instant,
}

impl Keeper {
    pub(crate) fn new(
        checks: Checks,
        settled: Settled,
        options: Options,
        max_age: Duration,
        remembering: Remembering,
    ) -> Self {
        let state = State {
            checks: Rc::new(checks),
            settled: Rc::new(settled),
            last: None,
            history: History::default(),
            remembering,
            is_running: false,
            landed: None,
        };
        let notifier = Notifier::of_environment();
        Self { options, max_age, notifier, state: RefCell::new(state), turned: Notify::new() }
    }

    /// What the files say beside the checks.
    pub(crate) fn settled(&self) -> Rc<Settled> {
        Rc::clone(&self.state.borrow().settled)
    }

    /// How checks were before.
    pub(crate) fn history(&self) -> Ref<'_, History> {
        Ref::map(self.state.borrow(), |state| &state.history)
    }

    pub(crate) const fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// What polling costs.
    pub(crate) fn costs(&self) -> Costs {
        let Checks { plan, selection, .. } = &*self.state.borrow().checks;
        Costs::of(plan, selection, self.max_age)
    }

    /// From now on it is these files; the next who asks gets a result of theirs.
    pub(crate) fn replace(self: &Rc<Self>, checks: Checks, settled: Settled) {
        let mut state = self.state.borrow_mut();
        state.checks = Rc::new(checks);
        state.settled = Rc::new(settled);
        drop(state);
        self.begin();
    }

    /// A result that is not too old: the last one, or that of the run in progress, or of a new one.
    pub(crate) async fn fresh(self: &Rc<Self>) -> Rc<Last> {
        let asked = Instant::now();
        loop {
            // Before anything is looked at: whatever turns from now on is heard.
            let turned = self.turned.notified();
            if let Some(last) = self.current(asked) {
                return last;
            }
            self.begin();
            turned.await;
        }
    }

    /// The last result, however old; of the run in progress where there is none yet.
    pub(crate) async fn last(self: &Rc<Self>) -> Rc<Last> {
        loop {
            let turned = self.turned.notified();
            if let Some(last) = self.of_these_files() {
                return last;
            }
            // None is in progress where the files were read again in the middle of one.
            self.begin();
            turned.await;
        }
    }

    /// A result that is not too old, if it is there soon; else the last one, if there was one. Who asks whether this node can
    /// serve must not wait for a dependency that does not answer.
    pub(crate) async fn soon(self: &Rc<Self>, patience: Duration) -> Option<Rc<Last>> {
        tokio::select! {
            biased;
            last = self.fresh() => Some(last),
            () = sleep_until(Instant::now() + patience) => self.state.borrow().last.clone(),
        }
    }

    /// The verdict over this node, as far as it is known: what the run in progress has found, over the last result. A
    /// dependency that does not answer must not hide what this node lacks.
    pub(crate) fn readiness(&self) -> Readiness {
        let state = self.state.borrow();
        let checks = &state.checks;
        let last = state.last.as_ref().filter(|last| Rc::ptr_eq(&last.checks, checks));
        let landed = state.landed.as_ref().filter(|(of, _)| Rc::ptr_eq(of, checks));
        let Some((_, landed)) = landed else {
            return last.map_or_else(Readiness::starting, |last| last.readiness.clone());
        };
        let before = last.iter().flat_map(|last| &last.report.outcomes).map(|outcome| (outcome.entry, outcome.clone()));
        let mut known: BTreeMap<_, _> = before.collect();
        known.extend(landed.borrow().iter().map(|(entry, outcome)| (*entry, outcome.clone())));
        let unknown: Vec<_> = checks
            .selection
            .first()
            .filter(|entry| !known.contains_key(entry))
            .map(|at| &checks.plan.entries[at])
            .collect();
        let so_far = Report {
            started: SystemTime::now(),
            elapsed: Duration::ZERO,
            outcomes: known.into_values().collect(),
            interrupted: false,
            end: None,
            comparison: None,
            waited: None,
        };
        Readiness::so_far(&View::of(checks.stage(), &so_far), &unknown)
    }

    /// The last result, unless it is of other files.
    fn of_these_files(&self) -> Option<Rc<Last>> {
        let state = self.state.borrow();
        state.last.as_ref().filter(|last| Rc::ptr_eq(&last.checks, &state.checks)).map(Rc::clone)
    }

    /// The last result, unless it is too old for who asked then, or of other files.
    fn current(&self, asked: Instant) -> Option<Rc<Last>> {
        let last = self.of_these_files()?;
        let is_fresh = last.ended >= asked || last.ended.elapsed() <= self.max_age;
        is_fresh.then_some(last)
    }

    /// Begins a run, unless one is in progress.
    pub(crate) fn begin(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        if state.is_running {
            return;
        }
        state.is_running = true;
        let checks = Rc::clone(&state.checks);
        let landed = Landed::default();
        state.landed = Some((Rc::clone(&checks), Rc::clone(&landed)));
        let recall = state.remembering.recall(&checks.plan);
        drop(state);
        let options = Options { recall: Some(Arc::clone(&recall)), surroundings: true, ..self.options.clone() };
        let keeper = Running(Rc::clone(self));
        spawn_local(async move {
            let mut hear = |event: &Event| {
                if let Event::Finished(outcome) = event {
                    landed.borrow_mut().insert(outcome.entry, Outcome::clone(outcome));
                }
            };
            let report = run::run(&checks.plan, &checks.selection, &options, pending(), Some(&mut hear)).await;
            keeper.0.keep(checks, &recall, report);
        });
    }

    fn keep(&self, checks: Rc<Checks>, recall: &Recall, report: Report) {
        let view = View::of(checks.stage(), &report);
        let readiness = Readiness::of(&view);
        let counts = view.check_counts;
        let (word, total) = (readiness.standing.word(), counts.total());
        self.notifier.tell(&format!("STATUS={word}: {} of {total} checks work", counts.pass + counts.warn));
        let mut state = self.state.borrow_mut();
        state.history.hear(&view);
        state.remembering.keep(recall, &checks.plan, &report.outcomes);
        state.landed = None;
        drop(view);
        state.last = Some(Rc::new(Last { checks, report, readiness, ended: Instant::now() }));
    }
}

/// A run in progress; its end, however it comes, is told to all who wait.
struct Running(Rc<Keeper>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.state.borrow_mut().is_running = false;
        self.0.turned.notify_waiters();
    }
}
