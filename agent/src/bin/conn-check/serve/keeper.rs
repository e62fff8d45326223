//! Keeps the latest results, and sees to it that each check is made once at a time, and not before its time.

use super::kept::{Kept, Stamp};
use super::settled::{self, Checks, Settled};
use crate::remember::{self, Remembering, recall_later};
use crate::say;
use conn_check::cli::serve::Args;
use conn_check::event::Event;
use conn_check::run::{self, Options, Outcome};
use conn_check::select::Selection;
use conn_check::serve::{
    Answer, Asked, Batch, Costs, Form, Notifier, Readiness, Route, Served, Shelf, Standing, Watched,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::{spawn_blocking, spawn_local};
use tokio::time::{Instant, sleep_until};

/// Who asks whether this node can serve, or for metrics, waits so long for a check that has begun: load balancers and
/// collectors have patience for seconds, and a check may take ten of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many runs may wait for the directory in which they are remembered.
const MOST_REMEMBERING: usize = 8;

/// The latest results, whoever asks for them.
pub(crate) struct Keeper {
    args: Args,
    options: Options,
    notifier: Notifier,
    /// So many may wait for results, however long they take.
    most_waiting: usize,
    waiting: Cell<usize>,
    state: RefCell<State>,
    pub(crate) kept: Kept<Route>,
    /// Checks are over.
    turned: Notify,
}

struct State {
    checks: Rc<Checks>,
    settled: Rc<Settled>,
    watched: Watched,
    shelf: Shelf,
    remembering: Arc<Mutex<Remembering>>,
    /// So many checks have ended.
    landed: u64,
    /// How this node stood with the files that were read before.
    before: Standing,
    /// The verdict over this node, until one more has.
    readiness: Option<Rc<Readiness>>,
    /// What is wrong with the template, once that was said.
    broken: Option<String>,
    /// When it goes, so do the runs.
    runs: watch::Sender<()>,
    /// Runs of files that were read before; they are being ended.
    former: usize,
}

impl Keeper {
    /// Of connections, half may wait for results.
    pub(crate) fn new(
        args: &Args,
        files: (Checks, Settled, Watched),
        options: Options,
        connections: usize,
        remembering: Arc<Mutex<Remembering>>,
    ) -> Self {
        let (checks, settled, watched) = files;
        let state = State {
            shelf: Shelf::of(&checks.selection),
            checks: Rc::new(checks),
            settled: Rc::new(settled),
            watched,
            remembering,
            landed: 0,
            before: Standing::Starting,
            readiness: None,
            broken: None,
            runs: watch::Sender::new(()),
            former: 0,
        };
        Self {
            args: args.clone(),
            options,
            notifier: Notifier::of_environment(),
            most_waiting: (connections / 2).max(1),
            waiting: Cell::new(0),
            state: RefCell::new(state),
            kept: Kept::default(),
            turned: Notify::new(),
        }
    }

    /// What the files say beside the checks.
    pub(crate) fn settled(&self) -> Rc<Settled> {
        Rc::clone(&self.state.borrow().settled)
    }

    pub(crate) fn checks(&self) -> Rc<Checks> {
        Rc::clone(&self.state.borrow().checks)
    }

    pub(crate) const fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// What polling costs.
    pub(crate) fn costs(&self) -> Costs {
        let Checks { plan, selection, .. } = &*self.state.borrow().checks;
        Costs::of(plan, selection, self.args.max_age)
    }

    /// Reads all files again; what is not valid changes nothing.
    pub(crate) fn reload(self: &Rc<Self>, why: &str) {
        let Some((checks, settled, watched)) = settled::read(&self.args) else {
            return say(&format!("{why}: a file is not valid, so that all stays as it was"));
        };
        let before = self.readiness().standing;
        let mut state = self.state.borrow_mut();
        let State { checks: former, shelf, runs, .. } = &mut *state;
        let former_shelf = std::mem::replace(shelf, Shelf::of(&checks.selection));
        *shelf = Shelf::of(&checks.selection).taking_over(&checks.plan, former_shelf, &former.plan);
        let running = runs.receiver_count();
        *runs = watch::Sender::new(());
        state.former += running;
        state.checks = Rc::new(checks);
        state.before = before;
        state.settled = Rc::new(settled);
        state.watched = watched;
        state.changed();
        state.broken = None;
        drop(state);
        say(&format!("{why}: the files are read again"));
        say(&self.costs().to_string());
    }

    /// Waits for results none of which is too old; not where too many wait already.
    pub(crate) async fn fresh(self: &Rc<Self>) -> bool {
        let asked = self.asked();
        let is_there = self.wait(asked, |state| state.shelf.is_fresh(asked, Instant::now())).await;
        // While one took its time, the others may have grown too old. Without an age they were not meant to have one.
        if is_there && !asked.max_age.is_zero() {
            self.soon().await;
        }
        is_there
    }

    /// Waits for results of the checks with these tags, however old; not where too many wait already.
    pub(crate) async fn known(self: &Rc<Self>, tags: &[String]) -> bool {
        let is_known = |state: &State| {
            let Some(selection) = state.checks.tagged(tags) else { return true };
            let known: Vec<_> = selection.entries().collect();
            !state.shelf.unknown().any(|entry| known.contains(&entry))
        };
        self.wait(self.asked(), is_known).await
    }

    async fn wait(self: &Rc<Self>, asked: Asked, is_there: impl Fn(&State) -> bool) -> bool {
        let mut seat = None;
        loop {
            // Before anything is looked at: whatever turns from now on is heard.
            let turned = self.turned.notified();
            if is_there(&self.state.borrow()) {
                return true;
            }
            self.begin(asked);
            if seat.is_none() {
                seat = Seat::of(self);
            }
            if seat.is_none() {
                return false;
            }
            turned.await;
        }
    }

    /// Waits for results that are not too old, if they come soon. Who asks whether this node can serve must not wait for a
    /// dependency that does not answer.
    pub(crate) async fn soon(self: &Rc<Self>) {
        let asked = self.asked();
        loop {
            let turned = self.turned.notified();
            if self.state.borrow().shelf.is_fresh(asked, Instant::now()) {
                return;
            }
            self.begin(asked);
            // What hangs is not waited for by everybody who asks.
            let begun = self.state.borrow().shelf.latest_begin(asked, Instant::now()).unwrap_or(asked.at);
            tokio::select! {
                biased;
                () = turned => {}
                () = sleep_until(begun + PATIENCE) => return,
            }
        }
    }

    /// The verdict over this node, as far as it is known. A dependency that does not answer must not hide what this node
    /// lacks.
    pub(crate) fn readiness(&self) -> Rc<Readiness> {
        let mut state = self.state.borrow_mut();
        if let Some(known) = &state.readiness {
            return Rc::clone(known);
        }
        let State { checks, shelf, before, .. } = &*state;
        let unknown: Vec<_> = shelf.unknown().map(|entry| &checks.plan.entries[entry]).collect();
        let readiness = Rc::new(Readiness::of(&shelf.view(checks.stage()), &unknown, *before));
        state.readiness = Some(Rc::clone(&readiness));
        readiness
    }

    /// How old the oldest result is; nothing where there is none.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.state.borrow().shelf.age(Instant::now())
    }

    /// What all answers are made from; nothing where there is nothing.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        Some(Stamp { age: self.age()?.as_secs(), landed: self.state.borrow().landed })
    }

    /// The report of these checks, which have these tags.
    pub(crate) fn report(&self, selection: &Selection, tags: &[String], form: Form) -> Answer {
        let settled = self.settled();
        let (answer, broken) =
            self.served(selection, tags, |served| served.report(form, &settled.template, settled.fail_status));
        let mut state = self.state.borrow_mut();
        if let Some(why) = broken.filter(|why| state.broken.as_ref() != Some(why)) {
            say(&format!("--template: {why}; our own page is shown instead"));
            state.broken = Some(why);
        }
        answer
    }

    /// Tells something of these checks.
    pub(crate) fn served<T>(&self, selection: &Selection, tags: &[String], tell: impl FnOnce(&Served<'_>) -> T) -> T {
        let readiness = self.readiness();
        let State { checks, shelf, .. } = &*self.state.borrow();
        let view = &shelf.view(checks.stage_of(selection));
        let age = shelf.age_of(view, Instant::now());
        tell(&Served { view, shelf, readiness: &readiness, age, max_age: self.args.max_age, tags })
    }

    /// Who asks now.
    fn asked(&self) -> Asked {
        Asked { at: Instant::now(), max_age: self.args.max_age }
    }

    /// Begins what is due, unless it is being made already.
    pub(crate) fn begin_due(self: &Rc<Self>) {
        self.begin(self.asked());
    }

    /// Begins what is due for who asked then.
    fn begin(self: &Rc<Self>, asked: Asked) {
        if self.due(asked).is_empty() {
            return;
        }
        // A secret that was replaced is not sent any more.
        let changed = self.state.borrow_mut().watched.changed();
        if let Some(path) = changed {
            self.reload(&format!("{} has changed", path.display()));
        }
        for batch in self.due(asked) {
            self.run(batch);
        }
    }

    /// What is due; nothing until runs of files that were read before have ended.
    fn due(&self, asked: Asked) -> Vec<Batch> {
        let State { checks, shelf, former, .. } = &*self.state.borrow();
        if *former > 0 { Vec::new() } else { shelf.due(&checks.plan, &self.options, asked, Instant::now()) }
    }

    fn run(self: &Rc<Self>, Batch { entries, options }: Batch) {
        let began = Instant::now();
        let mut state = self.state.borrow_mut();
        state.shelf.begin(&entries, began);
        let mut other_files = state.runs.subscribe();
        let checks = Rc::clone(&state.checks);
        let remembering = Arc::clone(&state.remembering);
        drop(state);
        let names = Arc::clone(&checks.names);
        // Whoever waits for a directory that does not answer has it in hand, and a thread.
        let is_stuck = Arc::strong_count(&remembering) > MOST_REMEMBERING;
        let recall = (!is_stuck).then(|| recall_later(&remembering, move || names));
        let options = Options { recall: recall.clone(), surroundings: true, ..options };
        let running = Running { keeper: Rc::clone(self), checks: Rc::clone(&checks), entries, began };
        spawn_local(async move {
            let selection = checks.selection.of_entries(&running.entries.iter().copied().collect());
            let mut hear = |event: &Event| {
                if let Event::Finished(outcome) = event {
                    running.keeper.land(&checks, outcome);
                }
            };
            let ended = async move { drop(other_files.changed().await) };
            let report = run::run(&checks.plan, &selection, &options, ended, Some(&mut hear)).await;
            let keeper = Rc::clone(&running.keeper);
            // Who asks from now on does not get what began before; the next run knows what this one has heard.
            recall.iter().for_each(|recall| remember::hear(&remembering, recall));
            drop(running);
            if Rc::ptr_eq(&checks, &keeper.checks()) {
                keeper.tell();
            } else {
                // Those of the files that were read since were not begun as long as this ran.
                keeper.begin_due();
            }
            drop(keeper);
            if let Some(recall) = recall {
                // Nobody waits for it: a directory that does not answer holds up nothing.
                drop(spawn_blocking(move || remember::keep(&remembering, &recall, report.interrupted)));
            }
        });
    }

    /// A check is over.
    fn land(&self, checks: &Rc<Checks>, outcome: &Outcome) {
        let mut state = self.state.borrow_mut();
        if Rc::ptr_eq(&state.checks, checks) {
            state.shelf.land(checks.stage(), outcome.clone(), Instant::now());
            state.changed();
            // It may be all that somebody waits for, whatever else hangs; or it has made room for others.
            self.turned.notify_waiters();
        }
    }

    /// Tells the system how it stands.
    fn tell(&self) {
        let counts = self.served(&self.checks().selection, &[], |served| served.view.check_counts);
        let (word, total) = (self.readiness().standing.word(), counts.total());
        self.notifier.tell(&format!("STATUS={word}: {} of {total} checks work", counts.pass + counts.warn));
    }
}

impl State {
    /// What was said of the results is not true any more.
    fn changed(&mut self) {
        self.landed += 1;
        self.readiness = None;
    }
}

/// One of those who wait for results.
struct Seat<'a>(&'a Cell<usize>);

impl<'a> Seat<'a> {
    fn of(keeper: &'a Keeper) -> Option<Self> {
        let taken = keeper.waiting.get();
        (taken < keeper.most_waiting).then(|| {
            keeper.waiting.set(taken + 1);
            Self(&keeper.waiting)
        })
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// A run in progress; its end, however it comes, is told to all who wait.
struct Running {
    keeper: Rc<Keeper>,
    checks: Rc<Checks>,
    entries: Vec<usize>,
    began: Instant,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.keeper.state.borrow_mut();
        if Rc::ptr_eq(&state.checks, &self.checks) {
            state.shelf.end(&self.entries, self.began);
        } else {
            state.former -= 1;
        }
        self.keeper.turned.notify_waiters();
    }
}
