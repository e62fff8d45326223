//! How a task ended, and where one is that did not.

use crate::checks::kombu::Whereabouts;
use crate::fault::{Cause, Fault, Owner};
use crate::secret::{ours, sentence, theirs};
use serde_json::Value;
use std::time::Duration;

/// How a task ended (`celery.states.READY_STATES`).
#[derive(Debug)]
pub(super) enum Ending {
    Success,
    /// With an exception of this type.
    Failure(String),
    Revoked,
    /// Something is there, and it is not JSON.
    Unreadable,
    /// It was published, and is not where it should be.
    Elsewhere,
}

/// What is known of a task whose result did not come.
#[derive(Debug)]
pub(super) struct Late {
    whereabouts: Whereabouts,
    /// The worker that has it, and whether it has begun with it.
    at: Option<(String, bool)>,
    /// So many workers have said something.
    pub(super) answers: usize,
}

impl Ending {
    /// Reads a result; nothing of one that is not the last (`STARTED`, `RETRY`).
    pub(super) fn read(meta: &Value) -> Option<Self> {
        match meta["status"].as_str()? {
            "SUCCESS" => Some(Self::Success),
            "FAILURE" => Some(Self::Failure(meta["result"]["exc_type"].as_str().unwrap_or("an exception").to_owned())),
            "REVOKED" => Some(Self::Revoked),
            _ => None,
        }
    }

    pub(super) fn judge(&self, task: &str) -> Result<(), Fault> {
        match self {
            Self::Success => Ok(()),
            Self::Failure(kind) if kind == "NotRegistered" => Err(Fault::new(
                Cause::NoSuchTask,
                sentence!["the worker that got it knows no task `", theirs(task), "`"],
            )
            .evidence(sentence!["it failed with ", theirs(kind)])),
            Self::Failure(kind) => {
                let message = sentence!["the task `", theirs(task), "` has failed with ", theirs(kind)];
                Err(Fault::new(Cause::TaskFailed, message))
            }
            Self::Revoked => Err(Fault::new(Cause::Revoked, "a worker has got the task too late, and revoked it")
                .evidence("the result is REVOKED")
                .next_step(
                    "see what keeps the workers busy (`celery -A APP inspect active`); compare the clocks of this host and of the \
                     worker's, by which it tells; else raise `queue_timeout`",
                )),
            Self::Elsewhere => Err(Fault::new(
                Cause::NoResult,
                "the workers write results into another database of this Redis than the one that is named",
            )
            .evidence("the result was published, and its key is not there")
            .owner(Owner::Config)
            .next_step("correct the number behind the slash of `result_backend` to that of the workers")),
            Self::Unreadable => Err(Fault::new(Cause::UnexpectedReply, "a result came, and it is not JSON")
                .owner(Owner::Config)
                .next_step("let the task give its result as JSON (Celery: `result_serializer`, no `result_compression`)")),
        }
    }
}

impl Late {
    pub(super) const fn new(whereabouts: Whereabouts) -> Self {
        Self { whereabouts, at: None, answers: 0 }
    }

    pub(super) const fn is_known(&self) -> bool {
        self.at.is_some()
    }

    /// A worker's answer to `query_task`: `{WORKER: {ID: [STATE, INFO]}}`.
    pub(super) fn add(&mut self, answer: &Value, id: &str) {
        for (worker, said) in answer.as_object().into_iter().flatten() {
            // One to the ping is no answer to this.
            let Some(tasks) = said.as_object().filter(|tasks| !tasks.contains_key("ok")) else { continue };
            self.answers += 1;
            if let Some(state) = tasks.get(id).and_then(|task| task[0].as_str()) {
                self.at = Some((worker.clone(), state == "active"));
            }
        }
    }

    pub(super) fn fault(&self, queue: &str, wait: Duration) -> Fault {
        let seconds = ours(&format!("{:.1} s", wait.as_secs_f64()));
        let waited = |what| {
            let message =
                sentence!["the task was in the queue `", theirs(queue), "` for ", seconds.clone(), ", and was ", what];
            Fault::new(Cause::Revoked, message)
        };
        let none = |message| Fault::new(Cause::NoResult, message);
        match (&self.at, self.whereabouts) {
            (Some((worker, true)), _) => none(sentence![
                "the worker ",
                theirs(worker),
                " has begun with the task, and not ended it in ",
                seconds.clone()
            ])
            .next_step("see in the worker's log what the task does; else raise `wait`"),
            (Some((worker, false)), _) => {
                waited("revoked").evidence(sentence!["it waits at the worker ", theirs(worker), ", behind others"])
            }
            (None, Whereabouts::Removed) => waited("taken out again").evidence("no worker has taken it"),
            (None, Whereabouts::Waiting) => waited("revoked").evidence("messages wait in the queue"),
            (None, Whereabouts::Taken | Whereabouts::Unknown) if self.answers == 0 => {
                none(sentence!["no result came in ", seconds.clone(), ", and no worker says anything of the task"])
            }
            (None, Whereabouts::Taken | Whereabouts::Unknown) => {
                none(sentence!["no worker has the task any more, and no result came in ", seconds.clone()])
                    .owner(Owner::Config)
                    .next_step(
                        "correct `result_backend`, `result_keyprefix` and `global_keyprefix` to what the workers use",
                    )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(whereabouts: Whereabouts, answers: &[Value]) -> Cause {
        let mut late = Late::new(whereabouts);
        answers.iter().for_each(|answer| late.add(answer, "id"));
        late.fault("celery", Duration::from_secs(3)).cause
    }

    #[test]
    fn where_a_late_task_is_says_what_is_wrong() {
        let with = |state: &str| json!({"a@h": {"id": [state, {}]}});
        assert_eq!(of(Whereabouts::Taken, &[json!({"b@h": {}}), with("active")]), Cause::NoResult);
        assert_eq!(of(Whereabouts::Taken, &[with("reserved")]), Cause::Revoked);
        assert_eq!(of(Whereabouts::Waiting, &[json!({"a@h": {}})]), Cause::Revoked);
        assert_eq!(of(Whereabouts::Removed, &[]), Cause::Revoked);
        assert_eq!(of(Whereabouts::Taken, &[json!({"a@h": {}})]), Cause::NoResult);
        assert_eq!(of(Whereabouts::Unknown, &[json!({"a@h": {"ok": "pong"}})]), Cause::NoResult);
    }

    #[test]
    fn a_result_is_read_when_it_is_the_last() {
        assert!(Ending::read(&json!({"status": "STARTED"})).is_none());
        assert!(Ending::read(&json!({"ok": "pong"})).is_none());
        let failed = json!({"status": "FAILURE", "result": {"exc_type": "NotRegistered", "exc_message": ["s3cret"]}});
        let fault = Ending::read(&failed).and_then(|ending| ending.judge("app.x").err()).expect("a fault");
        assert_eq!(fault.cause, Cause::NoSuchTask);
    }
}
