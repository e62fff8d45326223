//! What stands still does not hold up the end: standard input that nobody closes, a pipe that
//! nobody opens, a reader that does not read.

use harness::agent::program;
use harness::ports::{self, Port};
use harness::scratch::Scratch;
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use std::fs;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What the whole program may need beside what it was told to wait.
const MARGIN: Duration = Duration::from_millis(2500);

/// So many checks that fail at once, of a port that nobody else gets; 2,000 of them say more than a pipe holds.
fn refused(port: &Port, count: usize) -> String {
    format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", port.number()).repeat(count)
}

/// The program with pipes that nobody closes or reads before it ends.
fn start(arguments: &[&str], scratch: &Scratch) -> Child {
    let mut command = Command::new(program());
    command.args(arguments).env_clear().current_dir(scratch.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// The status, what was said on standard error, and how long that took.
fn end(child: &mut Child, began: Instant) -> (i32, String, Duration) {
    // Waiting for a child closes its standard input.
    let _open = child.stdin.take();
    let status = child.wait().expect("it ends").code().expect("no signal");
    let elapsed = began.elapsed();
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    (status, said, elapsed)
}

/// Waits until the program catches the signals itself.
fn until_it_listens(child: &Child) {
    let path = format!("/proc/{}/status", child.id());
    wait::until("the blocked signals", || {
        let status = fs::read_to_string(&path).expect("the process");
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).expect("its mask");
        u64::from_str_radix(blocked, 16).expect("hexadecimal") & (1 << 14) != 0
    });
}

fn terminate(child: &Child) {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("a signal");
}

#[test]
fn standard_input_that_nobody_closes_is_bounded_by_the_maximum_timeout() {
    let (scratch, began) = (Scratch::new(), Instant::now());
    let mut child = start(&["-", "--max-timeout", "0.2"], &scratch);
    let (status, said, elapsed) = end(&mut child, began);
    assert_eq!(status, 3, "{said}");
    assert!(said.contains("stopped before anything was checked"), "{said}");
    assert!(elapsed < MARGIN, "took {elapsed:?}");
}

#[test]
fn a_signal_ends_the_reading_of_standard_input() {
    let (scratch, began) = (Scratch::new(), Instant::now());
    let mut child = start(&["-"], &scratch);
    until_it_listens(&child);
    terminate(&child);
    let (status, said, elapsed) = end(&mut child, began);
    assert_eq!(status, 3, "{said}");
    assert!(elapsed < MARGIN, "took {elapsed:?}");
}

#[test]
fn a_pipe_that_nobody_reads_does_not_hold_up_the_end() {
    let port = ports::free();
    for option in ["--output", "--record"] {
        let scratch = Scratch::new();
        mkfifo(&scratch.path().join("pipe"), Mode::S_IRWXU).expect("a pipe");
        scratch.write("checks.yaml", refused(&port, 1));
        let began = Instant::now();
        let mut child = start(&["checks.yaml", option, "pipe", "--max-timeout", "0.2"], &scratch);
        let (status, said, elapsed) = end(&mut child, began);
        assert_eq!(status, 2, "{option}: what failed is known: {said}");
        assert!(elapsed < MARGIN, "{option} took {elapsed:?}");

        let began = Instant::now();
        let mut child = start(&["checks.yaml", "--dry-run", "--output", "pipe"], &scratch);
        until_it_listens(&child);
        terminate(&child);
        let (status, said, elapsed) = end(&mut child, began);
        assert_eq!(status, 3, "{said}");
        assert!(elapsed < MARGIN, "took {elapsed:?}");
    }
}

#[test]
fn a_reader_that_stands_still_does_not_hold_up_the_end() {
    let port = ports::free();
    for more in [&[][..], &["-U"][..]] {
        let scratch = Scratch::new();
        scratch.write("checks.yaml", refused(&port, 2000));
        let began = Instant::now();
        let mut child = start(&[&["checks.yaml", "--max-timeout", "1"], more].concat(), &scratch);
        let (status, said, elapsed) = end(&mut child, began);
        assert!([2, 3].contains(&status), "{more:?}: {status}: {said}");
        assert!(said.contains("whatever should read it stands still"), "what is missing is told: {more:?}: {said}");
        assert!(elapsed < Duration::from_secs(1) + MARGIN, "{more:?} took {elapsed:?}");
    }
}

/// A host that is too busy: the result is about to be written when its time and the second after it are over.
#[test]
fn a_result_that_comes_late_is_written_to_a_reader_who_waits() {
    let (scratch, port) = (Scratch::new(), ports::free());
    scratch.write("checks.yaml", refused(&port, 1));
    let (path, trace) = (scratch.path().join("out"), scratch.path().join("trace"));
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "inject=write:delay_enter=2500000:when=1", "-P"]).arg(&path).arg("-o").arg(trace);
    command.arg(program()).args(["checks.yaml", "--max-timeout", "0.5"]).current_dir(scratch.path());
    command.stdin(Stdio::null()).stdout(fs::File::create(&path).expect("a file"));
    let output = command.output().expect("strace");
    let written = fs::read_to_string(&path).expect("the result");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(written.contains("refused the connection") && said.is_empty(), "{written} {said}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_record_that_cannot_be_kept_does_not_hide_a_failure() {
    let (scratch, port) = (Scratch::new(), ports::free());
    scratch.write("checks.yaml", refused(&port, 1));
    for option in ["--record", "--output"] {
        let began = Instant::now();
        let mut child = start(&["checks.yaml", option, "/dev/full"], &scratch);
        let (status, said, _) = end(&mut child, began);
        assert_eq!(status, 2, "{option}: {said}");
        assert!(said.contains(&format!("{option} /dev/full: ")), "{said}");
    }
}
