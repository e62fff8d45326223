//! The servers of one name: all are asked at once, as by the driver, and the check goes on at the first that is the
//! wanted one.

use super::Mongodb;
use super::hello::Hello;
use super::message::Message;
use super::srv;
use crate::fault::{Failure, Fault, Phase};
use crate::net::{Endpoint, Host, Talk, within};
use crate::probe::{Dialer, Probe, Trail};
use crate::secret::{Sentence, sentence, theirs};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many servers are asked: a set has 50 members at most (the manual's page on limits).
const MOST: usize = 50;

/// A server, and what came of asking it.
struct Member {
    endpoint: Endpoint,
    trail: Trail,
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
    let mut asking = Asking { check, dialer, time, all: Vec::new(), tasks: JoinSet::new() };
    hosts.iter().for_each(|host| asking.ask(host.clone()));
    let mut failed = Vec::new();
    while let Some(joined) = asking.tasks.join_next().await {
        let Ok(member) = joined else { continue };
        match member.outcome {
            Ok(found) => {
                probe.adopt(member.trail);
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
    Err(blame(probe, name, failed, began.elapsed()).await)
}

/// Those who are asked.
struct Asking {
    check: Arc<Mongodb>,
    dialer: Dialer,
    time: Duration,
    all: Vec<Endpoint>,
    tasks: JoinSet<Member>,
}

impl Asking {
    fn ask(&mut self, endpoint: Endpoint) {
        if self.all.len() >= MOST || self.all.contains(&endpoint) {
            return;
        }
        self.all.push(endpoint.clone());
        let (check, dialer, time) = (Arc::clone(&self.check), self.dialer.clone(), self.time);
        self.tasks.spawn(async move {
            let (mut trail, mut known) = (Trail::default(), Known::default());
            let met = within(time, meet(&check, &dialer, &endpoint, &mut trail, &mut known)).await;
            let outcome = met.map_or(Err(None), |met| met.map_err(Some));
            Member { endpoint, trail, known, outcome }
        });
    }
}

/// Connects to a server, and asks it whether it is the wanted one.
async fn meet(
    check: &Mongodb,
    dialer: &Dialer,
    endpoint: &Endpoint,
    trail: &mut Trail,
    known: &mut Known,
) -> Result<(Talk, Hello), Fault> {
    let mut talk = Message::talk(dialer.trace(endpoint, check.tls.as_ref(), trail).await?);
    let hello = trail.phase(Phase::Protocol, Hello::ask(check, &mut talk)).await?;
    // Of another set, nobody is asked.
    hello.judge_set(check).map_err(|fault| fault.placed(Phase::Request))?;
    *known = Known { primary: hello.primary(), members: hello.members() };
    hello.judge(check).map_err(|fault| fault.placed(Phase::Request))?;
    Ok((talk, hello))
}

/// The failure of all of them: that of the one on which it depends, with what became of the others.
async fn blame(probe: &mut Probe, name: &Host, mut failed: Vec<Member>, waited: Duration) -> Failure {
    let leader = leader(&failed);
    let others: Vec<_> =
        failed.iter().enumerate().filter(|(at, _)| *at != leader).map(|(_, other)| other.told()).collect();
    let others = probe.tell(&Sentence::join(others, "; "));
    let Member { endpoint, trail, outcome, .. } = failed.swap_remove(leader);
    let server = probe.clean(&endpoint.to_string());
    let failure = probe.fail_beside(trail, outcome.err().flatten(), waited).await;
    let evidence = [failure.evidence.clone().unwrap_or_default(), others];
    let evidence = evidence.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    let evidence = Some(evidence).filter(|text| !text.is_empty());
    srv::as_the_records_say(Failure { evidence, ..failure }, &server, name)
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
            Err(Some(fault)) => fault.phase.unwrap_or(self.trail.last()),
            _ => self.trail.last(),
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
