//! A program that runs, from its start to the end of all that it started.
//!
//! - It has a process group of its own, standard input from /dev/null, `/` as its directory, and of the environment PATH,
//!   HOME and LANG alone: a hook, NRPE and a shell have different ones, and what this process knows is not the
//!   program's. No descriptor of this process is open in it, no signal is blocked.
//! - What waits for the system (a program on a file server that is away, the end of the process) is done by a thread of its
//!   own, which nobody waits for.
//! - Its end is seen before it is reaped: so long nobody else can have the number of its group, and what is left of the
//!   group is ended first. A process that leaves the group (setsid(2)) is on its own.

use crate::fault::{Cause, Fault};
use crate::file::lack;
use crate::host;
use crate::net::within;
use crate::remedy::files;
use crate::secret::{Secret, Sentence, ours, sentence, theirs};
use crate::text::escape;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{AccessFlags, Pid, User, faccessat, geteuid};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

/// What a program has as its PATH.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where the plugins of monitoring systems are, of Debian and of Fedora.
const PLUGINS: [&str; 2] = ["/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins"];

/// So many bytes are kept of what it writes. The rest is read all the same, so that it can go on.
pub(super) const MOST: usize = 64 * 1024;

/// What its standard output and error may still hold when it has ended.
const REST: Duration = Duration::from_millis(200);

/// A program, and what it is given.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// A name, or a path from `/` on.
    pub(super) name: String,
    pub(super) arguments: Vec<Secret<String>>,
    pub(super) environment: Vec<(String, Secret<String>)>,
}

/// A program that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) out: Kept,
    /// The last line of its standard error.
    pub(super) complaint: Option<String>,
}

/// What is kept of a stream.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Its beginning.
    pub(super) bytes: Vec<u8>,
    /// In bytes, all of it.
    pub(super) total: u64,
    /// Its end.
    tail: Vec<u8>,
}

/// A program that runs.
struct Running {
    group: Guard,
    out: OwnedFd,
    err: OwnedFd,
    ended: oneshot::Receiver<io::Result<ExitStatus>>,
}

/// A process and those that it has started, until it is reaped.
#[derive(Debug)]
struct Group {
    leader: Pid,
    /// Whether its number may be somebody else's by now.
    is_gone: Mutex<bool>,
}

/// Ends a group that nobody waits for any more.
struct Guard(Arc<Group>);

impl Program {
    /// Runs it for so long at most.
    ///
    /// # Errors
    /// It cannot be started; it does not end by itself.
    pub(super) async fn run(&self, time: Duration) -> Result<Ended, Fault> {
        const LONGEST: Duration = Duration::from_secs(1);
        let grace = (time / 10).min(LONGEST);
        let (sender, started) = oneshot::channel();
        let program = self.clone();
        let work = move || program.start(sender);
        let spawned = thread::Builder::new().name("command".to_owned()).stack_size(256 * 1024).spawn(work);
        spawned.map_err(|error| short_of(&error))?;
        let mut streams = Streams::default();
        let (mut group, mut ended) = (None, None);
        let whole = async {
            let running = started.await.map_err(|_| Fault::new(Cause::OwnFault, "the program was not started"))??;
            group = Some(running.group);
            streams.read(running.out, running.err, ended.insert(running.ended)).await
        };
        match within(time.saturating_sub(grace), whole).await {
            Some(status) => Ok(streams.ended(status?)),
            None => Err(self.late(time, grace, group, ended, &streams).await),
        }
    }

    /// Asks it to end, then ends it.
    async fn late(
        &self,
        time: Duration,
        grace: Duration,
        group: Option<Guard>,
        ended: Option<oneshot::Receiver<io::Result<ExitStatus>>>,
        streams: &Streams,
    ) -> Fault {
        let seconds = format!("{:.1} s", time.saturating_sub(grace).as_secs_f64());
        let name = theirs(&self.name);
        let (Some(Guard(group)), Some(mut ended)) = (group.as_ref(), ended) else {
            let message = sentence![name, " was not even started after ", ours(&seconds)];
            return Fault::new(Cause::CommandHangs, message)
                .next_step("see whether the file system that it is on answers");
        };
        let message = sentence![name, " did not end in ", ours(&seconds), ", and was ended"];
        let fault = streams.evidence(Fault::new(Cause::CommandHangs, message));
        let asked = group.signal(Signal::SIGTERM);
        // Half of it, so that there is time to say so on a busy host, too.
        if asked == Ok(()) && within(grace / 2, &mut ended).await.is_some() {
            return fault;
        }
        match group.signal(Signal::SIGKILL) {
            Err(Errno::EPERM) => fault
                .about(sentence![
                    theirs(&self.name),
                    " did not end in ",
                    ours(&seconds),
                    ", and may not be ended by this user"
                ])
                .next_step("have it end by itself: write `timeout, SECONDS` behind `sudo` and the user in the list"),
            _ => fault,
        }
    }

