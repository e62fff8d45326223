//! What is said to all workers at once (`kombu.pidbox`, `celery.worker.control`).

use serde_json::{Value, json};

/// A command.
#[derive(Clone, Debug)]
pub(in crate::checks) struct Command {
    method: &'static str,
    arguments: Value,
    answered: bool,
}

impl Command {
    /// Who is there: each worker says `{"ok": "pong"}`.
    pub(in crate::checks) fn ping() -> Self {
        Self { method: "ping", arguments: json!({}), answered: true }
    }

    /// Which queues each worker consumes.
    pub(in crate::checks) fn active_queues() -> Self {
        Self { method: "active_queues", arguments: json!({}), answered: true }
    }

    /// What each worker knows of a task.
    pub(in crate::checks) fn query_task(id: &str) -> Self {
        Self { method: "query_task", arguments: json!({"ids": [id]}), answered: true }
    }

    /// Nobody is to begin with a task any more.
    pub(in crate::checks) fn revoke(id: &str) -> Self {
        Self { method: "revoke", arguments: json!({"task_id": id}), answered: false }
    }

    /// Whether workers answer to it.
    pub(super) const fn is_answered(&self) -> bool {
        self.answered
    }

    /// The body of its message; the answers go to this exchange with this routing key.
    pub(super) fn body(&self, exchange: &str, routing_key: &str, ticket: &str) -> Value {
        let mut body = json!({
            "method": self.method,
            "arguments": self.arguments,
            "destination": null,
            "pattern": null,
            "matcher": null,
        });
        if self.answered {
            body["ticket"] = ticket.into();
            body["reply_to"] = json!({"exchange": exchange, "routing_key": routing_key});
        }
        body
    }
}
