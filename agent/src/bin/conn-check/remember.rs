//! `--remember`: what is kept of the checks between runs. None of it ever fails a run.

use crate::say;
use conn_check::file::SharedDirectory;
use conn_check::memory::{Memory, Recall};
use conn_check::plan::Plan;
use conn_check::report;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// The begin of the files' names.
const NAME: &str = "memory";

/// Where runs are remembered.
#[derive(Debug)]
pub(crate) struct Remembering {
    /// Where files are; without that, as long as this process runs.
    shelf: Option<SharedDirectory>,
    memory: Memory,
    /// The directory can be used, as far as it shows.
    is_usable: bool,
    /// When somebody had kept something there last, when it was read.
    read_at: Option<SystemTime>,
    /// What was complained of last: a program that goes on does so once.
    told: Vec<String>,
}

impl Remembering {
    /// In the directory that is named, or in that of the unit of Juju for which this process was started.
    pub(crate) fn begin(directory: Option<&Path>) -> Self {
        let named = directory.map(|directory| SharedDirectory::at(directory.to_owned(), NAME));
        let shelf = named.or_else(|| SharedDirectory::of_unit(NAME));
        Self { shelf, memory: Memory::default(), is_usable: true, read_at: None, told: Vec::new() }
    }

    /// Whether anything outlives this process.
    pub(crate) const fn lasts(&self) -> bool {
        self.shelf.is_some()
    }

    /// What is remembered of the checks of a plan, for a run that begins now. What cannot be read is told.
    pub(crate) fn recall(&mut self, plan: &Plan) -> Arc<Recall> {
        if let Some(shelf) = &self.shelf {
            let mut wrong = Vec::new();
            self.read_at = shelf.changed();
            let read = read(shelf, SystemTime::now(), &mut wrong);
            self.is_usable = read.is_some();
            self.memory.join(read.unwrap_or_default());
            self.complain(wrong);
        }
        Arc::new(Recall::new(self.memory.clone(), plan, report::series(plan), whole))
    }

    /// Keeps what a run has heard. What cannot be written is told.
    pub(crate) fn keep(&mut self, recall: &Recall) {
        let (directory, now) = (self.shelf.as_ref().filter(|_| self.is_usable), SystemTime::now());
        // Of other runs, that ended meanwhile, something may be kept since this one began. What is wrong was told then.
        let changed = directory.filter(|directory| directory.changed() != self.read_at);
        self.memory.join(changed.and_then(|directory| read(directory, now, &mut Vec::new())).unwrap_or_default());
        self.memory.join(recall.heard());
        let Some(directory) = directory else { return };
        if let Err(why) = directory.keep(self.memory.text(now).as_bytes()) {
            let wrong = format!("{}: this run is not remembered: {why}", place(directory));
            self.complain(vec![wrong]);
        }
    }

    fn complain(&mut self, wrong: Vec<String>) {
        wrong.iter().filter(|wrong| !self.told.contains(wrong)).for_each(|wrong| say(wrong));
        self.told = wrong;
    }
}

/// What is remembered in a directory, which may be nothing yet; nothing at all of one that cannot be used. What is wrong
/// is noted.
fn read(shelf: &SharedDirectory, now: SystemTime, wrong: &mut Vec<String>) -> Option<Memory> {
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

/// Which file a name means, from whatever directory it is named.
fn whole(file: &str) -> String {
    fs::canonicalize(file).map_or_else(|_| file.to_owned(), |path| path.display().to_string())
}

fn place(shelf: &SharedDirectory) -> String {
    format!("--remember {}", shelf.directory().display())
}
