//! The hook tools: their command lines and what they do (juju/juju `worker/uniter/runner/jujuc`).

mod action;
mod config;
mod log;
mod network;
mod relation;
mod state;
mod status;

use super::arguments::{Form, Given, Refusal};
use super::context::Context;
use super::controller::{Shared, State, lock};
use super::hook::Call;
use super::services;
use serde_json::Value;

/// What a tool prints, or why it does nothing.
type Answer = Result<String, Refusal>;

/// What a tool has at hand.
struct Hands<'a> {
    state: &'a mut State,
    context: &'a mut Context,
    given: Given,
    stdin: &'a str,
}

/// One hook tool.
struct Tool {
    name: &'static str,
    form: Form,
    run: fn(&mut Hands<'_>) -> Answer,
}

const FORMAT: &[&str] = &["format"];

/// All of them, sorted by their subject.
const TOOLS: [&[Tool]; 7] =
    [&relation::TOOLS, &config::TOOLS, &status::TOOLS, &log::TOOLS, &action::TOOLS, &state::TOOLS, &network::TOOLS];

fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.into_iter().flatten().find(|tool| tool.name == name)
}

/// The names that the tools directory holds.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TOOLS.into_iter().flatten().map(|tool| tool.name)
}

/// Whether the tool reads its standard input: only where `--file -` says so, as Juju's.
pub(super) fn reads_stdin(tool: &str, arguments: &[String]) -> bool {
    let pair = arguments.windows(2).any(|pair| pair[0] == "--file" && pair[1] == "-");
    matches!(tool, "relation-set" | "state-set") && (pair || arguments.iter().any(|one| one == "--file=-"))
}

/// A call from a hook, whether well or ill: it is put on the hook's record.
pub(super) fn call(shared: &Shared, id: &str, tool: &str, arguments: &[String], stdin: Option<&str>) -> Answer {
    let mut state = lock(shared);
    let Some(mut context) = state.contexts.remove(id) else {
        return Err(Refusal::failed(format!("bad request: bad context: no context {id}")));
    };
    let answer = if services::NAMES.contains(&tool) {
        let machine = std::sync::Arc::clone(&state.machine);
        state.services.call(&machine, tool, arguments)
    } else {
        dispatch(&mut state, &mut context, tool, arguments, stdin.unwrap_or_default())
    };
    let code = answer.as_ref().map_or_else(|refusal| refusal.code, |_| 0);
    context.calls.push(Call { tool: tool.to_owned(), arguments: arguments.to_vec(), code });
    state.contexts.insert(id.to_owned(), context);
    answer
}

fn dispatch(state: &mut State, context: &mut Context, name: &str, arguments: &[String], stdin: &str) -> Answer {
    let tool = find(name).ok_or_else(|| Refusal::failed(format!("unknown hook command: {name}")))?;
    let given = tool.form.read(arguments)?;
    (tool.run)(&mut Hands { state, context, given, stdin })
}

impl Hands<'_> {
    /// A value in the form that was asked for. Without `--format` Juju's own choice differs by type and
    /// version; only a text comes out as itself.
    fn print(&self, value: &Value) -> Answer {
        match self.given.value("format") {
            Some("json") => Ok(format!("{value}\n")),
            Some(other) => Err(Refusal::usage(format!("invalid value {other:?} for option --format: want json"))),
            None => match value {
                Value::String(text) => Ok(format!("{text}\n")),
                Value::Null => Ok(String::new()),
                _ => Err(Refusal::usage("without --format=json the form of this answer is a matter of luck")),
            },
        }
    }
}

/// The pairs of a command line, `KEY=VALUE`.
fn pairs(arguments: &[String]) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |argument: &String| {
        let (key, value) = argument
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| Refusal::usage(format!("expected \"key=value\", got {argument:?}")))?;
        Ok((key.to_owned(), value.to_owned()))
    };
    arguments.iter().map(pair).collect()
}

/// The pairs of `--file -`: a JSON object of texts.
fn object(stdin: &str) -> Result<Vec<(String, String)>, Refusal> {
    let wrong = |why: &str| Refusal::failed(format!("cannot read standard input as a map of texts: {why}"));
    let value: Value = serde_json::from_str(stdin).map_err(|error| wrong(&error.to_string()))?;
    let map = value.as_object().ok_or_else(|| wrong("no object"))?;
    let text = |(key, value): (&String, &Value)| {
        let value = value.as_str().ok_or_else(|| wrong(&format!("{key} is no text")))?;
        Ok((key.clone(), value.to_owned()))
    };
    map.iter().map(text).collect()
}

/// The pairs of a call that takes them in both ways.
fn given_pairs(hands: &Hands<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut all = match hands.given.value("file") {
        Some("-") => object(hands.stdin)?,
        Some(file) => return Err(Refusal::failed(format!("a file was not expected: {file}"))),
        None => Vec::new(),
    };
    all.extend(pairs(&hands.given.rest)?);
    Ok(all)
}
