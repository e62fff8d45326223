//! All of a cluster: whether every slot is served, and whether every node lets us in
//! (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>).

use super::client::{Command, Limits, RespClient};
use super::refusal;
use super::role::text;
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::{Endpoint, Host, TlsOptions, Wire, within};
use crate::probe::{Dialer, Probe, Trail};
use crate::secret::{sentence, theirs};
use crate::settings::Credentials;
use redis::Value;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

/// So many slots a cluster has.
const SLOTS: u64 = 16384;

/// What is read of its nodes: each slot may be a range of its own, with a primary and a replica.
const LIMITS: Limits = Limits { parts: 1 << 18, bytes: 4 << 20 };

/// What a node says of the cluster.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// First and last slot of each range that a node serves.
    ranges: Vec<(u64, u64)>,
    pub(super) nodes: Vec<Endpoint>,
    known: HashSet<Endpoint>,
}

/// Asks a node, and refuses a cluster without all of its slots, or with nodes of which it cannot say where they are.
/// `asked` is the node's own host; a Unix socket is this host's.
pub(super) async fn layout(client: &mut RespClient<'_>, asked: Option<&Host>) -> Result<Layout, Fault> {
    let mut question = redis::cmd("CLUSTER");
    question.arg("SLOTS");
    let answer = client.ask_for_much("CLUSTER", &question, &LIMITS).await.map_err(too_large)?;
    if let Value::ServerError(error) = &answer
        && (refusal::is_unknown_command(error)
            || error.details().is_some_and(|told| told.contains("cluster support disabled")))
    {
        return Err(Fault::new(Cause::UnexpectedReply, "this Redis is no node of a cluster")
            .evidence(refusal::text(error))
            .owner(Owner::Config)
            .next_step("leave `cluster` out for this server, or name a node of the cluster")
            .at(Phase::Request));
    }
    let Some(ranges) = answer.as_sequence() else { return Err(refusal::of(&answer, "CLUSTER")) };
    let asked = asked.cloned().unwrap_or_else(|| Host::from(IpAddr::from(Ipv4Addr::LOCALHOST)));
    let mut layout = Layout::default();
    for range in ranges {
        layout.add(range, &asked)?;
    }
    layout.require_all_slots().map(|()| layout)
}

/// A cluster of which more is told than is read here.
fn too_large(fault: Fault) -> Fault {
    if fault.cause != Cause::TooLarge {
        return fault;
    }
    let limit = fault.message.clone();
    fault
        .about("the cluster has more ranges of slots and nodes than this check reads")
        .with_evidence(sentence!["CLUSTER SLOTS: ", limit])
        .owner(Owner::Config)
        .next_step("leave `cluster` out, and write a check for each node that matters")
        .at(Phase::Request)
}

impl Layout {
    /// A range, with its nodes behind its ends. One without a node is served by nobody.
    fn add(&mut self, range: &Value, asked: &Host) -> Result<(), Fault> {
        let malformed = || refusal::of(range, "CLUSTER");
        let items = range.as_sequence().ok_or_else(malformed)?;
        let [Value::Int(first), Value::Int(last), nodes @ ..] = items else { return Err(malformed()) };
        let ends = u64::try_from(*first).ok().zip(u64::try_from(*last).ok()).ok_or_else(malformed)?;
        for node in nodes {
            let node = endpoint(node, asked)?;
            if self.known.insert(node.clone()) {
                self.nodes.push(node);
            }
        }
        self.ranges.extend(Some(ends).filter(|_| !nodes.is_empty()));
        Ok(())
    }

    fn require_all_slots(&mut self) -> Result<(), Fault> {
        self.ranges.sort_unstable();
        let mut next = 0;
        for (first, last) in &self.ranges {
            if *first > next {
                break;
            }
            next = next.max(last.saturating_add(1));
        }
        if next >= SLOTS {
            return Ok(());
        }
        Err(Fault::new(Cause::NotReady, sentence!["the cluster does not serve all keys: nobody has the slot ", next])
            .next_step("look at the cluster (redis-cli --cluster check): its slots, and its nodes that have failed")
            .at(Phase::Protocol))
    }
}

