//! What Juju prints of an action, or a command, on several units as JSON.
//!
//! | Juju | command | shape |
//! |---|---|---|
//! | 3, 4 | `juju run UNIT... ACTION --format json`, `juju exec` | `{UNIT: {results: {stdout, return-code, ...}, status, message}}` |
//! | 3, 4 | `juju show-operation N --format json` | `{tasks: {ID: {host: UNIT, results, status}}}` |
//! | 3, 4 | `juju show-task N --format json` | `{unit: UNIT, results, status}` |
//! | 2.9 | `juju run-action UNIT... ACTION --wait --format json` | `{TAG: {UnitId: UNIT, results: {Stdout, ...}}}` |
//! | 2.9 | `juju run --application A --format json CMD` | `[{UnitId: UNIT, Stdout, ReturnCode}]` |
//!
//! What is no UTF-8 comes in base64, which a report of conn-check never is.

use crate::text::said;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What one unit has printed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Output {
    pub(super) unit: String,
    pub(super) stdout: Option<String>,
    message: Option<String>,
    status: Option<String>,
}

impl Output {
    /// Why there is no report in it, with what to do.
    pub(super) fn without_report(&self) -> String {
        let told = |text: &Option<String>| text.as_deref().map(said).filter(|text| !text.is_empty());
        match (&self.stdout, told(&self.message), told(&self.status)) {
            (Some(_), ..) => {
                "what it printed is no report in JSON: run the action with `format=json`, or the command with `--format json`"
                    .to_owned()
            }
            (None, Some(message), _) => format!("it has printed nothing: {message}"),
            (None, None, Some(status)) => format!("it has printed nothing; Juju says: {status}"),
            (None, None, None) => "it has printed nothing".to_owned(),
        }
    }
}

/// A task, under any of Juju's names for its parts.
#[derive(Debug, Default, Deserialize)]
struct Task {
    #[serde(alias = "UnitId", alias = "host")]
    unit: Option<String>,
    #[serde(default)]
    results: Results,
    /// Of a command in Juju 2.9, whose results have no mapping of their own.
    #[serde(rename = "Stdout")]
    stdout: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
    #[serde(rename = "Error")]
    error: Option<String>,
    status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Results {
    #[serde(alias = "Stdout")]
    stdout: Option<String>,
}

/// `juju show-operation`.
#[derive(Debug, Deserialize)]
struct Operation {
    tasks: BTreeMap<String, Task>,
}

impl Task {
    fn output(self, key: &str) -> Output {
        Output {
            unit: self.unit.unwrap_or_else(|| key.to_owned()),
            stdout: self.stdout.or(self.results.stdout),
            message: self.error.or(self.message),
            status: self.status,
        }
    }

    fn is_one(&self) -> bool {
        self.stdout.is_some()
            || self.results.stdout.is_some()
            || self.status.is_some()
            || self.message.is_some()
            || self.error.is_some()
    }
}

/// What each unit has printed; nothing for a text of another shape.
pub(super) fn outputs(text: &str) -> Option<Vec<Output>> {
    if let Ok(list) = serde_json::from_str::<Vec<Task>>(text) {
        let all = list.iter().all(|task| task.unit.is_some() && task.is_one());
        return all.then(|| list.into_iter().map(|task| task.output("")).collect());
    }
    if let Ok(operation) = serde_json::from_str::<Operation>(text) {
        return Some(operation.tasks.into_iter().map(|(id, task)| task.output(&id)).collect());
    }
    if let Ok(task) = serde_json::from_str::<Task>(text)
        && task.unit.is_some()
        && task.is_one()
    {
        return Some(vec![task.output("")]);
    }
    let by_unit: BTreeMap<String, Task> = serde_json::from_str(text).ok()?;
    let all = !by_unit.is_empty() && by_unit.values().all(Task::is_one);
    all.then(|| by_unit.into_iter().map(|(key, task)| task.output(&key)).collect())
}
