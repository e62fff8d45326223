//! Files: read with a bound, written whole or not at all.

use crate::host::{Access, Kind, Links, Seen, draft_of};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

pub(super) fn look(path: &Path, links: Links) -> io::Result<Option<Seen>> {
    let metadata = match links {
        Links::Kept => fs::symlink_metadata(path),
        Links::Followed => fs::metadata(path),
    };
    let Some(metadata) = if_there(metadata)? else { return Ok(None) };
    let kind = match metadata.file_type() {
        file if file.is_file() => Kind::File,
        file if file.is_dir() => Kind::Directory,
        file if file.is_symlink() => Kind::Link(fs::read_link(path)?),
        _ => Kind::Other,
    };
    let access = Access { mode: metadata.mode() & 0o7777, uid: metadata.uid(), gid: metadata.gid() };
    let modified = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    Ok(Some(Seen { kind, access, size: metadata.size(), modified }))
}

pub(super) fn list(directory: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = if_there(fs::read_dir(directory))? else { return Ok(Vec::new()) };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<_> = names.collect::<io::Result<_>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Opened without waiting: somebody may have put a pipe there.
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
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than it may be"));
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
    let (mut one, mut other) = (BufReader::with_capacity(BLOCK, one), BufReader::with_capacity(BLOCK, other));
    loop {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        one.by_ref().take(BLOCK as u64).read_to_end(&mut left)?;
        other.by_ref().take(BLOCK as u64).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

const BLOCK: usize = 256 * 1024;

pub(super) fn write(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    replace(path, access, |draft| draft.write_all(content))
}

pub(super) fn copy(from: &Path, to: &Path, access: Access) -> io::Result<()> {
    let mut from = File::open(from)?;
    replace(to, access, |draft| io::copy(&mut from, draft).map(drop))
}

fn replace(path: &Path, access: Access, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let draft = draft_of(path);
    prepare(path, &draft)?;
    // Closed to others until it has its owner. `create_new` follows no link that somebody left.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    fill(&mut file)?;
    fchown(&file, Some(access.uid), Some(access.gid))?;
    file.set_permissions(fs::Permissions::from_mode(access.mode))?;
    file.sync_all()?;
    // Closed before anybody can run it: a program that is open for writing cannot be run.
    drop(file);
    fs::rename(&draft, path)
}

pub(super) fn link(path: &Path, target: &Path) -> io::Result<()> {
    let draft = draft_of(path);
    prepare(path, &draft)?;
    std::os::unix::fs::symlink(target, &draft)?;
    fs::rename(&draft, path)
}

/// The directory is there, and what a hook that was killed left behind is not.
fn prepare(path: &Path, draft: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    remove(draft)
}

/// The mode last: giving a file away takes its set-group bit.
pub(super) fn set_access(path: &Path, access: Access) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(access.uid), Some(access.gid))?;
    fs::set_permissions(path, fs::Permissions::from_mode(access.mode))
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    let Some(metadata) = if_there(fs::symlink_metadata(path))? else { return Ok(()) };
    let removed = if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if_there(removed).map(drop)
}

/// What is not there, also because something above it is a file, is none.
fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}
