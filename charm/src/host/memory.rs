//! A machine in memory, with a strict Juju, for tests. Every write is a step that can fail.

pub(crate) mod agent;
pub(crate) mod juju;
pub(crate) mod steps;
mod system;
pub(crate) mod systemd;
pub(crate) mod tree;

use crate::host::{Access, FileType, Host, Metadata, Output, Program, RunAs, Symlinks, User, draft_of};
use crate::paths::is_open_to_others;
use juju::Juju;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use steps::Steps;
use tree::{Content, Tree};

/// A file of root that everybody can read.
pub(crate) const PUBLIC: Access = Access { mode: 0o644, uid: 0, gid: 0 };

/// The machine.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) tree: Tree,
    pub(crate) juju: Juju,
    pub(crate) steps: Steps,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) groups: BTreeMap<String, u32>,
    /// The files that NRPE read when it was last reloaded.
    pub(crate) nrpe_read: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) systemd: Systemd,
    /// The charm's services.
    pub(crate) services: systemd::Services,
    /// Whether programs of the users run, so that these cannot be removed.
    pub(crate) busy_user: bool,
    /// Whether nrpe runs and cannot be reloaded.
    pub(crate) deaf_nrpe: bool,
    /// Programs that were run, except for hook tools.
    pub(crate) ran: Vec<Vec<String>>,
    /// Where the agent's last run kept its result.
    pub(crate) agent_record: String,
    /// What one of the users puts there in its place.
    pub(crate) forged: Option<Vec<u8>>,
    /// Where nobody can write: somebody has mounted something there.
    pub(crate) closed: Option<PathBuf>,
    /// There is no room for anything new, nor for another name.
    pub(crate) full_disk: bool,
    /// What cannot be removed: somebody has mounted something there, which FUSE allows to every user.
    pub(crate) kept: Option<PathBuf>,
    /// Why no program can be started.
    pub(crate) starts_nothing: Option<io::ErrorKind>,
    /// The patterns of the agent's last run.
    pub(crate) agent_patterns: Vec<String>,
    /// The options of the agent's last run.
    pub(crate) agent_options: Vec<String>,
    /// The program that the process became.
    pub(crate) became: Option<Program>,
}

/// What `systemctl` finds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Systemd {
    /// It runs the machine.
    #[default]
    Runs,
    /// It is installed, but something else runs the machine.
    Installed,
    /// There is no `systemctl`.
    Absent,
}

impl Memory {
    /// A machine with root, the usual directories and a Juju.
    pub(crate) fn new() -> Self {
        let mut memory = Self::default();
        memory.users.insert("root".to_owned(), User { uid: 0, gid: 0, groups: Vec::new() });
        for directory in [
            "/usr/local/bin",
            "/usr/local/lib",
            "/var/lib",
            "/etc",
            "/srv",
            "/etc/systemd/system/multi-user.target.wants",
        ] {
            memory.directory(directory);
        }
        memory
    }

    /// A directory that is not ours.
    pub(crate) fn directory(&mut self, path: &str) {
        self.tree.make_directories(Path::new(path));
    }

    /// A file that is not ours.
    pub(crate) fn file(&mut self, path: &str, content: &str, access: Access) {
        self.tree.put(Path::new(path), Content::File(content.as_bytes().to_vec()), access);
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let path = self.tree.resolve(Path::new(path)).ok()??;
        match &self.tree.get(&path)?.content {
            Content::File(content) => Some(String::from_utf8_lossy(content).into_owned()),
            _ => None,
        }
    }

    /// Installs nrpe as its package does.
    pub(crate) fn install_nrpe(&mut self) {
        self.directory("/etc/nagios/nrpe.d");
        self.directory("/var/lib/nagios/export");
        let gid = *self.groups.entry("nagios".to_owned()).or_insert(120);
        self.users.insert("nagios".to_owned(), User { uid: 108, gid, groups: Vec::new() });
        self.read_nrpe();
    }

