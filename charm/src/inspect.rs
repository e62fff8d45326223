//! Reading what exists in the file system.

use crate::error::Error;
use crate::host::{FileType, Host, Metadata, Symlinks};
use std::path::{Path, PathBuf};

/// The target of a link; `None` if there is no link.
pub(crate) fn link_target(host: &dyn Host, path: &Path) -> Result<Option<PathBuf>, Error> {
    Ok(inspect(host, path)?.and_then(|metadata| match metadata.kind {
        FileType::Link(target) => Some(target),
        _ => None,
    }))
}

pub(crate) fn inspect(host: &dyn Host, path: &Path) -> Result<Option<Metadata>, Error> {
    host.inspect(path, Symlinks::NoFollow).map_err(Error::at("inspect", path))
}

/// The names in a directory, without drafts and other hidden files.
pub(crate) fn visible_names(host: &dyn Host, directory: &Path) -> Result<Vec<String>, Error> {
    let names = host.list(directory).map_err(Error::at("list", directory))?;
    Ok(names.into_iter().filter(|name| !name.starts_with('.')).collect())
}
