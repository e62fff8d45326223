//! `roundtrip`: a message goes through a queue of this connection's own.

use super::broker::{BrokerConnection, FRAME_MIN, ROUND_TRIP};
use super::unexpected;
use crate::checks::roundtrip::{compare, random_digits};
use crate::fault::{Cause, Fault};
use lapin::BasicProperties;
use lapin::protocol::basic::{AMQPMethod as OfBasic, Ack, Get, Publish};
use lapin::protocol::queue::{AMQPMethod as OfQueue, Declare, Delete};
use lapin::protocol::{AMQPClass, channel};
use lapin::types::ShortString;

/// Makes a queue that nobody else can use and that goes with the connection, named by the broker; puts a message into
/// it, takes it out, and deletes the queue.
pub(super) async fn perform(broker: &mut BrokerConnection, vhost: &str, user: &str) -> Result<(), Fault> {
    let digits = random_digits()?;
    let queue = declare(broker, vhost, user).await?;
    let publish = Publish { routing_key: queue.clone(), mandatory: true, ..Publish::default() };
    let publish = AMQPClass::Basic(OfBasic::Publish(publish));
    broker.publish((ROUND_TRIP, &publish), &BasicProperties::default(), digits.as_bytes(), FRAME_MIN).await?;
    let get = Get { queue: queue.clone(), ..Get::default() };
    broker.send(&[(ROUND_TRIP, AMQPClass::Basic(OfBasic::Get(get)))]).await?;
    let got = broker.receive(|refusal| refusal.of_roundtrip("send or take messages there", vhost, user)).await?;
    let delivery_tag = match got {
        AMQPClass::Basic(OfBasic::GetOk(got)) => got.delivery_tag,
        AMQPClass::Basic(OfBasic::GetEmpty(_)) => return compare(&digits, None),
        AMQPClass::Basic(OfBasic::Return(_)) => return Err(returned()),
        _ => return Err(unexpected()),
    };
    let found = broker.content().await?;
    let ack = Ack { delivery_tag, multiple: false };
    let delete = Delete { queue, ..Delete::default() };
    let methods = [AMQPClass::Basic(OfBasic::Ack(ack)), AMQPClass::Queue(OfQueue::Delete(delete))];
    broker.send(&methods.map(|method| (ROUND_TRIP, method))).await?;
    let AMQPClass::Queue(OfQueue::DeleteOk(_)) =
        broker.receive(|refusal| refusal.of_roundtrip("delete a queue of its own", vhost, user)).await?
    else {
        return Err(unexpected());
    };
    compare(&digits, Some(&found))
}

/// The name that the broker gives to the queue.
async fn declare(broker: &mut BrokerConnection, vhost: &str, user: &str) -> Result<ShortString, Fault> {
    let open = AMQPClass::Channel(channel::AMQPMethod::Open(channel::Open {}));
    let declare = Declare { exclusive: true, auto_delete: true, ..Declare::default() };
    let methods = [open, AMQPClass::Queue(OfQueue::Declare(declare))];
    broker.send(&methods.map(|method| (ROUND_TRIP, method))).await?;
    let opened = broker.receive(|refusal| refusal.of_declaration("channel", vhost, user)).await?;
    let AMQPClass::Channel(channel::AMQPMethod::OpenOk(_)) = opened else { return Err(unexpected()) };
    match broker.receive(|refusal| refusal.of_roundtrip("make a queue of its own", vhost, user)).await? {
        AMQPClass::Queue(OfQueue::DeclareOk(made)) => Ok(made.queue),
        _ => Err(unexpected()),
    }
}

fn returned() -> Fault {
    Fault::new(
        Cause::UnexpectedReply,
        "the broker gives the message back: it finds no way to the queue that it has just made",
    )
    .next_step("look at the broker's log, and at its cluster")
}
