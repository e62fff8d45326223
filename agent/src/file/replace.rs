//! Replacing a file in one step.

use nix::errno::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// What a file is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The output that somebody asked for: a new file can be read by everybody. A link of one's own, or of root's, stays,
    /// and leads to the new file.
    Output,
    /// A result that others look for, in a directory that they may write, too: a link, a pipe or a socket that somebody
    /// else has put there gives way to it.
    Record,
    /// A generated file: a new one is for its owner alone. One of somebody else's that everybody could read is not for
    /// everybody any more, if there are `passwords` in it.
    Generated {
        /// Whether passwords stand in it.
        passwords: bool,
    },
}

impl Kind {
    const fn mode(self) -> u32 {
        match self {
            Self::Output | Self::Record => 0o644,
            Self::Generated { .. } => 0o600,
        }
    }
}

/// A file that has not the mode that it had: nobody may do more than before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Narrowed {
    /// The mode that the file had.
    pub from: u32,
    /// The mode that it has.
    pub to: u32,
    why: &'static str,
}

impl std::fmt::Display for Narrowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to, why } = self;
        write!(f, "{why}, so that its mode is {to:04o} now, and no longer {from:04o}")
    }
}

/// Replaces a file's content in one step: readers see the old or the new one. An existing file
/// keeps its mode, and its owner and group as far as we may set them; where the group cannot be
/// kept, another one's members get no rights from that; [`Kind`] has what else it may lose. What is
/// not a regular file (`/dev/null`, a pipe) is written to as it is.
///
/// Links are followed as `fs.protected_symlinks` of `proc_sys_fs(5)` has it, and files of others in a
/// directory like `/tmp` are left alone as `fs.protected_regular` has it: the kernel does not know
/// of a rename that it is in the place of an open.
///
/// # Errors
/// Those of the file system, and those files; the old content is then still there.
pub fn replace(path: &Path, content: &[u8], kind: Kind) -> io::Result<Option<Narrowed>> {
    if kind == Kind::Record && is_foreign(path)? {
        return put(path, content, None, kind);
    }
    // Asked first, by the name as it is: the system does not follow everybody's links.
    if metadata(path, Path::metadata)?.is_some_and(|old| !old.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(content).map(|()| None);
    }
    let path = end_of_links(path)?;
    let old = metadata(&path, Path::symlink_metadata)?;
    if let Some(old) = &old {
        refuse_strangers(&path, old)?;
    }
    // A result belongs to who wrote it last.
    put(&path, content, old.as_ref().filter(|old| kind != Kind::Record || is_ours(old)), kind)
}

/// Whether a file could be replaced now, as far as that shows without doing so.
///
/// # Errors
/// Those of [`replace`].
pub fn try_replace(path: &Path, kind: Kind) -> io::Result<()> {
    let foreign = kind == Kind::Record && is_foreign(path)?;
    let old = metadata(path, Path::metadata)?.filter(|_| !foreign);
    match old {
        Some(old) if old.is_dir() => return Err(io::Error::from_raw_os_error(nix::libc::EISDIR)),
        // Whoever reads from a pipe may come later.
        Some(old) if !old.is_file() => return Ok(()),
        _ => {}
    }
    let path = if foreign { path.to_owned() } else { end_of_links(path)? };
    if let Some(old) = metadata(&path, Path::symlink_metadata)?.filter(|_| !foreign) {
        refuse_strangers(&path, &old)?;
    }
    let (temporary, _) = create_temporary(&path)?;
    fs::remove_file(temporary)
}

