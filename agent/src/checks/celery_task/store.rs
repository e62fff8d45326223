//! Results in Redis (`celery.backends.redis`): a key for each task, whose value is published under its name, too.

use super::ending::Ending;
use crate::checks::kombu::Broker;
use crate::checks::redis::{RespClient, refused};
use crate::fault::{Cause, Fault, Phase};
use crate::net::within;
use crate::probe::{Probe, Stop};
use redis::{Cmd, Value};
use tokio::time::Instant;

/// What is said of it.
pub(super) const WHAT: &str = "the result back end";

/// A connection that has subscribed to a result.
pub(super) struct Store<'a> {
    client: RespClient<'a>,
    place: &'a str,
    key: String,
    /// Whether the result was there when it was deleted; nothing before that.
    found: Option<bool>,
}

impl<'a> Store<'a> {
    /// Connects, logs in, and subscribes. A failure names the result back end.
    pub(super) async fn open(results: &'a Broker, prefix: &str, id: &str, probe: &mut Probe) -> Result<Self, Stop> {
        let place = results.shown();
        let told = |stop| match stop {
            Stop::Failed(failure) => Stop::Failed(failure.told_of(format_args!("{WHAT} {place}"))),
            Stop::Enough => stop,
        };
        let Broker::Redis { client: redis, .. } = results else {
            let fault = Fault::new(Cause::OwnFault, "results of another kind");
            return Err(probe.fail(Phase::Run, fault).into());
        };
        let (client, _) = Box::pin(redis.session(probe)).await.map_err(told)?;
        let mut store = Self { client, place, key: format!("{prefix}celery-task-meta-{id}"), found: None };
        let subscribed = probe.phase(Phase::Request, store.subscribe()).await;
        subscribed.map_err(|failure| told(failure.into()))?;
        Ok(store)
    }

    pub(super) const fn place(&self) -> &str {
        self.place
    }

    async fn subscribe(&mut self) -> Result<(), Fault> {
        match self.client.ask("SUBSCRIBE", &self.of_key("SUBSCRIBE")).await? {
            answer @ Value::ServerError(_) => Err(refused(&answer, "SUBSCRIBE")),
            _ => Ok(()),
        }
    }

    /// Waits until the result is there, and deletes it. All databases of a Redis have the same channels: one that was
    /// published is looked for where it belongs.
    pub(super) async fn ending(&mut self, until: Instant) -> Result<Option<Ending>, Fault> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Some(said) = within(left, self.client.next("SUBSCRIBE")).await else { return Ok(None) };
            if let Some(ending) = published(&said?) {
                return Ok(Some(if self.forget().await? { ending } else { Ending::Elsewhere }));
            }
        }
    }

    /// Deletes the result, once; whether it was there.
    pub(super) async fn forget(&mut self) -> Result<bool, Fault> {
        if let Some(found) = self.found {
            return Ok(found);
        }
        self.client.tell(&[self.of_key("UNSUBSCRIBE"), self.of_key("DEL")]).await;
        loop {
            // A message may still come before the answers.
            match self.client.next("DEL").await? {
                Value::Int(deleted) => return Ok(*self.found.insert(deleted > 0)),
                answer @ Value::ServerError(_) => return Err(refused(&answer, "DEL")),
                _ => {}
            }
        }
    }

    fn of_key(&self, name: &str) -> Cmd {
        let mut cmd = redis::cmd(name);
        cmd.arg(&self.key);
        cmd
    }
}

/// What was published, in RESP2 an array of `message`, the channel and the value.
fn published(said: &Value) -> Option<Ending> {
    let items = match said {
        Value::Array(items) => items.as_slice(),
        Value::Push { data, .. } => data.as_slice(),
        _ => return None,
    };
    let Some(Value::BulkString(meta)) = items.last().filter(|_| items.len() > 1) else { return None };
    match serde_json::from_slice(meta) {
        Ok(meta) => Ending::read(&meta),
        Err(_) => Some(Ending::Unreadable),
    }
}
