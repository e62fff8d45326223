//! Generated files of checks: what the real program writes, what conn-check makes of it, and where
//! secrets stand.

mod environment;
mod hostile;
pub(crate) mod juju;
mod output;
mod servers;

use harness::agent::{Agent, program_called};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// How a call ended.
#[derive(Debug)]
struct Made {
    status: i32,
    out: String,
    err: String,
}

/// `conn-check-configs` in a clean environment.
fn configs(arguments: &[&str]) -> Command {
    let mut command = Command::new(program_called("conn-check-configs"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
    command
}

fn made(output: &Output) -> Made {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    Made { status: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

fn run(command: &mut Command) -> Made {
    made(&command.stdin(Stdio::null()).output().expect("it runs"))
}

/// With this on standard input.
fn run_with(command: &mut Command, input: &[u8]) -> Made {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("it starts");
    // A program that does not read to the end says so itself.
    let _ = child.stdin.take().expect("stdin").write_all(input);
    made(&child.wait_with_output().expect("it ends"))
}

/// `conn-check-configs env -` over a file of variables.
fn from_file(variables: &str) -> Made {
    run_with(&mut configs(&["env", "-"]), variables.as_bytes())
}

/// What `conn-check --strict --validate` has to say against a file; nothing, as it has to be.
fn objections(yaml: &str, environment: &[(&str, &str)]) -> Option<String> {
    let agent = Agent::new(yaml).args(["--strict", "--validate"]);
    let ran = environment.iter().fold(agent, |agent, (name, value)| agent.env(name, value)).run();
    (ran.status != 0).then_some(ran.err)
}

/// The verdict of each check of a file.
fn verdicts(yaml: &str) -> Vec<String> {
    let report = Agent::new(yaml).report();
    let checks = report["checks"].as_array().expect("checks").iter();
    let verdict = |check: &serde_json::Value| {
        let told = check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str());
        format!("{} {}", check["type"].as_str().unwrap_or_default(), told.unwrap_or_default())
    };
    checks.map(verdict).collect()
}

/// Every byte percent-encoded.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
