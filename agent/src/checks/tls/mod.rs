//! A TLS handshake with a certificate that this host accepts.
//!
//! - Proves: the server speaks TLS 1.2 or 1.3, and its certificate is issued by a CA that is
//!   trusted here, in date, and for the right name; it does not reject us afterwards.
//! - Protocol: TLS 1.2 (RFC 5246), TLS 1.3 (RFC 8446); names as RFC 9525 says.
//! - Phases: resolve, connect, tls. After the handshake the check listens for a moment, because a
//!   TLS 1.3 server judges the client's certificate only then.
//! - Options: see [`Tls::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; warnings `tls.expires-soon`, `tls.others-refuse`, and `connect.counted`
//!   where `MySQL` answers (`auth.host-not-allowed` where it has blocked this host). The certificate's
//!   facts are reported also when it is refused.
//! - Does not check: revocation, and what is spoken inside.

use crate::checks::{Check, Profile, mysql};
use crate::fault::{Cause, Failure};
use crate::net::{Endpoint, Host, TlsOptions};
use crate::phase::Phase;
use crate::probe::{Heard, Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted, tls};
use std::net::IpAddr;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Tls {
    endpoint: Endpoint,
    server_name: Option<Host>,
    options: TlsOptions,
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
        let server_name = fields.optional("server_name", "Asked for (SNI) and verified instead of host.");
        let options = tls(fields, true);
        Ok(Self { endpoint: Endpoint::tcp(host?, port?), server_name, options: options? })
    }

    fn profile(&self) -> Profile {
        Profile::of_endpoint(Self::TYPE, &self.endpoint).distinct("server_name", self.server_name.as_ref())
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let wire = probe.open(&self.endpoint).await?;
        let name = self.server_name.as_ref().unwrap_or(&self.endpoint.host);
        let mut wire = match probe.tls(wire, &self.options, name, &[]).await {
            Ok(wire) => wire,
            Err(failure) => {
                return Err(match mysql::of_greeting(&probe.heard_first()) {
                    Some(Ok(counted)) => {
                        counted.warn(probe);
                        self.advised(failure)
                    }
                    Some(Err(blocked)) => probe.fail(Phase::Tls, blocked),
                    None => self.advised(failure),
                }
                .into());
            }
        };
        match probe.listen(&mut wire).await {
            Heard::Broken(fault) => Err(probe.fail(Phase::Tls, fault).into()),
            Heard::Nothing | Heard::Bytes(_) | Heard::Closed => Ok(()),
        }
    }
}

impl Tls {
    /// This check can be told another name than that to which it connects.
    fn advised(&self, failure: Failure) -> Failure {
        let failure = failure.advise(
            Phase::Tls,
            Cause::WrongName,
            "connect by a name in the certificate, or set server_name to one; else have it issued for this name too, or say `verify_name: false`",
        );
        if self.server_name.is_some() || self.endpoint.host.bare().parse::<IpAddr>().is_err() {
            return failure;
        }
        failure.advise(
            Phase::Tls,
            Cause::NoCommonVersion,
            "set server_name, or write the server's name instead of its address; else let the server speak TLS 1.2 or 1.3 with a modern cipher",
        )
    }
}
