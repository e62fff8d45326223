//! A datagram that is sent, and answered as expected.
//!
//! - Proves: with `expect`, that the service answers with it. Without, that this host can send and
//!   that nobody refuses the datagram (ICMP port unreachable, administratively prohibited) within
//!   a moment - which is all that a fire-and-forget protocol such as statsd can tell.
//! - Protocol: UDP (RFC 768). The datagram is `send` as UTF-8, once to each address in turn until
//!   one answers.
//! - Phases: resolve, connect (the socket; nothing is sent), request.
//! - Options: `host`, `port`, `send` (text, required), `expect` (text that must occur in a reply).
//! - Failures: `resolve.*`, `connect.*` (`connect.refused` from an ICMP answer), `protocol.silent`
//!   (no reply: dropped by a firewall, or ignored by the service), `request.unexpected-reply`.
//! - Does not check: that a datagram without a reply has arrived.

use crate::checks::{Check, Profile};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Endpoint, refusal_of, within};
use crate::probe::{Probe, Stop};
use crate::secret::{ours, sentence};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted};
use crate::text::escape;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;

/// How long an ICMP refusal is waited for when no reply is expected.
const GRACE: Duration = Duration::from_millis(20);

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Udp {
    endpoint: Endpoint,
    send: String,
    expect: Option<String>,
}

impl Check for Udp {
    const TYPE: &'static str = "udp";
    const SERVICE: &'static Service = &services::UDP;
    const ABOUT: &'static str = "A datagram is sent and not refused; with `expect`, it is answered as expected.";
    const TRACE: &'static str = "What the service does with the datagram, which it takes for one of its clients'.";
    const EXAMPLE: &'static str = "\
- type: udp
  host: statsd.internal
  port: 8125
  send: conncheck.test:1|c
  expect:
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let host = fields.required("host", "Name or address.");
        let port = fields.required("port", "UDP port.");
        let send = fields.required("send", "The datagram.");
        let expect =
            fields.optional::<String>("expect", "Must occur in the reply. Absent or empty: sending is enough.");
        Ok(Self { endpoint: Endpoint::udp(host?, port?), send: send?, expect: expect.filter(|text| !text.is_empty()) })
    }

    fn profile(&self) -> Profile {
        Profile::of_endpoint(Self::TYPE, &self.endpoint)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let addresses = probe.addresses(&self.endpoint).await?;
        let mut last = None;
        for (tried, address) in addresses.iter().enumerate() {
            // Every address gets its share of what is left; the last one all of it.
            let share = probe.share(addresses.len() - tried);
            match self.exchange(probe, *address, share).await {
                Ok(()) => return Ok(()),
                Err(failure) => last = last.or(Some(failure)),
            }
        }
        last.map_or(Ok(()), |failure| Err(failure.into()))
    }
}

impl Udp {
    async fn exchange(&self, probe: &mut Probe, address: SocketAddr, share: Duration) -> Result<(), Failure> {
        let socket = probe.datagram(address).await?;
        let cut_short = probe.is_cut_short();
        let failed = |error| refusal_of(address, error, &socket).at(Phase::Connect);
        let request = probe.phase(Phase::Request, async {
            socket.send(self.send.as_bytes()).await.map_err(failed)?;
            match &self.expect {
                None => within(GRACE.min(share), reply(&socket))
                    .await
                    .map_or(Ok(None), |got| got.map(|_| None).map_err(failed)),
                Some(_) => within(share, reply(&socket))
                    .await
                    .map_or_else(|| Err(silence(share, cut_short)), |got| got.map(Some).map_err(failed)),
            }
        });
        let (Some(reply), Some(expect)) = (request.await?, &self.expect) else { return Ok(()) };
        if reply.windows(expect.len()).any(|window| window == expect.as_bytes()) {
            return Ok(());
        }
        let fault = Fault::new(Cause::UnexpectedReply, "the reply does not contain what is expected");
        Err(probe.fail(
            Phase::Request,
            fault.evidence(sentence!["got ", escape(&reply, 80), ", wanted ", escape(expect.as_bytes(), 80)]),
        ))
    }
}

async fn reply(socket: &UdpSocket) -> std::io::Result<Vec<u8>> {
    let mut datagram = vec![0; 65536];
    let length = socket.recv(&mut datagram).await?;
    datagram.truncate(length);
    Ok(datagram)
}

fn silence(waited: Duration, cut_short: bool) -> Fault {
    let fault = if cut_short {
        Fault::new(Cause::Timeout, "no reply when the run's time was over")
    } else {
        Fault::new(Cause::Silent, "no reply: a firewall drops the datagrams, or the service does not answer this one")
    };
    fault.at(Phase::Protocol).evidence(sentence!["waited ", ours(&format!("{:.3}", waited.as_secs_f64())), " s"])
}
