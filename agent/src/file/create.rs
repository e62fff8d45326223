//! Files that are made once, and never written over: secrets.

use super::replace::{denied, is_ours_or_roots};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Makes a file for its owner alone (0600), and its directory (0700) where there is none. What is there already stays as
/// it is, a link with nothing behind it included; whether the file was made.
///
/// # Errors
/// Those of the file system. The directory is somebody else's, or a link of somebody else's, who could then read along.
pub fn create(path: &Path, content: &[u8]) -> io::Result<bool> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    for metadata in [fs::symlink_metadata(directory)?, fs::metadata(directory)?] {
        if !is_ours_or_roots(&metadata) {
            let (what, uid) = (if metadata.is_symlink() { "a link" } else { "a directory" }, metadata.uid());
            return Err(denied(format!("{} is {what} of the user {uid}: name one of your own", directory.display())));
        }
    }
    // It follows no link (open(2), O_EXCL).
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    };
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(path);
    }
    written.map(|()| true)
}
