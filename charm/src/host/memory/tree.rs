//! Files, directories and links in memory, with who may do what.

use crate::host::{Access, User};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What is at a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    File(Vec<u8>),
    Directory,
    Link(PathBuf),
    Pipe,
}

/// A thing in the tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) access: Access,
    pub(crate) modified: i128,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<PathBuf, Node>,
    clock: i128,
}

const DIRECTORY: Access = Access { mode: 0o755, uid: 0, gid: 0 };

impl Tree {
    pub(crate) fn get(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.nodes.keys()
    }

    pub(crate) fn put(&mut self, path: &Path, content: Content, access: Access) {
        if let Some(parent) = path.parent() {
            self.make_directories(parent);
        }
        self.clock += 1;
        self.nodes.insert(path.to_owned(), Node { content, access, modified: self.clock });
    }

    pub(crate) fn make_directories(&mut self, path: &Path) {
        for directory in path.ancestors().filter(|directory| !directory.as_os_str().is_empty()) {
            let node = || Node { content: Content::Directory, access: DIRECTORY, modified: 0 };
            self.nodes.entry(directory.to_owned()).or_insert_with(node);
        }
    }

    pub(crate) fn set_access(&mut self, path: &Path, access: Access) -> io::Result<()> {
        let node = self.nodes.get_mut(path).ok_or(io::ErrorKind::NotFound)?;
        node.access = access;
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let from_is_directory = matches!(self.nodes.get(from), Some(Node { content: Content::Directory, .. }));
        if !self.nodes.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if !from_is_directory && matches!(self.nodes.get(to), Some(Node { content: Content::Directory, .. })) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if from_is_directory && !self.children(to).is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        for path in self.below(from) {
            let inside = path.strip_prefix(from).map_err(io::Error::other)?;
            let new = if inside.as_os_str().is_empty() { to.to_owned() } else { to.join(inside) };
            if let Some(node) = self.nodes.remove(&path) {
                self.nodes.insert(new, node);
            }
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: &Path) {
        self.nodes.remove(path);
    }

    /// The path and all below it.
    pub(crate) fn below(&self, path: &Path) -> Vec<PathBuf> {
        let from = self.nodes.range(path.to_owned()..).map(|(path, _)| path);
        from.take_while(|one| one.starts_with(path)).cloned().collect()
    }

    pub(crate) fn children(&self, directory: &Path) -> Vec<String> {
        let below = self.below(directory).into_iter().filter(|path| path.parent() == Some(directory));
        below.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
    }

    /// Where the path leads through all links; none where nothing is.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let mut path = path.to_owned();
        for _ in 0..40 {
            let Some(place) = self.resolve_parent(&path)? else { return Ok(None) };
            match self.nodes.get(&place) {
                None => return Ok(None),
                Some(Node { content: Content::Link(target), .. }) => path = beside(&place, target),
                Some(_) => return Ok(Some(place)),
            }
        }
        Err(io::Error::other("too many links"))
    }

    /// The path with all links in it followed, but for a last one.
    pub(crate) fn resolve_parent(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Some(path.to_owned()));
        };
        Ok(self.resolve(parent)?.map(|parent| parent.join(name)))
    }

    /// Whether a user may do this (4 read, 1 run) with what the path leads to.
    pub(crate) fn allows(&self, user: Option<&User>, path: &Path, bit: u32) -> bool {
        let Some(user) = user.filter(|user| user.uid != 0) else { return true };
        let Ok(Some(place)) = self.resolve(path) else { return false };
        let enters = place.ancestors().skip(1).all(|directory| {
            self.nodes.get(directory).is_none_or(|node| permits(user, node.access, 1))
        });
        enters && self.nodes.get(&place).is_some_and(|node| permits(user, node.access, bit))
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

/// What a link at this place means.
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
