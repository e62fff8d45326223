//! One question to one DNS server: over UDP, and over TCP when the answer did not fit (RFC 1035,
//! RFC 7766).

use crate::catalogue::{Cause, Owner};
use crate::fault::Fault;
use crate::net::clock::within;
use crate::net::connect;
use crate::net::dns::{Malformed, Query, Reply, ResponseCode};
use crate::net::endpoint::Transport;
use crate::net::resolv_conf::{self, ResolvConf};
use crate::phase::Phase;
use crate::secret::{Sentence, ours, sentence};
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Where resolvers listen (RFC 1035, section 4.2).
const USUAL_PORT: u16 = 53;

/// Asks again after this long without an answer: datagrams get lost.
const RESEND_AFTER: Duration = Duration::from_secs(1);

/// Where this host's resolvers are written down.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Where systemd-resolved writes down whom it asks itself.
const BEHIND_THE_STUB: &str = "/run/systemd/resolve/resolv.conf";

/// Where systemd-resolved listens (systemd-resolved.service(8)).
const STUBS: [[u8; 4]; 2] = [[127, 0, 0, 53], [127, 0, 0, 54]];

/// Every server that a look-up of this host goes to: those of resolv.conf, and where one of them is
/// systemd-resolved, those that it asks in turn.
pub(crate) fn resolvers_of_this_host() -> Vec<IpAddr> {
    let servers = ResolvConf::of_this_host().servers;
    let behind = std::fs::read_to_string(BEHIND_THE_STUB).ok();
    with_those_behind(&servers, behind.as_deref())
}

fn with_those_behind(servers: &[SocketAddr], behind: Option<&str>) -> Vec<IpAddr> {
    let mut all: Vec<_> = servers.iter().map(SocketAddr::ip).collect();
    if all.iter().any(|server| STUBS.iter().any(|stub| *server == IpAddr::from(*stub)))
        && let Some(text) = behind
    {
        let more = resolv_conf::parse(text, |_| None).servers;
        all.extend(more.iter().map(SocketAddr::ip));
    }
    all.sort_unstable();
    all.dedup();
    all
}

impl ResolvConf {
    /// The resolvers of this host; the C library's defaults when the file cannot be read.
    pub(crate) fn of_this_host() -> Self {
        let text = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
        let mut found = resolv_conf::parse(&text, |zone| nix::net::if_::if_nametoindex(zone).ok());
        if found.search.is_empty() {
            // The domain of the host's own name.
            let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
            found.search.extend(name.split_once('.').map(|(_, domain)| domain.to_owned()));
        }
        let variable = |name| std::env::var(name).ok();
        found.amend(variable("LOCALDOMAIN").as_deref(), variable("RES_OPTIONS").as_deref());
        found
    }
}

/// Servers, as they are told: each with its port where that is not the usual one.
pub(crate) fn list(servers: &[SocketAddr]) -> Sentence {
    let told = |server: &SocketAddr| match server.port() {
        USUAL_PORT => server.ip().to_string(),
        _ => server.to_string(),
    };
    ours(&servers.iter().map(told).collect::<Vec<_>>().join(", "))
}

/// A message id that an off-path sender cannot guess.
pub(crate) fn fresh_id() -> u16 {
    // The standard library's hasher keys are the operating system's random numbers.
    (RandomState::new().hash_one(0_u8) & 0xffff) as u16
}

/// The server's answer, within the given time.
///
/// # Errors
/// `refused` when nothing listens there, `timeout`, `malformed`, and what connecting may give.
pub(crate) async fn ask(
    server: SocketAddr,
    query: &Query,
    transport: Transport,
    timeout: Duration,
) -> Result<Reply, Fault> {
    let until = Instant::now() + timeout;
    let asked = within(timeout, async {
        let (edns, plain) = (query.encode()?, query.encode_plain()?);
        let reply = exchange(server, query, [&edns, &plain], transport, until).await?;
        if !wants_no_edns(&reply) {
            return Ok(reply);
        }
        // Ends before the whole does: a server that says nothing more has said this.
        let left = until.saturating_duration_since(Instant::now());
        let again = within(left.mul_f64(0.98), exchange(server, query, [&plain, &plain], transport, until)).await;
        Ok(again.and_then(Result::ok).unwrap_or(reply))
    });
    asked.await.unwrap_or_else(|| Err(no_answer(server, timeout)))
}

/// Servers from before EDNS answer so to it, and the question itself may be fine (RFC 6891, section 7); a code of
/// EDNS' own is no answer to a question either.
const fn wants_no_edns(reply: &Reply) -> bool {
    match reply.rcode {
        ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS => true,
        ResponseCode::ServFail => !reply.edns,
        _ => false,
    }
}

