//! A daemon in its own directory, with its log, stopped on drop.
//!
//! Each daemon leads a process group; dropping its handle ends the whole group. A daemon whose handle
//! is never dropped (a static, a killed test run) is ended by a watcher process when this one ends.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports;
use crate::reaper::{self, Leftover};
use crate::scratch::Scratch;
use crate::user;
use crate::wait;

/// How often a daemon may find its port taken.
const ATTEMPTS: usize = 5;

/// How long a daemon may take to end after SIGTERM before it gets SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// How to start a program, and how to tell that it is ready.
#[derive(Debug)]
pub struct Launch {
    program: String,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    as_nobody: bool,
    accepts: Vec<SocketAddr>,
    says: Vec<String>,
    limit: Duration,
    grace: Duration,
}

impl Launch {
    /// Starts `program`, a path or a name that [`packages::find`] finds.
    #[must_use]
    pub fn new(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            as_nobody: false,
            accepts: Vec::new(),
            says: Vec::new(),
            limit: wait::PATIENCE,
            grace: GRACE,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable. The daemon's environment holds only these, `PATH`, `LC_ALL=C` and `HOME` (the scratch directory).
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Runs it as `nobody` where the test user is root; the scratch directory then belongs to `nobody`.
    #[must_use]
    pub fn as_nobody(mut self) -> Self {
        self.as_nobody = true;
        self
    }

    /// It is ready when somebody listens at `address` (every one of those given). Nobody connects to see:
    /// a daemon would serve, count and log that connection among those of the test.
    #[must_use]
    pub fn accepts(mut self, address: SocketAddr) -> Self {
        self.accepts.push(address);
        self
    }

    /// It is ready when its log contains `text` (every one of those given).
    #[must_use]
    pub fn says(mut self, text: &str) -> Self {
        self.says.push(text.to_owned());
        self
    }

    /// How long it may take to get ready; [`wait::PATIENCE`] unless given.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Ends it with SIGKILL at once, for a program that takes its time over SIGTERM and has nothing to lose.
    #[must_use]
    pub fn without_grace(mut self) -> Self {
        self.grace = Duration::ZERO;
        self
    }

    /// The command, with its output going to `log`.
    fn command(&self, scratch: &Scratch, log: File) -> Command {
        let mut command = Command::new(packages::needed(&self.program));
        command.args(&self.arguments).current_dir(scratch.path()).process_group(0);
        command.env_clear().env("PATH", packages::SEARCH_PATH).env("LC_ALL", "C").env("HOME", scratch.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some((uid, gid)) = user::nobody().filter(|_| self.as_nobody) {
            user::give_to_nobody(scratch.path());
            command.gid(gid).uid(uid);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().or_panic("share the log")).stderr(log);
        command
    }
}

/// A running program. Dropping it ends its whole process group and removes its scratch directory.
#[derive(Debug)]
pub struct Daemon {
    program: String,
    child: Option<Child>,
    pid: Pid,
    grace: Duration,
    log: PathBuf,
    scratch: Scratch,
}

impl Daemon {
    /// Starts what `prepare` describes and waits until it is ready.
    ///
    /// `prepare` gets an empty scratch directory, which will be the working directory, to put the
    /// configuration into. It is called again, with another directory, should the daemon find
    /// its port taken, so it has to reserve the ports itself.
    ///
    /// # Panics
    /// When the daemon ends or is not ready in time; the message holds its log. When `prepare` does not
    /// say how to tell that it is ready.
    pub fn start(mut prepare: impl FnMut(&Scratch) -> Launch) -> Self {
        Self::start_with(|scratch| (prepare(scratch), ())).0
    }

    /// The same, and returns what `prepare` gave besides the launch: the ports, as a rule.
    ///
    /// # Panics
    /// As [`Daemon::start`].
    pub fn start_with<T>(mut prepare: impl FnMut(&Scratch) -> (Launch, T)) -> (Self, T) {
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            let scratch = Scratch::new();
            let (launch, rest) = prepare(&scratch);
            let daemon = Self::spawn(&launch, scratch);
            match daemon.get_ready(&launch) {
                Ok(()) => return (daemon, rest),
                Err(why) => last = format!("{} {why}; its log:\n{}", daemon.program, daemon.log()),
            }
            assert!(port_taken(&daemon.log()), "{last}");
        }
        panic!("{ATTEMPTS} times a port was taken: {last}");
    }

    /// The process number, which is also the number of the process group.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// What it wrote to standard output and standard error so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Its working directory.
    #[must_use]
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.child.is_some() && !self.has_ended()
    }

