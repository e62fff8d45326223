//! What an application does at a broker: a channel, a queue of its own, messages out and in.

use super::broker::{BrokerConnection, CHANNEL, FRAME_MIN, Part, malformed};
use super::refusal::CloseReason;
use super::unexpected;
use crate::fault::Fault;
use lapin::BasicProperties;
use lapin::protocol::basic::{AMQPMethod as OfBasic, Consume, Publish};
use lapin::protocol::confirm::{AMQPMethod as OfConfirm, Select};
use lapin::protocol::exchange::{AMQPMethod as OfExchange, Declare as ExchangeDeclare};
use lapin::protocol::queue::{AMQPMethod as OfQueue, Declare as QueueDeclare};
use lapin::protocol::{AMQPClass, channel};
use lapin::types::{AMQPValue, FieldTable};
use std::time::Duration;

/// A connection in a virtual host, with one channel.
pub(in crate::checks) struct AmqpSession {
    broker: BrokerConnection,
    frame_max: usize,
    vhost: String,
    user: String,
    /// A message that is not all there yet.
    begun: Option<Begun>,
}

/// What a broker sends to an application.
#[derive(Debug)]
pub(in crate::checks) enum Received {
    /// A message, from the queue that is listened to.
    Message(Vec<u8>),
    /// A message that was published has no queue.
    Returned,
    /// A message that was published is the broker's now.
    Taken,
    /// And one is not.
    NotTaken,
    /// So many messages wait in the queue that was asked for.
    Waiting(u32),
}

/// A message that is on its way.
struct Begun {
    /// It is one of ours.
    returned: bool,
    size: Option<usize>,
    body: Vec<u8>,
}

impl AmqpSession {
    pub(super) fn new(broker: BrokerConnection, frame_max: u32, vhost: String, user: String) -> Self {
        // 0: whatever one likes.
        let frame_max = usize::try_from(frame_max).unwrap_or(usize::MAX).max(FRAME_MIN);
        Self { broker, frame_max, vhost, user, begun: None }
    }

    /// Why the broker takes no messages at the moment, when it said so.
    pub(in crate::checks) fn blocked(&self) -> Option<&str> {
        self.broker.blocked.as_deref()
    }

    /// Opens the channel, and listens to a queue of its own, which goes with the connection; all in one round trip.
    /// False, and nothing was made, without this exchange.
    pub(in crate::checks) async fn listen(
        &mut self,
        exchange: &str,
        queue: &str,
        expires: Duration,
    ) -> Result<bool, Fault> {
        let open = AMQPClass::Channel(channel::AMQPMethod::Open(channel::Open {}));
        let there = ExchangeDeclare { exchange: exchange.into(), passive: true, ..ExchangeDeclare::default() };
        let there = ExchangeDeclare { kind: "fanout".into(), ..there };
        let mut arguments = FieldTable::default();
        let milliseconds = i32::try_from(expires.as_millis()).unwrap_or(i32::MAX);
        arguments.insert("x-expires".into(), AMQPValue::LongInt(milliseconds));
        let own = QueueDeclare { queue: queue.into(), exclusive: true, auto_delete: true, ..QueueDeclare::default() };
        let consume = Consume { queue: queue.into(), no_ack: true, exclusive: true, ..Consume::default() };
        let methods = [
            open,
            AMQPClass::Exchange(OfExchange::Declare(there)),
            AMQPClass::Queue(OfQueue::Declare(QueueDeclare { arguments, ..own })),
            AMQPClass::Basic(OfBasic::Consume(consume)),
        ];
        self.broker.send(&methods.map(|method| (CHANNEL, method))).await?;
        let AMQPClass::Channel(channel::AMQPMethod::OpenOk(_)) = self.answer("channel").await? else {
            return Err(unexpected());
        };
        let (what, mut is_absent) = (format!("exchange `{exchange}`"), false);
        let judge = |refusal: CloseReason| {
            is_absent = refusal.is_absence();
            refusal.of_use(&what, &self.vhost, &self.user)
        };
        match self.broker.receive(judge).await {
            Ok(AMQPClass::Exchange(OfExchange::DeclareOk(_))) => {}
            Ok(_) => return Err(unexpected()),
            Err(_) if is_absent => return Ok(false),
            Err(fault) => return Err(fault),
        }
        let what = format!("queue `{queue}`");
        let AMQPClass::Queue(OfQueue::DeclareOk(_)) = self.answer(&what).await? else { return Err(unexpected()) };
        let AMQPClass::Basic(OfBasic::ConsumeOk(_)) = self.answer(&what).await? else { return Err(unexpected()) };
        Ok(true)
    }

