//! Reading files of which only so much is read.

use crate::file::{Origin, unit, watched};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

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
    /// It belongs to this other unit of Juju.
    OfOtherUnit(String),
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
            Self::OfOtherUnit(unit) => {
                write!(f, "it belongs to the unit {unit}; the checks of a unit read no file of another one")
            }
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
/// Those of the file system; not a regular file, or a larger one; one of another unit.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    watched::note(path);
    read_to_end(open(path, limit)?.0, limit)
}

/// As [`read_bounded`], and from where that comes.
///
/// # Errors
/// As there.
pub(crate) fn read_of(path: &Path, limit: u64) -> Result<(Vec<u8>, Origin), ReadError> {
    let (file, metadata) = open(path, limit)?;
    Ok((read_to_end(file, limit)?, Origin::File(path.to_owned(), Box::new(metadata))))
}

/// A regular file of a size that is read.
pub(super) fn open(path: &Path, limit: u64) -> Result<(File, Metadata), ReadError> {
    // Without O_NONBLOCK, opening a pipe would wait for somebody who writes to it.
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| refused(path, error))?;
    // What was opened is asked, and not the path: that may lead elsewhere a moment later.
    unit::keep_out(&file)?;
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
    Ok((file, metadata))
}

/// What may not be read and is no file anyway is not to be made readable.
fn refused(path: &Path, error: io::Error) -> ReadError {
    match path.metadata() {
        Ok(found) if error.kind() == io::ErrorKind::PermissionDenied && !found.is_file() => {
            if found.is_dir() {
                ReadError::Directory
            } else {
                ReadError::NotRegular
            }
        }
        _ => error.into(),
    }
}

/// All of a stream that has so many bytes at most. The files of `/proc` do not say how many they have.
///
/// # Errors
/// Those of the stream; a longer one.
pub(crate) fn read_to_end(stream: impl io::Read, limit: u64) -> Result<Vec<u8>, ReadError> {
    // Most are read at once then.
    let mut content = Vec::with_capacity(4096);
    stream.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit { Err(ReadError::TooLarge(limit)) } else { Ok(content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_refused_and_not_cut() {
        let own = std::env::current_exe().expect("this program");
        let length = std::fs::metadata(&own).expect("metadata").len();
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
}
