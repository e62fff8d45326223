//! `--wait`: round after round, until all is well or the time is over. What is asked again, and when, is said by
//! [`conn_check::run::wait`]; each round is a run of its own, so that nothing of the one before is remembered: no
//! address, no look-up that hangs, no finding about this host.

mod changes;

use crate::check::{Listener, perform};
use crate::output::Output;
use crate::ticker::Ticker;
use crate::watch::Watch;
use changes::Changes;
use conn_check::cli::Args;
use conn_check::event::Event;
use conn_check::memory::Recall;
use conn_check::plan::Plan;
use conn_check::report::Warnings;
use conn_check::run::Report;
use conn_check::run::wait::{Ended, Known, Next, Waited, Waiting, Wish, chance};
use conn_check::select::Selection;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// What `--wait` and `--stable` ask for.
pub(crate) fn wish(args: &Args) -> Option<Wish> {
    let warnings_fail = Warnings::from(args.warnings_as_errors) == Warnings::AreErrors;
    args.wait.map(|most| Wish { most, stable: args.stable.unwrap_or(1), warnings_fail })
}

/// Rounds in progress.
pub(crate) struct Rounds<'a> {
    pub(crate) args: &'a Args,
    pub(crate) output: &'a Output<'a>,
    pub(crate) plan: &'a Arc<Plan>,
    pub(crate) watch: &'a Watch,
    /// What is remembered of the checks.
    pub(crate) recall: Option<Arc<Recall>>,
}

impl Rounds<'_> {
    /// Makes them; what is known at the end, as one run.
    ///
    /// # Errors
    /// The system has no descriptor or thread left.
    pub(crate) fn until_well(&self, wish: Wish, listener: &mut Listener<'_>) -> io::Result<Report> {
        let began = Instant::now();
        let clock = Builder::new_current_thread().enable_time().build()?;
        let (mut waiting, mut known) = (Waiting::new(wish), Known::default());
        let mut changes = Changes::new(self.plan, self.output.tells_changes());
        let (mut selection, mut started, mut rounds) = (listener.stage.selection.clone(), None, 0);
        loop {
            let at = began.elapsed();
            let mut report = self.round(&selection, &mut changes, listener)?;
            rounds += 1;
            known.take(std::mem::take(&mut report.outcomes), at);
            let is_interrupted = report.interrupted;
            let started = *started.get_or_insert(report.started);
            let next = if is_interrupted {
                Next::End(Ended::Interrupted)
            } else {
                waiting.after(self.plan, known.outcomes(), began.elapsed(), chance())
            };
            listener.ticker = None;
            changes.tell_of(&next, wish, &waiting, self.plan, known.outcomes());
            let ended = match next {
                Next::End(ended) => ended,
                Next::Round { entries, pause } => {
                    selection = listener.stage.selection.of_entries(&entries);
                    if self.pause(&clock, pause) {
                        continue;
                    }
                    Ended::Interrupted
                }
            };
            return Ok(known.report(started, began.elapsed(), Waited { rounds, ended }));
        }
    }

    /// One round. Reports hear all of the first, and of later ones what has changed.
    fn round(&self, selection: &Selection, changes: &mut Changes, listener: &mut Listener<'_>) -> io::Result<Report> {
        if changes.is_later_round() {
            listener.ticker = self.output.progress(self.plan, selection.entries().count()).map(Ticker::begin);
        }
        let mut hear = |event: &Event| {
            let is_new = changes.hear(event);
            listener.tick(event);
            if let Some(lines) = changes.lines() {
                listener.without_line(|| lines.iter().for_each(|line| crate::say(line)));
            }
            if is_new {
                listener.report(event);
            }
        };
        let report = perform(self.args, self.plan, selection, self.watch, Some(&mut hear), None, self.recall.clone());
        changes.end_round();
        report
    }

    /// Waits between two rounds; `false`: somebody wants it to end.
    fn pause(&self, clock: &Runtime, pause: Duration) -> bool {
        if let Some(most) = self.args.max_timeout {
            self.watch.allow(pause + most);
        }
        clock.block_on(async {
            tokio::select! {
                biased;
                () = self.watch.stopped() => false,
                () = tokio::time::sleep_until(tokio::time::Instant::now() + pause) => true,
            }
        })
    }
}