    /// Starts it, tells that, waits for its end, ends its group, and tells how it ended.
    fn start(&self, started: oneshot::Sender<Result<Running, Fault>>) {
        let mut child = match self.spawn() {
            Ok(child) => child,
            Err(fault) => {
                // Whoever waited for it has given up.
                let _ = started.send(Err(fault));
                return;
            }
        };
        let leader = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        let group = Arc::new(Group { leader, is_gone: Mutex::new(false) });
        let (sender, ended) = oneshot::channel();
        if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
            let running = Running { group: Guard(Arc::clone(&group)), out: out.into(), err: err.into(), ended };
            // Where nobody waits any more, the guard ends it.
            let _ = started.send(Ok(running));
        }
        let _ = sender.send(group.reap(&mut child));
    }

    fn spawn(&self) -> Result<Child, Fault> {
        let path = self.find()?;
        let home = User::from_uid(geteuid()).ok().flatten().map_or_else(|| PathBuf::from("/"), |user| user.dir);
        let mut command = Command::new(&path);
        command.args(self.arguments.iter().map(Secret::expose)).env_clear();
        command.env("PATH", PATH).env("LANG", "C.UTF-8").env("HOME", home);
        command.envs(self.environment.iter().map(|(name, value)| (name, value.expose())));
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Those of our own are closed by the start of a program.
        host::close_inherited();
        command.spawn().map_err(|error| unstartable(&path, &error))
    }

    /// The program's file.
    fn find(&self) -> Result<PathBuf, Fault> {
        if self.name.contains('/') {
            let path = PathBuf::from(&self.name);
            return match fs::metadata(&path) {
                Ok(there) if there.is_file() => Ok(path),
                Ok(_) => Err(unusable(&path, "is a directory or a device, and no program")),
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                    Err(missing(sentence!["there is no ", theirs(&self.name)]))
                }
                Err(error) => Err(unusable(&path, "cannot be looked at").evidence(theirs(&error))),
            };
        }
        let folders = || PATH.split(':').chain(PLUGINS);
        let places = folders().map(|folder| Path::new(folder).join(&self.name)).filter(|place| place.is_file());
        let mut places: Vec<_> = places.collect();
        // One that may be executed, else the one that may not be.
        places.sort_by_key(|place| !is_executable(place));
        places.into_iter().next().ok_or_else(|| {
            let looked = folders().collect::<Vec<_>>().join(", ");
            missing(sentence!["there is no program ", theirs(&self.name)])
                .evidence(sentence!["looked for in ", ours(&looked)])
        })
    }
}

impl Group {
    /// To all that belong to it.
    fn signal(&self, signal: Signal) -> Result<(), Errno> {
        let is_gone = self.is_gone.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_gone { Ok(()) } else { killpg(self.leader, signal) }
    }

    /// Waits for the end of the leader, and ends the others.
    fn reap(&self, child: &mut Child) -> io::Result<ExitStatus> {
        let seen = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while waitid(Id::Pid(self.leader), seen) == Err(Errno::EINTR) {}
        let _ = self.signal(Signal::SIGKILL);
        let mut is_gone = self.is_gone.lock().unwrap_or_else(PoisonError::into_inner);
        *is_gone = true;
        child.wait()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.signal(Signal::SIGKILL);
    }
}

/// Both streams of a program.
#[derive(Debug, Default)]
struct Streams {
    out: Kept,
    err: Kept,
}

