//! What a program starts and leaves behind: settings may fork, and nobody would ever end what they forked.

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant};

/// Whoever goes on forking is given up after so long; what can be ended ends at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// All that comes from the programs that are started from now on, wherever it has gone: a session or a group of its own
/// hides it from a signal, and the death of its parent makes it a child of this process (prctl(2),
/// `PR_SET_CHILD_SUBREAPER`).
#[derive(Debug)]
pub(super) struct Brood {
    /// Who was there before, and stays.
    others: HashSet<Pid>,
}

impl Brood {
    pub(super) fn begin() -> Self {
        // Where the kernel knows nothing of it, what forks twice gets away, as it always did.
        let _ = set_child_subreaper(true);
        Self { others: children().collect() }
    }

    /// Ends all of it.
    pub(super) fn end(&self) {
        let began = Instant::now();
        while self.kill() && began.elapsed() < PATIENCE {}
    }

    /// Kills the children there are, whose own then become ours; whether there were any.
    fn kill(&self) -> bool {
        let ours = children().filter(|child| !self.others.contains(child));
        // What became somebody else's (setuid) is not ours to end. Nobody else waits for these.
        let killed: Vec<_> = ours.filter(|child| kill(*child, Signal::SIGKILL).is_ok()).collect();
        for child in &killed {
            let _its_end = waitpid(*child, None);
        }
        !killed.is_empty()
    }
}

/// The children of this process.
fn children() -> impl Iterator<Item = Pid> {
    let own = nix::unistd::getpid();
    let names = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    let all = names.filter_map(|name| name.to_str()?.parse().ok().map(Pid::from_raw));
    all.filter(move |process| parent(*process) == Some(own))
}

/// By the fourth field of `/proc/PID/stat` (proc(5)); the second, the name, may have blanks and parentheses.
fn parent(process: Pid) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
    let rest = String::from_utf8_lossy(&stat);
    rest.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok().map(Pid::from_raw)
}
