//! What there is in the file system.

use crate::error::Error;
use crate::host::{Host, Kind, Links, Seen};
use std::path::{Path, PathBuf};

/// What a link says; none where there is no link.
pub(crate) fn link(host: &dyn Host, path: &Path) -> Result<Option<PathBuf>, Error> {
    Ok(look(host, path)?.and_then(|seen| match seen.kind {
        Kind::Link(target) => Some(target),
        _ => None,
    }))
}

pub(crate) fn look(host: &dyn Host, path: &Path) -> Result<Option<Seen>, Error> {
    host.look(path, Links::Kept).map_err(Error::at("look at", path))
}

/// The names in a directory, without those of drafts.
pub(crate) fn names(host: &dyn Host, directory: &Path) -> Result<Vec<String>, Error> {
    let names = host.list(directory).map_err(Error::at("list", directory))?;
    Ok(names.into_iter().filter(|name| !name.starts_with('.')).collect())
}
