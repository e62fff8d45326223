//! A connection to Redis for another check, which goes on from where this one ends.

use super::{Redis, refusal};
use crate::checks::Check as _;
use crate::checks::redis::RespClient;
use crate::fault::Fault;
use crate::net::{Target, TlsOptions};
use crate::probe::{Probe, Stop};
use crate::settings::Credentials;
use redis::Value;

/// The fault behind an answer that another check got.
pub(in crate::checks) fn refused(answer: &Value, command: &'static str) -> Fault {
    refusal::of(answer, command)
}

impl Redis {
    /// A server, and who enters which of its databases; for what else is done there.
    pub(in crate::checks) const fn at_database(
        target: Target,
        login: Option<Credentials>,
        tls: Option<TlsOptions>,
        database: u32,
    ) -> Self {
        let (tls_at_first, role, key, sentinel) = (None, None, None, None);
        let (roundtrip, cluster, goes_on) = (false, false, true);
        Self { target, login, tls_at_first, tls, database, role, key, roundtrip, sentinel, cluster, goes_on }
    }

    /// Where it listens.
    pub(in crate::checks) const fn target(&self) -> &Target {
        &self.target
    }

    /// Its database.
    pub(in crate::checks) const fn database(&self) -> u32 {
        self.database
    }

    /// Connects and logs in, as the check does; no result of its own. Gives whether the server is Redis 6 or later, too.
    pub(in crate::checks) async fn session<'a>(&'a self, probe: &mut Probe) -> Result<(RespClient<'a>, bool), Stop> {
        probe.expect(Self::SERVICE);
        let wire = match &self.target {
            Target::Tcp(endpoint) => self.connect_to(endpoint, probe).await,
            Target::Socket { host, .. } => probe.open_socket(host).await,
        };
        let wire = wire.map_err(|failure| self.with_reason_for_silence(failure.into()))?;
        self.served(wire, probe, self.target.host()).await
    }
}
