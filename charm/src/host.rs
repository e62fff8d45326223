//! The seam to the machine: programs, files, users, the environment. The charm reaches the machine
//! through [`Host`] alone, so that its whole life can be played in memory.

#[cfg(test)]
pub(crate) mod memory;
mod real;

pub use real::Real;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the machine can be asked and told. Paths are those of the machine; see [`Host::map_path`].
///
/// # Errors
/// All methods give the errors of the system. What is not there is an answer, not an error.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Host {
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
    /// How programs outside the scratch root of a rehearsal call this path.
    fn map_path(&self, path: &Path) -> PathBuf;
    /// The user, if there is one of this name.
    fn user(&self, name: &str) -> io::Result<Option<User>>;
    /// The number of the group, if there is one of this name.
    fn group(&self, name: &str) -> io::Result<Option<u32>>;

    /// What is at the path, or behind the link there.
    fn inspect(&self, path: &Path, symlinks: Symlinks) -> io::Result<Option<Metadata>>;
    /// The names in a directory, sorted; none where it is not there.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;
    /// The content of a regular file of at most `limit` bytes; links are not followed.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>>;
    /// Whether two files have the same bytes.
    fn same(&self, one: &Path, other: &Path) -> io::Result<bool>;

    /// Makes a directory and those above it; gives an existing one this access.
    fn make_directory(&mut self, path: &Path, access: Access) -> io::Result<()>;
    /// Replaces a file in one step, by way of its [`draft_of`].
    fn write(&mut self, path: &Path, content: &[u8], access: Access) -> io::Result<()>;
    /// Replaces a file in one step by a copy, by way of its [`draft_of`].
    fn copy(&mut self, from: &Path, to: &Path, access: Access) -> io::Result<()>;
    /// Replaces a link in one step, by way of its [`draft_of`].
    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()>;
    /// Gives a file or directory this access.
    fn set_access(&mut self, path: &Path, access: Access) -> io::Result<()>;
    /// Renames within a file system.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes whatever is there, a directory with all that is in it.
    fn remove(&mut self, path: &Path) -> io::Result<()>;

    /// Runs a program to its end. A program that is not there is `NotFound`, one that did not end
    /// in time `TimedOut`.
    fn run(&mut self, program: &Program) -> io::Result<Output>;
    /// Replaces this process by the program, as execve(2) does; returns only where that cannot be.
    fn exec(&mut self, program: &Program) -> io::Error;
}

/// Where a file is written before it is renamed to its name. The name is always the same one: what
/// a hook that was killed left behind is found again.
#[must_use]
pub fn draft_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{DRAFT}"))
}

/// How the name of a draft ends.
pub const DRAFT: &str = ".conn-check-draft";

/// Whether the link itself is meant or what it leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Symlinks {
    /// The link itself.
    NoFollow,
    /// What it leads to.
    Follow,
}

/// What is at a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metadata {
    /// File, directory, link or something else.
    pub kind: FileType,
    /// Mode, owner and group.
    pub access: Access,
    /// Bytes of a file.
    pub size: u64,
    /// When the content changed last, in nanoseconds since 1970.
    pub modified: i128,
}

impl Metadata {
    pub(crate) fn is_directory(&self) -> bool {
        self.kind == FileType::Directory
    }
}

/// The types of files in a file system.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, and what it says.
    Link(PathBuf),
    /// A device, a socket, a pipe.
    Other,
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Access {
    /// The twelve bits of the mode.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

/// A user of the machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// The user's number.
    pub uid: u32,
    /// The number of the primary group.
    pub gid: u32,
    /// The numbers of the other groups.
    pub groups: Vec<u32>,
}

/// A program to run.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its path, or its name to be found in PATH; a path is one of the machine.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What it reads.
    pub stdin: Vec<u8>,
    /// As which user it runs; none: as we do.
    pub user: Option<User>,
    /// How long it may run; then it is killed.
    pub timeout: Duration,
    /// Whether it gets our environment; else PATH and LANG alone, as under NRPE.
    pub inherits_environment: bool,
    /// Whether what it prints is kept; else it goes where our output goes.
    pub captures_output: bool,
}

impl Program {
    /// A program with what it prints kept, our environment, no input and a minute of time.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            stdin: Vec::new(),
            user: None,
            timeout: Duration::from_secs(60),
            inherits_environment: true,
            captures_output: true,
        }
    }

    /// With these further arguments.
    #[must_use]
    pub fn with<Argument: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = Argument>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }
}

/// What a program printed and how it ended.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Output {
    /// Its exit status; none: a signal ended it.
    pub status: Option<i32>,
    /// What it printed to standard output.
    pub stdout: Vec<u8>,
    /// What it printed to standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Whether the exit status is 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.status == Some(0)
    }
}
