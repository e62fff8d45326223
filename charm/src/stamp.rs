//! Which file it is: another one has another size or modification time.

use crate::error::Error;
use crate::host::{Host, Symlinks};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Identifies a file.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct FileStamp {
    /// In bytes.
    pub(crate) size: u64,
    /// In nanoseconds since 1970.
    pub(crate) modified: i64,
}

impl FileStamp {
    /// That of the file behind the path, if there is one.
    ///
    /// # Errors
    /// The file system fails.
    pub(crate) fn of(host: &dyn Host, path: &Path) -> Result<Option<Self>, Error> {
        let metadata = host.inspect(path, Symlinks::Follow).map_err(Error::at("inspect", path))?;
        Ok(metadata.map(|metadata| {
            let modified = i64::try_from(metadata.modified).unwrap_or_default();
            Self { size: metadata.size, modified }
        }))
    }
}
