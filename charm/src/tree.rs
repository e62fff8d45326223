//! Files, directories and links that should exist.

use crate::accounts::Owner;
use crate::error::Error;
use crate::host::{FileType, Host, Metadata, Symlinks};
use crate::inspect::{inspect, link_target};
use crate::paths::{ETC, EXPORT, LIB, VAR, is_open_to_others};
use std::path::{Path, PathBuf};

/// Something that should be in the file system.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Node {
    /// A directory; its content does not matter.
    Directory(PathBuf, Owner, u32),
    /// A directory that all units share; it may be a link that an admin made.
    Shared(PathBuf, u32),
    /// A file with this content.
    File(PathBuf, String, Owner, u32),
    /// A link with this target.
    Link(PathBuf, PathBuf),
}

impl Node {
    /// Makes it, unless it exists as it should; returns whether anything was changed.
    ///
    /// # Errors
    /// The file system fails.
    pub(crate) fn ensure(&self, host: &mut dyn Host) -> Result<bool, Error> {
        match self {
            Self::Directory(path, owner, mode) => directory(host, path, *owner, *mode),
            Self::Shared(path, _) if is_link(host, path)? => Ok(false),
            Self::Shared(path, mode) => directory(host, path, Owner::Root, *mode),
            Self::File(path, content, owner, mode) => file(host, path, content, *owner, *mode),
            Self::Link(path, target) => link(host, path, target),
        }
    }

    /// Its path.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Directory(path, ..) | Self::Shared(path, _) | Self::File(path, ..) | Self::Link(path, _) => path,
        }
    }
}

/// What is not a directory, but is in the place of one that all units share. It is not the charm's,
/// so the charm must not remove it.
///
/// # Errors
/// The file system fails.
pub(crate) fn obstacle(host: &dyn Host) -> Result<Option<&'static Path>, Error> {
    for path in [LIB, ETC, VAR].map(Path::new) {
        if is_obstacle(host, path)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn is_obstacle(host: &dyn Host, path: &Path) -> Result<bool, Error> {
    let metadata = host.inspect(path, Symlinks::Follow).map_err(Error::at("inspect", path))?;
    Ok(!metadata.map_or(inspect(host, path)?.is_none(), |metadata| metadata.is_directory()))
}

fn is_link(host: &dyn Host, path: &Path) -> Result<bool, Error> {
    Ok(link_target(host, path)?.is_some())
}

/// Removes a directory that all units shared; returns whether anything was changed. If it is a link
/// that an admin made, only its content is removed; an [`obstacle`] stays.
///
/// # Errors
/// The file system fails.
pub(crate) fn remove_shared(host: &mut dyn Host, path: &Path, kept: &[&str]) -> Result<bool, Error> {
    if is_obstacle(host, path)? {
        return Ok(false);
    }
    if kept.is_empty() && !is_link(host, path)? {
        return remove(host, path);
    }
    let names = host.list(path).map_err(Error::at("list", path))?;
    let removed: Vec<_> = names.iter().filter(|name| !kept.contains(&name.as_str())).collect();
    for name in &removed {
        remove(host, &path.join(name))?;
    }
    Ok(!removed.is_empty())
}

/// Removes a file, link or directory; returns whether there was one.
///
/// # Errors
/// The file system fails.
pub(crate) fn remove(host: &mut dyn Host, path: &Path) -> Result<bool, Error> {
    if inspect(host, path)?.is_none() {
        return Ok(false);
    }
    host.remove(path).map_err(Error::at("remove", path))?;
    Ok(true)
}

/// Makes it, unless it exists as it should; returns the change. For what is in the home of another user, who can put
/// anything in its place, that it cannot be made is a line of the log: it must not fail hook after hook.
///
/// # Errors
/// The file system fails, elsewhere.
pub(crate) fn put(host: &mut dyn Host, node: &Node) -> Result<Option<String>, Error> {
    match node.ensure(host) {
        Ok(made) => Ok(made.then(|| format!("wrote {}", node.path().display()))),
        Err(error) if node.path().starts_with(EXPORT) => Ok(Some(went_on_without(&error))),
        Err(error) => Err(error),
    }
}

fn went_on_without(error: &Error) -> String {
    format!("went on without this: {error}")
}

/// Removes a file, link or directory; returns the change. That what others can write cannot be removed is a line of the
/// log: they must not be able to keep a unit on the machine.
///
/// # Errors
/// The file system fails, in a directory that is root's.
pub(crate) fn clear(host: &mut dyn Host, path: &Path) -> Result<Option<String>, Error> {
    match remove(host, path) {
        Ok(removed) => Ok(removed.then(|| format!("removed {}", path.display()))),
        Err(error) if is_open_to_others(path) => Ok(Some(went_on_without(&error))),
        Err(error) => Err(error),
    }
}

fn directory(host: &mut dyn Host, path: &Path, owner: Owner, mode: u32) -> Result<bool, Error> {
    let access = owner.access(host, mode)?;
    let metadata = inspect(host, path)?;
    if metadata.as_ref().is_some_and(|metadata| metadata.is_directory() && metadata.access == access) {
        return Ok(false);
    }
    if metadata.is_some_and(|metadata| !metadata.is_directory()) {
        host.remove(path).map_err(Error::at("remove", path))?;
    }
    host.make_directory(path, access).map_err(Error::at("make", path))?;
    Ok(true)
}

fn file(host: &mut dyn Host, path: &Path, content: &str, owner: Owner, mode: u32) -> Result<bool, Error> {
    let access = owner.access(host, mode)?;
    let metadata = inspect(host, path)?;
    let equal = match &metadata {
        Some(Metadata { kind: FileType::File, size, .. }) if *size == content.len() as u64 => {
            let current = host.read(path, *size).map_err(Error::at("read", path))?;
            current.is_some_and(|current| current == content.as_bytes())
        }
        _ => false,
    };
    if equal && metadata.as_ref().is_some_and(|metadata| metadata.access == access) {
        return Ok(false);
    }
    if metadata.is_some_and(|metadata| metadata.is_directory()) {
        host.remove(path).map_err(Error::at("remove", path))?;
    }
    host.write(path, content.as_bytes(), access).map_err(Error::at("write", path))?;
    Ok(true)
}

fn link(host: &mut dyn Host, path: &Path, target: &Path) -> Result<bool, Error> {
    let kind = inspect(host, path)?.map(|metadata| metadata.kind);
    if kind == Some(FileType::Link(target.to_owned())) {
        return Ok(false);
    }
    if kind == Some(FileType::Directory) {
        host.remove(path).map_err(Error::at("remove", path))?;
    }
    host.link(path, target).map_err(Error::at("link", path))?;
    Ok(true)
}
