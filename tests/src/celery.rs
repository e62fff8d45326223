//! Celery's workers, with an application whose tasks end in every way that a task can.
//!
//! `cargo xtask test` makes a Python environment for each of [`Celery`] below `target/`, by the system's Python.
//!
//! | task | does |
//! |---|---|
//! | `shop.health` | ends at once |
//! | `shop.fails` | raises a `ValueError` with [`SECRET`] in its message |
//! | `shop.sleeps` | takes so many seconds |
//! | `shop.silent` | ends at once, and has no result unless it is asked for one |

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::agent;
use crate::or_panic::OrPanic;
use crate::process::{Daemon, Launch};
use crate::wait;

/// What the exception of `shop.fails` says.
pub const SECRET: &str = "card-4711-of-a-customer";

/// What a worker may take to be ready on a busy machine.
const START: Duration = Duration::from_secs(60);

/// The application.
const SHOP: &str = r#"
import os
import time

from celery import Celery

app = Celery("shop", broker=os.environ["BROKER"], backend=os.environ["BACKEND"])
prefix = {"global_keyprefix": os.environ["PREFIX"]} if os.environ.get("PREFIX") else {}
app.conf.update(
    broker_transport_options=prefix,
    broker_connection_retry_on_startup=True,
    result_backend_transport_options=prefix,
    worker_send_task_events=False,
)


@app.task(name="shop.health")
def health(*args, **kwargs):
    return [len(args), sorted(kwargs)]


@app.task(name="shop.fails")
def fails():
    raise ValueError("SECRET")


@app.task(name="shop.sleeps")
def sleeps(seconds):
    time.sleep(seconds)


@app.task(name="shop.silent", ignore_result=True)
def silent():
    pass
"#;

/// Versions of Celery that the system's Python runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Celery {
    /// The newest one.
    Newest,
    /// That of Debian 12.
    Older,
}

impl Celery {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Newest, Self::Older];

    /// The interpreter of its environment.
    ///
    /// # Panics
    /// When the environment was not made.
    #[must_use]
    pub fn python(self) -> PathBuf {
        let mut lines = include_str!("../celery.txt").lines().filter(|line| line.starts_with("celery=="));
        let line = if self == Self::Newest { lines.next() } else { lines.next_back() };
        let first = line.and_then(|line| line.split(' ').next()).or_panic("find a version in tests/celery.txt");
        let target = agent::folder().parent().map(Path::to_owned).or_panic("find the target folder");
        let python = target.join(first.replace("==", "-")).join("bin/python");
        assert!(python.is_file(), "{} is not there: `cargo xtask test` makes it", python.display());
        python
    }
}

/// What a worker is like.
#[derive(Clone, Debug)]
pub struct Setup {
    version: Celery,
    broker: String,
    backend: String,
    prefix: String,
    name: String,
    queues: String,
    prefetch: u8,
}

impl Setup {
    /// Of the newest version, for the queue `celery`.
    #[must_use]
    pub fn new(broker: &str, backend: &str) -> Self {
        Self {
            version: Celery::Newest,
            broker: broker.to_owned(),
            backend: backend.to_owned(),
            prefix: String::new(),
            name: "one".to_owned(),
            queues: "celery".to_owned(),
            prefetch: 4,
        }
    }

    /// Of this version.
    #[must_use]
    pub fn version(self, version: Celery) -> Self {
        Self { version, ..self }
    }

    /// With this `global_keyprefix`, of the broker and of the results.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// Called `NAME@localhost`.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Takes so many tasks at once out of its queues.
    #[must_use]
    pub fn prefetch(self, prefetch: u8) -> Self {
        Self { prefetch, ..self }
    }

    /// For these queues, with commas between them.
    #[must_use]
    pub fn queues(self, queues: &str) -> Self {
        Self { queues: queues.to_owned(), ..self }
    }
}

/// A running worker with one process for tasks. It is ended with SIGKILL.
#[derive(Debug)]
pub struct Worker {
    daemon: Daemon,
    setup: Setup,
}

impl Worker {
    /// Starts one, ready for tasks and commands.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let daemon = Daemon::start(|scratch| {
            scratch.write("shop.py", SHOP.replace("SECRET", SECRET));
            let launch = Launch::new(&setup.version.python().display().to_string())
                .args(["-m", "celery", "-A", "shop", "worker", "--concurrency=1", "--loglevel=INFO"])
                .arg(format!("--prefetch-multiplier={}", setup.prefetch))
                .args(["--without-gossip", "--without-mingle", "-Q", &setup.queues, "-n"])
                .arg(format!("{}@localhost", setup.name));
            environment(setup)
                .into_iter()
                .fold(launch, |launch, (name, value)| launch.env(name, value))
                .without_grace()
                .says(&format!("{}@localhost ready.", setup.name))
                .within(START)
        });
        Self { daemon, setup: setup.clone() }
    }

    /// Has it begin with a task that takes a minute.
    pub fn occupy(&self) {
        self.call("shop.sleeps", "[60]");
        wait::until("the worker to be busy", || self.log().contains("Task shop.sleeps["));
    }

    /// Sends it a task, as an application does.
    ///
    /// # Panics
    /// When Celery does not do it.
    pub fn call(&self, task: &str, arguments: &str) {
        let mut command = Command::new(self.setup.version.python());
        command.args(["-m", "celery", "-A", "shop", "call", task, "-a", arguments]).stdin(Stdio::null());
        command.current_dir(self.daemon.scratch().path()).envs(environment(&self.setup));
        let output = command.output().or_panic("run celery");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What it wrote down so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// The daemon: stopping it, freezing it.
    pub const fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

fn environment(setup: &Setup) -> [(&'static str, String); 6] {
    [
        ("BROKER", setup.broker.clone()),
        ("BACKEND", setup.backend.clone()),
        ("PREFIX", setup.prefix.clone()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("PYTHONUNBUFFERED", "1".to_owned()),
        ("C_FORCE_ROOT", "1".to_owned()),
    ]
}