impl Streams {
    /// Reads until the program has ended, and for a moment what is left then.
    async fn read(
        &mut self,
        out: OwnedFd,
        err: OwnedFd,
        ended: &mut oneshot::Receiver<io::Result<ExitStatus>>,
    ) -> Result<ExitStatus, Fault> {
        let open = |stream| pipe::Receiver::from_owned_fd(stream).map_err(|error| short_of(&error));
        let (mut out, mut err) = (open(out)?, open(err)?);
        let mut reading = std::pin::pin!(async { tokio::join!(self.out.read(&mut out), self.err.read(&mut err)) });
        let mut are_closed = false;
        let status = tokio::select! {
            biased;
            status = &mut *ended => status,
            _ = &mut reading => {
                // It may go on without them.
                are_closed = true;
                ended.await
            }
        };
        if !are_closed {
            // Nobody of the group holds them open any more.
            within(REST, reading).await;
        }
        match status {
            Ok(Ok(status)) => Ok(status),
            Ok(Err(error)) => Err(Fault::new(Cause::CommandUnknown, "how the program ended cannot be told")
                .evidence(theirs(&error))
                .next_step(
                    "let whoever starts conn-check not ignore SIGCHLD: the system forgets how programs end then",
                )),
            Err(_) => Err(Fault::new(Cause::OwnFault, "nobody waited for the program")),
        }
    }

    fn ended(self, status: ExitStatus) -> Ended {
        Ended { status, complaint: self.err.last_line(), out: self.out }
    }

    /// What a program that does not end has said so far.
    fn evidence(&self, fault: Fault) -> Fault {
        match self.err.last_line().or_else(|| self.out.last_line()) {
            Some(line) => fault.evidence(sentence!["its last line: ", theirs(&line)]),
            None => fault.evidence("it said nothing"),
        }
    }
}

impl Kept {
    /// To the end of the stream.
    async fn read(&mut self, stream: &mut pipe::Receiver) {
        const TAIL: usize = 1024;
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            let part = &buffer[..length];
            self.total += length as u64;
            self.bytes.extend_from_slice(&part[..part.len().min(MOST - self.bytes.len())]);
            self.tail.extend_from_slice(&part[part.len().saturating_sub(TAIL)..]);
            self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        }
    }

    fn last_line(&self) -> Option<String> {
        let last = self.tail.rsplit(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
        last.map(|line| escape(line, 400))
    }
}

/// A signal by its number and its name.
pub(super) fn signal(number: i32) -> Sentence {
    let name = Signal::try_from(number).map_or("", Signal::as_str);
    ours(&format!("signal {number} {name}").trim_end())
}

fn is_executable(path: &Path) -> bool {
    faccessat(AT_FDCWD, path, AccessFlags::X_OK, AtFlags::AT_EACCESS).is_ok()
}

fn missing(message: Sentence) -> Fault {
    Fault::new(Cause::CommandMissing, message)
}

fn unusable(path: &Path, why: &'static str) -> Fault {
    Fault::new(Cause::CommandUnusable, sentence![theirs(&path.display()), " ", why])
}

/// Why the system does not start what is there.
fn unstartable(path: &Path, error: &io::Error) -> Fault {
    let fault = match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EACCES | Errno::EPERM) => {
            unusable(path, "may not be executed by this user").remedy(files::permit(&lack(path, "rx")))
        }
        Some(Errno::ENOEXEC) => unusable(path, "is neither a program of this machine nor a script that begins with #!")
            .next_step("name its interpreter in the first line (#!/bin/sh), or before it in the list"),
        Some(Errno::ENOENT | Errno::ENOTDIR) => unusable(path, "cannot be started: its interpreter is not there")
            .with_evidence(sentence!["its first line: ", theirs(&first_line(path))])
            .next_step("install the interpreter of its first line, or correct that line"),
        Some(Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE) => return short_of(error),
        _ => unusable(path, "cannot be started"),
    };
    fault.with_evidence(theirs(error))
}

/// This host has no process, descriptor or memory left.
fn short_of(error: &io::Error) -> Fault {
    Fault::new(Cause::LocalLimit, "this host has no process, no descriptor or no memory left for the program")
        .evidence(theirs(error))
        .next_step(
            "look at the limits of the user who runs conn-check (ulimit -u, ulimit -n), and at the memory of this host",
        )
}

fn first_line(path: &Path) -> String {
    use std::io::Read as _;
    const SHOWN: u64 = 120;
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(SHOWN).read_to_end(&mut start));
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if read.is_ok() { escape(line, 120) } else { String::new() }
}
