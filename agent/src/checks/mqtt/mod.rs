//! A login at an MQTT broker, and a topic that may be subscribed to and published to.
//!
//! - Proves: the broker speaks this version of MQTT, and lets in the user, with this client id; with
//!   `topic` that the user may subscribe to it; with `publish` that the broker takes a message for it.
//!   A broker that wants no login lets in whoever gives one.
//! - Protocol: MQTT 5 (<https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html>) and 3.1.1
//!   (<https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html>), over TCP, TLS or a Unix socket.
//!   One version is spoken, that of `version`: the application does not try another one, either.
//! - Phases: resolve, connect, tls (with `use_tls`), protocol (CONNECT with the login, CONNACK), auth
//!   (what CONNACK says to the login), request (with `topic`: SUBSCRIBE, UNSUBSCRIBE, with `publish`
//!   also PUBLISH, each with its answer). Each request is one round trip. DISCONNECT ends it.
//! - Options: see [`options::parse`]; each says its meaning and default. A user may stand alone, for
//!   brokers that take a token for one; a token is best given as `{env: VAR}`, which is never shown.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; `protocol.*`, with `protocol.unsupported-version`,
//!   `protocol.not-ready`, `protocol.overloaded` (a quota; a broker that is full closes as a rule,
//!   `protocol.closed`); `auth.required`, `auth.rejected` (with owner `config` for a client id),
//!   `auth.locked` (banned), `auth.method-unsupported`; `request.permission-denied`,
//!   `request.redirected` (the broker names another one), `request.unexpected-reply`,
//!   `request.closed` (some brokers close over a topic that is not permitted).
//! - Leaves nothing behind: the session is a clean one, there is no will, nothing is retained, and
//!   the subscription ends before the message is sent. Messages that come in between are passed over,
//!   100 or 1 MiB before each answer; with MQTT 5 the broker does not send those that it has retained.
//!   A message of `publish` is empty and goes to whoever has subscribed to the topic, on each run.
//! - Does not check: whether messages arrive anywhere. With MQTT 3.1.1 a broker has no way to say that a
//!   message is not permitted: it acknowledges it like any other. A user who may publish to the topic
//!   and not subscribe fails. Shared subscriptions (`$share/...`) are refused in the file: they would
//!   take messages away from those who share them. No `WebSockets`, no MQTT 3.1, no AUTH.
//!
//! Packets are read and written here: a client library connects for itself, hides the code of a refusal
//! and tries again; a packet is a byte, a length, and some fields.

mod broker;
mod options;
mod packet;
mod properties;
mod refusal;

use crate::checks::{Check, Profile};
use crate::fault::{Failure, Fault, Phase};
use crate::net::{Target, TlsOptions};
use crate::probe::{Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Noted};
use broker::BrokerConnection;
use options::{Topic, Version};
use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Mqtt {
    target: Target,
    /// `None` without TLS.
    tls: Option<TlsOptions>,
    login: Option<Credentials>,
    version: Version,
    client_id: Option<String>,
    topic: Option<Topic>,
    publish: bool,
}

impl Check for Mqtt {
    const TYPE: &'static str = "mqtt";
    const SERVICE: &'static Service = &services::MQTT;
    const ABOUT: &'static str = "An MQTT broker accepts the login; with `topic`, the user may subscribe to it.";
    const TRACE: &'static str = "Mosquitto logs three lines: the connection, the client with its name, the end.";
    const EXAMPLE: &'static str = "\
- type: mqtt
  host: broker.internal
  use_tls: true
  username: app
  password: secret
  topic: orders/new
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        options::parse(fields)
    }

    fn profile(&self) -> Profile {
        match self.target.endpoint() {
            Some(endpoint) => Profile::of_layers(Self::TYPE, endpoint, self.tls.is_some()),
            None => Profile::of_database(Self::TYPE, &self.target),
        }
        .once(self.publish)
        .distinct("username", self.login.as_ref().map(|login| &login.user))
        .distinct("version", Some("3.1.1").filter(|_| self.version == Version::V3))
        .distinct("client_id", self.client_id.as_ref())
        .distinct("topic", self.topic.as_ref().map(|Topic(topic)| topic))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        // The message comes last.
        probe.note_sent(false);
        let wire = probe.reach(&self.target, self.tls.as_ref()).await?;
        if self.tls.is_some() {
            probe.passed()?;
        }
        let mut broker = BrokerConnection::over(wire, self.version);
        self.log_in(probe, &mut broker).await?;
        let verdict = self.use_topic(probe, &mut broker).await;
        probe.linger(broker.disconnect()).await;
        Ok(verdict?)
    }
}

impl Mqtt {
    /// Sends the login, once, and judges the answer.
    async fn log_in(&self, probe: &mut Probe, broker: &mut BrokerConnection) -> Result<(), Failure> {
        let id = self.client_id.as_deref().map_or_else(|| random_id().into(), Cow::Borrowed);
        if self.login.is_some() {
            probe.note_login();
        }
        let connect = packet::connect(self.version, &id, self.login.as_ref());
        let verdict = probe.phase(Phase::Protocol, async {
            match refusal::of_connack(&broker.connect(&connect).await?, self) {
                // What is said to a login has a phase of its own.
                Err(fault) if fault.phase == Some(Phase::Auth) && self.login.is_some() => Ok(Err(fault)),
                verdict => verdict.map(Ok),
            }
        });
        let verdict = verdict.await?;
        if self.login.is_some() {
            probe.phase(Phase::Auth, async { verdict }).await?;
        }
        Ok(())
    }

    /// Does with the topic what is to be proved.
    async fn use_topic(&self, probe: &mut Probe, broker: &mut BrokerConnection) -> Result<(), Failure> {
        let Some(Topic(topic)) = &self.topic else { return Ok(()) };
        probe.allow(broker::MOST);
        probe.note_sent(self.publish);
        probe.phase(Phase::Request, self.subscribe_and_publish(broker, topic)).await
    }

    async fn subscribe_and_publish(&self, broker: &mut BrokerConnection, topic: &str) -> Result<(), Fault> {
        refusal::of_suback(&broker.subscribe(topic).await?, self, topic)?;
        broker.unsubscribe(topic).await?;
        if self.publish {
            refusal::of_puback(&broker.publish(topic).await?, self, topic)?;
        }
        Ok(())
    }
}

/// A client id that every broker takes (section 3.1.3.1): 23 letters and digits, of which no other
/// client has the same.
fn random_id() -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // The standard library's hasher keys are the operating system's random numbers.
    let random = (0..14).map(|at: u8| RandomState::new().hash_one(at) % 62);
    let digits = random.filter_map(|random| DIGITS.get(usize::try_from(random).ok()?));
    format!("conncheck{}", digits.map(|digit| char::from(*digit)).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_client_id_is_one_that_every_broker_takes() {
        let (one, another) = (random_id(), random_id());
        assert_eq!((one.len(), one.bytes().all(|byte| byte.is_ascii_alphanumeric())), (23, true), "{one}");
        assert_ne!(one, another);
    }
}
