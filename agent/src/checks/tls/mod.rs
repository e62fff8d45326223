//! A TLS handshake with a certificate that this host accepts.
//!
//! - Proves: the server speaks TLS 1.2 or 1.3, and its certificate is issued by a CA that is
//!   trusted here, in date, and for the right name; it does not reject us afterwards.
//! - Protocol: TLS 1.2 (RFC 5246), TLS 1.3 (RFC 8446); names as RFC 9525 says.
//! - Phases: resolve, connect, tls. After the handshake the check listens for a moment, because a
//!   TLS 1.3 server judges the client's certificate only then.
//! - Options: `host`, `port` (required), `server_name` (asked for and verified instead of `host`),
//!   and the TLS options: `disable_tls_verification`, `ca_file`, `client_cert`, `client_key`,
//!   `expiry_warning_days` (days, 14).
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; warning `tls.expires-soon`. The certificate's
//!   facts are reported also when it is refused.
//! - Does not check: revocation, and what is spoken inside.
//!
//! ```
//! # use conn_check::{plan::{load, Defaults}, source::Source};
//! # let text = r"
//! - type: tls
//!   host: login.internal
//!   port: 443
//!   expiry_warning_days: 21
//! # ";
//! # let source = Source { name: "example".into(), text: text.into() };
//! # load(&source, Defaults { timeout: std::time::Duration::from_secs(10) }, true).unwrap();
//! ```

use crate::checks::{Check, ResultName};
use crate::net::{Endpoint, Host, TlsOptions};
use crate::phase::Phase;
use crate::probe::{Heard, Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted, tls};

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

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let host = fields.required("host", "Name or address.");
        let port = fields.required("port", "TCP port.");
        let server_name = fields.optional("server_name", "Asked for (SNI) and verified instead of host.");
        let options = tls(fields);
        Ok(Self { endpoint: Endpoint::tcp(host?, port?), server_name, options: options? })
    }

    fn target(&self) -> String {
        self.endpoint.to_string()
    }

    fn distinction(&self) -> Vec<(&'static str, String)> {
        self.server_name.iter().map(|name| ("server_name", name.to_string())).collect()
    }

    fn results(&self) -> Vec<ResultName> {
        vec![ResultName::of_endpoint("tls", &self.endpoint)]
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        vec![self.endpoint.clone()]
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let wire = probe.open(&self.endpoint).await?;
        let name = self.server_name.as_ref().unwrap_or(&self.endpoint.host);
        let mut wire = probe.tls(wire, &self.options, name, &[]).await?;
        match probe.listen(&mut wire).await {
            Heard::Broken(fault) => Err(probe.fail(Phase::Tls, fault).into()),
            Heard::Nothing | Heard::Bytes(_) | Heard::Closed => Ok(()),
        }
    }
}
