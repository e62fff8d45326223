//! Programs: run with a timeout, as another user, and with limited output.

use crate::executable::{self, HEADER};
use crate::host::real::Real;
use crate::host::{Host as _, Output, Program, RunAs};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{env, thread};

/// How much output is kept, in bytes; the rest is dropped.
const MAX_OUTPUT: u64 = 64 * 1024 * 1024;

pub(super) fn run(host: &Real, program: &Program) -> io::Result<Output> {
    let mut command = command(host, program, Bond::UntoDeath)?;
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
        (Some(stdout), Some(stderr), Some(status)) => {
            Ok(Output { status: status.code(), signal: status.signal(), stdout, stderr })
        }
        _ => Err(io::ErrorKind::TimedOut.into()),
    }
}

pub(super) fn exec(host: &Real, program: &Program) -> io::Error {
    match command(host, program, Bond::None) {
        Ok(mut command) => command.stdin(Stdio::null()).exec(),
        Err(error) => error,
    }
}

/// What becomes of a program when this process ends before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Bond {
    /// It goes on, or there is no such process: it takes the place of this one.
    None,
    /// It is killed.
    UntoDeath,
}

fn command(host: &Real, program: &Program, bond: Bond) -> io::Result<Command> {
    let path = Path::new(&program.program);
    // A name without a directory is looked up in PATH: a tool of Juju's or of the system's.
    let mut command = if path.components().count() > 1 {
        agent(host, &host.map_path(path), &program.run_as, bond)?
    } else {
        Command::new(path)
    };
    command.args(&program.arguments);
    if program.run_as != RunAs::Root {
        command.env_clear().envs(kept());
    }
    Ok(command)
}

/// What a user's program gets of the environment; a shell on the way adds to it.
fn kept() -> [(&'static str, OsString); 2] {
    ["PATH", "LANG"].map(|name| (name, env::var_os(name).unwrap_or_default()))
}

/// The agent, which is looked at before it is run, as execvp(3) gives to a shell what is no program. `setpriv`
/// sets what the standard library cannot: the groups, and that the program dies with this process. Juju kills
/// the process of a cancelled action alone (`runCharmProcessOnLocal` in its `runner.go`).
fn agent(host: &Real, path: &Path, run_as: &RunAs, bond: Bond) -> io::Result<Command> {
    judge(path)?;
    let mut command = Command::new("setpriv");
    if let (RunAs::User(user), true) = (run_as, host.privileged) {
        command.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid));
        let groups: Vec<_> = user.groups.iter().map(u32::to_string).collect();
        command.arg(if groups.is_empty() {
            "--clear-groups".to_owned()
        } else {
            format!("--groups={}", groups.join(","))
        });
    } else if bond == Bond::None {
        return Ok(Command::new(path));
    }
    if bond == Bond::UntoDeath {
        // After the user: the kernel forgets it when the user changes (prctl(2), PR_SET_PDEATHSIG).
        command.args(["--pdeathsig", "KILL"]);
    }
    command.arg("--");
    if bond == Bond::UntoDeath {
        command.args(["sh", "-c", ONLY_A_CHILD, "conn-check", &std::process::id().to_string()]);
    }
    if *run_as != RunAs::Root {
        // setpriv still has root's capabilities when it looks for the program, and passes through directories
        // that are closed to the user; env(1) has none.
        command.args(["env", "-i"]).args(kept().map(|(name, value)| {
            let mut pair = OsString::from(format!("{name}="));
            pair.push(value);
            pair
        }));
    }
    command.arg(path);
    Ok(command)
}

pub(super) fn judge(path: &Path) -> io::Result<()> {
    let mut header = Vec::new();
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    file.take(HEADER as u64).read_to_end(&mut header)?;
    executable::judge(&header, length).map_err(io::Error::other)
}

