//! Programs: run with a timeout, as another user, and with limited output.

use crate::host::real::Real;
use crate::host::{Host as _, Output, Program, User};
use std::io::{self, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{env, thread};

/// How much output is kept, in bytes; the rest is dropped.
const MAX_OUTPUT: u64 = 64 * 1024 * 1024;

pub(super) fn run(host: &Real, program: &Program) -> io::Result<Output> {
    let mut command = command(host, program);
    command.stdin(if program.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
    if program.captures_output {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    let mut child = command.spawn()?;
    write_in_background(&mut child, &program.stdin);
    let stdout = child.stdout.take().map(read_in_background);
    let stderr = child.stderr.take().map(read_in_background);
    let deadline = Instant::now() + program.timeout;
    let received = |pipe: Option<Receiver<Vec<u8>>>| match pipe {
        Some(pipe) => pipe.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok(),
        None => Some(Vec::new()),
    };
    let (stdout, stderr) = (received(stdout), received(stderr));
    let status = wait_until(&mut child, deadline)?;
    match (stdout, stderr, status) {
        (Some(stdout), Some(stderr), Some(status)) => Ok(Output { status: status.code(), stdout, stderr }),
        _ => Err(io::ErrorKind::TimedOut.into()),
    }
}

pub(super) fn exec(host: &Real, program: &Program) -> io::Error {
    let mut command = command(host, program);
    command.stdin(Stdio::null());
    command.exec()
}

fn command(host: &Real, program: &Program) -> Command {
    let path = Path::new(&program.program);
    // A name without a directory is looked up in PATH.
    let path = if path.components().count() > 1 { host.map_path(path) } else { path.to_owned() };
    let mut command = match &program.user {
        Some(user) if host.privileged => as_user(user, &path),
        _ => Command::new(path),
    };
    command.args(&program.arguments);
    if !program.inherits_environment {
        let kept = ["PATH", "LANG"].map(|name| (name, env::var_os(name).unwrap_or_default()));
        command.env_clear().envs(kept);
    }
    command
}

/// Setting the user drops all other groups; `setpriv` sets them, because the standard library
/// cannot.
fn as_user(user: &User, program: &Path) -> Command {
    if user.groups.is_empty() {
        let mut command = Command::new(program);
        command.uid(user.uid).gid(user.gid);
        return command;
    }
    let groups: Vec<_> = user.groups.iter().map(u32::to_string).collect();
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid));
    command.arg(format!("--groups={}", groups.join(","))).arg("--").arg(program);
    command
}

/// It is not an error if a program does not read its input: its exit status tells the result.
fn write_in_background(child: &mut Child, input: &[u8]) {
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_owned();
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
}

fn read_in_background(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut content = Vec::new();
        let _ = pipe.by_ref().take(MAX_OUTPUT).read_to_end(&mut content);
        let _ = io::copy(&mut pipe, &mut io::sink());
        let _ = sender.send(content);
    });
    receiver
}

/// The exit status; a program that does not end before the deadline is killed.
fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<Option<std::process::ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        // Its pipes are already closed: it is about to end.
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> Program {
        Program::new("sh").with(["-c", text])
    }

    #[test]
    fn a_program_is_fed_and_its_output_and_status_are_kept() {
        let mut program = shell("cat; echo no >&2; exit 3");
        program.stdin = vec![b'x'; 300_000];
        let output = run(&Real::new(), &program).expect("it ran");
        assert_eq!((output.status, output.stdout.len(), output.stderr), (Some(3), 300_000, b"no\n".to_vec()));
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let mut program = shell("exec sleep 60");
        program.timeout = Duration::from_millis(200);
        let begin = Instant::now();
        assert_eq!(run(&Real::new(), &program).expect_err("no end").kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        let error = run(&Real::new(), &Program::new("no-such-hook-tool")).expect_err("nothing to run");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn without_the_environment_only_path_and_language_are_left() {
        let mut program = Program::new("/usr/bin/env");
        program.inherits_environment = false;
        let output = run(&Real::new(), &program).expect("it ran");
        let names = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
            .collect::<Vec<_>>();
        assert_eq!(names, ["LANG", "PATH"]);
    }
}
