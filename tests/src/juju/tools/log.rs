//! `juju-log`.

use super::{Answer, Form, Hands, Refusal, Tool};
use crate::juju::hook::Line;

const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

pub(super) const TOOLS: [Tool; 1] = [Tool {
    name: "juju-log",
    form: Form { values: &[&["log-level", "l"], super::FORMAT], switches: &[&["debug"]], positional: (0, usize::MAX) },
    run: log,
}];

fn log(hands: &mut Hands<'_>) -> Answer {
    if hands.given.rest.is_empty() {
        return Err(Refusal::usage("no message specified"));
    }
    let default = if hands.given.has("debug") { "DEBUG" } else { "INFO" };
    let level = hands.given.value("log-level").unwrap_or(default);
    if !LEVELS.contains(&level) {
        return Err(Refusal::usage(format!("log level must be one of {LEVELS:?}, not {level:?}")));
    }
    hands.context.log.push(Line { level: level.to_owned(), text: hands.given.rest.join(" ") });
    Ok(String::new())
}
