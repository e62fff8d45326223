//! Replacing a small file of one's own that is written again and again.

use super::read::{ReadError, open, read_to_end};
use super::replace::{create_temporary, is_ours};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::libc;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

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
    if let Some((mut file, length)) = free(&other) {
        file.write_all(content)?;
        // To be told the length that it has costs the kernel as much as the exchange.
        if length > content.len() as u64 {
            file.set_len(content.len() as u64)?;
        }
        return exchange(&other, path).or_else(|_| fs::rename(&other, path));
    }
    let (temporary, mut file) = create_temporary(path)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.set_permissions(Permissions::from_mode(MODE)))
        .and_then(|()| exchange(&temporary, path).or_else(|_| fs::rename(&temporary, path)));
    // The old one, if there was one, has its turn next; but what another run is writing stays where that run finds it.
    if written.is_err() || rename_with(&temporary, &other, Flags::RENAME_NOREPLACE).is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// The whole content of such a file, of so many bytes at most. As long as it is read it has no turn.
///
/// # Errors
/// As [`read_bounded`](super::read_bounded) has them.
pub(super) fn read_in_turn(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    /// A file that was opened and then had its turn is another one a moment later.
    const TRIES: usize = 8;
    for _ in 1..TRIES {
        let (file, opened) = open(path, limit)?;
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Ok(file) if fs::metadata(path).is_ok_and(|now| now.ino() == opened.ino()) => {
                return read_to_end(&*file, limit);
            }
            Ok(_) | Err((_, Errno::EWOULDBLOCK)) => std::thread::yield_now(),
            // There are no locks here, and no turns.
            Err((file, _)) => return read_to_end(file, limit),
        }
    }
    read_to_end(open(path, limit)?.0, limit)
}

/// The file whose turn it is, and its length, if nobody else is writing or reading it. What is none of ours gives way.
fn free(path: &Path) -> Option<(Flock<File>, u64)> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let opened = OpenOptions::new().write(true).custom_flags(flags).open(path);
    let opened = opened.inspect_err(|error| {
        // A link, a pipe, somebody else's.
        if matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENXIO | libc::EACCES)) {
            let _ = fs::remove_file(path);
        }
    });
    let file = Flock::lock(opened.ok()?, FlockArg::LockExclusiveNonblock).ok()?;
    let there = file.metadata().ok()?;
    if !(there.is_file() && is_ours(&there) && there.nlink() == 1) {
        let _ = fs::remove_file(path);
        return None;
    }
    // Another run may have put it in its place before it was ours alone.
    fs::symlink_metadata(path).is_ok_and(|now| now.ino() == there.ino()).then_some((file, there.len()))
}

/// Held by one of several processes of a user, so that what they keep comes one after the other.
#[derive(Debug)]
pub struct Held {
    _until_dropped: Flock<File>,
}

/// Waits for the turn of this process to keep something, a quarter of a second at most; nothing where that does not come.
pub(super) fn hold(path: &Path) -> Option<Held> {
    const TRIES: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(5);
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let mut file = OpenOptions::new().write(true).create(true).mode(0o600).custom_flags(flags).open(path).ok()?;
    for _ in 0..TRIES {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => return Some(Held { _until_dropped: held }),
            Err((unlocked, Errno::EWOULDBLOCK)) => file = unlocked,
            Err(_) => return None,
        }
        // The kernel has no lock with a limit, and who holds it may have been stopped.
        std::thread::sleep(PAUSE);
    }
    None
}

/// Lets two files change places. There may be one only.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    rename_with(one, other, Flags::RENAME_EXCHANGE)
}

/// Not every file system can do that (NFS), and not every C library knows of it.
#[cfg(target_env = "gnu")]
fn rename_with(from: &Path, to: &Path, how: Flags) -> io::Result<()> {
    use nix::fcntl::AT_FDCWD;
    Ok(nix::fcntl::renameat2(AT_FDCWD, from, AT_FDCWD, to, how)?)
}

#[cfg(not(target_env = "gnu"))]
fn rename_with(_: &Path, _: &Path, _: Flags) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_env = "gnu")]
use nix::fcntl::RenameFlags as Flags;

/// What a rename does beside that.
#[cfg(not(target_env = "gnu"))]
#[expect(non_camel_case_types, reason = "as nix has them")]
enum Flags {
    RENAME_EXCHANGE,
    RENAME_NOREPLACE,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    #[test]
    fn a_short_content_is_whole_behind_longer_ones() {
        let folder = std::env::temp_dir().join(format!("conn-check-short-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a directory");
        let path = folder.join("kept");
        for content in ["a long one", "another long one", "short", "s", "longer", ""] {
            take_turns(&path, content.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("it"), content);
        }
        fs::remove_dir_all(&folder).expect("it was made");
    }

    #[test]
    fn writers_beside_each_other_leave_whole_files_and_none_brings_an_old_one_back() {
        const TIMES: usize = 400;
        let folder = std::env::temp_dir().join(format!("conn-check-turns-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a directory");
        let (path, is_over) = (folder.join("kept"), AtomicBool::new(false));
        let content = |writer: usize, time: usize| format!("{writer} {time} {}", "x".repeat(writer * 997 + time));
        thread::scope(|scope| {
            let writers = [0, 1, 2, 3].map(|writer| {
                let (path, content) = (&path, &content);
                scope.spawn(move || {
                    (0..TIMES).for_each(|time| take_turns(path, content(writer, time).as_bytes()).expect("written"));
                })
            });
            let reader = scope.spawn(|| {
                let mut last = [0; 4];
                while !is_over.load(Ordering::Relaxed) {
                    let Ok(read) = read_in_turn(&path, 1 << 20) else { continue };
                    let read = String::from_utf8(read).expect("a text");
                    let number = |at| read.split(' ').nth(at).and_then(|word| word.parse().ok()).expect("a whole file");
                    let (writer, time): (usize, usize) = (number(0), number(1));
                    assert_eq!(read, content(writer, time));
                    assert!(time + 8 >= last[writer], "writer {writer} is back at {time} behind {}", last[writer]);
                    last[writer] = time.max(last[writer]);
                }
            });
            writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
            is_over.store(true, Ordering::Relaxed);
            reader.join().expect("the reader");
        });
        let mut left: Vec<_> =
            fs::read_dir(&folder).expect("it").map(|file| file.expect("a file").file_name()).collect();
        left.sort();
        assert_eq!(left, [".kept.other", "kept"]);
        fs::remove_dir_all(&folder).expect("it was made");
    }
}
