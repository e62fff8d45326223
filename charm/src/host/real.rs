//! The machine itself, or a scratch root on it for rehearsals.

mod accounts;
mod files;
mod programs;
mod removal;

use crate::host::{Access, Host, Metadata, Output, Program, Symlinks, User};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The machine. With `CONN_CHECK_ROOT` in the environment, all paths are below that directory; Juju
/// does not set it, so only tests and rehearsals do.
#[derive(Debug)]
pub struct Real {
    root: PathBuf,
    /// Juju's directory of this unit, with the charm and the resources: outside of the scratch root.
    unit: Option<PathBuf>,
    /// Only root changes owners and runs programs as other users; otherwise everything is our own.
    privileged: bool,
}

impl Real {
    /// The machine or scratch root that the environment selects.
    #[must_use]
    pub fn new() -> Self {
        let root = std::env::var_os("CONN_CHECK_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let unit = std::env::var_os("JUJU_CHARM_DIR")
            .map(PathBuf::from)
            .or_else(|| std::env::current_dir().ok())
            .and_then(|charm| charm.parent().map(Path::to_owned))
            .filter(|unit| unit.parent().is_some());
        Self { root, unit, privileged: nix::unistd::geteuid().is_root() }
    }

    fn is_scratch(&self) -> bool {
        self.root != Path::new("/")
    }
}

impl Default for Real {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for Real {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn map_path(&self, path: &Path) -> PathBuf {
        let here = |known: &Path| path.starts_with(known);
        if !self.is_scratch() || here(&self.root) || self.unit.as_deref().is_some_and(here) {
            return path.to_owned();
        }
        let inside = path.components().filter(|part| !matches!(part, Component::RootDir));
        self.root.join(inside.collect::<PathBuf>())
    }

    fn user(&self, name: &str) -> io::Result<Option<User>> {
        accounts::user(self, name)
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        accounts::group(self, name)
    }

    fn inspect(&self, path: &Path, symlinks: Symlinks) -> io::Result<Option<Metadata>> {
        files::inspect(&self.map_path(path), symlinks)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        files::list(&self.map_path(directory))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
        files::read(&self.map_path(path), limit)
    }

    fn same(&self, one: &Path, other: &Path) -> io::Result<bool> {
        files::same(&self.map_path(one), &self.map_path(other))
    }

    fn judge(&self, path: &Path) -> io::Result<()> {
        programs::judge(&self.map_path(path))
    }

    fn make_directory(&mut self, path: &Path, access: Access) -> io::Result<()> {
        std::fs::create_dir_all(self.map_path(path))?;
        self.set_access(path, access)
    }

    fn write(&mut self, path: &Path, content: &[u8], access: Access) -> io::Result<()> {
        files::write(&self.map_path(path), content, access)
    }

    fn copy(&mut self, from: &Path, to: &Path, access: Access) -> io::Result<()> {
        files::copy(&self.map_path(from), &self.map_path(to), access)
    }

    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()> {
        files::link(&self.map_path(path), target)
    }

    fn set_access(&mut self, path: &Path, access: Access) -> io::Result<()> {
        files::set_access(&self.map_path(path), access)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(self.map_path(from), self.map_path(to))
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        files::remove(&self.map_path(path))
    }

    fn run(&mut self, program: &Program) -> io::Result<Output> {
        programs::run(self, program)
    }

    fn exec(&mut self, program: &Program) -> io::Error {
        programs::exec(self, program)
    }
}
