//! The end comes in time, whatever stands still: standard input that nobody closes, a reader of
//! the output that does not read, a pipe that nobody opens.

use crate::{UNKNOWN, complain};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// In the place of an exit status: no check has begun.
const READING: u8 = u8::MAX;

/// How long after its time, or after the signal to end, the output may still be on its way.
const GRACE: Duration = Duration::from_secs(1);

/// So soon it is noticed that less time is left than was said: to be told would wake a thread at the end of each run.
const LOOK: Duration = Duration::from_secs(1);

/// So many times as long a host that is too busy to write may take: the result is worth more than a second.
const PATIENCE: u32 = 5;

/// Ends the process on SIGTERM, SIGINT and after `--max-timeout` when it does not end by itself.
#[derive(Debug)]
pub(crate) struct Watch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The exit status if the process ended now, or [`READING`].
    status: AtomicU8,
    stopped: Notify,
    /// All of the output goes to standard output, of which it is known whether somebody reads.
    to_stdout: bool,
    /// When it has to be over, if that is said.
    last: Mutex<Option<Instant>>,
    /// All is told, and what is left is to be remembered.
    is_remembering: AtomicBool,
}

impl Watch {
    /// Begins to watch, in a thread of its own: this one may be held up. To be called before any
    /// other thread is there, so that none of them takes the signals.
    ///
    /// # Errors
    /// Those of the system, when it has no descriptor or thread left.
    pub(crate) fn begin(max_timeout: Option<Duration>, to_stdout: bool) -> io::Result<Self> {
        let last = max_timeout.map(|timeout| Instant::now() + timeout + GRACE);
        let (status, stopped) = (AtomicU8::new(READING), Notify::new());
        let (last, is_remembering) = (Mutex::new(last), AtomicBool::new(false));
        let shared = Arc::new(Shared { status, stopped, to_stdout, last, is_remembering });
        let mut wanted = SigSet::empty();
        wanted.add(Signal::SIGTERM);
        wanted.add(Signal::SIGINT);
        // The terminal is gone; not for who was told not to mind (nohup).
        if !ignores_hangups() {
            wanted.add(Signal::SIGHUP);
        }
        // No program that a check starts has it.
        let signals = SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC)?;
        wanted.thread_block()?;
        let watcher = Arc::clone(&shared);
        let spawned = thread::Builder::new()
            .name("watch".to_owned())
            .stack_size(64 * 1024)
            .spawn(move || watcher.watch(&signals));
        if let Err(error) = spawned {
            // Nobody else would answer the signals.
            wanted.thread_unblock()?;
            return Err(error);
        }
        Ok(Self(shared))
    }

    /// How to end when what is left to do stands still.
    pub(crate) fn ends_with(&self, status: u8) {
        self.0.status.store(status, Ordering::Relaxed);
    }

    /// So much time there is from now on, for one more round (`--wait`).
    pub(crate) fn allow(&self, time: Duration) {
        *self.0.last() = Some(Instant::now() + time + GRACE);
    }

    /// All is told, and there is at most so much time to remember it as a busy host may take to write the result: nobody
    /// waits for a directory that does not answer.
    pub(crate) fn allow_to_remember(&self) {
        let soon = Instant::now() + GRACE * PATIENCE;
        let mut last = self.0.last();
        *last = Some(last.map_or(soon, |last| last.min(soon)));
        self.0.is_remembering.store(true, Ordering::Relaxed);
    }

    /// Somebody wants the run to end.
    pub(crate) async fn stopped(&self) {
        self.0.stopped.notified().await;
    }
}

/// Whether whoever started this process had it ignore SIGHUP, which is the first of the mask (`proc_pid_status(5)`).
fn ignores_hangups() -> bool {
    /// Of a user in 65,536 groups, the most that there can be.
    const LONGEST: u64 = 1 << 20;
    // Its size is not known before, and to ask for it is to read it bit by bit.
    let mut status = String::with_capacity(4096);
    let _ = File::open("/proc/self/status").and_then(|file| file.take(LONGEST).read_to_string(&mut status));
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")?.trim().chars().next_back()?.to_digit(16));
    mask.is_some_and(|lowest| lowest & 1 == 1)
}