/// Where a node is: address, port, its id, and more from Redis 7 on. Nothing or an empty text in the place of the
/// address is the host that was asked; a question mark, a host name that nobody has given the node
/// (<https://redis.io/docs/latest/commands/cluster-slots/>).
fn endpoint(node: &Value, asked: &Host) -> Result<Endpoint, Fault> {
    let malformed = || refusal::of(node, "CLUSTER");
    let [address, Value::Int(number), more @ ..] = node.as_sequence().ok_or_else(malformed)? else {
        return Err(malformed());
    };
    let host = match address {
        Value::Nil => asked.clone(),
        _ => match text(address).ok_or_else(malformed)? {
            "" => asked.clone(),
            "?" => return Err(nowhere(*number, more)),
            address => Host::parse(address).map_err(|_| malformed().evidence(theirs(&address.to_owned())))?,
        },
    };
    let port = u16::try_from(*number).ok().and_then(|number| number.try_into().ok());
    port.map(|port| Endpoint::tcp(host, port)).ok_or_else(|| without_port(address, *number))
}

/// A node whose name the cluster would give, and does not know.
fn nowhere(port: i64, more: &[Value]) -> Fault {
    let id = more.first().and_then(text).unwrap_or("?");
    let known = more.get(1).and_then(|known| known.as_sequence()).into_iter().flatten().filter_map(text);
    let known: Vec<_> = known.collect();
    let fault = Fault::new(
        Cause::UnexpectedReply,
        sentence![
            "the cluster does not say at which host its node with the port ",
            port,
            " is: no client can go there"
        ],
    );
    fault
        .evidence(sentence!["CLUSTER SLOTS: `?` in the place of the host of ", theirs(id), "; ", theirs(&known.join(" "))])
        .owner(Owner::Service)
        .next_step(
            "set cluster-announce-hostname on that node, or cluster-preferred-endpoint-type to `ip` on the one that was asked",
        )
        .at(Phase::Request)
}

/// A node without a port of this kind: with TLS, or without.
fn without_port(address: &Value, number: i64) -> Fault {
    let address = text(address).unwrap_or_default();
    Fault::new(
        Cause::UnexpectedReply,
        sentence!["the cluster's node ", theirs(address), " has no port that a client like this one can go to"],
    )
    .evidence(sentence!["CLUSTER SLOTS: port ", number])
    .owner(Owner::Service)
    .next_step("see which ports that node has (port, tls-port, cluster-announce-port): all nodes need one with TLS, or one without")
    .at(Phase::Request)
}

/// Where a node's name is written, which it else announces as an address.
const ANNOUNCED: &str = "in that node's cluster-announce-hostname (and cluster-preferred-endpoint-type hostname)";

/// What to do where a node is something else.
const ANOTHER: &str =
    "correct what that node announces (cluster-announce-ip, cluster-announce-port), or have the cluster forget it";

/// Connects to a node, and logs in there. What fails there says at which node; `asked` is the check's own host.
pub(super) async fn enter(
    probe: &mut Probe,
    dialer: &Dialer,
    node: &Endpoint,
    tls: Option<&TlsOptions>,
    login: Option<&Credentials>,
    asked: Option<&Host>,
) -> Result<(), Failure> {
    let (mut trail, began) = (Trail::default(), Instant::now());
    let entered = within(probe.nearly_left(1), visit(dialer, node, tls, login, &mut trail)).await;
    if let Some(Ok(())) = entered {
        probe.passed_beside(trail);
        return Ok(());
    }
    let fault = entered.and_then(Result::err);
    let failure = probe.fail_beside(trail, fault, began.elapsed()).await;
    let failure = if asked == Some(&node.host) { failure } else { failure.without_server_name(ANNOUNCED) };
    let failure = if failure.code.is(Phase::Protocol, Cause::WrongService) {
        Failure { owner: Owner::Service, next_step: ANOTHER.to_owned(), ..failure }
    } else {
        failure
    };
    Err(failure.told_of("the cluster's node", node))
}

async fn visit(
    dialer: &Dialer,
    node: &Endpoint,
    tls: Option<&TlsOptions>,
    login: Option<&Credentials>,
    trail: &mut Trail,
) -> Result<(), Fault> {
    let wire = dialer.trace(node, tls, trail).await?;
    trail.phase(Phase::Protocol, log_in(wire, login)).await
}

async fn log_in(wire: Wire, login: Option<&Credentials>) -> Result<(), Fault> {
    let mut client = RespClient::new(wire);
    let mut flight = Vec::new();
    if let Some(login) = login {
        flight.push(Command::new("AUTH", super::auth(login)));
    }
    flight.push(Command::new("PING", redis::cmd("PING")));
    let said = async {
        let mut answer = client.begin(flight, None).await?;
        if let Some(login) = login {
            refusal::of_login(&answer, super::named(login)).map_err(|fault| fault.placed(Phase::Auth))?;
            answer = client.answer().await?;
        }
        refusal::of_ping(&answer)
    };
    said.await.map_err(|fault| fault.placed(Phase::Protocol))
}
