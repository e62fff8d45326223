//! Files: read up to a limit, and replaced in one step.

use super::removal;
use crate::host::{Access, FileType, Metadata, Symlinks, draft_of};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

pub(super) fn inspect(path: &Path, symlinks: Symlinks) -> io::Result<Option<Metadata>> {
    let metadata = match symlinks {
        Symlinks::NoFollow => fs::symlink_metadata(path),
        Symlinks::Follow => fs::metadata(path),
    };
    let Some(metadata) = if_there(metadata)? else { return Ok(None) };
    let kind = match metadata.file_type() {
        file if file.is_file() => FileType::File,
        file if file.is_dir() => FileType::Directory,
        file if file.is_symlink() => FileType::Link(fs::read_link(path)?),
        _ => FileType::Other,
    };
    let access = Access { mode: metadata.mode() & 0o7777, uid: metadata.uid(), gid: metadata.gid() };
    let modified = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    Ok(Some(Metadata { kind, access, size: metadata.size(), modified }))
}

pub(super) fn list(directory: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = if_there(fs::read_dir(directory))? else { return Ok(Vec::new()) };
    let names = entries.take(MAX_NAMES).map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<_> = names.collect::<io::Result<_>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Where others can make files, they may have made any number; no directory of the charm has a hundred.
const MAX_NAMES: usize = 100_000;

/// Opened without blocking, because it may be a pipe.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let Some(file) = if_there(opened)? else { return Ok(None) };
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut content = Vec::new();
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large"));
    }
    Ok(Some(content))
}

pub(super) fn same(one: &Path, other: &Path) -> io::Result<bool> {
    let (Some(one), Some(other)) = (if_there(File::open(one))?, if_there(File::open(other))?) else {
        return Ok(false);
    };
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    while block(&one, &mut left)? && block(&other, &mut right)? {
        if left != right {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the next part of a file; returns whether there is one.
fn block(file: &File, part: &mut Vec<u8>) -> io::Result<bool> {
    part.clear();
    Ok(file.take(256 * 1024).read_to_end(part)? > 0)
}

pub(super) fn write(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    replace(path, access, |draft| draft.write_all(content))
}

pub(super) fn copy(from: &Path, to: &Path, access: Access) -> io::Result<()> {
    let mut from = File::open(from)?;
    replace(to, access, |draft| io::copy(&mut from, draft).map(drop))
}

fn replace(path: &Path, access: Access, put: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let draft = draft_of(path);
    prepare(path, &draft)?;
    let replaced = put_draft(&draft, access, put).and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        // On a full disk, half of a program would take the room that the application needs.
        let _next_hook_tries_again = remove(&draft);
    }
    replaced
}

fn put_draft(draft: &Path, access: Access, put: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // Private until it has its owner. `create_new` does not follow a link that may be there.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    put(&mut file)?;
    fchown(&file, Some(access.uid), Some(access.gid))?;
    file.set_permissions(fs::Permissions::from_mode(access.mode))?;
    file.sync_all()?;
    // Closed before anyone can run it: a program that is open for writing cannot be run.
    drop(file);
    Ok(())
}

pub(super) fn link(path: &Path, target: &Path) -> io::Result<()> {
    let draft = draft_of(path);
    prepare(path, &draft)?;
    std::os::unix::fs::symlink(target, &draft)?;
    let renamed = fs::rename(&draft, path);
    if renamed.is_err() {
        let _next_hook_tries_again = remove(&draft);
    }
    renamed
}

/// Makes the directory, and removes the draft that a killed hook may have left.
fn prepare(path: &Path, draft: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    remove(draft)
}

/// The mode comes last, because changing the owner clears its set-group bit.
pub(super) fn set_access(path: &Path, access: Access) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(access.uid), Some(access.gid))?;
    fs::set_permissions(path, fs::Permissions::from_mode(access.mode))
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    let Some(metadata) = if_there(fs::symlink_metadata(path))? else { return Ok(()) };
    let removed = if metadata.is_dir() { removal::remove_directory(path) } else { fs::remove_file(path) };
    if_there(removed).map(drop)
}

