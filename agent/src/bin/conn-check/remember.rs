//! `--remember`: what is kept of the checks between runs. None of it ever fails a run.

use crate::say;
use conn_check::file::{self, Kept};
use conn_check::memory::{Memory, Recall};
use conn_check::plan::Plan;
use conn_check::report;
use conn_check::run::Outcome;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The begin of the files' names.
const NAME: &str = "memory";

/// Where a run remembers.
#[derive(Debug)]
pub(crate) struct Remembering {
    /// The directory, as it is told.
    place: String,
    own: PathBuf,
    recall: Arc<Recall>,
}

impl Remembering {
    /// Reads what is remembered: in the directory that is named, or in that of the unit of Juju for which this process was
    /// started. That it cannot be used is told.
    pub(crate) fn begin(directory: Option<&Path>, plan: &Plan) -> Option<Self> {
        let of_unit = || file::results_of_unit().filter(|_| !nix::unistd::geteuid().is_root());
        let directory = directory.map(Path::to_owned).or_else(of_unit)?;
        let place = format!("--remember {}", directory.display());
        let kept = match Kept::read(&directory, NAME) {
            Ok(kept) => kept,
            Err(why) => {
                say(&format!("{place}: nothing is remembered: {why}"));
                return None;
            }
        };
        let now = SystemTime::now();
        let mut memory = Memory::default();
        kept.unread.iter().for_each(|why| say(&format!("{place}: {why}; it is left out")));
        for (path, content) in &kept.contents {
            match Memory::read(content, now) {
                Ok(read) => memory.join(read),
                Err(why) => {
                    let next = if *path == kept.own { "a new one takes its place" } else { "it is left out" };
                    say(&format!("{}: {why}; {next}", path.display()));
                }
            }
        }
        let recall = Arc::new(Recall::new(memory, plan, report::series(plan), now));
        Some(Self { place, own: kept.own, recall })
    }

    /// What those that fail are held against.
    pub(crate) fn recall(&self) -> Arc<Recall> {
        Arc::clone(&self.recall)
    }

    /// Keeps what these runs of the checks have told.
    pub(crate) fn end(&self, plan: &Plan, outcomes: &[Outcome]) {
        let text = self.recall.after(plan, outcomes).text(SystemTime::now());
        if let Err(error) = file::keep(&self.own, text.as_bytes()) {
            say(&format!("{}: this run is not remembered: {error}; make room there, or let this user write there", self.place));
        }
    }
}
