//! The checks `celery` and `celery_task` against real workers, of two versions, behind `RabbitMQ` and behind Redis.

mod brokers;
mod interrupted;
mod ping;
mod refused;
mod task;

use harness::agent::{Agent, Ran};
use serde_json::Value;

/// One check, and what was printed of it.
struct Checked {
    check: Value,
    ran: Ran,
}

impl Checked {
    fn of(kind: &str, options: &str) -> Self {
        let ran = Agent::new(&format!("- {{type: {kind}, timeout: 20, {options}}}")).args(["--format", "json"]).run();
        Self { check: ran.json()["checks"][0].clone(), ran }
    }

    #[track_caller]
    fn passed(&self) -> &Value {
        assert_eq!(self.check["verdict"], "pass", "{}", self.check);
        &self.check["facts"]
    }

    #[track_caller]
    fn failed(&self, code: &str) -> &Value {
        assert_eq!(self.check["failure"]["code"], code, "{}", self.check);
        assert!(self.check["failure"]["next_step"].as_str().is_some_and(|next| next.len() > 10), "{}", self.check);
        &self.check["failure"]
    }

    #[track_caller]
    fn says(&self, word: &str) {
        let failure = &self.check["failure"];
        assert!(failure.to_string().contains(word), "no `{word}` in {failure}");
    }

    fn hides(&self, secret: &str) {
        assert!(!self.ran.out.contains(secret) && !self.ran.err.contains(secret), "{}{}", self.ran.out, self.ran.err);
    }
}
