//! A TLS handshake with a certificate that this host accepts.
//!
//! - Proves: the server speaks TLS 1.2 or 1.3, and its certificate is issued by a CA that is
//!   trusted here, in date, and for the right name; it does not reject us afterwards.
//! - Protocol: TLS 1.2 (RFC 5246), TLS 1.3 (RFC 8446); names as RFC 9525 says. With `starttls`, that protocol's
//!   request for TLS before it, with `send` and `expect` what they say behind it.
//! - Phases: resolve, connect, protocol (`starttls`), tls, request (`send`, `expect`). After the handshake the check listens for a moment, because a
//!   TLS 1.3 server judges the client's certificate only then.
//! - Options: see [`Tls::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*` (`tls.not-tls`: the server has no STARTTLS), `protocol.*`,
//!   `request.unexpected-reply`; warnings `tls.expires-soon`, `tls.others-refuse`, and `connect.counted` where `MySQL`
//!   answers (`auth.host-not-allowed` where it has blocked this host). The certificate's facts are reported also when it
//!   is refused.
//! - Does not check: revocation, and what is spoken inside.

use crate::checks::exchange::Exchange;
use crate::checks::{Check, Profile, stranger};
use crate::fault::Cause;
use crate::net::{Endpoint, TlsOptions, Wire, starttls};
use crate::phase::Phase;
use crate::probe::{Heard, Probe, Stop};
use crate::services::{self, Service};
use crate::settings::shape::Shape;
use crate::settings::{Field, Fields, Misfit, Noted, Setting, tls};
use serde_json::json;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Tls {
    endpoint: Endpoint,
    starttls: Option<StartTls>,
    exchange: Exchange,
    options: TlsOptions,
}

/// The protocol that begins without TLS.
#[derive(Clone, Copy, Debug)]
struct StartTls(&'static Service);

impl Setting for StartTls {
    const SHAPE: Shape = Shape::plain(
        "smtp, imap, pop3, ldap, ftp, postgres, or mysql",
        "protocol",
        || json!({"enum": services::with_upgrade().map(|service| service.id).collect::<Vec<_>>()}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| {
            services::with_upgrade().find(|service| service.id.eq_ignore_ascii_case(text)).map(Self)
        })
    }
}

impl Check for Tls {
    const TYPE: &'static str = "tls";
    const SERVICE: &'static Service = &services::TLS;
    const DEPRECATED: &'static [&'static str] = &["ssl"];
    const ABOUT: &'static str = "A TLS handshake succeeds, with a certificate that this host accepts.";
    const TRACE: &'static str = "What a server says of a client that does no more than the handshake: mostly nothing; MySQL and MariaDB count it against this host, which is a warning of the check (connect.counted).";
    const EXAMPLE: &'static str = "\
- type: tls
  host: login.internal
  port: 443
  expiry_warning_days: 21
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let host = fields.required("host", "Name or address.");
        let port = fields.required("port", "TCP port.");
        let options = tls(fields, true);
        let starttls = fields.optional::<StartTls>(
            "starttls",
            "The protocol that begins without TLS here: smtp, imap, pop3, ldap, ftp, postgres, or mysql.",
        );
        let exchange = Exchange::parse(fields);
        Ok(Self { endpoint: Endpoint::tcp(host?, port?), starttls, exchange, options: options? })
    }

    fn profile(&self) -> Profile {
        Profile::of_endpoint(Self::TYPE, &self.endpoint)
            .distinct("starttls", self.starttls.map(|StartTls(service)| service.id))
            .once(self.exchange.sends())
            .distinct("expect", self.exchange.distinction())
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let wire = self.opened(probe).await?;
        let mut wire = match probe.tls(wire, &self.options, &self.endpoint.host, &[]).await {
            Ok(wire) => wire,
            Err(failure) => {
                let judged = stranger::judge(&probe.heard_first(), probe);
                return Err(judged.err().map_or(failure, |blocked| probe.fail(Phase::Tls, blocked)).into());
            }
        };
        self.exchange.send(probe, &mut wire).await?;
        if self.exchange.expects() {
            return self.exchange.hear(probe, &mut wire).await;
        }
        match probe.listen(&mut wire).await {
            Heard::Broken(fault) => Err(probe.fail(Phase::Tls, fault).into()),
            Heard::Nothing | Heard::Bytes(_) | Heard::Closed => Ok(()),
        }
    }
}

/// What to do about a port with TLS from the first byte.
const WITHOUT_STARTTLS: &str = "leave `starttls` out: this port has TLS from the first byte; or name the port without";

impl Tls {
    /// A connection that waits for our `ClientHello`.
    async fn opened(&self, probe: &mut Probe) -> Result<Wire, Stop> {
        let Some(starttls) = self.starttls else {
            probe.expect(Self::SERVICE);
            return Ok(probe.open(&self.endpoint).await?);
        };
        probe.expect(starttls.0);
        if starttls.0.limit_of_strangers.is_some() {
            probe.spare_other_addresses();
        }
        let wire = probe.open(&self.endpoint).await?;
        let own_name = probe.name_of_this_host().to_owned();
        let begun = probe.phase(Phase::Protocol, starttls::begin(starttls.0, wire, &own_name)).await;
        let wire = begun.map_err(|failure| failure.advise(Phase::Tls, Cause::Required, WITHOUT_STARTTLS))?;
        // A blocked host is one to whom TLS was not granted.
        stranger::judge(&probe.heard_first(), probe).map_err(|blocked| probe.fail(Phase::Protocol, blocked))?;
        Ok(wire)
    }
}
