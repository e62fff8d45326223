//! How a hook tool asks the agent: one JSON line each way over a Unix socket.

use super::arguments::Refusal;
use super::controller::{Shared, lock};
use super::tools;
use crate::or_panic::OrPanic;
use serde_json::{Value, json};
use std::env;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

/// Answers every tool that asks, until the agent ends.
pub(super) fn serve(socket: &Path, shared: Shared) {
    let listener = UnixListener::bind(socket).or_panic(format_args!("listen at {}", socket.display()));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if lock(&shared).ended {
                return;
            }
            let shared = Shared::clone(&shared);
            thread::spawn(move || answer(&stream, &shared));
        }
    });
}

/// Makes the thread look whether the agent has ended.
pub(super) fn wake(socket: &Path) {
    let _ended = UnixStream::connect(socket);
}

/// What is asked.
pub(super) fn question(stream: &UnixStream) -> io::Result<Value> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// What is answered.
pub(super) fn reply(mut stream: &UnixStream, answer: &Value) -> io::Result<()> {
    writeln!(stream, "{answer}")
}

/// One question. A tool that was killed meanwhile does not mind.
fn answer(stream: &UnixStream, shared: &Shared) -> Option<()> {
    let question = question(stream).ok()?;
    let text = |key: &str| question[key].as_str().unwrap_or_default().to_owned();
    let arguments: Vec<String> = serde_json::from_value(question["arguments"].clone()).ok()?;
    let stdin = question["stdin"].as_str();
    // Juju's tool asks once without its input, and again when the agent wants it (`jujuc.ErrNoStdin`).
    if stdin.is_none() && tools::reads_stdin(&text("tool"), &arguments) {
        return reply(stream, &json!({"needs_stdin": true})).ok();
    }
    let answer = match tools::call(shared, &text("context"), &text("tool"), &arguments, stdin) {
        Ok(out) => json!({"code": 0, "out": out, "err": ""}),
        Err(Refusal { code, text }) => json!({"code": code, "out": "", "err": format!("ERROR {text}\n")}),
    };
    reply(stream, &answer).ok()
}

/// The program behind the names of the hook tools and of the recording doubles.
#[must_use]
pub fn tool_main() -> ExitCode {
    let mut arguments = env::args();
    let tool = PathBuf::from(arguments.next().unwrap_or_default());
    let tool = tool.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match ask(&tool, &arguments.collect::<Vec<_>>()) {
        Ok(answer) => {
            let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
            // A reader that went away is the reader's business.
            let _gone = io::stdout().write_all(text("out").as_bytes());
            let _gone = io::stderr().write_all(text("err").as_bytes());
            ExitCode::from(answer["code"].as_u64().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
        Err(why) => {
            let _gone = writeln!(io::stderr(), "ERROR {why}");
            ExitCode::FAILURE
        }
    }
}

fn ask(tool: &str, arguments: &[String]) -> Result<Value, String> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("{name} not set"));
    let context = variable("JUJU_CONTEXT_ID")?;
    let socket = variable("JUJU_AGENT_SOCKET_ADDRESS")?;
    let mut question = json!({"context": context, "tool": tool, "arguments": arguments});
    let answer = send(&socket, &question)?;
    if answer["needs_stdin"] != json!(true) {
        return Ok(answer);
    }
    let mut stdin = String::new();
    io::stdin().read_to_string(&mut stdin).map_err(|error| error.to_string())?;
    question["stdin"] = json!(stdin);
    send(&socket, &question)
}

/// One question, one answer.
fn send(socket: &str, question: &Value) -> Result<Value, String> {
    let mut stream = UnixStream::connect(socket).map_err(|error| error.to_string())?;
    writeln!(stream, "{question}").map_err(|error| error.to_string())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).map_err(|error| error.to_string())?;
    serde_json::from_str(&line).map_err(|error| error.to_string())
}
