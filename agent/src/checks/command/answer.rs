//! What a program says of what it has checked: the text of a plugin, or JSON.
//!
//! Text (Monitoring Plugins Development Guidelines, "Plugin Output for Nagios"): a first line, performance data behind a
//! `|`, further lines, and behind a `|` of one of them performance data to the end.
//!
//! JSON, for several faults at once: one object, `{"errors": [TEXT, ...], "warnings": [TEXT, ...]}`, each of both for itself
//! or with the other; a single text stands for a list of one. An error is a failure and a warning a warning, whatever the
//! exit status; without either, that decides. Other members are left alone.

use super::performance::{self, Performance};
use crate::text::escape;
use serde_json::{Map, Value};

/// So many bytes of a line are kept.
const LINE: usize = 400;

/// So many lines are kept, and errors, and warnings.
const LINES: usize = 20;

/// What a program says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// The first line.
    pub(super) text: Option<String>,
    /// The lines behind it.
    pub(super) long: Vec<String>,
    pub(super) performance: Vec<Performance>,
    /// Why it cannot be understood.
    pub(super) wrong: Option<&'static str>,
}

impl Answer {
    /// Takes apart what a program wrote.
    ///
    /// # Errors
    /// JSON of another shape.
    pub(super) fn read(output: &[u8]) -> Result<Self, &'static str> {
        match json(output) {
            Some(members) => Self::of_json(&members),
            None => Ok(Self::of_text(output)),
        }
    }

    /// One that cannot be understood.
    pub(super) fn unknown(wrong: &'static str) -> Self {
        Self { wrong: Some(wrong), ..Self::default() }
    }

    fn of_json(members: &Map<String, Value>) -> Result<Self, &'static str> {
        let errors = texts(members.get("errors")).ok_or("the `errors` of its JSON answer are no list of texts")?;
        let warnings =
            texts(members.get("warnings")).ok_or("the `warnings` of its JSON answer are no list of texts")?;
        Ok(Self { errors, warnings, ..Self::default() })
    }

    fn of_text(output: &[u8]) -> Self {
        let mut lines = output.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let first = lines.by_ref().find(|line| !line.is_empty()).unwrap_or_default();
        let (text, data) = parted(first);
        let mut answer = Self { text: shown(text), performance: performance::read(data), ..Self::default() };
        let mut is_data = false;
        for line in lines {
            let (text, data) = if is_data { (&b""[..], line) } else { parted(line) };
            is_data |= !is_data && line.contains(&b'|');
            answer.performance.extend(performance::read(data));
            answer.long.extend(shown(text).filter(|_| answer.long.len() < LINES));
        }
        answer.performance.truncate(performance::MOST);
        answer
    }
}

/// What stands before and behind the first `|`.
fn parted(line: &[u8]) -> (&[u8], &[u8]) {
    let at = line.iter().position(|byte| *byte == b'|');
    at.map_or((line, &[]), |at| (&line[..at], &line[at + 1..]))
}

/// A line for people, if there is anything in it.
fn shown(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii();
    (!line.is_empty()).then(|| escape(line, LINE))
}

/// The members of an answer in JSON: an object that has one of both lists.
fn json(output: &[u8]) -> Option<Map<String, Value>> {
    if !output.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(output) else { return None };
    ["errors", "warnings"].iter().any(|name| members.contains_key(*name)).then_some(members)
}

/// A list of texts, or one text; nothing at all is an empty list.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    let text = |text: &str| escape(text.trim().as_bytes(), LINE);
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(one)) => Some(vec![text(one)]),
        Some(Value::Array(items)) => items.iter().take(LINES).map(|item| item.as_str().map(text)).collect(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(output: &str) -> Answer {
        Answer::read(output.as_bytes()).expect("it can be understood")
    }

    #[test]
    fn the_text_of_a_plugin_has_a_line_data_lines_and_more_data() {
        let answer = of(
            "DISK OK - free: 3 GB | /=2643MB;5948;5958;0;5968\n/ 15272 MB\n/boot 68 MB | /boot=68MB;88\n/home=69357MB\n",
        );
        assert_eq!(answer.text.as_deref(), Some("DISK OK - free: 3 GB"));
        assert_eq!(answer.long, ["/ 15272 MB", "/boot 68 MB"]);
        let labels: Vec<_> = answer.performance.iter().map(|one| one.label.as_str()).collect();
        assert_eq!(labels, ["/", "/boot", "/home"]);
        assert_eq!(of("\n\n  \nOK\r\n").text.as_deref(), Some("OK"));
        assert_eq!(of(""), Answer::default());
        let many = of(&"line\n".repeat(1_000));
        assert_eq!(many.long.len(), LINES);
    }

    #[test]
    fn what_is_no_text_is_shown_by_its_bytes_and_cut() {
        let answer = Answer::read(b"\x1b[31m\x00\xff bad").expect("text");
        assert_eq!(answer.text.as_deref(), Some(r"\x1b[31m\x00\xff bad"));
        assert_eq!(of(&"a".repeat(10_000)).text.map(|text| text.len()), Some(LINE + 3));
    }

    #[test]
    fn an_answer_in_json_has_lists() {
        let answer = of("{\"errors\": [\"a\", \"b\"], \"warnings\": \"c\", \"more\": 1}\n");
        assert_eq!((answer.errors, answer.warnings), (vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]));
        assert_eq!(of("{\"warnings\": []}"), Answer::default());
        assert_eq!(of("{} fine").text.as_deref(), Some("{} fine"), "text");
        assert_eq!(of("{\"status\": 1}").text.as_deref(), Some("{\"status\": 1}"), "other JSON");
        for wrong in ["{\"errors\": {\"a\": 1}}", "{\"errors\": [1]}", "{\"warnings\": true}"] {
            assert!(Answer::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
