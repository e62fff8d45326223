//! A task of the application's own is run by a Celery worker, and its result comes back in time.
//!
//! - Proves: the whole way of a task: the broker takes it, a worker of the queue has room for it, knows it and ends it,
//!   and the result back end gives the result.
//! - Protocol: as for `celery`; the task is a message of version 2 of Celery's protocol, and has to be one of JSON. Results
//!   are awaited in Redis (`celery-task-meta-ID`, subscribed to before the task is sent) or through an AMQP broker
//!   (`rpc://`); no other back end is spoken to.
//! - Phases: those of the broker; request (a ping: nothing is sent where no worker of the queue answers); those of the
//!   result back end, whose failures name it; request (the task, once), request (the result).
//! - Failures: those of `celery`; `request.no-such-queue` (AMQP, with `exchange`), `request.no-such-task`, `request.task-failed` (of the
//!   exception only its type is shown), `request.revoked` and `request.no-result`. The last two are told apart by what the
//!   workers say of the task when it is late.
//! - Nothing is left where all is well: the result is deleted. A task that is late, or that nobody waits for any more
//!   because the run is ended from outside, is taken out of its queue (Redis, where the
//!   queue is short) or revoked; it expires besides, at the workers and (AMQP) at the broker. What a worker writes into the
//!   result back end afterwards, "revoked" or a late result, stays there for as long as Celery keeps results.
//! - A task is never sent twice, whatever happens.

mod ending;
mod options;
mod store;

use crate::checks::kombu::{Broker, Command, Connection, Mailbox, Order, Roll, Task, Wanted, Whereabouts};
use crate::checks::{Check, Profile};
use crate::fault::{Failure, Fault, Phase};
use crate::net::within;
use crate::probe::{FAREWELL, Probe, Stop};
use crate::secret::Secret;
use crate::services::{self, Service};
use crate::settings::{Fields, Noted};
use ending::{Ending, Late};
use serde_json::{Map, Value};
use std::time::Duration;
use store::Store;
use tokio::time::Instant;

/// How long workers may take to answer to the ping, and to what became of a late task.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is kept of the check's time for a late task.
const FOR_LATE: Duration = Duration::from_secs(1);

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct CeleryTask {
    broker: Broker,
    /// Where results are; `None`: they come through the broker.
    results: Option<Results>,
    mailbox: Mailbox,
    task: String,
    args: Secret<Vec<Value>>,
    kwargs: Secret<Map<String, Value>>,
    queue: String,
    /// Empty for the default exchange.
    exchange: String,
    routing_key: String,
    queue_timeout: Duration,
    result_timeout: Duration,
}

/// A Redis with results.
#[derive(Clone, Debug)]
struct Results {
    broker: Broker,
    /// What its keys begin with.
    prefix: String,
}

impl Check for CeleryTask {
    const TYPE: &'static str = "celery_task";
    const SERVICE: &'static Service = &services::CELERY_TASK;
    const ABOUT: &'static str =
        "A Celery worker runs a task of the application's own, and its result comes back in time.";
    const TRACE: &'static str = "What the checks of the broker and the result back end leave in their logs; the worker logs the task as any other.";
    const EXAMPLE: &'static str = "\
- type: celery_task
  broker: redis://cache.internal:6379/0
  result_backend: redis://cache.internal:6379/1
  task: shop.tasks.health
  queue: celery
  wait: 3
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        options::parse(fields)
    }

    fn profile(&self) -> Profile {
        let mut profile = self.broker.profile(Self::TYPE).once(true);
        let results = self.results.iter().filter_map(|results| results.broker.endpoint());
        for endpoint in results {
            if !profile.endpoints.contains(endpoint) {
                profile.endpoints.push(endpoint.clone());
            }
        }
        profile.distinct("task", Some(&self.task)).distinct("queue", Some(&self.queue).filter(|name| *name != "celery"))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        // Much is asked before the task is sent.
        probe.note_sent(false);
        let connection = self.broker.connect(&self.mailbox, probe).await?;
        let mut course = Course { connection, store: None, sent: None };
        let mut debt = probe.owe(FAREWELL).await;
        let going = Box::pin(self.through(&mut course, probe));
        let verdict = debt.unless_stopped(Duration::ZERO, going).await;
        probe.settle();
        Box::pin(course.end(probe)).await;
        verdict.unwrap_or(Err(Stop::Enough))
    }
}

/// What is there while the check goes on.
struct Course<'a> {
    connection: Connection<'a>,
    /// Where the result is looked for, if not at the broker.
    store: Option<Store<'a>>,
    /// A task that may be there, and of which nothing is known yet.
    sent: Option<Task>,
}

