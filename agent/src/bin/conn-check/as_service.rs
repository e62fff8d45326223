//! `--as UNIT|USER|PID`: the checks once as the user who checks, then as a service; see [`part`](crate::part). This is the
//! process that was called: it starts both, tells the one what the other found, and writes the files of results.

use crate::check::status_unwritten;
use crate::line::{Line, Said};
use crate::outlet;
use crate::output;
use crate::watch::Watch;
use crate::{UNKNOWN, complain, refuse};
use conn_check::cli::{Args, Part};
use conn_check::comparison::Found;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use std::env;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// More than a file of checks may have, so that who reads it says so.
const INPUT: u64 = (16 << 20) + 1;

/// Runs the program; the exit status: that of the run as the service.
pub(crate) fn program(args: &Args) -> u8 {
    if !geteuid().is_root() {
        return refuse("--as: only root can put itself in the place of a service: call it with sudo");
    }
    if let Err(wrong) = output::inspect(args) {
        return refuse(&wrong);
    }
    let began = Instant::now();
    let watch = match Watch::begin(args.max_timeout, output::is_stdout_alone(args)) {
        Ok(watch) => watch,
        Err(error) => return refuse(&format!("the run could not start: {error}")),
    };
    match Runs::new(args, began).and_then(|runs| runs.perform(watch)) {
        Ok(status) => status,
        Err(error) => refuse(&format!("the run could not start: {error}")),
    }
}

/// Both runs.
struct Runs<'a> {
    args: &'a Args,
    began: Instant,
    input: Option<Vec<u8>>,
}

impl<'a> Runs<'a> {
    fn new(args: &'a Args, began: Instant) -> io::Result<Self> {
        let mut input = None;
        if args.config.iter().chain(&args.patterns).any(|word| word == "-") {
            let read = input.get_or_insert_with(Vec::new);
            io::stdin().lock().take(INPUT).read_to_end(read)?;
        }
        Ok(Self { args, began, input })
    }

    fn perform(&self, watch: Watch) -> io::Result<u8> {
        let mut service = Run::start(Part::Service)?;
        self.begin(&mut service, self.args.max_timeout)?;
        watch.ends_with(UNKNOWN);
        let signals = Signals::new(watch, &service)?;
        // What cannot be run is told by then.
        if let Some((Said::Ready, _)) = service.line.hear()? {
            let found = self.before(&signals)?;
            if signals.pass_to(&service) {
                let said = Said::Before { found, seconds: self.left().map(|left| left.as_secs_f64()) };
                service.line.say(&said, &[])?;
            } else {
                service.stop();
            }
        }
        let written = self.write_files(&mut service.line);
        let status = service.child.wait()?;
        let Some(status) = status.code().and_then(|status| u8::try_from(status).ok()) else {
            let signal = status.signal().unwrap_or_default();
            return Ok(complain(&format!("the run as the service was ended by signal {signal}")));
        };
        Ok(if written { status } else { status_unwritten(status) })
    }

    fn begin(&self, run: &mut Run, time: Option<Duration>) -> io::Result<()> {
        let said = Said::Begin { has_input: self.input.is_some(), seconds: time.map(|time| time.as_secs_f64()) };
        run.line.say(&said, self.input.as_deref().unwrap_or_default())
    }

    /// What is left of `--max-timeout`.
    fn left(&self) -> Option<Duration> {
        const LEAST: Duration = Duration::from_millis(100);
        self.args.max_timeout.map(|most| most.saturating_sub(self.began.elapsed()).max(LEAST))
    }

    /// The run as the user who checks. It has half of the time: the other one decides.
    fn before(&self, signals: &Signals) -> io::Result<Vec<(String, Found)>> {
        let mut caller = Run::start(Part::Caller)?;
        if !signals.pass_to(&caller) {
            caller.stop();
        }
        self.begin(&mut caller, self.left().map(|left| left / 2))?;
        let heard = caller.line.hear();
        caller.child.wait()?;
        Ok(match heard {
            Ok(Some((Said::Found(found), _))) => found,
            // There is nothing to compare with.
            _ => Vec::new(),
        })
    }

    /// Until the run has ended. Whether all could be written.
    fn write_files(&self, line: &mut Line) -> bool {
        let places = output::places(self.args);
        let mut written = true;
        while let Ok(Some((said, content))) = line.hear() {
            let Said::File(number) = said else { continue };
            let Some(&place) = places.get(number) else { continue };
            let put = || output::replace(&output::place(place), place.1, &content, output::kind(place));
            if let Err(error) = outlet::as_owner(place.1, put) {
                complain(&error.to_string());
                written = false;
            }
        }
        written
    }
}

/// A part that runs.
struct Run {
    child: Child,
    line: Line,
}

impl Run {
    /// Starts this very program again, with the same words.
    fn start(part: Part) -> io::Result<Self> {
        let (own, other) = UnixStream::pair()?;
        let mut words = env::args_os();
        let mut command = Command::new("/proc/self/exe");
        command.arg0(words.next().unwrap_or_default());
        command.arg(match part {
            Part::Caller => "--part=caller",
            Part::Service => "--part=service",
        });
        command.args(words).stdin(OwnedFd::from(other));
        if part == Part::Caller {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        Ok(Self { child: command.spawn()?, line: Line::new(own) })
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().map(Pid::from_raw)
    }

    fn stop(&self) {
        if let Some(pid) = self.pid() {
            let _ = kill(pid, Signal::SIGTERM);
        }
    }
}

/// Whoever wants the run to end says so to this process; the part that runs has to hear it.
struct Signals(Arc<Mutex<Heard>>);

struct Heard {
    is_stopped: bool,
    runs: Option<Pid>,
}

impl Signals {
    fn new(watch: Watch, run: &Run) -> io::Result<Self> {
        let heard = Arc::new(Mutex::new(Heard { is_stopped: false, runs: run.pid() }));
        let known = Arc::clone(&heard);
        let runtime = Builder::new_current_thread().build()?;
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(watch.stopped());
            let mut heard = known.lock().unwrap_or_else(PoisonError::into_inner);
            heard.is_stopped = true;
            if let Some(pid) = heard.runs {
                let _ = kill(pid, Signal::SIGTERM);
            }
        })?;
        Ok(Self(heard))
    }

    /// From now on to this part; whether it shall run at all.
    fn pass_to(&self, run: &Run) -> bool {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.runs = run.pid();
        !heard.is_stopped
    }
}
