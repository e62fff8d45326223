//! A run that is ended from outside, in the middle: what its checks have left at servers is taken back.

use harness::agent::{program, program_called};
use harness::memcached::Memcached;
use harness::redis::{Redis, Setup};
use harness::s3::{ACCESS_KEY, BUCKET, S3, SECRET_KEY};
use harness::scratch::Scratch;
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A run in progress.
pub(crate) struct Running {
    child: Child,
    _scratch: Scratch,
}

impl Running {
    pub(crate) fn start(yaml: &str, arguments: &[&str]) -> Self {
        Self::of(&program(), yaml, arguments)
    }

    fn of(program: &Path, yaml: &str, arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        let file = scratch.write("checks.yaml", yaml);
        let mut command = Command::new(program);
        command.arg(file).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: command.spawn().expect("conn-check"), _scratch: scratch }
    }

    /// Ends it by a signal, in time; it may have ended.
    #[track_caller]
    pub(crate) fn interrupt(mut self, signal: Signal) {
        let began = Instant::now();
        let _ = kill(Pid::from_raw(self.child.id().cast_signed()), signal);
        self.child.wait().expect("its end");
        assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
    }

    /// Waits for its own end.
    pub(crate) fn end(mut self) {
        self.child.wait().expect("its end");
    }
}

/// Interrupts runs after ever longer times, so that one is met at each of its steps.
#[track_caller]
fn leaves_nothing(start: impl Fn() -> Running, mut left: impl FnMut() -> String) {
    for delay in 0..24 {
        let running = start();
        sleep(Duration::from_millis(delay * 4));
        running.interrupt(if delay % 2 == 0 { Signal::SIGINT } else { Signal::SIGTERM });
        let left = left();
        assert!(left.is_empty(), "after {} ms: {left}", delay * 4);
    }
}

fn repeated(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(|number| format!("- {{{}}}\n", one(number))).collect()
}

#[test]
fn an_object_is_deleted_where_the_run_ends_in_between() {
    let Some(server) = S3::or_skip() else { return };
    let yaml = repeated(12, |number| {
        format!(
            "type: s3, endpoint: 'http://{}', bucket: {BUCKET}, prefix: at{number}/, access_key: {ACCESS_KEY}, secret_key: '{SECRET_KEY}'",
            server.address()
        )
    });
    leaves_nothing(|| Running::start(&yaml, &[]), || server.objects().join(" "));
}

#[test]
fn a_key_is_deleted_where_the_run_ends_in_between() {
    let redis = Redis::start(&Setup::new());
    let at = redis.address();
    let yaml = repeated(30, |number| {
        format!("type: redis, name: r{number}, host: {}, port: {}, roundtrip: true", at.ip(), at.port())
    });
    leaves_nothing(|| Running::start(&yaml, &[]), || redis.cli(&["KEYS", "*"]).trim().to_owned());
    let scratch = Scratch::new();
    let socket = format!("unix:{}", scratch.path().join("socket").display());
    let serve = program_called("conn-check-serve");
    let serving = || Running::of(&serve, &yaml, &["--listen", &socket]);
    leaves_nothing(serving, || redis.cli(&["KEYS", "*"]).trim().to_owned());
}

#[test]
fn an_item_is_deleted_where_the_run_ends_in_between() {
    let memcached = Memcached::start(&harness::memcached::Setup::new());
    let at = memcached.address();
    let yaml = repeated(30, |number| {
        format!("type: memcache, name: m{number}, host: {}, port: {}, roundtrip: true", at.ip(), at.port())
    });
    leaves_nothing(|| Running::start(&yaml, &[]), || items(at));
}

/// How many items are there, in its words, where there are any.
fn items(at: SocketAddr) -> String {
    let mut stream = TcpStream::connect(at).expect("a connection");
    stream.write_all(b"stats\r\nquit\r\n").expect("a question");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    let line = said.lines().find(|line| line.contains("curr_items")).expect("a count").trim().to_owned();
    if line.ends_with(" 0") { String::new() } else { line }
}

#[test]
fn a_server_that_hangs_does_not_hold_up_the_end() {
    let redis = Redis::start(&Setup::new());
    let at = redis.address();
    let yaml = format!("- {{type: redis, host: {}, port: {}, roundtrip: true}}\n", at.ip(), at.port());
    // Writes are held back, and all else is answered.
    assert_eq!(redis.cli(&["CLIENT", "PAUSE", "5000", "WRITE"]).trim(), "OK");
    let running = Running::start(&yaml, &[]);
    wait::until("the key to be on its way", || redis.cli(&["CLIENT", "LIST"]).contains("cmd=set"));
    running.interrupt(Signal::SIGTERM);
}