/// `None` if it does not exist, also because a parent is a file.
fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use nix::unistd::{getegid, geteuid, mkfifo};
    use std::path::PathBuf;

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("conn-check-charm-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        directory
    }

    fn ours(mode: u32) -> Access {
        Access { mode, uid: geteuid().as_raw(), gid: getegid().as_raw() }
    }

    #[test]
    fn a_file_is_replaced_with_its_mode_and_without_what_a_killed_hook_left() {
        let directory = directory("write");
        let path = directory.join("a/file");
        write(&path, b"one", ours(0o600)).expect("written");
        let inode = fs::metadata(&path).expect("metadata").ino();
        std::os::unix::fs::symlink("/nowhere", draft_of(&path)).expect("a draft");
        write(&path, b"two", ours(0o4711)).expect("replaced");
        assert_eq!(read(&path, 3).expect("read"), Some(b"two".to_vec()));
        let metadata = inspect(&path, Symlinks::NoFollow).expect("seen").expect("there");
        assert_eq!((metadata.kind, metadata.access, metadata.size), (FileType::File, ours(0o4711), 3));
        assert_ne!(fs::metadata(&path).expect("metadata").ino(), inode, "a running program goes on");
        assert_eq!(list(&directory.join("a")).expect("listed"), ["file"]);
        remove(&directory).expect("removed");
        assert_eq!(inspect(&path, Symlinks::NoFollow).expect("seen"), None);
    }

    #[test]
    fn what_could_not_be_written_leaves_no_draft() {
        let directory = directory("full");
        let path = directory.join("file");
        write(&path, b"before", ours(0o600)).expect("written");
        // A directory is opened, and then cannot be read: as with a full disk, the draft is there by then.
        copy(&directory, &path, ours(0o600)).expect_err("no file");
        assert_eq!(list(&directory).expect("listed"), ["file"]);
        assert_eq!(read(&path, 10).expect("read"), Some(b"before".to_vec()), "the good one stays");
        fs::create_dir(directory.join("place")).expect("a directory");
        write(&directory.join("place"), b"x", ours(0o600)).expect_err("a directory is in its place");
        link(&directory.join("place"), &path).expect_err("a directory is in its place");
        assert_eq!(list(&directory).expect("listed"), ["file", "place"]);
        remove(&directory).expect("removed");
    }

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let directory = directory("read");
        let path = directory.join("file");
        write(&path, b"12345", ours(0o600)).expect("written");
        assert_eq!(read(&path, 4).expect_err("too large").kind(), io::ErrorKind::FileTooLarge);
        let pipe = directory.join("pipe");
        mkfifo(&pipe, Mode::S_IRUSR).expect("a pipe");
        assert!(read(&pipe, 10).is_err(), "a pipe without a writer");
        link(&directory.join("link"), &path).expect("a link");
        assert!(read(&directory.join("link"), 10).is_err(), "a link may lead anywhere");
        assert_eq!(read(&directory.join("none"), 10).expect("nothing"), None);
        assert_eq!(read(&path.join("below"), 10).expect("nothing"), None);
        remove(&directory).expect("removed");
    }

    #[test]
    fn files_are_the_same_when_every_byte_is() {
        let directory = directory("same");
        let (one, other) = (directory.join("one"), directory.join("other"));
        let mut content = vec![7; 600_000];
        write(&one, &content, ours(0o600)).expect("written");
        copy(&one, &other, ours(0o600)).expect("copied");
        assert!(same(&one, &other).expect("read"));
        content[599_999] = 8;
        write(&other, &content, ours(0o600)).expect("written");
        assert!(!same(&one, &other).expect("read"));
        assert!(!same(&one, &directory.join("none")).expect("read"));
        remove(&directory).expect("removed");
    }
}
