//! This host's clock: whether the network sets it, and how far it is from an NTP server's.
//!
//! - Proves: without `server`, that what sets this host's clock says that it is synchronised. With it, that the clock is
//!   no further off than `max_offset`: the offset less half of the way there and back, which nobody can tell it from.
//! - Protocol: SNTP (RFC 4330; RFC 5905, sections 7.3 and 14): one datagram of 48 bytes, sent again once a second, as
//!   datagrams get lost. It holds a random number in place of this host's time, by which the answer is known.
//! - Source: see [`crate::net::host::clock::is_set`]; nobody but systemd and chrony says it to users without privileges.
//! - Phases: local; with `server` also resolve, connect (the socket), protocol.
//! - Options: see [`Clock::parse`]. A second is what logs of several hosts can be read with; tickets and certificates
//!   bear minutes.
//! - Failures: `local.failed` where nobody tells it and there is no `server`; with one `resolve.*`, `connect.*`,
//!   `protocol.silent`, `protocol.malformed`, `protocol.not-ready` (the server has no time itself) and
//!   `protocol.overloaded` (it answers with a "kiss of death"). A clock that is not set, or further off than the limit,
//!   is the warning `local.clock`.
//! - Does not check: the clock of another host; nothing is set.

mod packet;

use crate::catalogue::WarningKind;
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::host::clock;
use crate::net::{Endpoint, Host, Port, refusal_of, within};
use crate::probe::{Probe, Stop};
use crate::secret::{ours, sentence};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted};
use packet::{Answer, Question};
use serde_json::json;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::net::UdpSocket;

/// When the question is sent again.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Clock {
    server: Option<Endpoint>,
    max_offset: Option<Duration>,
    must_be_set: bool,
}

impl Check for Clock {
    const TYPE: &'static str = "clock";
    const SERVICE: &'static Service = &services::CLOCK;
    const ABOUT: &'static str =
        "The network sets this host's clock; with `server`, it is no further off an NTP server's than it may be.";
    const TRACE: &'static str = "Nothing; with `server`, a question that NTP servers count and do not log.";
    const EXAMPLE: &'static str = "\
- type: clock
  server: ntp.internal
  max_offset: 0.5
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let server = fields.optional::<Host>("server", "An NTP server to compare with; name or address.");
        let port = fields.or::<Port>("port", "123", "Its UDP port.");
        let max_offset = fields.limit(
            "max_offset",
            Some("1"),
            "Seconds; a warning when the clock is further off the server's; `null`: no limit.",
        );
        let must_be_set = fields.or("synchronised", "true", "`false`: it is no warning when nothing sets the clock.");
        if server.is_none() && !fields.has("server") {
            for key in ["port", "max_offset"] {
                fields.warn_idle(key, "without `server`", "add `server:`, or leave it out");
            }
        }
        Ok(Self { server: server.map(|host| Endpoint::udp(host, port)), max_offset, must_be_set })
    }

    fn profile(&self) -> Profile {
        let endpoints = self.server.iter().cloned().collect();
        Profile { endpoints, ..Profile::of_host(Self::TYPE, &"") }.distinct("server", self.server.as_ref())
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let until = probe.nearly_over();
        let set = probe.phase(Phase::Local, async { Ok(clock::is_set(until).await) }).await?;
        let limit = self.max_offset.map(|limit| limit.as_secs_f64());
        probe.fact(
            "clock",
            json!({"synchronised": set.map(|(is, _)| is), "by": set.map(|(_, who)| who), "max_offset_seconds": limit}),
        );
        match set {
            Some((false, who)) if self.must_be_set => {
                probe.warn(
                    WarningKind::LocalClock,
                    sentence!["nothing sets this host's clock at the moment (", who, ")"],
                );
            }
            None if self.server.is_none() => {
                let message = "nobody tells here whether the network sets this host's clock";
                let fault = Fault::new(Cause::Failed, message).owner(Owner::Config);
                let fault =
                    fault.evidence("neither systemd-timesyncd nor chronyd runs, and timedatectl does not answer");
                return Err(probe.fail(Phase::Local, fault.next_step("compare it with a server: `server:`; or leave the check out, where the host of a container sees to its clock")).into());
            }
            _ => {}
        }
        match &self.server {
            Some(server) => self.compare(probe, server).await,
            None => Ok(()),
        }
    }
}

impl Clock {
    async fn compare(&self, probe: &mut Probe, server: &Endpoint) -> Result<(), Stop> {
        let addresses = probe.addresses(server).await?;
        let mut failed: Option<Failure> = None;
        for (tried, address) in addresses.iter().enumerate() {
            match exchange(probe, *address, addresses.len() - tried).await {
                Ok(answer) => {
                    self.judge(probe, *address, &answer);
                    return Ok(());
                }
                // The system's first choice is told of.
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        failed.map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn judge(&self, probe: &mut Probe, address: SocketAddr, answer: &Answer) {
        let Answer { offset, delay, stratum } = *answer;
        probe.fact("ntp", json!({"address": address.to_string(), "offset_seconds": offset, "delay_seconds": delay, "stratum": stratum}));
        let Some(limit) = self.max_offset.filter(|limit| offset.abs() - delay / 2.0 > limit.as_secs_f64()) else {
            return;
        };
        let way = if offset < 0.0 { " s ahead of " } else { " s behind " };
        let told = sentence![
            "this host's clock is ",
            ours(&format!("{:.3}", offset.abs())),
            way,
            address,
            ", more than ",
            ours(&limit.as_secs_f64()),
            " s"
        ];
        probe.warn(WarningKind::LocalClock, told);
    }
}

async fn exchange(probe: &mut Probe, address: SocketAddr, addresses: usize) -> Result<Answer, Failure> {
    let socket = probe.datagram(address).await?;
    let share = probe.nearly_left(addresses);
    let cut_short = probe.is_cut_short();
    let time = probe.waited(share);
    probe
        .phase(Phase::Protocol, async {
            let heard = within(share, until_answered(&socket, address)).await;
            heard.unwrap_or_else(|| Err(silence(&time, cut_short))).map_err(|fault| fault.placed(Phase::Protocol))
        })
        .await
}

/// Asks until an answer comes; what is none of ours is not looked at.
async fn until_answered(socket: &UdpSocket, address: SocketAddr) -> Result<Answer, Fault> {
    let failed = |error| refusal_of(address, error, socket).at(Phase::Connect);
    loop {
        let question = Question::new();
        let sent = SystemTime::now();
        socket.send(&question.bytes()).await.map_err(failed)?;
        let heard = within(SEND_AGAIN_AFTER, async {
            let mut datagram = [0; 512];
            loop {
                let length = socket.recv(&mut datagram).await.map_err(failed)?;
                let came = SystemTime::now();
                if let Some(answer) = question.answer(&datagram[..length], sent, came) {
                    return answer;
                }
            }
        });
        if let Some(answer) = heard.await {
            return answer;
        }
    }
}

fn silence(waited: &str, cut_short: bool) -> Fault {
    let fault = if cut_short {
        Fault::new(Cause::Timeout, "no answer when the run's time was over")
    } else {
        Fault::new(
            Cause::Silent,
            "no answer: a firewall drops the datagrams, or no NTP server is there, or it does not serve this host",
        )
    };
    fault.evidence(ours(waited))
}
