//! Workers behind Redis (`kombu.transport.redis`).

use super::{Command, Mailbox, Task, Whereabouts, unique};
use crate::checks::redis::{Redis, RespClient, refused};
use crate::fault::Fault;
use crate::net::within;
use crate::probe::{FAREWELL, Probe};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redis::Cmd;
use serde_json::{Value, json};
use std::time::Duration;

/// What stands between the parts of a binding.
const SEPARATOR: &str = "\x06\x16";

/// A longer queue is not searched for a task.
const SHORT: i64 = 10_000;

/// In milliseconds: longer than anybody needs between looking an address up and writing there.
const STRAGGLERS: u32 = 5_000;

/// A connection, and the list of its own.
pub(in crate::checks) struct OnRedis<'a> {
    redis: &'a Redis,
    client: RespClient<'a>,
    /// An answer has not come: whatever is asked now would wait behind it.
    is_busy: bool,
    names: Names,
    knows_fractions: bool,
    /// Nothing before the first command.
    own: Option<Own>,
    /// So many answers may still come.
    awaited: u64,
    /// The message of a task, as it was sent.
    sent: Secret<String>,
}

/// How kombu calls its keys and channels.
struct Names {
    prefix: String,
    exchange: String,
    /// kombu puts the prefix before it since 5.3.
    channels: Vec<String>,
}

/// Where answers come.
struct Own {
    routing_key: String,
    queue: String,
}

impl<'a> OnRedis<'a> {
    pub(super) fn new(redis: &'a Redis, client: RespClient<'a>, knows_fractions: bool, mailbox: &Mailbox) -> Self {
        let database = redis.database();
        let (prefix, exchange) = (mailbox.prefix.clone(), format!("{}.pidbox", mailbox.namespace));
        let channel = format!("/{database}.{exchange}");
        let with_prefix = (!prefix.is_empty()).then(|| format!("{prefix}{channel}"));
        let names = Names { prefix, exchange, channels: with_prefix.into_iter().chain([channel]).collect() };
        let (own, awaited, sent) = (None, 0, Secret::default());
        Self { redis, client, is_busy: false, names, knows_fractions, own, awaited, sent }
    }

    pub(super) async fn broadcast(&mut self, commands: &[Command]) -> Result<Option<u64>, Fault> {
        if self.own.is_none() {
            let routing_key = unique()?;
            let queue = format!("{routing_key}.reply.{}", self.names.exchange);
            let bind = of_key("SADD", &self.names.bindings()).arg(member(&routing_key, &queue)).clone();
            // Known before it is made: it is to be taken back whatever comes.
            self.own = Some(Own { routing_key, queue });
            self.ask("SADD", bind).await?;
        }
        let Some(own) = &self.own else { return Ok(Some(0)) };
        let mut messages = Vec::new();
        for command in commands {
            let reply = format!("reply.{}", self.names.exchange);
            let body = command.body(&reply, &own.routing_key, &unique()?).to_string();
            messages.push(message(&body, &json!({"clock": 1}), &self.names.exchange, "")?.to_string());
        }
        let all =
            || messages.iter().flat_map(|message| self.names.channels.iter().map(move |channel| (channel, message)));
        let publish: Vec<_> = all().map(|(channel, message)| of_key("PUBLISH", channel).arg(message).clone()).collect();
        let answers = self.ask_all("PUBLISH", &publish).await?;
        let heard = answers.iter().map(|answer| number(answer, "PUBLISH")).collect::<Result<Vec<_>, _>>()?;
        let mut fewest = u64::MAX;
        for (command, heard) in commands.iter().zip(heard.chunks(self.names.channels.len())) {
            let heard = u64::try_from(heard.iter().sum::<i64>()).unwrap_or_default();
            self.awaited += if command.is_answered() { heard } else { 0 };
            fewest = fewest.min(heard);
        }
        Ok(Some(fewest))
    }

    pub(super) async fn next(&mut self, patience: Duration) -> Result<Option<Value>, Fault> {
        let Some(own) = &self.own else { return Ok(None) };
        if patience.is_zero() {
            return Ok(None);
        }
        // Before Redis 6 whole seconds only; 0 is for ever.
        let seconds = if self.knows_fractions {
            format!("{:.3}", patience.as_secs_f64().max(0.001))
        } else {
            format!("{:.0}", patience.as_secs_f64().ceil().max(1.0))
        };
        let pop = of_key("BRPOP", &self.names.of_list(&own.queue)).arg(seconds).clone();
        let answers = self.ask_all("BRPOP", &[pop]).await?;
        match answers.first().unwrap_or(&redis::Value::Nil) {
            redis::Value::Nil => Ok(None),
            redis::Value::Array(items) => {
                self.awaited = self.awaited.saturating_sub(1);
                Ok(Some(items.get(1).and_then(body).unwrap_or_default()))
            }
            other => Err(refused(other, "BRPOP")),
        }
    }

