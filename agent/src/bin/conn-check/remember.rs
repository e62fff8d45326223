//! `--remember`: what is kept of the checks between runs. None of it ever fails a run.

use crate::say;
use conn_check::file::{SharedDirectory, Stamp};
use conn_check::memory::{Memory, Names, Recall};
use conn_check::plan::Plan;
use conn_check::report;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The begin of the files' names.
const NAME: &str = "memory";

/// Where runs are remembered.
#[derive(Debug)]
pub(crate) struct Remembering {
    /// Where files are; without that, as long as this process runs.
    shelf: Option<SharedDirectory>,
    memory: Memory,
    /// What was heard and is not kept yet.
    heard: Memory,
    /// The directory can be used, as far as it shows.
    is_usable: bool,
    /// How the directory was when it was read.
    seen: Option<Stamp>,
    /// What is wrong, and what of that was told.
    wrong: Vec<String>,
    told: Vec<String>,
}

impl Remembering {
    /// In the directory that is named, or in that of the unit of Juju for which this process was started.
    pub(crate) fn begin(directory: Option<&Path>) -> Self {
        let named = directory.map(|directory| SharedDirectory::at(directory.to_owned(), NAME));
        let shelf = named.or_else(|| SharedDirectory::of_unit(NAME));
        let (memory, heard) = (Memory::default(), Memory::default());
        Self { shelf, memory, heard, is_usable: true, seen: None, wrong: Vec::new(), told: Vec::new() }
    }

    /// Whether anything outlives this process.
    pub(crate) const fn lasts(&self) -> bool {
        self.shelf.is_some()
    }

    /// What is remembered now.
    fn remembered(&mut self) -> Memory {
        self.wrong.clear();
        self.is_usable = self.refresh();
        let mut memory = self.memory.clone();
        memory.join(self.heard.clone());
        memory
    }

    /// Takes what a run has heard: the next one knows of it, whenever it is kept.
    fn hear(&mut self, recall: &Recall) {
        self.heard.join(recall.heard());
    }

    /// Keeps what a run has heard. What could not be read, or cannot be written, is told.
    fn keep(&mut self, recall: &Recall) {
        self.hear(recall);
        self.settle();
    }

    /// Keeps what was heard and is not kept yet.
    fn settle(&mut self) {
        if let (Err(why), Some(shelf)) = (self.write(), &self.shelf) {
            self.wrong.push(format!("{}: this run is not remembered: {why}", place(shelf)));
        }
        self.complain();
    }

    fn write(&mut self) -> Result<(), String> {
        let Some(directory) = self.shelf.as_mut().filter(|_| self.is_usable) else {
            self.memory.join(std::mem::take(&mut self.heard));
            return Ok(());
        };
        let held = directory.hold();
        // Of other runs, that ended meanwhile, something may be kept since this one began.
        self.is_usable = self.refresh();
        self.memory.join(std::mem::take(&mut self.heard));
        let _held = held?;
        if let Some(directory) = self.shelf.as_mut().filter(|_| self.is_usable) {
            directory.keep(self.memory.text(SystemTime::now()).as_bytes())?;
            self.seen = directory.stamp();
        }
        Ok(())
    }

    /// Reads what is kept, where somebody has kept something since; whether that can be done. What is wrong is noted.
    fn refresh(&mut self) -> bool {
        let now = SystemTime::now();
        self.memory.forget_times_to_come(now);
        let Some(directory) = &mut self.shelf else { return true };
        let stamp = directory.stamp();
        if stamp.is_some() && stamp == self.seen {
            return true;
        }
        self.seen = stamp;
        let mut wrong = Vec::new();
        let read = read(directory, now, &mut wrong);
        wrong.retain(|wrong| !self.wrong.contains(wrong));
        self.wrong.extend(wrong);
        let is_usable = read.is_some();
        self.memory.join(read.unwrap_or_default());
        is_usable
    }

    /// A program that goes on complains of the same thing once.
    fn complain(&mut self) {
        self.wrong.iter().filter(|wrong| !self.told.contains(wrong)).for_each(|wrong| say(wrong));
        self.told.clone_from(&self.wrong);
    }
}

/// What is remembered of checks, found while they are made: reading it takes as long as asking a server of this host. What is
/// wrong with it is told at the end.
pub(crate) fn recall_later(
    remembering: &Arc<Mutex<Remembering>>,
    names: impl FnOnce() -> Arc<Names> + Send + 'static,
) -> Arc<Recall> {
    let remembering = Arc::clone(remembering);
    Arc::new(Recall::later(move || (locked(&remembering).remembered(), names())))
}

/// Keeps what a run has heard, if it was found what is remembered. A run that was interrupted has not waited for that.
pub(crate) fn keep(remembering: &Mutex<Remembering>, recall: &Recall, is_interrupted: bool) {
    if recall.is_known() {
        locked(remembering).keep(recall);
    } else if !is_interrupted {
        say("--remember: its directory does not answer, and this run is not remembered: look what holds up its disk");
    }
}

/// Takes what a run has heard, at once; unless the directory holds up who has it in hand.
pub(crate) fn hear(remembering: &Mutex<Remembering>, recall: &Recall) {
    if let (true, Ok(mut remembering)) = (recall.is_known(), remembering.try_lock()) {
        remembering.hear(recall);
    }
}

/// Keeps what is left to keep, at the end of a program that goes on.
pub(crate) fn settle(remembering: &Mutex<Remembering>) {
    let mut remembering = locked(remembering);
    if remembering.heard != Memory::default() {
        remembering.settle();
    }
}

fn locked(remembering: &Mutex<Remembering>) -> MutexGuard<'_, Remembering> {
    remembering.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is remembered in a directory, which may be nothing yet; nothing at all of one that cannot be used. What is wrong
/// is noted.
fn read(shelf: &mut SharedDirectory, now: SystemTime, wrong: &mut Vec<String>) -> Option<Memory> {
    let (place, mut memory) = (place(shelf), Memory::default());
    let read = shelf.read().map_err(|why| wrong.push(format!("{place}: nothing is remembered: {why}")));
    let kept = read.ok()?;
    wrong.extend(kept.unread.iter().map(|why| format!("{place}: {why}; it is left out")));
    for (path, content) in &kept.contents {
        match Memory::read(content, now) {
            Ok(read) => memory.join(read),
            Err(why) => wrong.push(format!("{}: {why}; it is left out, and a new one is begun", path.display())),
        }
    }
    Some(memory)
}

/// By what the checks of a plan are known between runs.
pub(crate) fn names(plan: &Plan) -> Arc<Names> {
    // Which file a name means, from whatever directory it is named.
    let whole = |file: &str| fs::canonicalize(file).map_or_else(|_| file.to_owned(), |path| path.display().to_string());
    Arc::new(Names::new(plan, report::series(plan), whole))
}

fn place(shelf: &SharedDirectory) -> String {
    format!("--remember {}", shelf.directory().display())
}
