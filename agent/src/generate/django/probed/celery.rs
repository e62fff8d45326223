//! Celery's workers and their queues.

use super::{Settings, whole};
use crate::generate::{self, GeneratedCheck, Item};
use crate::services::{self, Service};
use serde_json::Value;

/// Of `celery_ping`, in seconds.
const PING: u64 = 1;

/// Of celery: `HEALTHCHECK_CELERY_TIMEOUT`, in seconds.
const TASK: u64 = 3;

/// The longest that a task is waited for, in seconds.
const LONGEST: u64 = 30;

/// What a check has where its file says nothing, and what it needs beside the wait for a result, in seconds.
const USUAL: u64 = 10;
const MARGIN: u64 = 5;

const BROKER: [&str; 2] = ["CELERY_BROKER_URL", "BROKER_URL"];
const BACKEND: [&str; 3] = ["CELERY_RESULT_BACKEND", "RESULT_BACKEND", "CELERY_RESULT_BACKEND_URL"];
const QUEUES: [&str; 3] = ["CELERY_TASK_QUEUES", "CELERY_QUEUES", "TASK_QUEUES"];
const QUEUE: [&str; 3] = ["CELERY_TASK_DEFAULT_QUEUE", "CELERY_DEFAULT_QUEUE", "TASK_DEFAULT_QUEUE"];

/// Of `celery_ping`: how long it waits.
const PING_TIMEOUT: &str = "HEALTHCHECK_CELERY_PING_TIMEOUT";

/// Of `celery`: how long it waits for a result and in a queue, and both.
const RESULT_TIMEOUT: &str = "HEALTHCHECK_CELERY_RESULT_TIMEOUT";
const QUEUE_TIMEOUT: &str = "HEALTHCHECK_CELERY_QUEUE_TIMEOUT";
const BOTH_TIMEOUTS: &str = "HEALTHCHECK_CELERY_TIMEOUT";

/// What is said of a setting that says how long one of these checks waits; nothing of others.
pub(in super::super) fn about_wait(name: &str, value: &Value) -> Option<String> {
    if ![PING_TIMEOUT, RESULT_TIMEOUT, QUEUE_TIMEOUT, BOTH_TIMEOUTS].contains(&name) {
        return None;
    }
    let is_cut = value.as_f64().is_some_and(|number| number > 0.0 && whole(number).is_some_and(|wait| wait > LONGEST));
    let told = "how long the application waits for Celery; so do the checks of it that stand in this file";
    Some(if is_cut { format!("{told}, but for {LONGEST} seconds at most") } else { told.to_owned() })
}

/// One check, of all queues.
pub(super) fn ping(origin: &str, settings: &Settings<'_>) -> Option<GeneratedCheck> {
    let wait = seconds(settings, &[PING_TIMEOUT], PING);
    let queues = queues(settings).into_iter().map(generate::Value::Text).collect();
    let check = GeneratedCheck::new("celery", origin).secret("broker", broker(settings)?);
    Some(check.set("queues", generate::Value::List(queues)).number("wait", wait))
}

/// A check for each queue, as the application sends a task to each. What one of its two limits says comes before what both
/// have in common.
pub(super) fn tasks(origin: &str, settings: &Settings<'_>) -> Option<Vec<Item>> {
    let backend =
        settings.text(&BACKEND).filter(|backend| backend.starts_with("rpc") || is_of(backend, &[&services::REDIS]))?;
    let broker = broker(settings)?;
    let wait = seconds(settings, &[RESULT_TIMEOUT, BOTH_TIMEOUTS], TASK);
    let in_queue = seconds(settings, &[QUEUE_TIMEOUT, BOTH_TIMEOUTS], TASK);
    let task = |queue: String| {
        GeneratedCheck::new("celery_task", origin)
            .secret("broker", broker)
            .secret("result_backend", if backend == "rpc" { "rpc://" } else { backend })
            .text("task", "health_check.contrib.celery.tasks.add")
            .set("args", generate::Value::List([4_u64, 4].map(|number| generate::Value::Plain(number.into())).to_vec()))
            .some_text("queue", Some(queue.as_str()).filter(|queue| *queue != "celery"))
            .number("wait", wait)
            .some_number("queue_timeout", Some(in_queue).filter(|in_queue| *in_queue != wait))
            .some_number("timeout", (wait + MARGIN > USUAL).then_some(wait + MARGIN))
    };
    Some(queues(settings).into_iter().map(task).map(Item::from).collect())
}

/// A time in whole seconds: more than the longest is cut to it.
fn seconds(settings: &Settings<'_>, names: &[&str], usual: u64) -> u64 {
    let number = settings.first(names).and_then(Value::as_f64).filter(|number| *number > 0.0);
    number.and_then(whole).unwrap_or(usual).clamp(1, LONGEST)
}

/// The names of the queues that are predefined, else of the usual one: they are a list of queues, of their names or of what
/// makes them, or a mapping of these.
fn queues(settings: &Settings<'_>) -> Vec<String> {
    let name = |queue: &Value| match queue {
        Value::String(name) => Some(name.clone()),
        Value::Object(parts) => parts.get("name").and_then(Value::as_str).map(str::to_owned),
        // The arguments of one, the name first.
        Value::Array(parts) => parts.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let mut names: Vec<_> = match settings.first(&QUEUES) {
        Some(Value::Array(queues)) => queues.iter().filter_map(name).collect(),
        Some(Value::Object(queues)) => queues.keys().filter(|key| !key.starts_with('$')).cloned().collect(),
        _ => Vec::new(),
    };
    names.retain(|name| !name.is_empty());
    if names.is_empty() { vec![settings.text(&QUEUE).unwrap_or("celery").to_owned()] } else { names }
}

/// A URL of a broker that `celery` speaks to.
fn broker<'a>(settings: &Settings<'a>) -> Option<&'a str> {
    let is_one = |url: &&str| !url.contains(';') && is_of(url, &[&services::AMQP, &services::REDIS]);
    settings.text(&BROKER).filter(is_one)
}

/// Whether a URL is of one of these services.
fn is_of(url: &str, wanted: &[&Service]) -> bool {
    let service = url.split_once("://").and_then(|(scheme, _)| services::by_scheme(scheme));
    service.is_some_and(|(service, _)| wanted.contains(&service))
}
