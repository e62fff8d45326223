//! Things that other tests run in a process of their own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use harness::netns::Network;
use harness::ports::{self, Port};
use harness::process::{Daemon, Launch};

/// Where a fixture writes what it did.
const REPORT: &str = "HARNESS_FIXTURE_REPORT";

/// A command that runs one fixture in a new process of `program`, a copy of this test program.
pub(crate) fn command(program: &Path, name: &str, report: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "--ignored", "--nocapture", &format!("fixture::{name}")]).env(REPORT, report);
    command
}

/// A shell that leads a group of two, ready when both run; the log names the second.
pub(crate) fn pair_of_processes() -> Launch {
    Launch::new("sh").args(["-c", "sleep 1000 & echo second $!; wait"]).says("second")
}

/// Starts something of everything, says so, and waits to be killed.
#[test]
#[ignore = "run by process::what_a_killed_process_leaves_is_cleaned_up"]
fn leave_things_behind() {
    let daemon = Daemon::start(|_| pair_of_processes());
    let network = Network::new();
    network.near.hosts("10.0.0.2 db.test\n");
    let ports = (0..100).map(|_| ports::free()).collect::<Vec<_>>();
    let numbers = ports.iter().map(|port: &Port| port.number().to_string()).collect::<Vec<_>>().join(" ");
    let folder = daemon.scratch().path().display().to_string();
    let lines =
        [daemon.pid().to_string(), folder, network.near.name().to_owned(), network.far.name().to_owned(), numbers];
    let report = std::env::var(REPORT).expect("the parent says where to report");
    // In one piece, so that the parent never sees half of it.
    fs::write(format!("{report}.new"), lines.join("\n")).expect("the report is written");
    fs::rename(format!("{report}.new"), report).expect("the report is there");
    thread::sleep(Duration::from_secs(60));
}

/// Tries to make a network.
#[test]
#[ignore = "run by netns::without_root_there_is_a_loud_failure"]
fn make_a_network() {
    let _network = Network::new();
}
