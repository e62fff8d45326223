//! All of a cluster: whether every slot is served, and whether every node lets us in
//! (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>).

use super::client::{Command, RespClient};
use super::refusal;
use super::role::text;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::{Endpoint, Host, TlsOptions};
use crate::probe::Dialer;
use crate::secret::{sentence, theirs};
use crate::settings::Credentials;
use redis::Value;

/// So many slots a cluster has.
const SLOTS: u64 = 16384;

/// What a node says of the cluster.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// First and last slot of each range.
    ranges: Vec<(u64, u64)>,
    pub(super) nodes: Vec<Endpoint>,
}

/// Asks a node, and refuses a cluster without all of its slots.
pub(super) async fn layout(client: &mut RespClient<'_>) -> Result<Layout, Fault> {
    let mut question = redis::cmd("CLUSTER");
    question.arg("SLOTS");
    let answer = client.ask("CLUSTER", &question).await?;
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
    let mut layout = Layout::default();
    for range in ranges {
        layout.add(range).ok_or_else(|| refusal::of(range, "CLUSTER"))?;
    }
    layout.require_all_slots().map(|()| layout)
}

impl Layout {
    /// A range, with its nodes behind its ends. A node without an address is the one that was asked.
    fn add(&mut self, range: &Value) -> Option<()> {
        let [Value::Int(first), Value::Int(last), nodes @ ..] = range.as_sequence()? else { return None };
        self.ranges.push((u64::try_from(*first).ok()?, u64::try_from(*last).ok()?));
        for node in nodes {
            let [host, Value::Int(port), ..] = node.as_sequence()? else { return None };
            let port = u16::try_from(*port).ok().and_then(|port| port.try_into().ok());
            let host = text(host).and_then(|host| Host::parse(host).ok());
            let endpoint = host.zip(port).map(|(host, port)| Endpoint::tcp(host, port));
            self.nodes.extend(endpoint.filter(|endpoint| !self.nodes.contains(endpoint)));
        }
        Some(())
    }

    fn require_all_slots(&mut self) -> Result<(), Fault> {
        self.ranges.sort_unstable();
        let mut next = 0;
        for (first, last) in &self.ranges {
            if *first > next {
                break;
            }
            next = next.max(last + 1);
        }
        if next >= SLOTS {
            return Ok(());
        }
        Err(Fault::new(Cause::NotReady, sentence!["the cluster does not serve all keys: nobody has the slot ", next])
            .next_step("look at the cluster (redis-cli --cluster check): its slots, and its nodes that have failed")
            .at(Phase::Protocol))
    }
}

/// Connects to a node, and logs in there.
pub(super) async fn enter(
    dialer: &Dialer,
    node: &Endpoint,
    tls: Option<&TlsOptions>,
    login: Option<&Credentials>,
) -> Result<(), Fault> {
    let entered = async {
        let mut client = RespClient::new(dialer.to(node, tls).await?);
        let mut flight = Vec::new();
        if let Some(login) = login {
            flight.push(Command::new("AUTH", super::auth(login)));
        }
        flight.push(Command::new("PING", redis::cmd("PING")));
        let mut answer = client.begin(flight, None).await?;
        if let Some(login) = login {
            refusal::of_login(&answer, super::named(login)).map_err(|fault| fault.placed(Phase::Auth))?;
            answer = client.answer().await?;
        }
        refusal::of_ping(&answer)
    };
    entered.await.map_err(|fault| {
        let message = sentence!["the cluster's node ", theirs(&node.to_string()), ": ", fault.message];
        Fault { message, ..fault }.placed(Phase::Protocol)
    })
}