    pub(super) async fn send(&mut self, task: &Task) -> Result<(), Fault> {
        let mut message = message(task.body.expose(), &task.headers, "", &task.routing_key)?;
        message["properties"]["correlation_id"] = task.id.as_str().into();
        message["properties"]["reply_to"] = task.reply_to.as_str().into();
        self.sent = Secret::new(message.to_string());
        let push = of_key("LPUSH", &self.names.of_list(&task.routing_key)).arg(self.sent.expose()).clone();
        self.ask("LPUSH", push).await.map(|_| ())
    }

    pub(super) async fn withdraw(&mut self, task: &Task) -> Result<Whereabouts, Fault> {
        let list = self.names.of_list(&task.routing_key);
        let length = self.ask("LLEN", of_key("LLEN", &list)).await?;
        if length > SHORT {
            return Ok(Whereabouts::Unknown);
        }
        let remove = of_key("LREM", &list).arg(1).arg(self.sent.expose()).clone();
        Ok(if self.ask("LREM", remove).await? > 0 { Whereabouts::Removed } else { Whereabouts::Taken })
    }

    /// A worker that looked the list up before it was taken out, and writes there afterwards, would make it again, for
    /// ever: where answers may still come, it is kept so that it goes by itself.
    pub(super) async fn leave(&mut self) -> Result<(), Fault> {
        let Some(own) = &self.own else { return Ok(()) };
        let list = self.names.of_list(&own.queue);
        let unbind = of_key("SREM", &self.names.bindings()).arg(member(&own.routing_key, &own.queue)).clone();
        let mut farewell = vec![unbind, of_key("DEL", &list)];
        if self.awaited > 0 {
            farewell.push(of_key("LPUSH", &list).arg("").clone());
            farewell.push(of_key("PEXPIRE", &list).arg(STRAGGLERS).clone());
        }
        self.ask_all("SREM", &farewell).await?;
        self.own = None;
        Ok(())
    }

    /// Takes another connection where this one is busy; it may be broken off in the middle of anything.
    pub(super) async fn renew(&mut self, probe: &mut Probe) {
        let has_left_something = self.own.is_some();
        if !self.is_busy || !has_left_something {
            return;
        }
        let (most, known) = (probe.left().min(FAREWELL), probe.known());
        let session = within(most, Box::pin(self.redis.session(probe))).await;
        // It is no part of what the check has found.
        probe.keep_only(known);
        if let Some(Ok((client, _))) = session {
            (self.client, self.is_busy) = (client, false);
        }
    }

    async fn ask(&mut self, name: &'static str, cmd: Cmd) -> Result<i64, Fault> {
        let answers = self.ask_all(name, &[cmd]).await?;
        number(answers.first().unwrap_or(&redis::Value::Nil), name)
    }

    /// Sends commands, and waits for their answers.
    async fn ask_all(&mut self, name: &'static str, cmds: &[Cmd]) -> Result<Vec<redis::Value>, Fault> {
        self.is_busy = true;
        self.client.tell(cmds).await;
        let mut answers = Vec::with_capacity(cmds.len());
        for _ in cmds {
            answers.push(self.client.next(name).await?);
        }
        self.is_busy = false;
        Ok(answers)
    }
}

impl Names {
    fn bindings(&self) -> String {
        format!("{}_kombu.binding.reply.{}", self.prefix, self.exchange)
    }

    fn of_list(&self, queue: &str) -> String {
        [&self.prefix, queue].concat()
    }
}

fn of_key(name: &str, key: &str) -> Cmd {
    let mut cmd = redis::cmd(name);
    cmd.arg(key);
    cmd
}

/// A binding of a direct exchange: routing key, no pattern, queue.
fn member(routing_key: &str, queue: &str) -> String {
    [routing_key, "", queue].join(SEPARATOR)
}

fn number(answer: &redis::Value, name: &'static str) -> Result<i64, Fault> {
    match answer {
        redis::Value::Int(number) => Ok(*number),
        other => Err(refused(other, name)),
    }
}

/// A message as kombu writes it into Redis.
fn message(body: &str, headers: &Value, exchange: &str, routing_key: &str) -> Result<Value, Fault> {
    Ok(json!({
        "body": STANDARD.encode(body),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers,
        "properties": {
            "delivery_mode": 1,
            "delivery_info": {"exchange": exchange, "routing_key": routing_key},
            "delivery_tag": unique()?,
            "priority": 0,
            "body_encoding": "base64",
        },
    }))
}

/// What a message says; nothing where it is not one of JSON.
fn body(message: &redis::Value) -> Option<Value> {
    let redis::Value::BulkString(message) = message else { return None };
    let message: Value = serde_json::from_slice(message).ok()?;
    let body = message["body"].as_str()?;
    let is_base64 = message["properties"]["body_encoding"] == "base64";
    let bytes = if is_base64 { STANDARD.decode(body).ok()? } else { body.into() };
    serde_json::from_slice(&bytes).ok()
}
