//! A TCP connection that opens and stays open.
//!
//! - Proves: something listens on the port, nothing on the way drops or rejects the packets, and
//!   the peer does not break the connection at once (TCP wrappers, a load balancer without a back
//!   end).
//! - Protocol: TCP (RFC 9293); addresses in the order of RFC 8305.
//! - Phases: resolve, connect; request (`send`, `expect`). Without those nothing is sent; after connecting, the check listens for a moment
//!   (twice the time that connecting took, 1 ms to 150 ms; of more than 16 checks, from 0.5 ms) for a reset or a banner.
//! - Options: see [`Tcp::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`; `request.*` with `send` and `expect`; a peer that closes without a word is the
//!   warning `connect.closed-at-once`. A banner is reported as a fact, whatever it says; but of `MySQL` it is the warning
//!   `connect.counted`, and where it says that this host is blocked, `auth.host-not-allowed`.
//! - Does not check: what the service is. The other types do.

use crate::catalogue::{Cause, WarningKind};
use crate::checks::exchange::Exchange;
use crate::checks::{Check, Profile, stranger};
use crate::net::Endpoint;
use crate::net::identify::identify;
use crate::phase::Phase;
use crate::probe::{Heard, Probe, Stop};
use crate::secret::sentence;
use crate::services::{self, Service};
use crate::settings::{Fields, Noted};
use crate::text::escape;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Tcp {
    endpoint: Endpoint,
    exchange: Exchange,
}

impl Check for Tcp {
    const TYPE: &'static str = "tcp";
    const SERVICE: &'static Service = &services::TCP;
    const ABOUT: &'static str = "A TCP connection opens and stays open.";
    const TRACE: &'static str = "What a server says of a client that comes and goes: sshd and Postfix have a line; MySQL and MariaDB log it from log_warnings 2 on and count it against this host, which is a warning of the check (connect.counted).";
    const EXAMPLE: &'static str = "\
- type: tcp
  host: db.internal
  port: 5432
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let host = fields.required("host", "Name or address.");
        let port = fields.required("port", "TCP port.");
        let exchange = Exchange::parse(fields);
        Ok(Self { endpoint: Endpoint::tcp(host?, port?), exchange })
    }

    fn profile(&self) -> Profile {
        Profile::of_endpoint(Self::TYPE, &self.endpoint)
            .once(self.exchange.sends())
            .distinct("expect", self.exchange.distinction())
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let mut wire = if self.exchange.is_none() {
            probe.open_to_listen(&self.endpoint).await?
        } else {
            probe.open(&self.endpoint).await?
        };
        self.exchange.send(probe, &mut wire).await?;
        if self.exchange.expects() {
            let said = self.exchange.hear(probe, &mut wire).await;
            // What was wanted of it counts more than that it has blocked this host.
            if let (Err(blocked), true) = (stranger::judge(&probe.heard_first(), probe), said.is_err()) {
                return Err(probe.fail(Phase::Connect, blocked).into());
            }
            return said;
        }
        match probe.listen(&mut wire).await {
            Heard::Nothing => {}
            Heard::Bytes(bytes) => {
                probe.fact("banner", probe.clean(&escape(&bytes, 120)));
                if let Some(peer) = identify(&bytes) {
                    probe.fact("service", peer.service.name);
                }
                stranger::judge(&bytes, probe).map_err(|blocked| probe.fail(Phase::Connect, blocked))?;
            }
            Heard::Closed => probe.warn(
                WarningKind::ConnectClosedAtOnce,
                sentence![&self.endpoint, " accepted the connection and closed it without a word"],
            ),
            Heard::Broken(mut fault) => {
                if fault.cause == Cause::Reset {
                    fault.message = sentence![&self.endpoint, " accepted the connection and reset it at once"];
                }
                return Err(probe.fail(Phase::Connect, fault).into());
            }
        }
        Ok(())
    }
}
