//! A login at an AMQP broker such as `RabbitMQ`, a virtual host that may be entered, and what has to be
//! in it.
//!
//! - Proves: the broker accepts the user and the password, and lets the user into the virtual host;
//!   with `queue` and `exchange` these exist; with `min_consumers` and `max_messages` somebody works
//!   the queue off.
//! - Protocol: AMQP 0-9-1 (<https://www.rabbitmq.com/amqp-0-9-1-reference>), login PLAIN (RFC 4616) or, where it
//!   is asked for, EXTERNAL (the user of the client certificate, RFC 4422), with TLS from the first byte. Nothing of it is plain where `use_tls` is on.
//! - Phases: resolve, connect, tls, protocol (our header, the broker's `connection.start`), auth
//!   (`connection.start-ok` with the login, `connection.tune`), request (`connection.tune-ok` and
//!   `connection.open`; then `channel.open` with passive declarations, which change nothing). The end
//!   is a `connection.close`, so that the broker notes no client that just went. Each is one round
//!   trip.
//! - Options: see [`Amqp::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*` (`tls.not-tls` from a broker's plain port),
//!   `protocol.*` (a full broker is `protocol.overloaded`, one of AMQP 1.0 alone
//!   `protocol.unsupported-version`), `auth.rejected`, `auth.method-unsupported`,
//!   `request.no-such-vhost`, `request.no-such-queue` (an exchange too), `request.permission-denied`,
//!   `request.unexpected-reply` (`min_consumers`, `max_messages`; what the broker says that is none of
//!   these). Warning `request.blocked`: the broker says that it takes no messages at the moment.
//!   With `roundtrip`, a message goes through an exclusive queue that the broker names: `request.permission-denied`,
//!   `request.full` (connection.blocked).
//! - Does not check: whether messages can be sent or received, without `roundtrip`. A passive declaration needs no
//!   permission of `RabbitMQ`'s beyond the virtual host's. A queue that is another connection's own
//!   exists, and its figures are nobody else's to see.
//!
//! Methods are read and written with lapin. The connection around them is this module's own: lapin's
//! starts a thread and eight megabytes of buffers for each, outlives a check that is cut off at a
//! silent broker, tells of no phases, and ends the whole process when a peer sends tables in tables
//! until its stack is full.

mod broker;
mod expected;
mod refusal;
mod roundtrip;
mod session;
mod start;

use crate::catalogue::WarningKind;
use crate::checks::roundtrip::asked;
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::identify::identify;
use crate::net::{Endpoint, Host, Port, TlsOptions};
use crate::probe::{Probe, Stop};
use crate::remedy::rabbitmq::{self, Needs};
use crate::secret::{sentence, theirs};
use crate::services::{self, Security, Service};
use crate::settings::{Credentials, Fields, Noted, tls};
use broker::{BrokerConnection, CONNECTION};
use expected::{AmqpName, Expected};
use lapin::protocol::connection::{AMQPMethod as Method, Tune};
use lapin::protocol::{AMQPClass, connection};
use lapin::types::ShortString;
pub(in crate::checks) use session::{AmqpSession, Received};
use start::{ConnectionStart, Login};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Amqp {
    endpoint: Endpoint,
    tls: Option<TlsOptions>,
    login: Login,
    vhost: ShortString,
    expected: Expected,
    roundtrip: bool,
}

