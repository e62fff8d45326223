//! A datagram that is sent, and answered as expected.
//!
//! - Proves: with `expect`, that the service answers with it. Without, that this host can send and
//!   that nobody refuses the datagram (ICMP port unreachable, administratively prohibited) within
//!   a moment - which is all that a fire-and-forget protocol such as statsd can tell.
//! - Protocol: UDP (RFC 768). The datagram is `send` as UTF-8, or with `hex` its bytes, to each address in turn until
//!   one answers. Where a reply is expected it is sent again once a second, as datagrams get lost, and the expected one
//!   may be any that comes within the timeout.
//! - Phases: resolve, connect (the socket; nothing is sent), request.
//! - Options: `host`, `port`, `send`, `expect` (what must occur in a reply), `hex`.
//! - Failures: `resolve.*`, `connect.*` (`connect.refused` from an ICMP answer), `protocol.silent`
//!   (no reply: dropped by a firewall, or ignored by the service), `request.unexpected-reply`.
//! - Does not check: that a datagram without a reply has arrived.

use crate::checks::{Check, Profile};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Endpoint, refusal_of, within};
use crate::probe::{Probe, Stop};
use crate::secret::{ours, sentence};
use crate::services::{self, Service};
use crate::settings::{Fields, Misfit, Noted};
use crate::text::escape;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;

/// How long an ICMP refusal is waited for when no reply is expected.
const GRACE: Duration = Duration::from_millis(20);

