//! Files, directories and links in memory, with their permissions.

use crate::host::{Access, User};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

/// The content of an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    File(Vec<u8>),
    Directory,
    Link(PathBuf),
    Pipe,
}

/// A file, directory or link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) content: Content,
    pub(crate) access: Access,
    pub(crate) modified: i128,
}

/// All entries by path. As text, because comparing paths part by part takes most of the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    entries: BTreeMap<OsString, Entry>,
    clock: i128,
}

const DIRECTORY: Access = Access { mode: 0o755, uid: 0, gid: 0 };

impl Tree {
    pub(crate) fn get(&self, path: &Path) -> Option<&Entry> {
        self.entries.get(path.as_os_str())
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.entries.keys().map(Path::new)
    }

    pub(crate) fn put(&mut self, path: &Path, content: Content, access: Access) {
        if let Some(parent) = path.parent() {
            self.make_directories(parent);
        }
        self.clock += 1;
        self.entries.insert(path.into(), Entry { content, access, modified: self.clock });
    }

    pub(crate) fn make_directories(&mut self, path: &Path) {
        for directory in path
            .ancestors()
            .take_while(|directory| self.get(directory).is_none())
            .map(Path::to_owned)
            .collect::<Vec<_>>()
        {
            self.entries
                .insert(directory.into(), Entry { content: Content::Directory, access: DIRECTORY, modified: 0 });
        }
    }

    pub(crate) fn set_access(&mut self, path: &Path, access: Access) -> io::Result<()> {
        let entry = self.entries.get_mut(path.as_os_str()).ok_or(io::ErrorKind::NotFound)?;
        entry.access = access;
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let from_is_directory = matches!(self.get(from), Some(Entry { content: Content::Directory, .. }));
        if self.get(from).is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        if !from_is_directory && matches!(self.get(to), Some(Entry { content: Content::Directory, .. })) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if from_is_directory && !self.children(to).is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        for path in self.below(from) {
            let inside = path.strip_prefix(from).map_err(io::Error::other)?;
            let new = if inside.as_os_str().is_empty() { to.to_owned() } else { to.join(inside) };
            if let Some(entry) = self.entries.remove(path.as_os_str()) {
                self.entries.insert(new.into(), entry);
            }
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: &Path) {
        self.entries.remove(path.as_os_str());
    }

    /// The path and all below it.
    pub(crate) fn below(&self, path: &Path) -> Vec<PathBuf> {
        let itself = self.get(path).is_some().then(|| path.to_owned());
        itself.into_iter().chain(self.inside(path).map(PathBuf::from)).collect()
    }

    /// The names of what is directly in a directory.
    pub(crate) fn children(&self, directory: &Path) -> Vec<String> {
        let skipped = directory.as_os_str().len() + 1;
        let names = self.inside(directory).map(|path| path.to_string_lossy()[skipped..].to_owned());
        names.filter(|name| !name.contains('/')).collect()
    }

    fn inside(&self, directory: &Path) -> impl Iterator<Item = &OsString> {
        let mut prefix = directory.as_os_str().to_owned();
        prefix.push("/");
        let from = self.entries.range(prefix.clone()..).map(|(path, _)| path);
        from.take_while(move |path| path.as_bytes().starts_with(prefix.as_bytes()))
    }

    /// Where the path leads after all links; `None` if nothing is there.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let mut path = path.to_owned();
        for _ in 0..40 {
            let Some(link) = self.first_link(&path) else {
                return Ok(self.get(&path).is_some().then_some(path));
            };
            let rest = path.strip_prefix(&link.0).map(Path::to_owned).unwrap_or_default();
            path = beside(&link.0, link.1);
            if !rest.as_os_str().is_empty() {
                path.push(rest);
            }
        }
        Err(io::Error::other("too many links"))
    }

    /// The first part of the path that is a link, and its target.
    fn first_link<'a>(&'a self, path: &Path) -> Option<(PathBuf, &'a Path)> {
        let bytes = path.as_os_str().as_bytes();
        let ends = (1..bytes.len()).filter(|index| bytes[*index] == b'/').chain([bytes.len()]);
        for part in ends.map(|end| OsStr::from_bytes(&bytes[..end])) {
            if let Some(Entry { content: Content::Link(target), .. }) = self.entries.get(part) {
                return Some((PathBuf::from(part), target));
            }
        }
        None
    }

    /// The path with all links resolved, except for the last part.
    pub(crate) fn resolve_parent(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Some(path.to_owned()));
        };
        Ok(self.resolve(parent)?.map(|parent| parent.join(name)))
    }

    /// Whether a user has this permission (4 read, 1 run) for the target of the path.
    pub(crate) fn allows(&self, user: &User, path: &Path, bit: u32) -> bool {
        if user.uid == 0 {
            return true;
        }
        let Ok(Some(path)) = self.resolve(path) else { return false };
        self.enters(user, &path) && self.get(&path).is_some_and(|entry| permits(user, entry.access, bit))
    }

    /// Whether a user can enter all directories of the path that are there.
    pub(crate) fn enters(&self, user: &User, path: &Path) -> bool {
        let enters = |directory| self.get(directory).is_none_or(|entry| permits(user, entry.access, 1));
        path.ancestors().skip(1).all(enters)
    }
}

fn permits(user: &User, access: Access, bit: u32) -> bool {
    let shift = if user.uid == access.uid {
        6
    } else if user.gid == access.gid || user.groups.contains(&access.gid) {
        3
    } else {
        0
    };
    access.mode >> shift & bit == bit
}

/// The path to which a link leads from here.
fn beside(link: &Path, target: &Path) -> PathBuf {
    let mut path = link.parent().unwrap_or(link).to_owned();
    for part in target.components() {
        match part {
            Component::RootDir => path = PathBuf::from("/"),
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    path
}
