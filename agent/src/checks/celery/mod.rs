//! Celery's workers answer to a ping through their broker, and consume the queues.
//!
//! - Proves: the broker lets us in, at least so many workers hear a command and answer, and each queue has a consumer
//!   among them. That is what `celery inspect ping` and `celery inspect active_queues` ask, in one turn.
//! - Protocol: AMQP 0-9-1 or Redis, as the checks of these types speak them, and kombu's mailboxes over it
//!   ([`kombu`](super::kombu)). Brokers of other kinds (SQS, Kafka, a database) are refused when the file is read.
//! - Phases: those of the broker's own check; then request: both questions, and the answers until there are enough.
//!   Without enough, that takes `wait` seconds: nobody knows how many workers there are.
//! - Failures: those of the types `amqp` and `redis`; `request.no-worker`, `request.too-few-workers`,
//!   `request.no-consumer`, `request.permission-denied` (the user may enter, and not ask the workers).
//! - Nothing is left, also of a run that is ended from outside: see [`kombu`](super::kombu). Only a program that is killed
//!   (SIGKILL) in the middle leaves the member of one set in Redis.
//! - Does not check: whether a task can be run: a worker answers while all its processes are busy, or hang. That is what
//!   `celery_task` is for.

use crate::checks::kombu::{Broker, BrokerUrl, Mailbox, Queues, Roll, Wanted};
use crate::checks::{Check, Profile};
use crate::probe::{FAREWELL, Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted, Spoken, tls};
use std::time::Duration;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Celery {
    broker: Broker,
    mailbox: Mailbox,
    wanted: Wanted,
    wait: Duration,
}

impl Check for Celery {
    const TYPE: &'static str = "celery";
    const SERVICE: &'static Service = &services::CELERY;
    const ABOUT: &'static str = "Celery's workers answer to a ping through their broker, and consume the queues.";
    const TRACE: &'static str =
        "What the check of the broker leaves in its log; workers log nothing at their usual level.";
    const EXAMPLE: &'static str = "\
- type: celery
  broker: amqp://app:s3cret@broker.internal/app
  workers: 2
  queues: [celery, mail]
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let broker = fields.required::<BrokerUrl>("broker", "URL of the broker, as Celery's `broker_url` has it.");
        let workers = fields.or::<u32>("workers", "1", "So many workers must answer, at least.");
        let queues = fields.optional::<Queues>("queues", "Queues that must have a consumer, each.");
        let wait = fields.or::<Duration>("wait", "1", "Seconds in which the workers must answer.");
        let mailbox = Mailbox::parse(fields, broker.as_ref().is_ok_and(BrokerUrl::is_amqp));
        let tls = tls(fields, broker.as_ref().map_or(Spoken::Always, BrokerUrl::spoken));
        let workers = usize::try_from(workers).unwrap_or(usize::MAX);
        let wanted = Wanted { workers, queues: queues.unwrap_or_default().0 };
        let broker = broker?;
        broker.note_login(fields);
        Ok(Self { broker: broker.with(&tls?), mailbox, wanted, wait })
    }

    fn profile(&self) -> Profile {
        let queues = Some(self.wanted.queues.join(",")).filter(|queues| !queues.is_empty());
        self.broker.profile(Self::TYPE).distinct("queues", queues)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let mut connection = self.broker.connect(&self.mailbox, probe).await?;
        let mut debt = probe.owe(FAREWELL).await;
        let calling = Roll::call(&mut connection, probe, &self.wanted, self.wait);
        let called = debt.unless_stopped(Duration::ZERO, calling).await;
        probe.settle();
        connection.leave(probe).await;
        called.map_or(Err(Stop::Enough), |called| Ok(called.map(|_| ())?))
    }
}
