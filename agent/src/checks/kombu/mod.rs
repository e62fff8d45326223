//! How Celery's workers are spoken to through their broker: kombu's mailboxes and its form of Redis, for the checks that
//! do so.
//!
//! - A command goes to all workers at once, through the fanout exchange `celery.pidbox`
//!   (<https://docs.celeryq.dev/en/stable/userguide/workers.html#remote-control>), and each answers where the command
//!   says. The forms are those of kombu 5, read from its sources and tried on 5.2 and 5.7.
//! - AMQP: the exchange is asked for, never made. The answers come to an exclusive queue of the check's own, by its name
//!   (the default exchange), so that not even an exchange is left; it goes with the connection.
//! - Redis: `PUBLISH` to the channel `/DATABASE.celery.pidbox`; the answers come to a list, found by a member of the set
//!   `_kombu.binding.reply.celery.pidbox`, which the check puts there and takes out again, over a connection of its own
//!   where the first one waits for an answer. `global_keyprefix` stands before all of these names.

mod command;
mod on_amqp;
mod on_redis;
mod options;
mod roll;
mod task;
mod url;

use crate::checks::amqp::Amqp;
use crate::checks::redis::Redis;
use crate::checks::{Profile, ResultName};
use crate::fault::Fault;
use crate::net::{Endpoint, within};
use crate::probe::{FAREWELL, Probe, Stop};
pub(in crate::checks) use command::Command;
use on_amqp::OnAmqp;
use on_redis::OnRedis;
pub(in crate::checks) use options::{Mailbox, QueueName, Queues};
use ring::rand::{SecureRandom as _, SystemRandom};
pub(in crate::checks) use roll::{Roll, Wanted};
use serde_json::Value;
use std::time::Duration;
pub(in crate::checks) use task::{Order, Task};
pub(in crate::checks) use url::{BrokerUrl, ResultUrl};

/// A broker, and who logs in there.
#[derive(Clone, Debug)]
pub(in crate::checks) enum Broker {
    Amqp { shown: String, endpoint: Endpoint, client: Amqp },
    Redis { shown: String, client: Redis },
}

/// A connection to a broker, with a place for answers.
pub(in crate::checks) enum Connection<'a> {
    Amqp(Box<OnAmqp>),
    Redis(Box<OnRedis<'a>>),
}

/// What became of a task that is late.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::checks) enum Whereabouts {
    /// It was taken out of the queue again.
    Removed,
    /// Messages wait in its queue, and it may be one of them.
    Waiting,
    /// A worker has it, or had it.
    Taken,
    Unknown,
}

impl Broker {
    /// Where it is, as people know it: `HOST:PORT/VHOST`.
    pub(in crate::checks) fn shown(&self) -> &str {
        match self {
            Self::Amqp { shown, .. } | Self::Redis { shown, .. } => shown,
        }
    }

    /// What is connected to; nothing for a Unix socket.
    pub(in crate::checks) const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Amqp { endpoint, .. } => Some(endpoint),
            Self::Redis { client, .. } => client.target().endpoint(),
        }
    }

    /// What is known of a check of it: one result, `KIND:BROKER`.
    pub(in crate::checks) fn profile(&self, kind: &str) -> Profile {
        let endpoints = self.endpoint().into_iter().cloned().collect();
        let (target, results) = (self.shown().to_owned(), vec![ResultName::of(kind, &self.shown())]);
        Profile { target, results, endpoints, ..Profile::default() }
    }

    /// Connects and logs in.
    pub(in crate::checks) async fn connect<'a>(
        &'a self,
        mailbox: &'a Mailbox,
        probe: &mut Probe,
    ) -> Result<Connection<'a>, Stop> {
        /// Many workers have much to say.
        const MOST: u64 = 4 << 20;
        let connection = match self {
            // Boxed: they must not make every check that much larger.
            Self::Amqp { client, .. } => {
                Connection::Amqp(Box::new(OnAmqp::new(Box::pin(client.session(probe)).await?, mailbox)))
            }
            Self::Redis { client, .. } => {
                let (session, knows_fractions) = Box::pin(client.session(probe)).await?;
                Connection::Redis(Box::new(OnRedis::new(client, session, knows_fractions, mailbox)))
            }
        };
        probe.allow(MOST);
        Ok(connection)
    }
}

impl Connection<'_> {
    /// Makes a place for answers, and sends commands to all workers: how many have got them, where the broker says so.
    /// 0 where there cannot be one.
    pub(in crate::checks) async fn broadcast(&mut self, commands: &[Command]) -> Result<Option<u64>, Fault> {
        match self {
            Self::Amqp(connection) => connection.broadcast(commands).await,
            Self::Redis(connection) => connection.broadcast(commands).await,
        }
    }

    /// Waits so long for the next message: a worker's answer, or the result of a task.
    pub(in crate::checks) async fn next(&mut self, patience: Duration) -> Result<Option<Value>, Fault> {
        match self {
            Self::Amqp(connection) => connection.next(patience).await,
            Self::Redis(connection) => connection.next(patience).await,
        }
    }

    /// Sends a task, once.
    pub(in crate::checks) async fn send(&mut self, task: &Task) -> Result<(), Fault> {
        match self {
            Self::Amqp(connection) => connection.send(task).await,
            Self::Redis(connection) => connection.send(task).await,
        }
    }

    /// Takes a task out of its queue again, where that is possible and cheap.
    pub(in crate::checks) async fn withdraw(&mut self, task: &Task) -> Result<Whereabouts, Fault> {
        match self {
            Self::Amqp(connection) => connection.withdraw(task).await,
            Self::Redis(connection) => connection.withdraw(task).await,
        }
    }

    /// Where the result of a task comes back that goes through the broker.
    pub(in crate::checks) fn reply_to(&self) -> &str {
        match self {
            Self::Amqp(connection) => connection.queue(),
            Self::Redis(_) => "",
        }
    }

    /// Takes a task back, which then nobody begins with any more: out of its queue, where that is possible and cheap, else
    /// the workers are told.
    pub(in crate::checks) async fn take_back(&mut self, task: &Task, probe: &mut Probe) -> Result<(), Fault> {
        self.renew(probe).await;
        if self.withdraw(task).await? != Whereabouts::Removed {
            self.broadcast(&[Command::revoke(&task.id)]).await?;
        }
        Ok(())
    }

    /// Takes leave. Nothing stays at the broker, and what it says to a goodbye changes nothing.
    pub(in crate::checks) async fn leave(&mut self, probe: &mut Probe) {
        self.renew(probe).await;
        match self {
            Self::Amqp(connection) => _ = probe.linger(connection.leave()).await,
            Self::Redis(connection) => _ = within(probe.left().min(FAREWELL), connection.leave()).await,
        }
    }

    /// Takes another connection, where the first one has to be and is not of use any more. With AMQP all goes with the first
    /// one, or expires.
    async fn renew(&mut self, probe: &mut Probe) {
        if let Self::Redis(connection) = self {
            connection.renew(probe).await;
        }
    }
}

/// A name that nothing else has (RFC 9562, version 4).
fn unique() -> Result<String, Fault> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Fault::new(crate::fault::Cause::LocalLimit, "this host has no random numbers"))?;
    (bytes[6], bytes[8]) = (bytes[6] & 0x0f | 0x40, bytes[8] & 0x3f | 0x80);
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uuid_and_no_two_are_the_same() {
        let (one, another) = (unique().expect("random numbers"), unique().expect("random numbers"));
        assert_ne!(one, another);
        let groups: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!((groups, one.as_bytes()[14]), (vec![8, 4, 4, 4, 12], b'4'), "{one}");
    }
}
