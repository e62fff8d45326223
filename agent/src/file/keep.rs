//! A directory in which the users who do the same work keep a file each, and read those of the others.
//!
//! Each writes its own file alone, called after its number, in one step: two writers never write the same file. Who else
//! could write there could put anything in their place, so a directory of others, or one that others can write, is not
//! used; that of a unit of Juju, which the group nagios can write, is one of its users (`trust.rs` has the rule).

use super::replace::{Kind, replace};
use super::{Trust, read_bounded};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// So many files of others are read, of so many bytes: twenty thousand checks have 20 MB.
const FILES: usize = 16;
const LARGEST: u64 = 32 * 1024 * 1024;

/// What is kept in a directory.
#[derive(Debug)]
pub struct Kept {
    /// The contents of the files that could be read.
    pub contents: Vec<(PathBuf, Vec<u8>)>,
    /// What could not be read, with the reason.
    pub unread: Vec<String>,
}

impl Kept {
    /// Reads what each user keeps in a directory under this name.
    ///
    /// # Errors
    /// The directory cannot be used, with the reason and what to do; no reason where there is none yet.
    pub fn read(directory: &Path, name: &str) -> Result<Self, Option<String>> {
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(None),
            entries => entries.map_err(|error| unusable(&error))?,
        };
        judge(directory)?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|file| is_one(file, name)).collect();
        names.sort();
        let mut kept = Self { contents: Vec::new(), unread: Vec::new() };
        for path in names.iter().take(FILES).map(|file| directory.join(file)) {
            match read_bounded(&path, LARGEST) {
                Ok(content) => kept.contents.push((path, content)),
                Err(error) => kept.unread.push(format!("{}: {error}", path.display())),
            }
        }
        Ok(kept)
    }
}

/// Keeps a user's own file in a directory under this name; makes the directory where there is none, for this user alone.
///
/// # Errors
/// Why it cannot be kept, and what to do; the old one is then still there.
pub fn keep(directory: &Path, name: &str, content: &[u8]) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| unusable(&error))?;
    judge(directory)?;
    let own = directory.join(format!("{name}-{}.json", nix::unistd::geteuid()));
    replace(&own, content, Kind::Memory).map(drop).map_err(|error| unusable(&error))
}

/// Whether nobody else could have put there what is there.
fn judge(directory: &Path) -> Result<(), String> {
    match Trust::of_directory(directory) {
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
