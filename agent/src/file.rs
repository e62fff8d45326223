//! Files that are there whole or not at all, and files of which only so much is read.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Replaces a file's content in one step: readers see the old or the new one. An existing file
/// keeps its mode, and its owner as far as we may set it; a new one gets `mode`. What is no
/// regular file (`/dev/null`, a pipe) is written to as it is.
///
/// # Errors
/// Those of the file system; the old content is then still there.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    // Through links: the file they lead to is meant, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return OpenOptions::new().write(true).open(&path)?.write_all(content);
    }
    let draft = draft_of(&path)?;
    let written = write_draft(&draft, content, old.as_ref(), mode).and_then(|()| fs::rename(&draft, &path));
    if written.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// The content of a regular file that has so many bytes at most. What is none (`/dev/zero`, a pipe
/// that nobody writes to) would be read without end.
///
/// # Errors
/// Those of the file system; no regular file, or a larger one.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Without O_NONBLOCK, opening a pipe would wait for somebody who writes to it.
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut content = Vec::new();
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::other(format!("it is larger than {} MiB", limit >> 20)));
    }
    Ok(content)
}

/// In the same directory: a rename does not cross file systems.
fn draft_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    Ok(path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id())))
}

fn write_draft(draft: &Path, content: &[u8], old: Option<&fs::Metadata>, mode: u32) -> io::Result<()> {
    let mode = old.map_or(mode, |old| old.mode() & 0o7777);
    // Closed to others until it has its owner; `create_new` follows no link that somebody left.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(content)?;
    if let Some(old) = old {
        // Only root may give a file away; for others it is their own already.
        let _ = std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
    }
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read() {
        assert!(read_bounded(Path::new("/dev/zero"), 1).is_err());
        let own = std::env::current_exe().expect("this program");
        let length = fs::metadata(&own).expect("metadata").len();
        assert_eq!(read_bounded(&own, length).expect("content").len() as u64, length);
        assert!(read_bounded(&own, length - 1).is_err());
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_leaves_no_draft() {
        let directory = std::env::temp_dir().join(format!("conn-check-file-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("directory");
        let path = directory.join("report");
        replace(&path, b"one", 0o644).expect("new");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("mode");
        replace(&path, b"two", 0o644).expect("replaced");
        assert_eq!(fs::read(&path).expect("content"), b"two");
        assert_eq!(fs::metadata(&path).expect("metadata").mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(&directory).expect("directory").count(), 1);
        fs::remove_dir_all(&directory).expect("removed");
    }
}