fn metadata(path: &Path, of: impl FnOnce(&Path) -> io::Result<fs::Metadata>) -> io::Result<Option<fs::Metadata>> {
    match of(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn is_ours(metadata: &fs::Metadata) -> bool {
    metadata.uid() == nix::unistd::geteuid().as_raw()
}

pub(super) fn is_ours_or_roots(metadata: &fs::Metadata) -> bool {
    is_ours(metadata) || metadata.uid() == 0
}

/// Whether what is there was put there by somebody else, and is neither a file nor a directory.
fn is_foreign(path: &Path) -> io::Result<bool> {
    let there = metadata(path, Path::symlink_metadata)?;
    Ok(there.is_some_and(|one| !is_ours_or_roots(&one) && !one.is_file() && !one.is_dir()))
}

/// A file of somebody else's in a sticky directory that more than its owner can write.
fn refuse_strangers(path: &Path, old: &fs::Metadata) -> io::Result<()> {
    let Some(directory) = path.parent() else { return Ok(()) };
    let directory = fs::metadata(if directory.as_os_str().is_empty() { Path::new(".") } else { directory })?;
    let is_open = directory.mode() & 0o1000 != 0 && directory.mode() & 0o022 != 0;
    if is_open && !is_ours(old) && old.uid() != directory.uid() {
        let uid = old.uid();
        return Err(denied(format!(
            "the user {uid} has put a file there: name another directory, or remove that file"
        )));
    }
    Ok(())
}

pub(super) fn denied(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Puts a new file in the place of the old one.
fn put(path: &Path, content: &[u8], old: Option<&fs::Metadata>, kind: Kind) -> io::Result<Option<Narrowed>> {
    let (temporary, file) = create_temporary(path)?;
    let written = fill(file, content, old, kind).and_then(|narrowed| fs::rename(&temporary, path).map(|()| narrowed));
    if written.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Where a path leads to in the end, whether or not anything is there. Each link is looked at and read as one: it may
/// be another one a moment later.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let flags = (nix::fcntl::OFlag::O_PATH | nix::fcntl::OFlag::O_NOFOLLOW).bits();
    let mut path = path.to_owned();
    for _ in 0..MOST {
        let link = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
            Ok(link) => link,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        };
        let metadata = link.metadata()?;
        if !metadata.is_symlink() {
            return Ok(path);
        }
        let next = PathBuf::from(nix::fcntl::readlinkat(&link, c"")?);
        if !is_ours_or_roots(&metadata) {
            let (uid, next) = (metadata.uid(), next.display());
            return Err(denied(format!(
                "it is a link of the user {uid} to {next}: name that file, or remove the link"
            )));
        }
        path = path.with_file_name("").join(next);
    }
    Err(io::Error::from(Errno::ELOOP))
}

/// A new file beside the one that it is to replace: a rename does not cross file systems. It is
/// closed to others until it has its owner.
pub(super) fn create_temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    /// Somebody who was killed may have left one, with a process number that comes again.
    const TRIES: u32 = 100;
    for attempt in 1.. {
        let temporary = temporary_path(path, attempt)?;
        // `create_new` follows no link that somebody left.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(error) if attempt >= TRIES => {
                let why = format!("{}, and {} more like it: {error}", temporary.display(), attempt - 1);
                return Err(io::Error::new(error.kind(), why));
            }
            Err(_) => {}
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

fn temporary_path(path: &Path, attempt: u32) -> io::Result<PathBuf> {
    /// So much of the name that the rest fits behind it: 255 bytes are the most.
    const LONGEST: usize = 200;
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?.to_string_lossy();
    let ends = name.char_indices().map(|(at, character)| at + character.len_utf8());
    let end = ends.take_while(|end| *end <= LONGEST).last().unwrap_or_default();
    let again = if attempt == 1 { String::new() } else { format!(".{attempt}") };
    Ok(path.with_file_name(format!(".{}.{}{again}", &name[..end], std::process::id())))
}

fn fill(mut file: File, content: &[u8], old: Option<&fs::Metadata>, kind: Kind) -> io::Result<Option<Narrowed>> {
    file.write_all(content)?;
    let Some(old) = old else {
        file.set_permissions(fs::Permissions::from_mode(kind.mode()))?;
        return file.sync_all().map(|()| None);
    };
    let from = old.mode() & 0o7777;
    let kept = mode_for(&file, old);
    let is_told = kind == Kind::Generated { passwords: true } && !is_ours(old) && kept & 0o007 != 0;
    let to = if is_told { kept & !0o007 } else { kept };
    file.set_permissions(fs::Permissions::from_mode(to))?;
    file.sync_all()?;
    let why = if is_told {
        "it is another user's and has passwords in it (--secrets env or file keeps them out)"
    } else {
        "its group could not be kept"
    };
    Ok((from & 0o777 != to & 0o777).then_some(Narrowed { from, to, why }))
}

/// Gives the file to whom the old one belongs, as far as we may; the mode that it can have then.
fn mode_for(file: &File, old: &fs::Metadata) -> u32 {
    let mode = old.mode() & 0o7777;
    // Only root may give a file away; others can give it to a group that they are in.
    if fchown(file, Some(old.uid()), Some(old.gid())).is_ok() {
        mode
    } else if fchown(file, None, Some(old.gid())).is_ok() {
        mode & 0o777
    } else {
        // Who was in the group is among the others now, and the other way round.
        let everybody = (mode >> 3) & mode & 0o7;
        (mode & 0o700) | (everybody << 3) | everybody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own for a test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("conn-check-file-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).expect("directory");
            Self(path)
        }

        fn count(&self) -> usize {
            fs::read_dir(&self.0).expect("directory").count()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_temporary_file_that_was_left_does_no_harm_and_a_hundred_are_named() {
        let folder = Folder::new("temporary");
        let path = folder.0.join("report");
        let leave = |attempt| fs::write(temporary_path(&path, attempt).expect("name"), "left").expect("temporary file");
        leave(1);
        replace(&path, b"one", Kind::Output).expect("replaced");
        assert_eq!((fs::read(&path).expect("content").as_slice(), folder.count()), (&b"one"[..], 2));
        (2..=100).for_each(leave);
        let error = replace(&path, b"two", Kind::Output).expect_err("no name is left").to_string();
        assert!(error.contains("/.report.") && error.contains("99 more like it"), "{error}");
        assert_eq!(fs::read(&path).expect("content"), b"one");
    }

    #[test]
    fn the_longest_name_that_a_file_can_have_is_replaced() {
        let folder = Folder::new("long");
        for name in ["n".repeat(255), "\u{20ac}".repeat(85)] {
            let path = folder.0.join(&name);
            replace(&path, b"one", Kind::Output).expect("new");
            replace(&path, b"two", Kind::Output).expect("replaced");
            assert_eq!(fs::read(&path).expect("content"), b"two");
        }
        assert_eq!(folder.count(), 2);
    }

    #[test]
    fn a_link_stays_one_whether_or_not_there_is_a_file_at_its_end() {
        let folder = Folder::new("links");
        let (link, end) = (folder.0.join("link"), folder.0.join("end"));
        std::os::unix::fs::symlink("between", &link).expect("link");
        std::os::unix::fs::symlink(&end, folder.0.join("between")).expect("link");
        for content in [b"one", b"two"] {
            replace(&link, content, Kind::Output).expect("written");
            assert_eq!(fs::read(&end).expect("content"), content);
            assert!(fs::symlink_metadata(&link).expect("link").is_symlink());
        }
        let circle = folder.0.join("circle");
        std::os::unix::fs::symlink("circle", &circle).expect("link");
        assert!(replace(&circle, b"one", Kind::Output).is_err());
    }
}
