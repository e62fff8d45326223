//! The servers of one name: all are asked at once, as by the driver, and the check goes on at the first that is the
//! wanted one.

use super::Mongodb;
use super::hello::Hello;
use super::message::Message;
use super::srv;
use crate::fault::{Failure, Fault, Phase};
use crate::net::{Endpoint, Host, Talk, within};
use crate::probe::{Beside, Dialer, Probe};
use crate::secret::{Sentence, sentence, theirs};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many servers are asked: a set has 50 members at most (the manual's page on limits).
const MOST: usize = 50;

/// A server, and what came of asking it.
struct Member {
    /// Its place among those who were asked.
    at: usize,
    endpoint: Endpoint,
    beside: Beside,
    known: Known,
    /// Without a fault it has not answered in time.
    outcome: Result<(Talk, Hello), Option<Fault>>,
}

/// What a server says of its set.
#[derive(Default)]
struct Known {
    primary: Option<Endpoint>,
    members: Vec<Endpoint>,
}

/// The wanted server, with the connection to it, which is the check's own from here on.
pub(super) async fn choose(
    check: &Mongodb,
    probe: &mut Probe,
    name: &Host,
    hosts: &[Endpoint],
) -> Result<(Talk, Hello), Failure> {
    let (began, time) = (Instant::now(), probe.nearly_left(1));
    let (check, dialer) = (Arc::new(check.clone()), probe.dialer());
    let mut asking = Asking { check, dialer, time, all: Vec::new(), left_out: HashSet::new(), tasks: JoinSet::new() };
    hosts.iter().for_each(|host| asking.ask(host.clone()));
    let mut failed = Vec::new();
    while let Some(joined) = asking.tasks.join_next().await {
        let Ok(member) = joined else { continue };
        match member.outcome {
            Ok(found) => {
                probe.adopt(member.beside);
                probe.fact("server", probe.clean(&member.endpoint.to_string()));
                return Ok(found);
            }
            Err(fault) => {
                // The driver goes to whom a member names, too.
                asking.time = time.saturating_sub(began.elapsed());
                member.known.members.iter().for_each(|other| asking.ask(other.clone()));
                failed.push(Member { outcome: Err(fault), ..member });
            }
        }
    }
    // As they were asked, which is the order of the records, and not that in which they answered.
    failed.sort_by_key(|member| member.at);
    let left_out = asking.left_out.len();
    let failure = blame(probe, name, hosts, failed, began.elapsed()).await;
    Err(if left_out == 0 { failure } else { with_number(failure, asking.all.len(), left_out) })
}

/// Those who are asked.
struct Asking {
    check: Arc<Mongodb>,
    dialer: Dialer,
    time: Duration,
    all: Vec<Endpoint>,
    /// Whom there was no asking any more.
    left_out: HashSet<Endpoint>,
    tasks: JoinSet<Member>,
}

impl Asking {
    fn ask(&mut self, endpoint: Endpoint) {
        if self.all.contains(&endpoint) {
            return;
        }
        if self.all.len() >= MOST {
            self.left_out.insert(endpoint);
            return;
        }
        let at = self.all.len();
        self.all.push(endpoint.clone());
        let (check, dialer, time) = (Arc::clone(&self.check), self.dialer.clone(), self.time);
        self.tasks.spawn(async move {
            let (mut beside, mut known) = (Beside::default(), Known::default());
            let met = within(time, meet(&check, &dialer, &endpoint, &mut beside, &mut known)).await;
            let outcome = met.map_or(Err(None), |met| met.map_err(Some));
            Member { at, endpoint, beside, known, outcome }
        });
    }
}

/// Connects to a server, and asks it whether it is the wanted one.
async fn meet(
    check: &Mongodb,
    dialer: &Dialer,
    endpoint: &Endpoint,
    beside: &mut Beside,
    known: &mut Known,
) -> Result<(Talk, Hello), Fault> {
    let mut talk = Message::talk(dialer.trace(endpoint, check.tls.as_ref(), beside).await?);
    let hello = beside.phase(dialer, Phase::Protocol, Hello::ask(check, &mut talk)).await?;
    // Of another set, nobody is asked.
    hello.judge_set(check).map_err(|fault| fault.placed(Phase::Request))?;
    *known = Known { primary: hello.primary(), members: hello.members() };
    hello.judge(check).map_err(|fault| fault.placed(Phase::Request))?;
    Ok((talk, hello))
}

/// The failure of all of them: that of the one on which it depends, with what became of the others.
async fn blame(
    probe: &mut Probe,
    name: &Host,
    hosts: &[Endpoint],
    mut failed: Vec<Member>,
    waited: Duration,
) -> Failure {
    let leader = leader(&failed);
    let others: Vec<_> =
        failed.iter().enumerate().filter(|(at, _)| *at != leader).map(|(_, other)| other.told()).collect();
    let others = probe.tell(&Sentence::join(others, "; "));
    let Member { endpoint, beside, outcome, .. } = failed.swap_remove(leader);
    let server = probe.clean(&endpoint.to_string());
    let failure = probe.fail_beside(beside, outcome.err().flatten(), waited).await;
    let failure = with_evidence(failure, others);
    srv::as_the_records_say(failure, &server, name, hosts.contains(&endpoint))
}

/// How many were asked, of how many that the records and the servers name.
fn with_number(failure: Failure, asked: usize, left_out: usize) -> Failure {
    with_evidence(failure, format!("asked {asked} of {} servers, as a set has {MOST} at most", asked + left_out))
}

fn with_evidence(failure: Failure, more: String) -> Failure {
    let all = failure.evidence.into_iter().chain([more]).filter(|text| !text.is_empty()).collect::<Vec<_>>();
    Failure { evidence: Some(all.join("; ")).filter(|text| !text.is_empty()), ..failure }
}

/// Whose fault it is that the wanted server is not found: that of the one which the others call the primary, else of
/// the one that came furthest.
fn leader(failed: &[Member]) -> usize {
    let is_primary =
        |member: &Member| failed.iter().any(|other| other.known.primary.as_ref() == Some(&member.endpoint));
    let rank = |member: &Member| (is_primary(member), member.place());
    // The first of those that are alike.
    (0..failed.len()).rev().max_by_key(|at| rank(&failed[*at])).unwrap_or_default()
}

impl Member {
    /// How far it came.
    fn place(&self) -> Phase {
        match &self.outcome {
            Err(Some(fault)) => fault.phase.unwrap_or(self.beside.last()),
            _ => self.beside.last(),
        }
    }

    fn told(&self) -> Sentence {
        let why = match &self.outcome {
            Err(Some(fault)) => fault.message.clone(),
            _ => "did not answer in time".into(),
        };
        sentence![theirs(&self.endpoint.to_string()), ": ", why]
    }
}
