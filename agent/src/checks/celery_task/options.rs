//! What the options say.

use super::{CeleryTask, Results};
use crate::checks::kombu::{BrokerUrl, Mailbox, QueueName, ResultUrl};
use crate::secret::{Secret, may_be_secret};
use crate::settings::shape::{self, Shape};
use crate::settings::{Field, Fields, Misfit, Name, Noted, Setting, Spoken, Word, seconds, tls};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Asks for the options.
pub(super) fn parse(fields: &mut Fields<'_>) -> Result<CeleryTask, Noted> {
    let broker = fields.required::<BrokerUrl>("broker", "URL of the broker, as Celery's `broker_url` has it.");
    let backend = fields.required::<ResultUrl>(
        "result_backend",
        "URL of the result back end, as Celery's `result_backend` has it: Redis, or `rpc://` with an AMQP broker.",
    );
    let task = fields.required::<Name>("task", "The task's full name. It is really run.");
    let Args(args) = fields.or("args", "[]", "Its arguments, a list.");
    let Kwargs(kwargs) = fields.or("kwargs", "{}", "Its named arguments.");
    let QueueName(queue) = fields.or("queue", "celery", "The queue that it goes into, which a worker must consume.");
    let is_amqp = broker.as_ref().is_ok_and(BrokerUrl::is_amqp);
    let way = way(fields, &queue, is_amqp);
    let Limit(wait) = fields.or("wait", "3", "Seconds in which the result must be there; `timeout` has to be longer.");
    let queue_timeout = fields
        .optional::<Limit>("queue_timeout", "Seconds after which no worker begins with it any more. Default: `wait`.");
    let result_timeout =
        fields.optional::<Limit>("result_timeout", "Seconds that the result is awaited for, in the place of `wait`.");
    let mailbox = Mailbox::parse(fields, is_amqp);
    let prefix = fields.optional::<Word>("result_keyprefix", "Celery's `global_keyprefix` of the result back end.");
    let spoken = spoken(&broker, &backend);
    let tls = tls(fields, spoken);
    let (broker, backend, task, tls, (exchange, routing_key)) = (broker?, backend?, task?.0, tls?, way?);
    broker.note_login(fields);
    let results = match backend {
        ResultUrl::Redis(url) => {
            url.note_login(fields);
            Some(Results { broker: url.with(&tls), prefix: key_prefix(prefix) })
        }
        ResultUrl::Rpc if broker.is_amqp() => None,
        ResultUrl::Rpc => {
            let misfit = Misfit::new("`rpc://` needs an AMQP broker: in Redis a late result would stay for ever");
            let help = "let the workers write their results into Redis, and name it here: redis://HOST:PORT/DATABASE";
            return Err(fields.refuse_value("result_backend", misfit.help(help)));
        }
    };
    let (queue_timeout, result_timeout) =
        (queue_timeout.map_or(wait, |Limit(time)| time), result_timeout.map_or(wait, |Limit(time)| time));
    let broker = broker.with(&tls);
    Ok(CeleryTask {
        broker,
        results,
        mailbox,
        task,
        args: Secret::new(args),
        kwargs: Secret::new(kwargs),
        queue,
        exchange,
        routing_key,
        queue_timeout,
        result_timeout,
    })
}

/// The exchange, and the routing key: straight to the queue, unless they say otherwise.
fn way(fields: &mut Fields<'_>, queue: &str, is_amqp: bool) -> Result<(String, String), Noted> {
    let exchange = fields.optional::<QueueName>(
        "exchange",
        "The exchange that it is sent to. AMQP only; without it, it goes straight into the queue.",
    );
    let routing_key = fields.optional::<QueueName>("routing_key", "Its routing key at `exchange`. Default: `queue`.");
    if fields.has("routing_key") && !fields.has("exchange") {
        return Err(fields.refuse_lone("routing_key", "exchange"));
    }
    if !is_amqp {
        for key in ["exchange", "routing_key"] {
            fields.warn_idle(
                key,
                "with Redis, where a task goes straight into the queue",
                &format!("leave `{key}` out"),
            );
        }
        return Ok((String::new(), queue.to_owned()));
    }
    let name = |name: Option<QueueName>| name.map(|QueueName(name)| name);
    Ok((name(exchange).unwrap_or_default(), name(routing_key).unwrap_or_else(|| queue.to_owned())))
}

/// TLS is asked about where one of the two has it.
fn spoken(broker: &Result<BrokerUrl, Noted>, backend: &Result<ResultUrl, Noted>) -> Spoken {
    match (broker, backend) {
        (Ok(broker), Ok(ResultUrl::Redis(backend))) if broker.spoken() != Spoken::Always => backend.spoken(),
        (Ok(broker), Ok(_)) => broker.spoken(),
        // What is wrong with them comes first.
        _ => Spoken::Always,
    }
}

/// As Celery puts it before its keys.
fn key_prefix(prefix: Option<Word>) -> String {
    let prefix = prefix.map(String::from).unwrap_or_default();
    if prefix.is_empty() || prefix.ends_with([':', '_', '-', '.']) { prefix } else { prefix + "_" }
}

/// A time of at most 30 seconds.
struct Limit(Duration);

impl Setting for Limit {
    const SHAPE: Shape = Shape::plain("a time in seconds (more than 0, at most 30)", "seconds", || {
        shape::number(&json!({"type": "number", "exclusiveMinimum": 0, "maximum": 30}), "^[0-9.]+$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        const MOST: Duration = Duration::from_secs(30);
        field.parse(&Self::SHAPE, |text| seconds(text.trim()).filter(|time| *time <= MOST).map(Self))
    }
}

/// Arguments by their places.
struct Args(Vec<Value>);

impl Setting for Args {
    const SHAPE: Shape = Shape::secret("a list", "list", || json!({"type": "array"})).like("[1, abc]");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let items = field.items().ok_or_else(|| field.wrong(&Self::SHAPE))?;
        items.map(value).collect::<Result<_, _>>().map(Self)
    }
}

/// Arguments by their names.
struct Kwargs(Map<String, Value>);

impl Setting for Kwargs {
    const SHAPE: Shape = Shape::secret("a mapping", "JSON object", || json!({"type": "object"})).like("{name: value}");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        object(field).map(Self)
    }
}

/// A value as JSON has it.
fn value(field: Field<'_>) -> Result<Value, Misfit> {
    match field.items() {
        Some(items) => items.map(value).collect::<Result<_, _>>().map(Value::Array),
        None if field.pairs().is_some() => object(&field).map(Value::Object),
        None if field.is_reference() => field.text(&<String as Setting>::SHAPE).map(Value::String),
        None => {
            let value = field.as_json();
            if let Some(text) = value.as_str().filter(|text| may_be_secret("", text)) {
                field.keep_secret(text);
            }
            Ok(value)
        }
    }
}

fn object(field: &Field<'_>) -> Result<Map<String, Value>, Misfit> {
    let pairs = field.pairs().ok_or_else(|| field.wrong(&Kwargs::SHAPE))?;
    pairs.map(|(name, content)| Ok((name.text(&<String as Setting>::SHAPE)?, value(content)?))).collect()
}