    /// NRPE reads its files.
    pub(crate) fn read_nrpe(&mut self) {
        self.nrpe_read = self.nrpe_files();
    }

    /// The files that NRPE would read now.
    pub(crate) fn nrpe_files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let directory = Path::new("/etc/nagios/nrpe.d");
        let names = self
            .tree
            .children(directory)
            .into_iter()
            .filter(|name| name.rsplit_once('.').is_some_and(|(_, extension)| extension == "cfg"));
        let files = names.filter_map(|name| {
            let path = directory.join(name);
            match &self.tree.get(&path)?.content {
                Content::File(content) => Some((path, content.clone())),
                _ => None,
            }
        });
        files.collect()
    }

    fn run_program(&mut self, program: &Program) -> io::Result<Output> {
        let name = program.program.to_string_lossy().into_owned();
        let arguments: Vec<_> =
            program.arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let words: Vec<_> = arguments.iter().map(String::as_str).collect();
        if name.starts_with('/') {
            let user = match &program.run_as {
                RunAs::User(user) => user.clone(),
                // It becomes that user by itself.
                RunAs::RootAlone if words.iter().any(|word| word.starts_with("--as=")) => {
                    self.users["conn-check"].clone()
                }
                RunAs::Root | RunAs::RootAlone => panic!("root runs {name}"),
            };
            return agent::run(self, Path::new(&name), &user, &words);
        }
        assert_eq!(program.run_as, RunAs::Root, "{name} needs the environment and the rights of the hook");
        if name == "resource-get" && program.timeout < self.juju.resource_takes {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if juju::is_tool(&name) {
            return juju::run(self, &name, &words, &program.stdin);
        }
        system::run(self, &name, &words)
    }

    fn has_room(&self) -> io::Result<()> {
        if self.full_disk { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn draft(&mut self, path: &Path, content: Content, access: Access) -> io::Result<()> {
        if self.closed.as_ref().is_some_and(|closed| path.starts_with(closed)) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.has_room()?;
        let path = &self.behind_links(path)?;
        let draft = draft_of(path);
        if draft.file_name().is_some_and(|name| name.len() > 255) {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        // Without an export, or the mark of a reload, a hook goes on; not without what the mark is written for.
        let take =
            if is_open_to_others(path) || path.ends_with("reload-nrpe") { Steps::take_or_go_on } else { Steps::take };
        if let Some(parent) = path.parent().filter(|parent| self.tree.get(parent).is_none()) {
            take(&mut self.steps)?;
            self.tree.make_directories(parent);
        }
        self.remove(&draft)?;
        take(&mut self.steps)?;
        self.tree.put(&draft, content, access);
        let renamed = take(&mut self.steps).and_then(|()| self.tree.rename(&draft, path));
        if renamed.is_err() && self.steps.alive().is_ok() {
            self.tree.remove(&draft);
        }
        renamed
    }

    /// The path with the links of its parents resolved, if the parent exists. Below a file there is nothing.
    fn behind_links(&self, path: &Path) -> io::Result<PathBuf> {
        let path = self.tree.resolve_parent(path)?.unwrap_or_else(|| path.to_owned());
        let is_file = |above: &Path| matches!(self.tree.get(above).map(|one| &one.content), Some(Content::File(_)));
        if path.ancestors().skip(1).any(is_file) { Err(io::ErrorKind::NotADirectory.into()) } else { Ok(path) }
    }
}

impl Host for Memory {
    fn variable(&self, name: &str) -> Option<String> {
        self.juju.variable(name)
    }

    fn map_path(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn user(&self, name: &str) -> io::Result<Option<User>> {
        self.steps.alive()?;
        Ok(self.users.get(name).cloned())
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        self.steps.alive()?;
        Ok(self.groups.get(name).copied())
    }

    fn inspect(&self, path: &Path, symlinks: Symlinks) -> io::Result<Option<Metadata>> {
        self.steps.alive()?;
        if path.starts_with("/proc") {
            return Ok(systemd::inspect(path));
        }
        let path = match symlinks {
            Symlinks::NoFollow => self.tree.resolve_parent(path)?,
            Symlinks::Follow => self.tree.resolve(path)?,
        };
        let Some(entry) = path.and_then(|path| self.tree.get(&path)) else { return Ok(None) };
        let (kind, size) = match &entry.content {
            Content::File(content) => (FileType::File, content.len() as u64),
            Content::Directory => (FileType::Directory, 4096),
            Content::Link(target) => (FileType::Link(target.clone()), 0),
            Content::Pipe => (FileType::Other, 0),
        };
        Ok(Some(Metadata { kind, access: entry.access, size, modified: entry.modified }))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.steps.alive()?;
        if directory.starts_with("/proc") {
            return Ok(systemd::list(self, directory));
        }
        let directory = self.tree.resolve(directory)?;
        Ok(directory.map(|directory| self.tree.children(&directory)).unwrap_or_default())
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.steps.alive()?;
        if path.starts_with("/proc") {
            return Ok(systemd::read(self, path));
        }
        let Some(path) = self.tree.resolve_parent(path)? else { return Ok(None) };
        match self.tree.get(&path).map(|entry| &entry.content) {
            None => Ok(None),
            Some(Content::File(content)) if content.len() as u64 <= limit => Ok(Some(content.clone())),
            Some(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn same(&self, one: &Path, other: &Path) -> io::Result<bool> {
        let content = |path: &Path| -> io::Result<Option<Content>> {
            let path = self.tree.resolve(path)?;
            Ok(path.and_then(|path| Some(self.tree.get(&path)?.content.clone())))
        };
        self.steps.alive()?;
        let one = content(one)?;
        Ok(one.is_some() && one == content(other)?)
    }

    fn judge(&self, path: &Path) -> io::Result<()> {
        self.steps.alive()?;
        let is_program = self.text(&path.to_string_lossy()).is_some_and(|text| text.starts_with("AGENT "));
        if is_program { Ok(()) } else { Err(io::Error::other(crate::executable::Unfit::NoProgram)) }
    }

    fn make_directory(&mut self, path: &Path, access: Access) -> io::Result<()> {
        self.steps.take()?;
        self.has_room()?;
        let path = &self.behind_links(path)?;
        self.tree.make_directories(path);
        self.set_access(path, access)
    }

    fn write(&mut self, path: &Path, content: &[u8], access: Access) -> io::Result<()> {
        self.draft(path, Content::File(content.to_vec()), access)
    }

    fn copy(&mut self, from: &Path, to: &Path, access: Access) -> io::Result<()> {
        let from = self.tree.resolve(from)?.ok_or(io::ErrorKind::NotFound)?;
        let content = self.tree.get(&from).map(|entry| entry.content.clone()).ok_or(io::ErrorKind::NotFound)?;
        self.draft(to, content, access)
    }

    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()> {
        self.draft(path, Content::Link(target.to_owned()), Access { mode: 0o777, ..PUBLIC })
    }

    fn set_access(&mut self, path: &Path, access: Access) -> io::Result<()> {
        self.steps.take()?;
        self.tree.set_access(path, access)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.steps.take()?;
        self.has_room()?;
        self.tree.rename(&self.behind_links(from)?, &self.behind_links(to)?)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let Some(path) = self.tree.resolve_parent(path)? else { return Ok(()) };
        if self.kept.as_ref().is_some_and(|kept| kept.starts_with(&path)) {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        // One by one, as a directory is really removed.
        for below in self.tree.below(&path).into_iter().rev() {
            if is_open_to_others(&below) { self.steps.take_or_go_on() } else { self.steps.take() }?;
            self.tree.remove(&below);
        }
        Ok(())
    }

    fn run(&mut self, program: &Program) -> io::Result<Output> {
        self.steps.alive()?;
        self.run_program(program)
    }

    fn exec(&mut self, program: &Program) -> io::Error {
        self.became = Some(program.clone());
        io::Error::other("a test becomes nothing")
    }
}
