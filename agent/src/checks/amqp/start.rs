//! `connection.start`: who the broker is, and how it lets clients in (AMQP 0-9-1 section 1.4.2.1).

use super::broker::unsupported;
use crate::fault::{Cause, Fault};
use crate::probe::Probe;
use crate::secret::sentence;
use crate::settings::Credentials;
use lapin::protocol::connection::{Start, StartOk};
use lapin::types::{AMQPValue, FieldTable};

/// The one way to log in that is spoken here (RFC 4616).
const MECHANISM: &str = "PLAIN";

/// That the broker reports a rejected login, where older ones just close the connection:
/// `RabbitMQ`'s extension to the protocol.
const AUTHENTICATION_FAILURE_CLOSE: &str = "authentication_failure_close";

/// What a broker sends first.
pub(super) struct ConnectionStart(pub(super) Start);

impl ConnectionStart {
    /// AMQP 0-8 has the same frames, and begins the same way.
    pub(super) fn require_version(&self) -> Result<(), Fault> {
        match (self.0.version_major, self.0.version_minor) {
            (0, 9) => Ok(()),
            (major, minor) => Err(unsupported(&format!("AMQP {major}-{minor}"))),
        }
    }

    /// What the broker tells about itself.
    pub(super) fn describe(&self, probe: &mut Probe) {
        for (property, fact) in [("product", "product"), ("version", "server_version"), ("cluster_name", "cluster")] {
            if let Some(AMQPValue::LongString(text)) = self.0.server_properties.inner().get(property) {
                probe.fact(fact, probe.clean(&String::from_utf8_lossy(text.as_bytes())));
            }
        }
    }

    pub(super) fn reports_rejections(&self) -> bool {
        let capabilities = self.0.server_properties.inner().get("capabilities");
        matches!(capabilities, Some(AMQPValue::FieldTable(all)) if all.inner().get(AUTHENTICATION_FAILURE_CLOSE) == Some(&AMQPValue::Boolean(true)))
    }

    /// The login. Nothing of it goes to a broker that does not know the way.
    pub(super) fn answer(&self, login: &Credentials) -> Result<StartOk, Fault> {
        let offered = String::from_utf8_lossy(self.0.mechanisms.as_bytes()).into_owned();
        if !offered.split_ascii_whitespace().any(|mechanism| mechanism == MECHANISM) {
            let fault = Fault::new(
                Cause::MethodUnsupported,
                sentence!["the broker does not offer the login mechanism ", MECHANISM],
            );
            return Err(fault.evidence(sentence!["it offers ", offered]));
        }
        Ok(StartOk {
            client_properties: introduction(),
            mechanism: MECHANISM.into(),
            response: format!("\0{}\0{}", login.user, login.password.expose()).into(),
            locale: "en_US".into(),
        })
    }
}

/// What we tell about ourselves.
fn introduction() -> FieldTable {
    let text = |text: &str| AMQPValue::LongString(text.into());
    let mut capabilities = FieldTable::default();
    capabilities.insert(AUTHENTICATION_FAILURE_CLOSE.into(), AMQPValue::Boolean(true));
    capabilities.insert("connection.blocked".into(), AMQPValue::Boolean(true));
    let mut table = FieldTable::default();
    table.insert("product".into(), text("conn-check"));
    table.insert("version".into(), text(env!("CARGO_PKG_VERSION")));
    table.insert("capabilities".into(), AMQPValue::FieldTable(capabilities));
    table
}
