//! Removing a directory that others may be writing at this moment.
//!
//! The standard library keeps a descriptor for each level of directories, so that users who make enough of them inside
//! each other keep root from removing theirs. Here the directories below some levels move up into the topmost one, so
//! that a few descriptors do, whatever the depth. Above that nothing is renamed: on a full disk that may fail. Nothing is
//! reached by a path that others can change, and no link is followed.

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;
use std::time::{Duration, Instant};

/// Who goes on making directories could keep root at this for ever. A tree of a million entries takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many levels are gone into, with two descriptors each: more than the charm's own directories have.
const LEVELS: u32 = 8;

/// A directory, and not what a link leads to.
const DIRECTORY: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Removes a directory with all that is in it.
pub(super) fn remove_directory(path: &Path) -> io::Result<()> {
    remove_within(path, PATIENCE)
}

fn remove_within(path: &Path, patience: Duration) -> io::Result<()> {
    let top = OpenOptions::new().read(true).custom_flags(DIRECTORY.bits()).open(path)?;
    close_to_others(&top);
    let mut removal = Removal { top, moved: 0, deadline: Instant::now() + patience };
    while !removal.pass()? {}
    fs::remove_dir(path)
}

/// Only root may take a directory from its owner; whoever else removes one is its owner.
fn close_to_others(directory: &File) {
    let _not_root = fchown(directory, Some(nix::unistd::geteuid().as_raw()), Some(nix::unistd::getegid().as_raw()));
    let _not_ours = directory.set_permissions(fs::Permissions::from_mode(0o700));
}

struct Removal {
    top: File,
    /// How many names were given to what moved up.
    moved: u64,
    deadline: Instant,
}

impl Removal {
    /// Removes what is in the topmost directory; whether nothing was there.
    fn pass(&mut self) -> io::Result<bool> {
        let mut nothing = true;
        for entry in Dir::openat(&self.top, c".", DIRECTORY, Mode::empty())? {
            let entry = entry?;
            if is_content(entry.file_name()) {
                nothing = false;
                self.remove(entry.file_name())?;
            }
        }
        Ok(nothing)
    }

    /// What changes under our hands is there again in the next pass, and then is something else.
    fn remove(&mut self, name: &CStr) -> io::Result<()> {
        self.look_at_the_clock()?;
        match unlinkat(&self.top, name, UnlinkatFlags::NoRemoveDir) {
            Err(Errno::EISDIR) => {}
            other => return there_or_not(other),
        }
        let top = self.top.try_clone()?;
        there_or_not(self.remove_directory(&top, name, 1))
    }

    /// Removes a directory, unless it changes under our hands.
    fn remove_directory(&mut self, parent: &impl AsFd, name: &CStr, level: u32) -> nix::Result<()> {
        let emptied = self.empty(parent, name, level);
        match emptied.and_then(|()| unlinkat(parent, name, UnlinkatFlags::RemoveDir)) {
            Err(Errno::ENOTDIR | Errno::ELOOP | Errno::ENOTEMPTY | Errno::ENOENT) => Ok(()),
            other => other,
        }
    }

    /// Removes what is in a directory, and moves up what is too deep in it.
    fn empty(&mut self, parent: &impl AsFd, name: &CStr, level: u32) -> nix::Result<()> {
        let inner = openat(parent, name, DIRECTORY, Mode::empty())?;
        for entry in Dir::openat(&inner, c".", DIRECTORY, Mode::empty())? {
            let entry = entry?;
            let name = entry.file_name();
            if !is_content(name) || Instant::now() >= self.deadline {
                continue;
            }
            match unlinkat(&inner, name, UnlinkatFlags::NoRemoveDir) {
                Err(Errno::EISDIR) if level < LEVELS => self.remove_directory(&inner, name, level + 1)?,
                Err(Errno::EISDIR) => self.move_up(&inner, name)?,
                Err(Errno::ENOENT) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Somebody may have taken the name, for an empty directory it is free all the same.
    fn move_up(&mut self, from: &impl AsFd, name: &CStr) -> nix::Result<()> {
        loop {
            self.moved += 1;
            match renameat(from, name, &self.top, format!("moved-{}", self.moved).as_str()) {
                Err(Errno::EEXIST | Errno::ENOTEMPTY | Errno::ENOTDIR) if Instant::now() < self.deadline => {}
                Err(Errno::ENOENT) => return Ok(()),
                other => return other,
            }
        }
    }

    fn look_at_the_clock(&self) -> io::Result<()> {
        let why = "somebody is still writing there";
        if Instant::now() < self.deadline { Ok(()) } else { Err(io::Error::new(io::ErrorKind::TimedOut, why)) }
    }
}

fn is_content(name: &CStr) -> bool {
    name != c"." && name != c".."
}

fn there_or_not(result: nix::Result<()>) -> io::Result<()> {
    match result {
        Err(Errno::ENOENT) => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("conn-check-removal-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        directory
    }

    /// Directories inside each other, each with a file, a link and an empty directory beside the next one.
    fn nest(top: &Path, depth: u32) {
        let mut inner = File::open(top).expect("it opens");
        for level in 0..depth {
            let at =
                |name: &str| PathBuf::from(format!("/proc/self/fd/{}/{name}", std::os::fd::AsRawFd::as_raw_fd(&inner)));
            fs::create_dir(at(if level % 2 == 0 { "moved-7" } else { "next" })).expect("the next one");
            fs::create_dir(at("empty")).expect("an empty one");
            fs::write(at("file"), "x").expect("a file");
            std::os::unix::fs::symlink("/", at("link")).expect("a link");
            inner = File::open(at(if level % 2 == 0 { "moved-7" } else { "next" })).expect("it opens");
        }
    }

    #[test]
    fn a_tree_goes_whatever_its_depth_and_its_names() {
        let (top, outside) = (directory("deep"), directory("outside"));
        fs::write(outside.join("file"), "stays").expect("a file");
        std::os::unix::fs::symlink(&outside, top.join("moved-1")).expect("a link");
        nest(&top, 600);
        remove_directory(&top).expect("removed");
        assert!(!top.exists());
        assert_eq!(fs::read(outside.join("file")).expect("it is there"), b"stays");
        std::os::unix::fs::symlink(&outside, &top).expect("a link");
        remove_directory(&top).expect_err("it is a link");
        fs::remove_file(&top).expect("removed");
        remove_directory(&outside).expect("removed");
    }

    #[test]
    fn what_is_swapped_for_a_link_meanwhile_is_not_followed() {
        let (top, outside, stop) = (directory("swapped"), directory("kept"), AtomicBool::new(false));
        fs::write(outside.join("file"), "stays").expect("a file");
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let _gone = fs::create_dir_all(top.join("a/b"));
                    let _gone = fs::rename(top.join("a"), top.join("c"));
                    let _there = std::os::unix::fs::symlink(&outside, top.join("a"));
                    let _gone = fs::remove_file(top.join("a"));
                }
            });
            for _ in 0..100 {
                let _somebody_writes = remove_within(&top, Duration::from_millis(20));
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(fs::read(outside.join("file")).expect("it is there"), b"stays");
        for path in [top, outside] {
            let _gone = remove_directory(&path);
        }
    }
}