/// When a datagram is sent again to which no reply came that was expected: datagrams get lost.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What a datagram can hold: 65,535 bytes but for the headers of IP and UDP (RFC 791, RFC 768).
const MOST: usize = 65_507;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Udp {
    endpoint: Endpoint,
    send: Vec<u8>,
    expect: Option<Vec<u8>>,
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
        let send = fields.required::<String>("send", "The datagram.");
        let expect = fields.optional::<String>("expect", "Must occur in a reply. Absent or empty: sending is enough.");
        let hex: bool = fields.or("hex", "false", "`send` and `expect` are bytes in hexadecimal digits (`0a 1b ff`).");
        let expect = expect.filter(|text| !text.is_empty());
        let mut bytes = |key, text: String| {
            if !hex {
                return Ok(text.into_bytes());
            }
            let misfit = || Misfit::new("expected bytes in hexadecimal digits, such as `0a 1b ff`");
            let help = "two digits for each byte; blanks and colons between them are fine";
            from_hex(&text).ok_or_else(|| fields.refuse_value(key, misfit().help(help)))
        };
        let send = send.and_then(|text| bytes("send", text));
        let expect = expect.map(|text| bytes("expect", text)).transpose();
        for (key, bytes) in [("send", send.as_ref().ok()), ("expect", expect.as_ref().ok().and_then(Option::as_ref))] {
            if let Some(length) = bytes.map(Vec::len).filter(|length| *length > MOST) {
                let misfit = Misfit::new(format!("{length} bytes, more than a datagram holds"));
                return Err(fields.refuse_value(key, misfit.help(format!("{MOST} bytes at most"))));
            }
        }
        Ok(Self { endpoint: Endpoint::udp(host?, port?), send: send?, expect: expect? })
    }

    fn profile(&self) -> Profile {
        Profile::of_endpoint(Self::TYPE, &self.endpoint)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let addresses = probe.addresses(&self.endpoint).await?;
        let mut failed: Vec<(SocketAddr, Failure)> = Vec::new();
        for (tried, address) in addresses.iter().enumerate() {
            // Every address gets its share of what is left; the last one all of it.
            match self.exchange(probe, *address, addresses.len() - tried).await {
                Ok(()) => {
                    // An application may well take an address that does not answer.
                    for (address, Failure { message, .. }) in failed {
                        let is_named = message.contains(&address.to_string());
                        let why = if is_named { message } else { format!("{address} does not: {message}") };
                        probe.warn_of_dead_address(address, &why);
                    }
                    return Ok(());
                }
                Err(failure) => failed.push((*address, failure)),
            }
        }
        with_others(failed).map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// The failure of the first address, with what became of the others.
fn with_others(failed: Vec<(SocketAddr, Failure)>) -> Option<Failure> {
    let mut failed = failed.into_iter();
    let (_, first) = failed.next()?;
    let (alike, different): (Vec<_>, Vec<_>) = failed.partition(|(_, other)| other.code == first.code);
    let alike = (!alike.is_empty()).then(|| {
        let addresses = alike.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>().join(", ");
        let what = if alike.len() == 1 { "other address fails" } else { "other addresses fail" };
        format!("{} {what} in the same way: {addresses}", alike.len())
    });
    let different = different.iter().map(|(address, other)| {
        let is_named = other.message.contains(&address.to_string());
        let place = if is_named { String::new() } else { format!("{address}: ") };
        format!("otherwise: {place}{} [{}]", other.message, other.code)
    });
    let evidence: Vec<_> = first.evidence.iter().cloned().chain(alike).chain(different).collect();
    Some(Failure { evidence: Some(evidence.join("; ")).filter(|text| !text.is_empty()), ..first })
}

impl Udp {
    async fn exchange(&self, probe: &mut Probe, address: SocketAddr, addresses: usize) -> Result<(), Failure> {
        let socket = probe.datagram(address).await?;
        let share = probe.nearly_left(addresses);
        let cut_short = probe.is_cut_short();
        let time = probe.waited(share);
        let failed = |error| refusal_of(address, error, &socket).at(Phase::Connect);
        let request = probe.phase(Phase::Request, async {
            let Some(wanted) = &self.expect else {
                socket.send(&self.send).await.map_err(failed)?;
                return within(GRACE.min(share), reply(&socket))
                    .await
                    .map_or(Ok(()), |got| got.map(drop).map_err(failed));
            };
            let mut others = Others::default();
            let found = within(share, self.until_answered(&socket, wanted, &mut others)).await;
            match found {
                Some(result) => result.map_err(failed),
                None => Err(others.told(wanted).unwrap_or_else(|| silence(&time, cut_short))),
            }
        });
        request.await
    }

    /// Waits for what is expected, whatever else comes before it.
    async fn until_answered(&self, socket: &UdpSocket, wanted: &[u8], others: &mut Others) -> std::io::Result<()> {
        loop {
            socket.send(&self.send).await?;
            let heard = within(SEND_AGAIN_AFTER, async {
                loop {
                    let datagram = reply(socket).await?;
                    if datagram.windows(wanted.len()).any(|window| window == wanted) {
                        return Ok(());
                    }
                    others.note(datagram);
                }
            });
            if let Some(heard) = heard.await {
                return heard;
            }
        }
    }
}

/// Replies that are not the expected one.
#[derive(Debug, Default)]
struct Others {
    /// The first that says something, else the first.
    first: Option<Vec<u8>>,
    /// Others say something else.
    are_several: bool,
}

impl Others {
    fn note(&mut self, datagram: Vec<u8>) {
        match &self.first {
            Some(first) if !first.is_empty() => self.are_several |= datagram != *first && !datagram.is_empty(),
            _ => self.first = Some(datagram),
        }
    }

    /// That none of them is; nothing if there is none.
    fn told(self, wanted: &[u8]) -> Option<Fault> {
        let first = self.first?;
        let got = if first.is_empty() { "an empty datagram".to_owned() } else { escape(&first, 80) };
        let more = if self.are_several { ", and others" } else { "" };
        let seen = sentence!["got ", got, more, ", wanted ", escape(wanted, 80)];
        Some(Fault::new(Cause::UnexpectedReply, "the reply does not contain what is expected").evidence(seen))
    }
}

/// The bytes of hexadecimal digits, with blanks and colons between them or without.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    let is_whole =
        !digits.is_empty() && digits.len().is_multiple_of(2) && digits.bytes().all(|c| c.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    is_whole.then(|| (0..digits.len()).step_by(2).filter_map(byte).collect())
}

async fn reply(socket: &UdpSocket) -> std::io::Result<Vec<u8>> {
    let mut datagram = vec![0; 65536];
    let length = socket.recv(&mut datagram).await?;
    datagram.truncate(length);
    Ok(datagram)
}

fn silence(waited: &str, cut_short: bool) -> Fault {
    let fault = if cut_short {
        Fault::new(Cause::Timeout, "no reply when the run's time was over")
    } else {
        Fault::new(Cause::Silent, "no reply: a firewall drops the datagrams, or the service does not answer this one")
    };
    fault.at(Phase::Protocol).evidence(ours(waited))
}
