//! One question to one DNS server: over UDP, and over TCP when the answer did not fit (RFC 1035,
//! RFC 7766).

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::clock::within;
use crate::net::connect;
use crate::net::dns::{Malformed, Query, Reply, ResponseCode};
use crate::net::endpoint::Transport;
use crate::net::resolv_conf::{self, ResolvConf};
use crate::secret::{ours, sentence};
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Asks again after this long without an answer: datagrams get lost.
const RESEND_AFTER: Duration = Duration::from_millis(700);

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
        resolv_conf::parse(&text, |zone| nix::net::if_::if_nametoindex(zone).ok())
    }
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
    let asked = within(timeout, async {
        let reply = exchange(server, query, &query.encode()?, transport).await?;
        match reply.rcode {
            // Servers from before EDNS answer so to it, and the question itself is fine (RFC 6891 section 7).
            ResponseCode::FormErr | ResponseCode::NotImp => {
                exchange(server, query, &query.encode_plain()?, transport).await
            }
            _ => Ok(reply),
        }
    });
    asked.await.unwrap_or_else(|| Err(no_answer(server, timeout)))
}

/// A server that said nothing for so long.
pub(crate) fn no_answer(server: SocketAddr, waited: Duration) -> Fault {
    Fault::new(
        Cause::Timeout,
        sentence![server, " did not answer within ", ours(&format!("{:.3}", waited.as_secs_f64())), " s"],
    )
}

async fn exchange(server: SocketAddr, query: &Query, message: &[u8], transport: Transport) -> Result<Reply, Fault> {
    if transport == Transport::Udp {
        let reply = ask_udp(server, query, message).await?;
        if !reply.truncated {
            return Ok(reply);
        }
    }
    ask_tcp(server, query, message).await
}

async fn ask_udp(server: SocketAddr, query: &Query, message: &[u8]) -> Result<Reply, Fault> {
    let socket = connect::datagram(server)?;
    let failed = |error| connect::refusal_of(server, error, &socket);
    let mut datagram = vec![0; 4096];
    loop {
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