    /// Has the broker say what becomes of each message from now on.
    pub(in crate::checks) async fn confirm(&mut self) -> Result<(), Fault> {
        self.broker.send(&[(CHANNEL, AMQPClass::Confirm(OfConfirm::Select(Select { nowait: true })))]).await
    }

    /// Sends a message; with `mandatory`, one without a queue comes back.
    pub(in crate::checks) async fn publish(
        &mut self,
        (exchange, routing_key): (&str, &str),
        mandatory: bool,
        properties: &BasicProperties,
        body: &[u8],
    ) -> Result<(), Fault> {
        let publish =
            Publish { exchange: exchange.into(), routing_key: routing_key.into(), mandatory, ..Publish::default() };
        let method = AMQPClass::Basic(OfBasic::Publish(publish));
        self.broker.publish((CHANNEL, &method), properties, body, self.frame_max).await
    }

    /// Waits for what comes next. May be broken off, and asked again. A broker that refuses says so of `what`.
    pub(in crate::checks) async fn next(&mut self, what: &str) -> Result<Received, Fault> {
        loop {
            let Self { broker, vhost, user, .. } = &mut *self;
            let part = broker.receive_part(|refusal| refusal.of_use(what, vhost, user)).await?;
            match (part, &mut self.begun) {
                (Part::Method(AMQPClass::Queue(OfQueue::DeclareOk(figures))), None) => {
                    return Ok(Received::Waiting(figures.message_count));
                }
                (Part::Method(AMQPClass::Basic(method)), None) => match method {
                    OfBasic::Deliver(_) => self.begun = Some(Begun::new(false)),
                    OfBasic::Return(_) => self.begun = Some(Begun::new(true)),
                    OfBasic::Ack(_) => return Ok(Received::Taken),
                    OfBasic::Nack(_) => return Ok(Received::NotTaken),
                    _ => return Err(unexpected()),
                },
                (Part::Header(size), Some(begun)) if begun.size.is_none() => {
                    begun.size = Some(usize::try_from(size).map_err(|_| malformed())?);
                }
                (Part::Body(bytes), Some(begun)) if begun.size.is_some() => begun.body.extend(bytes),
                _ => return Err(unexpected()),
            }
            if let Some(Begun { returned, body, .. }) = self.begun.take_if(|begun| begun.is_whole()) {
                return Ok(if returned { Received::Returned } else { Received::Message(body) });
            }
        }
    }

    /// Asks how many messages wait in a queue; ends the channel where there is none of the name.
    pub(in crate::checks) async fn ask_waiting(&mut self, queue: &str) -> Result<(), Fault> {
        let ask = QueueDeclare { queue: queue.into(), passive: true, ..QueueDeclare::default() };
        self.broker.send(&[(CHANNEL, AMQPClass::Queue(OfQueue::Declare(ask)))]).await
    }

    /// Takes leave; the queue goes with the connection.
    pub(in crate::checks) async fn close(&mut self) -> Result<(), Fault> {
        self.broker.close().await
    }

    async fn answer(&mut self, what: &str) -> Result<AMQPClass, Fault> {
        let Self { broker, vhost, user, .. } = self;
        broker.receive(|refusal| refusal.of_use(what, vhost, user)).await
    }
}

impl Begun {
    const fn new(returned: bool) -> Self {
        Self { returned, size: None, body: Vec::new() }
    }

    fn is_whole(&self) -> bool {
        self.size.is_some_and(|size| self.body.len() >= size)
    }
}
