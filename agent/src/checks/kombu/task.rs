//! A task on its way to a worker: version 2 of Celery's protocol
//! (<https://docs.celeryq.dev/en/stable/internals/protocol.html>).

use super::unique;
use crate::fault::Fault;
use crate::secret::Secret;
use serde_json::{Value, json};
use std::time::Duration;
use time::OffsetDateTime;

/// A task with its arguments.
#[derive(Clone, Debug)]
pub(in crate::checks) struct Task {
    pub(in crate::checks) id: String,
    /// Empty for the default exchange, which leads to the queue of that name.
    pub(super) exchange: String,
    pub(super) routing_key: String,
    pub(super) headers: Value,
    pub(super) body: Secret<String>,
    /// Where the result goes, if it goes through the broker; else empty.
    pub(super) reply_to: String,
    /// Nobody begins with it later.
    pub(super) expires: Duration,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(in crate::checks) struct Order<'a> {
    pub(in crate::checks) name: &'a str,
    pub(in crate::checks) args: &'a [Value],
    pub(in crate::checks) kwargs: &'a serde_json::Map<String, Value>,
    pub(in crate::checks) exchange: &'a str,
    pub(in crate::checks) routing_key: &'a str,
    pub(in crate::checks) reply_to: &'a str,
    /// Who asks: `conn-check@HOST`.
    pub(in crate::checks) origin: &'a str,
    pub(in crate::checks) expires: Duration,
}

impl Task {
    /// A task of its own id.
    pub(in crate::checks) fn new(order: &Order<'_>) -> Result<Self, Fault> {
        let id = unique()?;
        let hidden = |is_empty: bool, empty: &'static str| if is_empty { empty } else { "..." };
        let headers = json!({
            "lang": "py",
            "task": order.name,
            "id": id,
            "root_id": id,
            "parent_id": null,
            "group": null,
            "shadow": null,
            "eta": null,
            "expires": iso8601(OffsetDateTime::now_utc() + order.expires),
            "retries": 0,
            "timelimit": [null, null],
            // Workers write these into their logs.
            "argsrepr": hidden(order.args.is_empty(), "()"),
            "kwargsrepr": hidden(order.kwargs.is_empty(), "{}"),
            "origin": order.origin,
            "ignore_result": false,
            "replaced_task_nesting": 0,
        });
        let embed = json!({"callbacks": null, "errbacks": null, "chain": null, "chord": null});
        Ok(Self {
            id,
            exchange: order.exchange.to_owned(),
            routing_key: order.routing_key.to_owned(),
            headers,
            body: Secret::new(json!([order.args, order.kwargs, embed]).to_string()),
            reply_to: order.reply_to.to_owned(),
            expires: order.expires,
        })
    }
}

/// As Python's `datetime.isoformat` has it, which every Celery reads.
fn iso8601(at: OffsetDateTime) -> String {
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second, microsecond) = at.to_hms_micro();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}+00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_python_does() {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_001_500_000).expect("a time");
        assert_eq!(iso8601(at), "2023-11-14T22:13:20.001500+00:00");
    }

    #[test]
    fn arguments_are_in_the_body_and_not_in_what_workers_log() {
        let (args, kwargs) = ([json!("s3cret")], serde_json::Map::new());
        let order = Order {
            name: "app.health",
            args: &args,
            kwargs: &kwargs,
            exchange: "",
            routing_key: "celery",
            reply_to: "",
            origin: "conn-check@h",
            expires: Duration::from_secs(3),
        };
        let task = Task::new(&order).expect("a task");
        assert!(task.body.expose().starts_with("[[\"s3cret\"],{},{"), "{}", task.body.expose());
        assert!(!format!("{task:?}").contains("s3cret"), "{task:?}");
        assert_eq!(task.headers["id"], task.headers["root_id"]);
    }
}
