//! Workers behind an AMQP broker.

use super::roll::patiently;
use super::{Command, Mailbox, Task, Whereabouts, unique};
use crate::checks::amqp::{AmqpSession, Received};
use crate::fault::{Cause, Fault};
use crate::secret::{sentence, theirs};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// When the queue for the answers goes by itself, should the connection not do it.
const EXPIRES: Duration = Duration::from_secs(60);

/// Not kept on the broker's disk.
const TRANSIENT: u8 = 1;

/// A connection, and the queue of its own.
pub(in crate::checks) struct OnAmqp {
    session: AmqpSession,
    /// The exchange of the commands.
    exchange: String,
    /// What the names of queues for answers end with.
    suffix: String,
    /// Nothing before the first command.
    queue: String,
    /// Messages that came while something else was waited for.
    kept: VecDeque<Vec<u8>>,
}

impl OnAmqp {
    pub(super) fn new(session: AmqpSession, mailbox: &Mailbox) -> Self {
        let exchange = format!("{}.pidbox", mailbox.namespace);
        Self { session, suffix: format!("reply.{exchange}"), exchange, queue: String::new(), kept: VecDeque::new() }
    }

    pub(super) fn queue(&self) -> &str {
        &self.queue
    }

    pub(super) fn blocked(&self) -> Option<&str> {
        self.session.blocked()
    }

    pub(super) async fn broadcast(&mut self, commands: &[Command]) -> Result<Option<u64>, Fault> {
        if self.queue.is_empty() {
            self.queue = format!("{}.{}", unique()?, self.suffix);
            if !self.session.listen(&self.exchange, &self.queue, EXPIRES).await? {
                return Ok(Some(0));
            }
        }
        let properties = json_message().with_delivery_mode(TRANSIENT);
        for command in commands {
            let body = command.body("", &self.queue, &unique()?).to_string();
            self.session.publish((&self.exchange, ""), false, &properties, body.as_bytes()).await?;
        }
        Ok(None)
    }

    pub(super) async fn next(&mut self, patience: Duration) -> Result<Option<Value>, Fault> {
        let what = format!("exchange `{}`", self.exchange);
        let kept = self.kept.pop_front();
        let message = patiently(patience, async {
            if let Some(body) = kept {
                return Ok(body);
            }
            loop {
                if let Received::Message(body) = self.session.next(&what).await? {
                    return Ok(body);
                }
            }
        });
        // What is not JSON tells nothing; it is no worker's answer.
        Ok(message.await?.map(|body| serde_json::from_slice(&body).unwrap_or_default()))
    }

    pub(super) async fn send(&mut self, task: &Task) -> Result<(), Fault> {
        let milliseconds = task.expires.as_millis().max(1).to_string();
        let properties = json_message()
            .with_delivery_mode(TRANSIENT)
            .with_headers(table(&task.headers))
            .with_correlation_id(task.id.as_str().into())
            .with_reply_to(task.reply_to.as_str().into())
            // The broker itself forgets a task that nobody takes.
            .with_expiration(milliseconds.as_str().into());
        let (exchange, routing_key) = (task.exchange.as_str(), task.routing_key.as_str());
        self.session.confirm().await?;
        self.session.publish((exchange, routing_key), true, &properties, task.body.expose().as_bytes()).await?;
        let what =
            if exchange.is_empty() { format!("queue `{routing_key}`") } else { format!("exchange `{exchange}`") };
        loop {
            match self.session.next(&what).await? {
                Received::Taken => return Ok(()),
                Received::Returned => {
                    let fault =
                        Fault::new(Cause::NoSuchQueue, sentence!["the task leads to no queue by the ", theirs(&what)]);
                    return Err(fault.evidence(sentence!["it came back, with the routing key ", theirs(routing_key)]));
                }
                Received::NotTaken => {
                    return Err(Fault::new(Cause::NotReady, "the broker does not take the task").next_step(
                        "look at the limits of the queue (RabbitMQ: x-max-length, reject-publish), and at the broker's log",
                    ));
                }
                // An answer that comes late; or the result, which may be there before the broker's word.
                Received::Message(body) => self.kept.push_back(body),
                Received::Waiting(_) => {}
            }
        }
    }

    pub(super) async fn withdraw(&mut self, task: &Task) -> Result<Whereabouts, Fault> {
        if !task.exchange.is_empty() {
            return Ok(Whereabouts::Unknown);
        }
        self.session.ask_waiting(&task.routing_key).await?;
        let what = format!("queue `{}`", task.routing_key);
        loop {
            if let Received::Waiting(count) = self.session.next(&what).await? {
                return Ok(if count == 0 { Whereabouts::Taken } else { Whereabouts::Waiting });
            }
        }
    }

    pub(super) async fn leave(&mut self) -> Result<(), Fault> {
        self.session.close().await
    }
}

fn json_message() -> BasicProperties {
    BasicProperties::default().with_content_type("application/json".into()).with_content_encoding("utf-8".into())
}

/// A table of what a mapping of JSON has.
fn table(value: &Value) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in value.as_object().into_iter().flatten() {
        table.insert(name.as_str().into(), field(value));
    }
    table
}

fn field(value: &Value) -> AMQPValue {
    match value {
        Value::Null => AMQPValue::Void,
        Value::Bool(truth) => AMQPValue::Boolean(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => AMQPValue::LongLongInt(whole),
            None => AMQPValue::Double(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => AMQPValue::LongString(text.as_str().into()),
        Value::Array(items) => AMQPValue::FieldArray(FieldArray::from(items.iter().map(field).collect::<Vec<_>>())),
        Value::Object(_) => AMQPValue::FieldTable(table(value)),
    }
}