/// A server that said nothing for so long.
pub(crate) fn no_answer(server: SocketAddr, waited: Duration) -> Fault {
    Fault::new(
        Cause::Timeout,
        sentence![server, " did not answer within ", ours(&format!("{:.3}", waited.as_secs_f64())), " s"],
    )
}

/// Asks with the first of the messages, and with the second where the first may be why there is no answer.
async fn exchange(
    server: SocketAddr,
    query: &Query,
    messages: [&[u8]; 2],
    transport: Transport,
    until: Instant,
) -> Result<Reply, Fault> {
    if transport == Transport::Tcp {
        return ask_tcp(server, query, messages[0]).await;
    }
    let reply = ask_udp(server, query, messages).await?;
    if !reply.truncated {
        return Ok(reply);
    }
    // Ends before the whole does, which knows nothing of the first half of the answer.
    let left = until.saturating_duration_since(Instant::now());
    let fetched = within(left.mul_f64(0.98), ask_tcp(server, query, messages[0])).await;
    fetched.unwrap_or_else(|| Err(Fault::new(Cause::Timeout, ""))).map_err(|fault| half_an_answer(server, fault))
}

/// The answer does not fit into a datagram, and cannot be had over TCP, which every server must speak (RFC 7766,
/// section 5).
fn half_an_answer(server: SocketAddr, fault: Fault) -> Fault {
    let (cause, what) = match fault.cause {
        Cause::Refused => (Cause::Closed, "nothing listens for TCP there"),
        Cause::Closed | Cause::Reset => (Cause::Closed, "TCP ends without an answer"),
        Cause::Timeout => (Cause::Timeout, "TCP gets no answer"),
        Cause::Malformed | Cause::OwnFault | Cause::LocalLimit => return fault,
        _ => (Cause::Timeout, "TCP does not get there"),
    };
    // A firewall that answers is known by now.
    let (owner, what) = match fault.owner {
        Some(owner) => (owner, "TCP is rejected on the way"),
        None if cause == Cause::Timeout => (Owner::Network, what),
        None => (Owner::Dns, what),
    };
    let seen = fault.evidence.clone();
    let told = Fault::new(
        cause,
        sentence!["the answer of ", server, " was truncated: it does not fit into a datagram, and ", what],
    );
    let told = told
        .owner(owner)
        .next_step("let the resolver answer over TCP too, and open TCP port 53 to it in the firewalls on the way")
        .at(Phase::Resolve);
    match seen {
        Some(seen) => told.evidence(seen),
        None => told,
    }
}

async fn ask_udp(server: SocketAddr, query: &Query, messages: [&[u8]; 2]) -> Result<Reply, Fault> {
    let socket = connect::datagram(server)?;
    let failed = |error| connect::refusal_of(server, error, &socket);
    let mut datagram = vec![0; 4096];
    // Some drop what has EDNS: the first message is sent once.
    for message in std::iter::once(messages[0]).chain(std::iter::repeat(messages[1])) {
        socket.send(message).await.map_err(failed)?;
        let heard = within(RESEND_AFTER, async {
            loop {
                let length = socket.recv(&mut datagram).await.map_err(failed)?;
                if let Some(reply) = query.read(&datagram[..length]) {
                    return reply.map_err(|reason| malformed(server, &reason));
                }
            }
        });
        if let Some(reply) = heard.await {
            return reply;
        }
    }
    Err(no_answer(server, RESEND_AFTER))
}

async fn ask_tcp(server: SocketAddr, query: &Query, message: &[u8]) -> Result<Reply, Fault> {
    let mut stream = connect::address(server).await?;
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    let reply = query
        .read(&answer)
        .ok_or_else(|| Fault::new(Cause::Malformed, sentence![server, " answered another question"]))?;
    reply.map_err(|reason| malformed(server, &reason))
}

fn malformed(server: SocketAddr, Malformed(reason): &Malformed) -> Fault {
    Fault::new(Cause::Malformed, sentence![server, " sent something that is not a DNS answer"])
        .evidence(sentence!["malformed DNS reply: ", reason])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_the_stub_of_systemd_are_the_servers_that_it_asks() {
        let stub = [SocketAddr::from(([127, 0, 0, 53], 53))];
        let shown = |all: Vec<IpAddr>| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let behind = Some("nameserver 192.0.2.53\nnameserver 2001:db8::53\n");
        assert_eq!(shown(with_those_behind(&stub, behind)), ["127.0.0.53", "192.0.2.53", "2001:db8::53"]);
        assert_eq!(shown(with_those_behind(&stub, None)), ["127.0.0.53"]);
        let other = [SocketAddr::from(([192, 0, 2, 1], 53))];
        assert_eq!(shown(with_those_behind(&other, behind)), ["192.0.2.1"]);
    }
}