impl Check for Amqp {
    const TYPE: &'static str = "amqp";
    const SERVICE: &'static Service = &services::AMQP;
    const ABOUT: &'static str =
        "An AMQP broker accepts the login and lets it into the virtual host; a queue or exchange exists there.";
    const TRACE: &'static str = "RabbitMQ logs three lines at its usual level: the connection, the user with the virtual host, the end; of a login that is refused an error.";
    const EXAMPLE: &'static str = "\
- type: amqp
  host: broker.internal
  username: app
  password: secret
  vhost: app
  queue: orders
  min_consumers: 1
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let host = fields.required::<Host>("host", "Name or address.");
        let port = fields.optional::<Port>("port", "TCP port. Default: 5671 with TLS, 5672 without.");
        let login = Login::parse(fields);
        let use_tls = fields.or::<bool>("use_tls", "true", "Speak TLS from the first byte.");
        let AmqpName(vhost) = fields.or("vhost", "/", "The virtual host to enter.");
        let expected = Expected::parse(fields);
        let roundtrip = asked(
            fields,
            "Send a message through a queue of the check's own, which nobody else can use and which goes with it.",
        );
        let tls = tls(fields, use_tls);
        let usual = Self::SERVICE.port(if use_tls { Security::Tls } else { Security::Plain });
        let (login, tls) = (login?, Some(tls?).filter(|_| use_tls));
        login.fits(fields, tls.as_ref())?;
        let endpoint = Endpoint::tcp(host?, port.unwrap_or(usual));
        Ok(Self { endpoint, tls, login, vhost, expected: expected?, roundtrip })
    }

    fn profile(&self) -> Profile {
        Profile::of_layers(Self::TYPE, &self.endpoint, self.tls.is_some())
            .distinct("username", self.login.name())
            .distinct("vhost", Some(&self.vhost).filter(|vhost| vhost.as_str() != "/"))
            .distinct("exchange", self.expected.exchange.as_ref().map(|AmqpName(name)| name))
            .distinct("queue", self.expected.queue.as_ref().map(|AmqpName(name)| name))
            .distinct("roundtrip", Some(true).filter(|_| self.roundtrip))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let wire = probe.connect(&self.endpoint, self.tls.as_ref()).await;
        let wire = wire.map_err(|stop| self.with_reason_for_plain(probe, stop))?;
        if self.tls.is_some() {
            probe.passed()?;
        }
        let mut broker = BrokerConnection::new(wire);
        let start = greet(probe, &mut broker).await?;
        let tune = self.log_in(probe, &mut broker, &start).await?;
        let verdict = self.enter(probe, &mut broker, tune).await;
        // What the broker says to a goodbye changes nothing.
        let _ = probe.linger(broker.close()).await;
        Ok(verdict?)
    }
}

/// Waits for the broker to introduce itself.
async fn greet(probe: &mut Probe, broker: &mut BrokerConnection) -> Result<ConnectionStart, Failure> {
    let start = probe.phase(Phase::Protocol, async {
        let AMQPClass::Connection(Method::Start(start)) = broker.begin().await? else { return Err(unexpected()) };
        let start = ConnectionStart(start);
        start.require_version().map(|()| start)
    });
    let start = start.await?;
    start.describe(probe);
    Ok(start)
}

impl Amqp {
    /// A broker, and who enters which of its virtual hosts; for what else is done there.
    pub(in crate::checks) fn at(
        endpoint: Endpoint,
        tls: Option<TlsOptions>,
        login: Credentials,
        vhost: ShortString,
    ) -> Self {
        let (login, expected) = (Login::Password(login), Expected::nothing());
        Self { endpoint, tls, login, vhost, expected, roundtrip: false }
    }

    /// Connects, logs in, and enters the virtual host; no result of its own.
    pub(in crate::checks) async fn session(&self, probe: &mut Probe) -> Result<AmqpSession, Stop> {
        probe.expect(Self::SERVICE);
        let mut connected = probe.open(&self.endpoint).await;
        if let (Ok(_), Some(options)) = (&connected, &self.tls) {
            connected = probe.tls(connected?, options, &self.endpoint.host, &[]).await;
        }
        let wire = connected.map_err(|failure| self.with_reason_for_plain(probe, failure.into()))?;
        let mut broker = BrokerConnection::new(wire);
        let start = greet(probe, &mut broker).await?;
        let tune = self.log_in(probe, &mut broker, &start).await?;
        let frame_max = tune.frame_max;
        probe.phase(Phase::Request, self.open(&mut broker, tune)).await?;
        broker.open = true;
        Ok(AmqpSession::new(broker, frame_max, self.vhost.to_string(), self.login.user().to_owned()))
    }

