//! All files of a machine, to show and to compare.

use crate::or_panic::OrPanic;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// One file.
#[derive(Clone, Eq, PartialEq)]
pub struct Entry {
    /// Kind and permission bits.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The content of a file, the target of a link, nothing for a directory.
    pub content: Vec<u8>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = match std::str::from_utf8(&self.content) {
            Ok(text) if text.len() < 4096 => format!("{text:?}"),
            _ => format!("{} bytes", self.content.len()),
        };
        write!(f, "{:o} {}:{} {content}", self.mode, self.uid, self.gid)
    }
}

/// All files below a directory, by their path inside it.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// `etc/nagios/nrpe.d/x.cfg` and so on.
    pub entries: BTreeMap<PathBuf, Entry>,
    /// Number and time of change of each: others after every writing.
    stamps: BTreeMap<PathBuf, (u64, i64, i64)>,
}

/// What differs between two trees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// It is new.
    Made(PathBuf),
    /// Its content, mode, owner or group is another.
    Altered(PathBuf),
    /// It is gone.
    Removed(PathBuf),
}

impl Tree {
    /// Reads everything below `root` but what `leave_out` names.
    #[must_use]
    pub fn of(root: &Path, leave_out: &[&str]) -> Self {
        let mut tree = Self::default();
        tree.read(root, Path::new(""), leave_out);
        tree
    }

    fn read(&mut self, root: &Path, folder: &Path, leave_out: &[&str]) {
        let entries = fs::read_dir(root.join(folder)).or_panic(format_args!("read {}", folder.display()));
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            if leave_out.iter().any(|one| Path::new(one) == path) {
                continue;
            }
            let metadata = entry.metadata().or_panic(format_args!("look at {}", path.display()));
            let content = if metadata.is_symlink() {
                fs::read_link(entry.path()).map(|target| target.into_os_string().into_encoded_bytes())
            } else if metadata.is_file() {
                fs::read(entry.path())
            } else {
                Ok(Vec::new())
            };
            let content = content.or_panic(format_args!("read {}", path.display()));
            self.stamps.insert(path.clone(), (metadata.ino(), metadata.ctime(), metadata.ctime_nsec()));
            let entry = Entry { mode: metadata.mode(), uid: metadata.uid(), gid: metadata.gid(), content };
            self.entries.insert(path.clone(), entry);
            if metadata.is_dir() {
                self.read(root, &path, leave_out);
            }
        }
    }

    /// What has to be done to this tree to make it the other one.
    #[must_use]
    pub fn changes(&self, later: &Self) -> Vec<Change> {
        let gone = self.entries.keys().filter(|path| !later.entries.contains_key(*path)).cloned().map(Change::Removed);
        let other = later.entries.iter().filter_map(|(path, entry)| match self.entries.get(path) {
            None => Some(Change::Made(path.clone())),
            Some(before) if before != entry => Some(Change::Altered(path.clone())),
            Some(_) => None,
        });
        gone.chain(other).collect()
    }

    /// What was written since, be it with the same content.
    #[must_use]
    pub fn touched(&self, later: &Self) -> Vec<PathBuf> {
        let same = |path: &PathBuf, stamp| later.stamps.get(path) == Some(stamp);
        let touched = self.stamps.iter().filter(|(path, stamp)| !same(path, stamp)).map(|(path, _)| path.clone());
        let made = later.stamps.keys().filter(|path| !self.stamps.contains_key(*path)).cloned();
        touched.chain(made).collect()
    }
}

impl Change {
    /// Of which file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Made(path) | Self::Altered(path) | Self::Removed(path) => path,
        }
    }
}
