//! A directory in which the users who do the same work keep a file each, and read those of the others.
//!
//! Each writes its own file alone, called after its number, in one step: two writers never write the same file. Who else
//! could write there could put anything in their place, so a directory of others, or one that others can write, is not
//! used; that of a unit of Juju, which the group nagios can write, is one of its users (`trust.rs` has the rule).

use super::turns::{self, Held, read_in_turn};
use super::{Trust, unit::results_of_unit};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// So many files of others are read, of so many bytes: twenty thousand checks have 20 MB.
const FILES: usize = 16;
const LARGEST: u64 = 32 * 1024 * 1024;

/// A directory, and the name of what is kept there.
#[derive(Clone, Debug)]
pub struct SharedDirectory {
    directory: PathBuf,
    name: &'static str,
    /// Who else may write there: the group with which the charm starts all checks of a unit.
    group: Option<u32>,
    /// It was found to be one that nobody else can write.
    is_trusted: bool,
}

/// How a directory is at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    modified: SystemTime,
    /// The number of this user's file.
    own: u64,
}

/// What is kept in a directory.
#[derive(Debug, Default)]
pub struct Kept {
    /// The contents of the files that could be read.
    pub contents: Vec<(PathBuf, Vec<u8>)>,
    /// What could not be read, with the reason.
    pub unread: Vec<String>,
}

impl SharedDirectory {
    /// In this directory.
    #[must_use]
    pub const fn at(directory: PathBuf, name: &'static str) -> Self {
        Self { directory, name, group: None, is_trusted: false }
    }

    /// In the directory of the unit of Juju that this process was started for, if it was: not as root, who does not write
    /// where others do.
    #[must_use]
    pub fn of_unit(name: &'static str) -> Option<Self> {
        let directory = results_of_unit().filter(|_| !nix::unistd::geteuid().is_root())?;
        Some(Self { directory, name, group: Some(nix::unistd::getegid().as_raw()), is_trusted: false })
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How it is there; nothing where there is no directory yet. It is another one when somebody has kept something since: the
    /// time alone does not tell two who do so at once.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        let modified = fs::metadata(&self.directory).and_then(|directory| directory.modified()).ok()?;
        Some(Stamp { modified, own: fs::metadata(self.own("", ".json")).map_or(0, |own| own.ino()) })
    }

    /// A file of this user's.
    fn own(&self, before: &str, behind: &str) -> PathBuf {
        self.directory.join(format!("{before}{}-{}{behind}", self.name, nix::unistd::geteuid()))
    }

    /// Makes the directory where there is none, for this user alone, and not where others could take it away; and waits
    /// until no other process of this user keeps something there. Nothing is held where one does so on and on.
    ///
    /// # Errors
    /// Why nothing can be kept there, and what to do.
    pub fn hold(&mut self) -> Result<Option<Held>, String> {
        if !self.is_trusted || !self.directory.exists() {
            self.make()?;
        }
        Ok(turns::hold(&self.own(".", ".lock")))
    }

    /// Reads what each user keeps; nothing where there is no directory yet.
    ///
    /// # Errors
    /// The directory cannot be used, with the reason and what to do.
    pub fn read(&mut self) -> Result<Kept, String> {
        self.is_trusted = false;
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            entries => entries.map_err(|error| unusable(&error))?,
        };
        self.judge()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|file| is_one(file, self.name)).collect();
        names.sort();
        let mut kept = Kept::default();
        for path in names.iter().take(FILES).map(|file| self.directory.join(file)) {
            match read_in_turn(&path, LARGEST) {
                Ok(content) => kept.contents.push((path, content)),
                Err(error) => kept.unread.push(format!("{}: {error}", path.display())),
            }
        }
        Ok(kept)
    }

    /// Keeps this user's own file. A directory that was read has been judged: who could not write there then cannot now,
    /// unless its owner, or root, has let them.
    ///
    /// # Errors
    /// Why it cannot be kept, and what to do; the old one is then still there.
    pub fn keep(&mut self, content: &[u8]) -> Result<(), String> {
        turns::take_turns(&self.own("", ".json"), content).map_err(|error| unusable(&error))
    }

    /// Makes the directory where there is none.
    fn make(&mut self) -> Result<(), String> {
        if !self.directory.exists() {
            // Nothing is left behind where nothing may be kept.
            judged(Trust::of_way(self.first_there(), self.group))?;
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.directory);
            made.map_err(|error| unusable(&error))?;
        }
        self.judge()
    }

    /// Whether nobody else could have put there what is there.
    fn judge(&mut self) -> Result<(), String> {
        judged(Trust::of_directory(&self.directory, self.group))?;
        self.is_trusted = true;
        Ok(())
    }

    /// The directory, or the last one on the way to it that is there already.
    fn first_there(&self) -> &Path {
        let is_there = |path: &&Path| path.as_os_str().is_empty() || path.exists();
        self.directory.ancestors().find(is_there).unwrap_or(&self.directory)
    }
}

/// Why it is not trusted, and what to do.
fn judged(trust: Trust) -> Result<(), String> {
    match trust {
        Trust::Full => Ok(()),
        Trust::Withheld(distrust) => Err(format!("{}; {}", distrust.why, distrust.remedy)),
    }
}

/// What to do about an error of the file system.
fn unusable(error: &io::Error) -> String {
    let next = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "name a directory",
        _ => "let this user write there, or name another directory",
    };
    format!("{error}; {next}")
}

/// `NAME-NUMBER.json`.
fn is_one(file: &str, name: &str) -> bool {
    let number = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".json"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