impl Shared {
    /// A reader that is there will have the result as soon as this host comes to write it; the process ends then by
    /// itself. Whether a signal ended the patience.
    fn be_patient(&self, signals: &SignalFd) -> bool {
        for _ in 0..PATIENCE {
            if self.is_remembering() {
                return false;
            }
            let stands_still = self.status.load(Ordering::Relaxed) == READING || !takes_more();
            if stands_still {
                return false;
            }
            if awaits(signals, Some(Instant::now() + GRACE)) {
                return true;
            }
        }
        false
    }

    fn last(&self) -> MutexGuard<'_, Option<Instant>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a signal; `false` when the time is over first, as it was said last.
    fn awaits(&self, signals: &SignalFd) -> bool {
        loop {
            let look = Instant::now() + LOOK;
            // Nobody else waits for the lock meanwhile.
            let next = self.last().map_or(look, |last| last.min(look));
            if awaits(signals, Some(next)) {
                return true;
            }
            let last = *self.last();
            if last.is_some_and(|last| last <= Instant::now()) {
                return false;
            }
        }
    }

    /// Until its time is over; after a signal, until there was time to print, or a second one.
    fn watch(&self, signals: &SignalFd) {
        let is_asked = self.awaits(signals);
        if is_asked && self.status.load(Ordering::Relaxed) != READING {
            let _ = signals.read_signal();
            self.stopped.notify_one();
            let soon = Instant::now() + GRACE;
            let last = *self.last();
            awaits(signals, Some(last.map_or(soon, |last| last.min(soon))));
        }
        let is_hurried = self.to_stdout && self.be_patient(signals);
        if self.is_remembering() {
            self.end_unremembered(is_asked || is_hurried, signals);
        }
        let is_read = self.to_stdout && takes_more();
        let status = self.status.load(Ordering::Relaxed);
        let what = match status {
            READING => "anything was checked",
            UNKNOWN if is_read => "the result was known",
            UNKNOWN => "the result was written",
            // What failed is known, and what is written of it has no end.
            _ => "all was written",
        };
        let why = match status {
            READING => "the file was not read to its end",
            _ if is_hurried => "a second signal asked for it",
            _ if is_read => "this host is too busy; run fewer checks at once",
            // Nobody has looked whether it is the disk of a file, or the reader of standard output.
            _ if !self.to_stdout => {
                "what it is written to stands still (a file system, a reader), or this host is too busy"
            }
            _ => "whatever should read it stands still",
        };
        self.end(&format!("stopped before {what}: {why}"));
    }

    /// Ends the process when there is no more time to remember the run. Who has asked for the end knows why.
    fn end_unremembered(&self, is_asked: bool, signals: &SignalFd) -> ! {
        let last = *self.last();
        if is_asked || awaits(signals, last) {
            process::exit(i32::from(self.status.load(Ordering::Relaxed)));
        }
        self.end("--remember: this run is not remembered: its directory does not answer, or this host is too busy");
    }

    /// All is told.
    fn is_remembering(&self) -> bool {
        self.is_remembering.load(Ordering::Relaxed)
    }

    /// Says why, and ends the process.
    fn end(&self, why: &str) -> ! {
        // Standard error may lead to the very reader that stands still.
        if let Ok(1) = poll(&mut [PollFd::new(io::stderr().as_fd(), PollFlags::POLLOUT)], PollTimeout::ZERO) {
            complain(why);
        }
        let status = self.status.load(Ordering::Relaxed);
        process::exit(i32::from(if status == READING { UNKNOWN } else { status }));
    }
}

/// Whether the reader of the output takes what there is.
fn takes_more() -> bool {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(stdout.as_fd(), PollFlags::POLLOUT)];
    let ready = poll(&mut polled, PollTimeout::ZERO);
    ready.is_ok() && polled[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLOUT))
}

/// Waits for a signal; `false` when the time is over first.
fn awaits(signals: &SignalFd, last: Option<Instant>) -> bool {
    loop {
        let left = last.map(|last| last.saturating_duration_since(Instant::now()));
        // Rounded up: a whole millisecond too early would be a busy loop.
        let left = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut [PollFd::new(signals.as_fd(), PollFlags::POLLIN)], left) {
            Ok(0) if last.is_some_and(|last| Instant::now() >= last) => return false,
            Ok(0) | Err(Errno::EINTR) => {}
            _ => return true,
        }
    }
}
