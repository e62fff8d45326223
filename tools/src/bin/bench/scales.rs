//! Running a program once: its time, its processor time, its peak memory.
//!
//! The kernel tells a process the peak of its children only, so each run has a process of its own
//! that has no other child. What that process itself has in memory at the start of the child
//! counts as the child's: the scales are small, and show nothing below 2 MB or so.

use crate::Outcome;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One run of a program.
#[derive(Clone, Copy)]
pub(crate) struct Weight {
    /// From its start to its end.
    pub(crate) elapsed: Duration,
    /// In user and system mode.
    pub(crate) processor: Duration,
    /// Most memory that was resident at once, KiB.
    pub(crate) peak: u64,
}

impl Weight {
    /// Runs a program and its arguments on scales of their own.
    pub(crate) fn of(command: &[OsString]) -> Result<Self, Box<dyn Error>> {
        let output = Command::new(env::current_exe()?).arg("weigh").args(command).output()?;
        let text = String::from_utf8(output.stdout)?;
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers[..] {
            [elapsed, processor, peak] if output.status.success() => {
                Ok(Self { elapsed: Duration::from_micros(elapsed), processor: Duration::from_micros(processor), peak })
            }
            _ => Err(format!("{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}

/// The scales' own process: runs a program, prints three numbers.
pub(crate) fn weigh(program: &str, arguments: &[&str]) -> Outcome {
    let began = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    let elapsed = began.elapsed();
    // check_tcp ends its --version with 3, as Nagios' rules want it.
    if !status.success() && arguments != ["--version"] {
        return Err(format!("ended with {status}").into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    println!("{} {} {}", elapsed.as_micros(), processor_time(&usage), usage.max_rss());
    Ok(())
}

/// Microseconds in user and system mode.
pub(crate) fn processor_time(usage: &Usage) -> i64 {
    usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
}
