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
    /// Where this user keeps the own one.
    pub own: PathBuf,
}

impl Kept {
    /// Reads what is kept in a directory under this name, by each user; makes the directory where there is none.
    ///
    /// # Errors
    /// The directory cannot be used, with the reason and what to do.
    pub fn read(directory: &Path, name: &str) -> Result<Self, String> {
        let at = |error: io::Error| format!("{error}; let this user write there, or name another directory");
        if !directory.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(at)?;
        }
        if let Trust::Withheld(distrust) = Trust::of_directory(directory) {
            return Err(format!("{}: {}", distrust.why, distrust.remedy));
        }
        let own = directory.join(format!("{name}-{}.json", nix::unistd::geteuid()));
        let mut kept = Self { contents: Vec::new(), unread: Vec::new(), own };
        let entries = fs::read_dir(directory).map_err(at)?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|file| is_one(file, name)).collect();
        names.sort();
        for path in names.iter().take(FILES).map(|file| directory.join(file)) {
            match read_bounded(&path, LARGEST) {
                Ok(content) => kept.contents.push((path, content)),
                Err(error) => kept.unread.push(format!("{}: {error}", path.display())),
            }
        }
        Ok(kept)
    }
}

/// Keeps this user's own file.
///
/// # Errors
/// Those of the file system; the old one is then still there.
pub fn keep(own: &Path, content: &[u8]) -> io::Result<()> {
    replace(own, content, Kind::Memory).map(drop)
}

/// `NAME-NUMBER.json`.
fn is_one(file: &str, name: &str) -> bool {
    let number = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".json"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
