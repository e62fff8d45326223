//! Replacing a small file of one's own that is written again and again.

use super::replace::{create_temporary, is_ours};
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// For its owner, and for the group that makes the same checks to read.
const MODE: u32 = 0o640;

/// Puts this content in the place of a file's, in one step: readers see the old or the new one. Whatever else is there, a
/// link of somebody's, gives way to it. What a crash of the whole system leaves of it is nobody's loss.
///
/// Two files take turns: the one that is not read is written, then they change places. A file that is renamed over another
/// one is written to the disk at once (`auto_da_alloc` of ext4(5)), and a new one is new to the directory and the journal:
/// that takes six times and twice as long.
///
/// # Errors
/// Those of the file system; the old content is then still there.
pub(super) fn take_turns(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let other = path.with_file_name(format!(".{name}.other"));
    if let Some(mut file) = free(&other) {
        file.write_all(content)?;
        file.set_len(content.len() as u64)?;
        return exchange(&other, path).or_else(|_| fs::rename(&other, path));
    }
    let (temporary, mut file) = create_temporary(path)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.set_permissions(Permissions::from_mode(MODE)))
        .and_then(|()| exchange(&temporary, path).or_else(|_| fs::rename(&temporary, path)));
    // The old one, if there was one, has its turn next.
    if written.is_err() || fs::rename(&temporary, &other).is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// The file whose turn it is, if it is our own and nobody else is writing it.
fn free(path: &Path) -> Option<Flock<File>> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let opened = OpenOptions::new().write(true).custom_flags(flags).open(path).ok()?;
    let file = Flock::lock(opened, FlockArg::LockExclusiveNonblock).ok()?;
    let there = file.metadata().ok()?;
    // Another run may have put it in its place before it was ours alone.
    let is_still_there = fs::symlink_metadata(path).is_ok_and(|now| now.ino() == there.ino());
    (there.is_file() && is_ours(&there) && there.nlink() == 1 && is_still_there).then_some(file)
}

/// Lets two files change places. Not every file system can (NFS), not every C library knows of it, and there may be one
/// file only.
#[cfg(target_env = "gnu")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    Ok(renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE)?)
}

#[cfg(not(target_env = "gnu"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