impl Course<'_> {
    /// Takes everything back that is still there. What fails of it has failed before.
    async fn end(&mut self, probe: &mut Probe) {
        if let Some(task) = self.sent.take() {
            let most = probe.left().min(FAREWELL);
            let _ = within(most, self.connection.take_back(&task, probe)).await;
        }
        if let Some(store) = &mut self.store {
            let _ = probe.linger(store.forget()).await;
        }
        self.connection.leave(probe).await;
    }
}

impl CeleryTask {
    /// Asks who is there, and has the task run.
    async fn through<'a>(&'a self, course: &mut Course<'a>, probe: &mut Probe) -> Result<(), Stop> {
        let connection = &mut course.connection;
        let wanted = Wanted { workers: 1, queues: vec![self.queue.clone()] };
        let roll = Roll::call(connection, probe, &wanted, PATIENCE).await?;
        let reply_to = if self.results.is_some() { String::new() } else { connection.reply_to().to_owned() };
        let origin = format!("conn-check@{}", probe.name_of_this_host());
        let order = Order {
            name: &self.task,
            args: self.args.expose(),
            kwargs: self.kwargs.expose(),
            exchange: &self.exchange,
            routing_key: &self.routing_key,
            reply_to: &reply_to,
            origin: &origin,
            expires: self.queue_timeout,
        };
        let task = Task::new(&order).map_err(|fault| probe.fail(Phase::Request, fault))?;
        if let Some(results) = &self.results {
            course.store = Some(Store::open(&results.broker, &results.prefix, &task.id, probe).await?);
        }
        Ok(self.perform(course, task, &roll, probe).await?)
    }

    /// Sends the task, and waits for its result.
    async fn perform(
        &self,
        course: &mut Course<'_>,
        task: Task,
        roll: &Roll,
        probe: &mut Probe,
    ) -> Result<(), Failure> {
        probe.note_sent(true);
        let Course { connection, store, sent: known } = course;
        // Known before it is there: it is to be taken back whatever comes.
        let task = &*known.insert(task);
        probe.phase(Phase::Request, connection.send(task)).await?;
        let sent = Instant::now();
        let left = probe.share(1);
        let wait = self.result_timeout.min(left.saturating_sub(FOR_LATE).max(left / 2));
        let place = store.as_ref().map(|store| store.place().to_owned());
        let awaited = probe.phase(Phase::Request, async {
            match store {
                Some(store) => store.ending(sent + wait).await,
                None => of_broker(connection, &task.id, sent + wait).await,
            }
        });
        let ending = awaited.await.map_err(|failure| match &place {
            Some(place) => failure.told_of(format_args!("{} {place}", store::WHAT)),
            None => failure,
        })?;
        match ending {
            Some(ending) => {
                *known = None;
                let seconds = sent.elapsed().as_secs_f64();
                ending.judge(&self.task).map_err(|fault| probe.fail(Phase::Request, fault))?;
                probe.fact("task_seconds", (seconds * 1000.0).round() / 1000.0);
                Ok(())
            }
            None => {
                let late = probe.phase(Phase::Request, follow_up(connection, task, roll)).await?;
                *known = None;
                Err(probe.fail(Phase::Request, late.fault(&self.queue, wait)))
            }
        }
    }
}

/// The result, as it comes through the broker.
async fn of_broker(connection: &mut Connection<'_>, id: &str, until: Instant) -> Result<Option<Ending>, Fault> {
    while let Some(message) = connection.next(until.saturating_duration_since(Instant::now())).await? {
        // Workers that answer to the ping late are not meant.
        let is_ours = message["task_id"] == id;
        if let Some(ending) = Ending::read(&message).filter(|_| is_ours) {
            return Ok(Some(ending));
        }
    }
    Ok(None)
}

/// Takes a late task back, and asks where it was.
async fn follow_up(connection: &mut Connection<'_>, task: &Task, roll: &Roll) -> Result<Late, Fault> {
    let whereabouts = connection.withdraw(task).await?;
    let mut late = Late::new(whereabouts);
    if whereabouts == Whereabouts::Removed {
        return Ok(late);
    }
    connection.broadcast(&[Command::revoke(&task.id), Command::query_task(&task.id)]).await?;
    let until = Instant::now() + PATIENCE / 2;
    while !late.is_known() && late.answers < roll.count() {
        match connection.next(until.saturating_duration_since(Instant::now())).await? {
            Some(answer) => late.add(&answer, &task.id),
            None => break,
        }
    }
    Ok(late)
}
