//! The interface to the machine: programs, files, users, the environment. The charm reaches the
//! machine only through [`Host`], so that tests can run its whole life in memory.

#[cfg(test)]
pub(crate) mod memory;
mod real;

pub use real::Real;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the charm reads from the machine and changes on it. Paths are those of the machine; see
/// [`Host::map_path`].
///
/// # Errors
/// All methods return the errors of the system. That something does not exist is not an error.
#[expect(clippy::missing_errors_doc, reason = "documented once, above")]
pub trait Host {
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
    /// The path under which programs outside of a rehearsal's scratch root find this file.
    fn map_path(&self, path: &Path) -> PathBuf;
    /// The user of this name, if it exists.
    fn user(&self, name: &str) -> io::Result<Option<User>>;
    /// The number of the group of this name, if it exists.
    fn group(&self, name: &str) -> io::Result<Option<u32>>;

    /// What is at the path, or what the link there leads to.
    fn inspect(&self, path: &Path, symlinks: Symlinks) -> io::Result<Option<Metadata>>;
    /// The sorted names in a directory, of the first hundred thousand; none if it does not exist.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;
    /// The content of a regular file of at most `limit` bytes; links are not followed.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>>;
    /// Whether two files have the same content.
    fn same(&self, one: &Path, other: &Path) -> io::Result<bool>;

    /// Whether a file is a program for this machine, as its first bytes tell; the error says why not.
    fn judge(&self, path: &Path) -> io::Result<()>;

    /// Makes a directory and its parents; an existing directory gets this access.
    fn make_directory(&mut self, path: &Path, access: Access) -> io::Result<()>;
    /// Replaces a file in one step: the content is first written to its [`draft_of`].
    fn write(&mut self, path: &Path, content: &[u8], access: Access) -> io::Result<()>;
    /// Replaces a file by a copy in one step: it is first copied to its [`draft_of`].
    fn copy(&mut self, from: &Path, to: &Path, access: Access) -> io::Result<()>;
    /// Replaces a link in one step: it is first made as its [`draft_of`].
    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()>;
    /// Gives a file or directory this access.
    fn set_access(&mut self, path: &Path, access: Access) -> io::Result<()>;
    /// Renames within a file system.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file, a link, or a directory with its content, however deep it is.
    fn remove(&mut self, path: &Path) -> io::Result<()>;

    /// Runs a program to its end. The error is `NotFound` if it does not exist, and `TimedOut` if it
    /// does not end in time.
    fn run(&mut self, program: &Program) -> io::Result<Output>;
    /// Replaces this process by the program, as execve(2) does; returns only if that fails.
    fn exec(&mut self, program: &Program) -> io::Error;
}

/// Where a file is written before it gets its name in one step. The path is always the same, so that
/// what a killed hook left behind is found again.
#[must_use]
pub fn draft_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{DRAFT}"))
}

/// The end of the name of a draft.
pub const DRAFT: &str = ".conn-check-draft";

/// Whether a link itself is meant or its target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Symlinks {
    /// The link itself.
    NoFollow,
    /// Its target.
    Follow,
}

/// What is at a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metadata {
    /// A file, a directory, a link or something else.
    pub kind: FileType,
    /// Mode, owner and group.
    pub access: Access,
    /// The size of a file in bytes.
    pub size: u64,
    /// When the content was last changed, in nanoseconds since 1970.
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
    /// A symbolic link, with its target.
    Link(PathBuf),
    /// A device, a socket, a pipe.
    Other,
}

/// The permissions and the owner of a file.
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

/// Who runs a program. There is no default, so that nothing is run by root because a user was not found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RunAs {
    /// This process, which is root, with its environment: the hook tools need Juju's variables.
    Root,
    /// This process, which is root, with PATH and LANG and nothing else: the agent that puts itself in the place of a
    /// service, and never checks as root.
    RootAlone,
    /// This user, with PATH and LANG and nothing else, as under NRPE. The variables of a hook are a secret of root's:
    /// who knows `JUJU_CONTEXT_ID` can use the hook tools as the unit (CVE-2024-6984), and proxies have logins.
    User(User),
}

/// A program to run.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its path on the machine, or its name to look up in PATH.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its standard input.
    pub stdin: Vec<u8>,
    /// Who runs it, and with that its environment.
    pub run_as: RunAs,
    /// How long it may run; then it is killed.
    pub timeout: Duration,
    /// Whether its output is captured; if not, it goes to our own output.
    pub captures_output: bool,
}

impl Program {
    /// A program whose output is captured, with no input and a timeout of a minute.
    pub fn new(program: impl Into<OsString>, run_as: RunAs) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            stdin: Vec::new(),
            run_as,
            timeout: Duration::from_secs(60),
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
    /// Its exit status; `None` if a signal killed it.
    pub status: Option<i32>,
    /// The signal that killed it.
    pub signal: Option<i32>,
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
