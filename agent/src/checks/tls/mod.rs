//! A TLS handshake with a certificate that this host accepts.
//!
//! - Proves: the server speaks TLS 1.2 or 1.3, and its certificate is issued by a CA that is
//!   trusted here, in date, and for the right name; it does not reject us afterwards.
//! - Protocol: TLS 1.2 (RFC 5246), TLS 1.3 (RFC 8446); names as RFC 9525 says.
//! - Phases: resolve, connect, tls. After the handshake the check listens for a moment, because a
//!   TLS 1.3 server judges the client's certificate only then.
//! - Options: see [`Tls::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; warnings `tls.expires-soon`, `tls.others-refuse`. The certificate's
//!   facts are reported also when it is refused.
//! - Does not check: revocation, and what is spoken inside.

use crate::checks::{Check, Profile};
use crate::net::{Endpoint, TlsOptions};
use crate::phase::Phase;
use crate::probe::{Heard, Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted, tls};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Tls {
    endpoint: Endpoint,
    options: TlsOptions,
}

impl Check for Tls {
    const TYPE: &'static str = "tls";
    const SERVICE: &'static Service = &services::TLS;
    const DEPRECATED: &'static [&'static str] = &["ssl"];
    const ABOUT: &'static str = "A TLS handshake succeeds, with a certificate that this host accepts.";
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
        Ok(Self { endpoint: Endpoint::tcp(host?, port?), options: options? })
    }

    fn profile(&self) -> Profile {
        Profile::of_endpoint(Self::TYPE, &self.endpoint)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let wire = probe.open(&self.endpoint).await?;
        let mut wire = probe.tls(wire, &self.options, &self.endpoint.host, &[]).await?;
        match probe.listen(&mut wire).await {
            Heard::Broken(fault) => Err(probe.fail(Phase::Tls, fault).into()),
            Heard::Nothing | Heard::Bytes(_) | Heard::Closed => Ok(()),
        }
    }
}
