//! `connection.start`: who the broker is, and how it lets clients in (AMQP 0-9-1 section 1.4.2.1).

use super::broker::unsupported;
use crate::fault::{Cause, Fault};
use crate::net::TlsOptions;
use crate::phase::words;
use crate::probe::Probe;
use crate::secret::sentence;
use crate::settings::shape::Shape;
use crate::settings::{Credentials, Field, Fields, Misfit, Noted, Setting, Word};
use lapin::protocol::connection::{Start, StartOk};
use lapin::types::{AMQPValue, FieldTable};
use serde_json::json;

words! {
    /// A way to log in.
    pub(super) AuthMechanism {
        /// User and password (RFC 4616).
        Plain "plain",
        /// The client certificate, which was shown already (RFC 4422, appendix A).
        External "external",
    }
}

impl Setting for AuthMechanism {
    const SHAPE: Shape =
        Shape::plain("plain or external", "mechanism", || json!({"enum": AuthMechanism::ALL.map(AuthMechanism::slug)}));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| Self::ALL.into_iter().find(|known| text.eq_ignore_ascii_case(known.slug())))
    }
}

/// Who logs in, and how.
#[derive(Clone, Debug)]
pub(super) enum Login {
    Password(Credentials),
    Certificate,
}

impl Login {
    /// Asks for the options.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let mechanism: AuthMechanism = fields.or(
            "auth_mechanism",
            "plain",
            "`plain`; or `external`: the broker takes the user from the client certificate, and there is no password.",
        );
        let is_external = mechanism == AuthMechanism::External;
        let instead = is_external.then_some("with `auth_mechanism: external`: the certificate names the user");
        let login = Credentials::required_unless::<Word>(
            fields,
            instead,
            "Who logs in. Not with `auth_mechanism: external`.",
            "The user's password.",
        );
        // Without one, the check is not built.
        Ok(login?.map_or(Self::Certificate, Self::Password))
    }

    /// Refuses a login by a certificate that is not shown.
    pub(super) fn fits(&self, fields: &mut Fields<'_>, tls: Option<&TlsOptions>) -> Result<(), Noted> {
        let is_shown = tls.is_some() && fields.has("client_cert");
        if matches!(self, Self::Certificate) && !is_shown && !fields.is_broken() {
            let misfit = Misfit::new("`external` needs TLS and a client certificate");
            return Err(
                fields.refuse_value("auth_mechanism", misfit.help("add `client_cert:`, and leave `use_tls` true"))
            );
        }
        Ok(())
    }

    /// A refusal, in the words of this way to log in.
    pub(super) fn told(&self, fault: Fault) -> Fault {
        match (self, fault.cause) {
            (Self::Certificate, Cause::Rejected) => Fault {
                message: "the broker does not let in whom the client certificate names".into(),
                ..fault
            }
            .next_step(
                "add the user with the name that the broker takes from the certificate (RabbitMQ: ssl_cert_login_from)",
            ),
            _ => fault,
        }
    }

    /// The user's name, where there is one.
    pub(super) fn name(&self) -> Option<&String> {
        match self {
            Self::Password(login) => Some(&login.user),
            Self::Certificate => None,
        }
    }

    /// The user, for people.
    pub(super) fn user(&self) -> &str {
        match self {
            Self::Password(login) => &login.user,
            Self::Certificate => "whom the client certificate names",
        }
    }
}

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
    pub(super) fn answer(&self, login: &Login) -> Result<StartOk, Fault> {
        let (mechanism, response) = match login {
            Login::Password(login) => (AuthMechanism::Plain, format!("\0{}\0{}", login.user, login.password.expose())),
            Login::Certificate => (AuthMechanism::External, String::new()),
        };
        let name = mechanism.slug().to_ascii_uppercase();
        let offered = String::from_utf8_lossy(self.0.mechanisms.as_bytes()).into_owned();
        if !offered.split_ascii_whitespace().any(|mechanism| mechanism == name) {
            let fault = Fault::new(
                Cause::MethodUnsupported,
                sentence!["the broker does not offer the login mechanism ", &name],
            );
            let fault = fault.evidence(sentence!["it offers ", offered]);
            return Err(match mechanism {
                AuthMechanism::Plain => fault.next_step(
                    "enable PLAIN on the broker; or set `auth_mechanism: external`, if the application logs in by its certificate",
                ),
                AuthMechanism::External => fault.next_step(
                    "enable EXTERNAL on this port of the broker (RabbitMQ: rabbitmq_auth_mechanism_ssl, and auth_mechanisms)",
                ),
            });
        }
        Ok(StartOk {
            client_properties: introduction(),
            mechanism: name.into(),
            response: response.into(),
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
