//! Files that are there whole or not at all, and files of which only so much is read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// A file whose group could not be kept, and what may be done with it since.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Narrowed {
    /// The mode that the file had.
    pub from: u32,
    /// The mode that it has: nobody may do more than before.
    pub to: u32,
}

impl std::fmt::Display for Narrowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to } = self;
        write!(f, "its group could not be kept, so that its mode is {to:04o} now, and no longer {from:04o}")
    }
}

/// Replaces a file's content in one step: readers see the old or the new one. An existing file
/// keeps its mode, and its owner and group as far as we may set them; where the group cannot be
/// kept, another one's members get no rights from that, which is the value. A new file gets
/// `mode`. What is not a regular file (`/dev/null`, a pipe) is written to as it is; a link stays, and
/// leads to the new file.
///
/// # Errors
/// Those of the file system; the old content is then still there.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<Option<Narrowed>> {
    // Asked first, by the name as it is: the system does not follow everybody's links.
    let old = match fs::metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(content).map(|()| None);
    }
    let path = if old.is_some() { fs::canonicalize(path)? } else { end_of_links(path)? };
    let (temporary, file) = create_temporary(&path)?;
    let written =
        fill(file, content, old.as_ref(), mode).and_then(|narrowed| fs::rename(&temporary, &path).map(|()| narrowed));
    if written.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Why the content of a file is not there.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// What the system says.
    Io(io::Error),
    /// It is a directory.
    Directory,
    /// It is a device, a pipe or a socket, which may have no end.
    NotRegular,
    /// It has more bytes than this.
    TooLarge(u64),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Directory => f.write_str("it is a directory"),
            Self::NotRegular => f.write_str("it is not a regular file"),
            Self::TooLarge(limit) if limit >> 20 > 0 => write!(f, "it is larger than {} MiB", limit >> 20),
            Self::TooLarge(limit) if limit >> 10 > 0 => write!(f, "it is larger than {} KiB", limit >> 10),
            Self::TooLarge(limit) => write!(f, "it is larger than {limit} bytes"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            other => Self::other(other),
        }
    }
}

/// The whole content of a regular file that has so many bytes at most. Anything else (`/dev/zero`, a
/// pipe that nobody writes to) would be read without end. Whatever the path leads to, this does not
/// block.
///
/// # Errors
/// Those of the file system; not a regular file, or a larger one.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    // Without O_NONBLOCK, opening a pipe would wait for somebody who writes to it.
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    // What was opened is asked, and not the path: that may lead elsewhere a moment later.
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(ReadError::Directory);
    }
    if !metadata.is_file() {
        return Err(ReadError::NotRegular);
    }
    if metadata.len() > limit {
        return Err(ReadError::TooLarge(limit));
    }
    read_to_end(file, limit)
}

/// All of a stream that has so many bytes at most. The files of `/proc` do not say how many they have.
///
/// # Errors
/// Those of the stream; a longer one.
pub(crate) fn read_to_end(stream: impl io::Read, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut content = Vec::new();
    stream.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit { Err(ReadError::TooLarge(limit)) } else { Ok(content) }
}

/// Where a path leads to that has nothing at its end.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(next) => path = path.with_file_name("").join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::from(nix::errno::Errno::ELOOP))
}

/// A new file beside the one that it is to replace: a rename does not cross file systems. It is
/// closed to others until it has its owner.
fn create_temporary(path: &Path) -> io::Result<(PathBuf, File)> {
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

fn fill(mut file: File, content: &[u8], old: Option<&fs::Metadata>, mode: u32) -> io::Result<Option<Narrowed>> {
    file.write_all(content)?;
    let from = old.map_or(mode, |old| old.mode() & 0o7777);
    let to = old.map_or(mode, |old| mode_for(&file, old));
    file.set_permissions(fs::Permissions::from_mode(to))?;
    file.sync_all()?;
    Ok((from & 0o777 != to & 0o777).then_some(Narrowed { from, to }))
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

    #[test]
    fn what_is_too_large_is_refused_and_not_cut() {
        let own = std::env::current_exe().expect("this program");
        let length = fs::metadata(&own).expect("metadata").len();
        assert_eq!(read_bounded(&own, length).expect("content").len() as u64, length);
        assert!(matches!(read_bounded(&own, length - 1), Err(ReadError::TooLarge(_))));
        // Its length is 0, until it is read.
        let proc = Path::new("/proc/self/status");
        assert!(!read_bounded(proc, 1 << 20).expect("content").is_empty());
        assert!(matches!(read_bounded(proc, 10), Err(ReadError::TooLarge(10))));
        for (limit, words) in [(10, "10 bytes"), (1 << 16, "64 KiB"), (16 << 20, "16 MiB")] {
            assert_eq!(ReadError::TooLarge(limit).to_string(), format!("it is larger than {words}"));
        }
    }

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
        replace(&path, b"one", 0o644).expect("replaced");
        assert_eq!((fs::read(&path).expect("content").as_slice(), folder.count()), (&b"one"[..], 2));
        (2..=100).for_each(leave);
        let error = replace(&path, b"two", 0o644).expect_err("no name is left").to_string();
        assert!(error.contains("/.report.") && error.contains("99 more like it"), "{error}");
        assert_eq!(fs::read(&path).expect("content"), b"one");
    }

    #[test]
    fn the_longest_name_that_a_file_can_have_is_replaced() {
        let folder = Folder::new("long");
        for name in ["n".repeat(255), "\u{20ac}".repeat(85)] {
            let path = folder.0.join(&name);
            replace(&path, b"one", 0o644).expect("new");
            replace(&path, b"two", 0o644).expect("replaced");
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
            replace(&link, content, 0o644).expect("written");
            assert_eq!(fs::read(&end).expect("content"), content);
            assert!(fs::symlink_metadata(&link).expect("link").is_symlink());
        }
        let circle = folder.0.join("circle");
        std::os::unix::fs::symlink("circle", &circle).expect("link");
        assert!(replace(&circle, b"one", 0o644).is_err());
    }
}