    /// Suspends it: the kernel still accepts connections for it, and nobody answers.
    ///
    /// The signal stops the threads of a process when one of them takes it; until then the others go on, which
    /// on a busy machine is time enough for an answer.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        wait::until("all its threads to stop", || {
            states_of_group(self.pid).iter().all(|state| matches!(state, 'T' | 'Z' | 'X'))
        });
    }

    /// Lets it go on after [`Daemon::freeze`].
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Ends it: SIGTERM, after five seconds SIGKILL, or the latter at once after
    /// [`Launch::without_grace`]. Returns when the process is gone.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        if !self.grace.is_zero() {
            self.signal(Signal::SIGTERM);
            // A frozen process would not notice.
            self.thaw();
            wait::happens(self.grace, || self.has_ended());
        }
        // The leader is not waited for yet, so its number still names this group and no other.
        self.signal(Signal::SIGKILL);
        reaper::remove(Leftover::Group(self.pid.as_raw()));
        let _status = child.wait();
    }

    /// Starts the process and puts it on the list of what must not outlive us.
    fn spawn(launch: &Launch, scratch: Scratch) -> Self {
        let log = scratch.write("daemon.log", "");
        user::give_to_nobody(&log);
        let file = OpenOptions::new().append(true).open(&log).or_panic("open the log");
        let child = launch.command(&scratch, file).spawn().or_panic(format_args!("start {}", launch.program));
        let pid = Pid::from_raw(child.id().cast_signed());
        reaper::add(Leftover::Group(pid.as_raw()));
        Self { program: launch.program.clone(), child: Some(child), pid, grace: launch.grace, log, scratch }
    }

    /// Waits for all signs of readiness; the error is what went wrong instead.
    fn get_ready(&self, launch: &Launch) -> Result<(), String> {
        assert!(!launch.says.is_empty() || !launch.accepts.is_empty(), "nothing tells when {} is ready", self.program);
        let ready = || {
            let log = self.log();
            launch.says.iter().all(|text| log.contains(text)) && launch.accepts.iter().all(ports::is_listening)
        };
        let settled = wait::happens(launch.limit, || self.has_ended() || ready());
        match (self.has_ended(), settled) {
            (true, _) => Err("ended at once".to_owned()),
            (false, false) => Err(format!("was not ready after {:?}", launch.limit)),
            (false, true) => Ok(()),
        }
    }

    /// Whether the leader has ended; it stays a zombie, so that its number is not given away.
    fn has_ended(&self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        !matches!(waitid(Id::Pid(self.pid), flags), Ok(WaitStatus::StillAlive))
    }

    /// Signals the whole group; one that has ended does not mind.
    fn signal(&self, signal: Signal) {
        let _gone = killpg(self.pid, signal);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether a log says that the daemon could not have its port.
fn port_taken(log: &str) -> bool {
    let log = log.to_lowercase();
    ["already in use", "eaddrinuse", "address in use", "cannot bind"].iter().any(|text| log.contains(text))
}

/// The states of all threads of a process group (proc(5), `/proc/PID/stat`).
fn states_of_group(group: Pid) -> Vec<char> {
    let numbers = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.file_name().is_some_and(is_number)).collect::<Vec<_>>()
    };
    // `NUMBER (NAME) STATE PARENT GROUP ...`, where the name may hold anything.
    let after_name = |folder: &Path| {
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        Some(stat.rsplit_once(") ")?.1.to_owned())
    };
    let is_member = |process: &PathBuf| {
        after_name(process).and_then(|rest| rest.split(' ').nth(2)?.parse().ok()) == Some(group.as_raw())
    };
    let members = numbers(Path::new("/proc")).into_iter().filter(is_member);
    let threads = members.flat_map(|process| numbers(&process.join("task")));
    threads.filter_map(|thread| after_name(&thread)?.chars().next()).collect()
}

fn is_number(name: &OsStr) -> bool {
    name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
}
