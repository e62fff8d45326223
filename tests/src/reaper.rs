//! What is still to be cleaned up when this process ends, whichever way it ends.
//!
//! Handles clean up when they are dropped, but a static is never dropped, and neither is anything in
//! a process that was killed. (The kernel's parent-death signal does not help: it fires at the end of
//! the *thread* that started the daemon, and a test is a thread.) So a small shell process holds the
//! list. It reads a pipe only this process can write to; when that pipe ends, so has this process,
//! and whatever is still on the list goes: process groups, directories, network namespaces.

use std::fmt::Display;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::or_panic::OrPanic;

/// One thing that must not outlive this process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leftover<'a> {
    /// A process group, by the number of its leader: SIGTERM, then SIGKILL.
    Group(i32),
    /// A directory made by [`crate::scratch::Scratch`].
    Folder(&'a str),
    /// A network namespace by name, with its directory under /etc/netns.
    Namespace(&'a str),
}

impl Display for Leftover<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Group(leader) => write!(f, "group:{leader}"),
            Self::Folder(path) => write!(f, "dir:{path}"),
            Self::Namespace(name) => write!(f, "netns:{name}"),
        }
    }
}

/// Puts `item` on the list.
pub(crate) fn add(item: Leftover<'_>) {
    tell("add", item).or_panic("tell the watcher process what to clean up");
}

/// Takes `item` off the list, because it has been cleaned up. Never panics: it is called from drops.
pub(crate) fn remove(item: Leftover<'_>) {
    // A watcher that is gone has nothing left to forget.
    let _gone = tell("del", item);
}

/// Writes one line, in one piece, to the watcher, which the first call starts.
fn tell(verb: &str, item: Leftover<'_>) -> std::io::Result<()> {
    static WATCHER: OnceLock<Mutex<ChildStdin>> = OnceLock::new();
    let mut pipe = WATCHER.get_or_init(|| Mutex::new(watch())).lock().unwrap_or_else(PoisonError::into_inner);
    pipe.write_all(format!("{verb} {item}\n").as_bytes())
}

/// Starts the watcher, in a group of its own so that an interrupt from the keyboard does not end it.
fn watch() -> ChildStdin {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", include_str!("reaper.sh")]).env("PATH", crate::packages::SEARCH_PATH).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().or_panic("start the watcher process").stdin.or_panic("write to the watcher process")
}
