//! All of a cluster: whether every slot is served, and whether every node lets us in
//! (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>).

use super::client::{Command, Limits, RespClient};
use super::refusal;
use super::role::text;
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::{Endpoint, Host, TlsOptions, Wire, within};
use crate::probe::{Beside, Dialer, Probe};
use crate::secret::{Sentence, sentence, theirs};
use crate::settings::Credentials;
use redis::Value;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

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

/// So many nodes are entered at once: one that is dead takes all of the time, and the descriptors are those of the run.
const AT_ONCE: usize = 4;

/// How long others are waited for that may have failed as well, so that the first of them is told.
const MOMENT: Duration = Duration::from_millis(50);

/// What the check has for every node.
pub(super) struct Entrance {
    pub(super) dialer: Dialer,
    pub(super) tls: Option<TlsOptions>,
    pub(super) login: Option<Credentials>,
}

/// A node, and what came of entering it.
struct Entered {
    /// Its place among the nodes.
    at: usize,
    beside: Beside,
    /// Without a fault it has not answered in time.
    outcome: Result<(), Option<Fault>>,
}

/// Connects to every node, and logs in there. What fails there says at which node; `asked` is the check's own host.
pub(super) async fn enter_all(
    probe: &mut Probe,
    entrance: Entrance,
    nodes: &[Endpoint],
    asked: Option<&Host>,
) -> Result<(), Failure> {
    let (entrance, began, until) = (Arc::new(entrance), Instant::now(), Instant::now() + probe.nearly_left(1));
    let (mut entering, mut failed, mut well) = (JoinSet::new(), Vec::new(), 0);
    let mut waiting = nodes.iter().cloned().enumerate();
    for (at, node) in waiting.by_ref().take(AT_ONCE) {
        entering.spawn(entrance.clone().enter(at, node, until));
    }
    while let Some(entered) = next(&mut entering, !failed.is_empty()).await {
        match entered.outcome {
            Ok(()) => {
                well += 1;
                probe.passed_beside(entered.beside);
            }
            Err(_) => failed.push(entered),
        }
        if let Some((at, node)) = waiting.next().filter(|_| failed.is_empty()) {
            entering.spawn(entrance.clone().enter(at, node, until));
        }
    }
    // As the cluster names them, and not as they failed.
    failed.sort_by_key(|entered| entered.at);
    let mut failed = failed.into_iter();
    let Some(first) = failed.next() else { return Ok(()) };
    let others: Vec<_> = failed.map(|other| sentence![&nodes[other.at], ": ", other.told()]).collect();
    let others = (!others.is_empty()).then(|| probe.tell(&Sentence::join(others, "; ")));
    let node = &nodes[first.at];
    let failure = probe.fail_beside(first.beside, first.outcome.err().flatten(), began.elapsed()).await;
    let all = format!("{well} of {} nodes let us in", nodes.len());
    let evidence = failure.evidence.iter().cloned().chain(others).chain([all]).collect::<Vec<_>>().join("; ");
    Err(told_of(Failure { evidence: Some(evidence), ..failure }, node, asked))
}

/// The next that is done; behind a failure, only those that are done in a moment.
async fn next(entering: &mut JoinSet<Entered>, is_over: bool) -> Option<Entered> {
    let joined =
        if is_over { within(MOMENT, entering.join_next()).await.flatten() } else { entering.join_next().await };
    match joined? {
        Ok(entered) => Some(entered),
        // A fault of ours is one of the check's.
        Err(error) => error.try_into_panic().map_or(None, |panic| std::panic::resume_unwind(panic)),
    }
}

/// What failed at a node, as it is told of it.
fn told_of(failure: Failure, node: &Endpoint, asked: Option<&Host>) -> Failure {
    let failure = if asked == Some(&node.host) { failure } else { failure.without_server_name(ANNOUNCED) };
    let failure = if failure.code.is(Phase::Protocol, Cause::WrongService) {
        Failure { owner: Owner::Service, next_step: ANOTHER.to_owned(), ..failure }
    } else {
        failure
    };
    failure.told_of(format_args!("the cluster's node {node}"))
}

impl Entered {
    fn told(&self) -> Sentence {
        match &self.outcome {
            Err(Some(fault)) => fault.message.clone(),
            _ => "did not answer in time".into(),
        }
    }
}

impl Entrance {
    async fn enter(self: Arc<Self>, at: usize, node: Endpoint, until: Instant) -> Entered {
        let mut beside = Beside::default();
        let left = until.saturating_duration_since(Instant::now());
        // Boxed: a handshake is large, and a task of its own gains nothing by it.
        let entered = Box::pin(within(left, self.visit(&node, &mut beside))).await;
        Entered { at, beside, outcome: entered.map_or(Err(None), |entered| entered.map_err(Some)) }
    }

    async fn visit(&self, node: &Endpoint, beside: &mut Beside) -> Result<(), Fault> {
        let wire = self.dialer.trace(node, self.tls.as_ref(), beside).await?;
        beside.phase(&self.dialer, Phase::Protocol, log_in(wire, self.login.as_ref())).await
    }
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