/// A process that ends before the kernel was told takes nothing with it: what it has started has another parent by then,
/// and gives up. The kernel does not forget in execve(2) what it was told.
const ONLY_A_CHILD: &str = r#"[ "$PPID" = "$1" ] || exit 1; shift; exec "$@""#;

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
    use crate::host::User;

    fn shell(text: &str) -> Program {
        Program::new("sh", RunAs::Root).with(["-c", text])
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
        let error = run(&Real::new(), &Program::new("no-such-hook-tool", RunAs::Root)).expect_err("nothing to run");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    /// The kernel refuses a text without `#!`; a shell would run it line by line.
    #[test]
    fn what_is_no_program_is_never_given_to_a_shell() {
        let ran = env::temp_dir().join(format!("conn-check-charm-ran-{}", std::process::id()));
        let text = ran.with_extension("text");
        let _not_there = std::fs::remove_file(&ran);
        // 247 is BPF, which is no machine.
        let foreign = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf7\0\n";
        for head in [&b"\n"[..], b"#!/bin/sh\n", foreign] {
            let mut content = head.to_vec();
            content.extend(format!("echo x > {}\n", ran.display()).into_bytes());
            std::fs::write(&text, content).expect("written");
            std::fs::set_permissions(&text, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
            for run_as in [RunAs::Root, own()] {
                let why = run(&Real::new(), &Program::new(&text, run_as)).expect_err("nothing to run").to_string();
                assert!(why.starts_with("it is not a program") || why.starts_with("it is a program for"), "{why}");
                assert!(!ran.exists(), "a shell has run it");
            }
        }
        std::fs::remove_file(&text).expect("removed");
    }

    fn own() -> RunAs {
        let (uid, gid) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        RunAs::User(User { uid, gid, groups: Vec::new() })
    }

    #[test]
    fn the_agent_dies_with_the_process_that_runs_it() {
        for run_as in [RunAs::Root, own()] {
            let program = Program::new("/usr/bin/sleep", run_as).with(["600"]);
            // For the kernel the parent is the thread that starts it.
            let started = thread::spawn(move || {
                let mut command = command(&Real::new(), &program, Bond::UntoDeath).expect("a program");
                let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
                // Not before setpriv has become the program.
                let name = format!("/proc/{}/comm", child.id());
                while std::fs::read_to_string(&name).expect("its name") != "sleep\n" {
                    assert!(child.try_wait().expect("its state").is_none(), "it has ended");
                    thread::yield_now();
                }
                child
            });
            let mut child = started.join().expect("it was started");
            let deadline = Instant::now() + Duration::from_secs(30);
            let status = wait_until(&mut child, deadline).expect("its end").expect("it ends long before");
            assert_eq!(status.signal(), Some(9));
        }
    }

    #[test]
    fn an_agent_is_not_run_when_the_process_that_started_it_has_ended_before_the_kernel_was_told() {
        let ran = env::temp_dir().join(format!("conn-check-charm-orphan-{}", std::process::id()));
        for run_as in [RunAs::Root, own()] {
            let program = Program::new("/usr/bin/touch", run_as).with([&ran]);
            let mut own = command(&Real::new(), &program, Bond::UntoDeath).expect("a program");
            // Whoever adopts it is not this process; neither is this shell.
            let mut adopted = Command::new("sh");
            adopted.args(["-c", "\"$@\"; exit $?", "sh"]).arg(own.get_program()).args(own.get_args());
            assert!(!adopted.status().expect("it ran").success() && !ran.exists(), "{adopted:?}");
            assert!(own.status().expect("it ran").success() && ran.exists(), "{own:?}");
            std::fs::remove_file(&ran).expect("removed");
        }
    }

    #[test]
    fn of_the_environment_a_user_gets_the_path_and_the_language() {
        let output = run(&Real::new(), &Program::new("/usr/bin/env", own())).expect("it ran");
        let mut names = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
            .collect::<Vec<_>>();
        names.sort_unstable();
        assert_eq!(names, ["LANG", "PATH"]);
    }
}