    /// A word on what to do when a broker answers without TLS: to log in in the clear is what the file
    /// says to do, and nothing to be done without being told.
    fn with_reason_for_plain(&self, probe: &Probe, stop: Stop) -> Stop {
        let Stop::Failed(mut failure) = stop else { return stop };
        let is_broker = identify(&probe.heard_first()).is_some_and(|peer| peer.service == Self::SERVICE);
        if is_broker && failure.code.is(Phase::Tls, Cause::NotTls) {
            let port = self.endpoint.port;
            failure.message = format!("port {port} of this broker speaks AMQP without TLS, but the check uses TLS");
            failure.next_step = format!(
                "set `use_tls: false` if the application speaks plain AMQP to port {port}; otherwise set the broker's port with TLS, usually `port: 5671`"
            );
        }
        Stop::Failed(failure)
    }

    /// Sends the login, once, and waits for what the broker wants of the connection.
    async fn log_in(
        &self,
        probe: &mut Probe,
        broker: &mut BrokerConnection,
        start: &ConnectionStart,
    ) -> Result<Tune, Failure> {
        if matches!(self.login, Login::Password(_)) {
            probe.note_login();
        }
        let answer = probe.phase(Phase::Auth, async {
            let login = start.answer(&self.login)?;
            broker.send(&[(CONNECTION, AMQPClass::Connection(Method::StartOk(login)))]).await?;
            match broker.receive(|refusal| refusal.of_login(self.login.user())).await {
                Ok(AMQPClass::Connection(Method::Tune(tune))) => Ok(tune),
                Ok(AMQPClass::Connection(Method::Secure(_))) => {
                    Err(Fault::new(Cause::MethodUnsupported, "the broker asks for more than a password"))
                }
                Ok(_) => Err(unexpected()),
                // Without that extension, to close the connection is to reject the login.
                Err(fault) if fault.cause == Cause::Closed && !start.reports_rejections() => {
                    Err(refusal::rejected(self.login.user(), "the broker closed the connection after the login"))
                }
                Err(fault) => Err(fault),
            }
            .map_err(|fault| self.login.told(fault))
        });
        answer.await
    }

    /// Enters the virtual host and looks for what has to be there.
    async fn enter(&self, probe: &mut Probe, broker: &mut BrokerConnection, tune: Tune) -> Result<(), Failure> {
        let found = probe.phase(Phase::Request, async {
            self.open(broker, tune).await.map_err(|fault| self.with_permission(fault))?;
            broker.open = true;
            let found = self.expected.declare(broker, self.vhost.as_str(), self.login.user()).await?;
            if self.roundtrip {
                roundtrip::perform(broker, self.vhost.as_str(), self.login.user()).await?;
            }
            Ok(found)
        });
        let found = found.await;
        if let Some(reason) = &broker.blocked {
            probe.fact("blocked", probe.clean(reason));
            let what = "the broker takes no messages at the moment (connection.blocked): ";
            probe.warn(WarningKind::RequestBlocked, sentence![what, theirs(reason)]);
        }
        self.expected.judge(probe, found?)
    }

    /// What lets this user in for what the check does, and no more. Other checks do other things there.
    fn with_permission(&self, fault: Fault) -> Fault {
        let needs = if self.roundtrip { Needs::OwnQueue } else { Needs::Entry };
        let (user, vhost) = (self.login.user(), self.vhost.as_str());
        match fault.cause {
            Cause::NoSuchVhost => fault.remedy(rabbitmq::make_vhost(user, vhost, needs)),
            Cause::PermissionDenied => fault.remedy(rabbitmq::enter(user, vhost, needs)),
            _ => fault,
        }
    }

    async fn open(&self, broker: &mut BrokerConnection, tune: Tune) -> Result<(), Fault> {
        let Tune { channel_max, frame_max, .. } = tune;
        // The check is over before a heartbeat could be due.
        let tuned = connection::TuneOk { channel_max, frame_max, heartbeat: 0 };
        let open = connection::Open { virtual_host: self.vhost.clone() };
        let methods = [Method::TuneOk(tuned), Method::Open(open)];
        broker.send(&methods.map(|method| (CONNECTION, AMQPClass::Connection(method)))).await?;
        match broker.receive(|refusal| refusal.of_vhost(self.vhost.as_str(), self.login.user())).await? {
            AMQPClass::Connection(Method::OpenOk(_)) => Ok(()),
            _ => Err(unexpected()),
        }
    }
}

/// A method, and not the one that has to come now.
fn unexpected() -> Fault {
    Fault::new(Cause::Malformed, "the broker sent something other than what AMQP 0-9-1 has at this point")
}
