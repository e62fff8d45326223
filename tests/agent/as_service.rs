//! `--as`: what a service sees of its network, which is another one than that of the user who checks. The services are
//! processes of the test's own, that do nothing.

mod hostile;
mod output;
mod place;
mod worlds;

use harness::agent::{Agent, program};
use serde_json::Value;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// A user of no name, of which nothing is on this machine.
const UID: u32 = 48_123;

/// A process in whose place the checks are made; it is ended on drop.
struct Service(Child);

impl Service {
    /// `sleep`, as root.
    fn of_root() -> Self {
        Self::by(Command::new("env"), &["sleep", "1000"])
    }

    /// `sleep`, as the user of no name.
    fn of_user() -> Self {
        Self::as_user(Command::new("env"))
    }

    /// What `outer` begins (`ip netns exec NAME env`) goes on as the user of no name, and does nothing.
    fn as_user(outer: Command) -> Self {
        let user = format!("--reuid={UID}");
        let group = format!("--regid={UID}");
        Self::by(outer, &["setpriv", &user, &group, "--clear-groups", "sleep", "1000"])
    }

    /// Runs the words behind those of `outer`, until `sleep` does.
    fn by(mut outer: Command, words: &[&str]) -> Self {
        let service = Self::waiting(outer.args(words));
        let sleeps = || fs::read_to_string(format!("/proc/{}/comm", service.pid())).is_ok_and(|name| name == "sleep\n");
        harness::wait::until("the service to sleep", sleeps);
        service
    }

    /// Runs a command.
    fn waiting(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("a service"))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn end(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

/// A shell's words, as a command.
fn shell(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", text]);
    command
}

/// A run as a process.
fn agent(yaml: &str, service: &Service) -> Agent {
    Agent::new(yaml).args(["--as", &service.pid().to_string()])
}

/// The first check, and what the run before says otherwise of it.
fn first(report: &Value) -> (String, String) {
    let check = &report["checks"][0];
    let code = |place: &Value| place["code"].as_str().or_else(|| place["verdict"].as_str()).unwrap_or("?").to_owned();
    let failure = check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str()).unwrap_or("?").to_owned();
    (failure, code(&check["facts"]["as"]["before"]))
}

/// A run that says why it checks nothing: its status, and what it says.
fn refused(mut agent: Agent) -> String {
    let ran = agent.run();
    assert_eq!(ran.status, 3, "{ran:?}");
    assert_eq!(ran.out, "", "{ran:?}");
    ran.err
}

/// The children of a process.
fn children(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// The program as another user than root.
fn unprivileged() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program());
    command.env_clear();
    let _same_group = command.process_group(0);
    command
}
