//! An application's side of a broker: what puts messages into queues and takes them out.

use std::fmt;
use std::net::SocketAddr;

use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::uri::{AMQPAuthority, AMQPUri, AMQPUserInfo};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use tokio::runtime::{Builder, Runtime};

use super::{PASSWORD, USER};
use crate::or_panic::OrPanic;

/// A connection of an application. Dropping it closes the connection.
pub struct Client {
    // In the order in which they have to go.
    consumers: Vec<Consumer>,
    channel: Channel,
    _connection: Connection,
    runtime: Runtime,
}

impl Client {
    /// Logs in as [`USER`].
    pub(super) fn connect(address: SocketAddr, vhost: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().or_panic("make a runtime");
        let (connection, channel) = runtime.block_on(async {
            let connection = Connection::connect_uri(uri(address, vhost), ConnectionProperties::default()).await;
            let connection = connection.or_panic(format_args!("connect to RabbitMQ at {address}"));
            let channel = connection.create_channel().await.or_panic("open a channel");
            (connection, channel)
        });
        Self { consumers: Vec::new(), channel, _connection: connection, runtime }
    }

    /// Puts messages into a queue; they are there when this returns.
    pub fn publish(&self, queue: &str, messages: usize) {
        self.runtime.block_on(async {
            self.channel.confirm_select(ConfirmSelectOptions::default()).await.or_panic("ask for confirms");
            for _ in 0..messages {
                let sent = self
                    .channel
                    .basic_publish(
                        "".into(),
                        queue.into(),
                        BasicPublishOptions::default(),
                        b"order",
                        BasicProperties::default(),
                    )
                    .await
                    .or_panic("publish");
                sent.await.or_panic("have a message confirmed");
            }
        });
    }

    /// Makes a queue that goes with this connection; `exclusive` means that nobody else may use it.
    pub fn declare(&self, queue: &str, exclusive: bool) {
        let options = QueueDeclareOptions { exclusive, auto_delete: true, ..QueueDeclareOptions::default() };
        let declared = self.channel.queue_declare(queue.into(), options, FieldTable::default());
        self.runtime.block_on(declared).or_panic(format_args!("declare the queue {queue}"));
    }

    /// Becomes a consumer of a queue, for as long as this lives.
    pub fn consume(&mut self, queue: &str) {
        let consumer =
            self.channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default());
        self.consumers.push(self.runtime.block_on(consumer).or_panic(format_args!("consume the queue {queue}")));
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("consumers", &self.consumers.len()).finish_non_exhaustive()
    }
}

fn uri(address: SocketAddr, vhost: &str) -> AMQPUri {
    AMQPUri {
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo { username: USER.to_owned(), password: PASSWORD.to_owned() },
            host: address.ip().to_string(),
            port: address.port(),
        },
        vhost: vhost.to_owned(),
        ..AMQPUri::default()
    }
}
