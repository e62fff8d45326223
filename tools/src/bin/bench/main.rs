//! The benchmark: conn-check beside a floor written for it, in the same run.
//!
//! The floor is one process with non-blocking connects and epoll; for HTTP it writes a fixed
//! request and waits for the first bytes; nothing else. It is a mode of this program, and so are
//! the server that both talk to and the scales that each run stands on: every one is a process of
//! its own, so that both sides pay for their start.
#![expect(clippy::print_stdout, reason = "a program for people")]

mod contest;
mod floor;
mod machine;
mod scales;
mod series;
mod server;
mod turns;

use contest::{Contest, Limits};
use harness::agent;
use server::Ring;
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a mode says that could not do its work.
type Outcome = Result<(), Box<dyn std::error::Error>>;

const USAGE: &str = "\
cargo xtask bench [--agent PROGRAM] [--pairs N]

  --agent PROGRAM  what is measured, instead of target/release/conn-check
  --pairs N        so many pairs of every contest, at least 3, instead of its own number";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["serve"] => server::serve(),
        ["floor", manner, count, address] => floor::run(manner, count, address),
        ["weigh", program, ref rest @ ..] => scales::weigh(program, rest),
        _ => measure(&words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(words: &[&str]) -> Outcome {
    let (mut program, mut pairs) = (release()?, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (*word, words.next()) {
            ("--agent", Some(path)) => program = std::fs::canonicalize(path)?,
            ("--pairs", Some(number)) => pairs = Some(number.parse::<usize>()?.max(3)),
            _ => return Err(USAGE.into()),
        }
    }
    println!("conn-check: {}\nmachine:    {}\n", program.display(), machine::description());
    for contest in contests() {
        contest.hold(&program, pairs)?;
    }
    turns::count(&program)
}

/// `target/release/conn-check`, beside the profile of this program.
fn release() -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let target = own.ancestors().nth(2).ok_or("this program is in no target folder")?;
    let program = target.join("release/conn-check");
    if program.is_file() { Ok(program) } else { Ok(agent::program()) }
}

/// What is compared, with the targets.
fn contests() -> [Contest; 6] {
    let start = Limits { ratio: 2.0, processor: None, megabytes: Some(8.0) };
    let thousands = Limits { ratio: 2.0, processor: None, megabytes: Some(60.0) };
    let requests = Limits { ratio: 3.0, processor: None, megabytes: None };
    let logins = Limits { ratio: 1.1, processor: Some(0.25), megabytes: None };
    [
        Contest::new("start: --version", "check_tcp", 41, start)
            .of(|_| vec!["--version".into()], |_| vec![contest::CHECK_TCP.into(), "--version".into()]),
        Contest::new("start and one tcp check", "check_tcp", 41, start)
            .of(|ring| ring.file(1, "tcp"), contest::check_tcp),
        Contest::new("5,000 tcp checks", "the floor", 9, thousands)
            .of(|ring| ring.file(5000, "tcp"), |ring| contest::floor("tcp", 5000, ring)),
        Contest::new("1,000 http checks", "the floor", 15, requests)
            .of(|ring| ring.file(1000, "http"), |ring| contest::floor("http", 1000, ring)),
        Contest::new("1,000 redis checks with a login", "the floor", 9, requests)
            .against(Ring::redis)
            .of(|ring| ring.file(1000, "redis"), |ring| contest::floor("redis", 1000, ring)),
        Contest::new("200 postgres checks", "check_pgsql", 5, logins)
            .against(Ring::postgres)
            .of(|ring| ring.file(200, "postgres"), |ring| contest::check_pgsql(200, ring)),
    ]
}
