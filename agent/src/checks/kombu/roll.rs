//! The roll of the workers: who has answered, and which queues each consumes.

use super::{Command, Connection};
use crate::catalogue::Owner;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::within;
use crate::probe::Probe;
use crate::secret::{sentence, theirs};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// More workers are not kept in mind.
const MOST: usize = 1000;

/// How long the next answer is waited for when there are enough.
const MOMENT: Duration = Duration::from_millis(50);

/// Who has to be there.
#[derive(Clone, Debug)]
pub(in crate::checks) struct Wanted {
    pub(in crate::checks) workers: usize,
    pub(in crate::checks) queues: Vec<String>,
}

/// Who is there.
#[derive(Debug, Default)]
pub(in crate::checks) struct Roll {
    workers: BTreeMap<String, Worker>,
    /// So many have got the question, where the broker says so.
    asked: Option<u64>,
}

#[derive(Debug, Default)]
struct Worker {
    ponged: bool,
    queues: Option<Vec<String>>,
}

impl Roll {
    /// Calls it: waits until those are there who have to be, and for as long at most.
    pub(in crate::checks) async fn call(
        connection: &mut Connection<'_>,
        probe: &mut Probe,
        wanted: &Wanted,
        wait: Duration,
    ) -> Result<Self, Failure> {
        // A little less than all that is left, so that it can be said who has not answered.
        let wait = wait.min(probe.share(1).mul_f64(0.9));
        let mut roll = Self::default();
        let called = probe.phase(Phase::Request, async {
            roll.asked = connection.broadcast(&[Command::ping(), Command::active_queues()]).await?;
            let until = Instant::now() + wait;
            while roll.asked != Some(0) && !(roll.has(wanted) && roll.is_complete()) {
                let left = until.saturating_duration_since(Instant::now());
                let patience = if roll.has(wanted) { MOMENT.min(left) } else { left };
                match connection.next(patience).await? {
                    Some(answer) => roll.add(&answer),
                    None => break,
                }
            }
            Ok(())
        });
        called.await?;
        roll.report(probe);
        match roll.objection(wanted, wait) {
            Some(fault) => Err(probe.fail(Phase::Request, connection.explained(fault))),
            None => Ok(roll),
        }
    }

    /// How many workers have got the question, or have answered it.
    pub(in crate::checks) fn count(&self) -> usize {
        let asked = self.asked.and_then(|asked| usize::try_from(asked).ok());
        asked.unwrap_or(0).max(self.workers.len())
    }

    /// A worker's answer to one of the two questions; anything else tells nothing.
    fn add(&mut self, answer: &Value) {
        for (name, said) in answer.as_object().into_iter().flatten() {
            if self.workers.len() >= MOST && !self.workers.contains_key(name) {
                continue;
            }
            if said["ok"] == "pong" {
                self.workers.entry(name.clone()).or_default().ponged = true;
            } else if let Some(queues) = said.as_array() {
                let names = queues.iter().filter_map(|queue| queue["name"].as_str().map(str::to_owned));
                self.workers.entry(name.clone()).or_default().queues = Some(names.collect());
            }
        }
    }

    fn ponged(&self) -> usize {
        self.workers.values().filter(|worker| worker.ponged).count()
    }

    fn consumes(&self, queue: &str) -> bool {
        let mut all = self.workers.values().filter(|worker| worker.ponged).filter_map(|worker| worker.queues.as_ref());
        all.any(|queues| queues.iter().any(|name| name == queue))
    }

    fn has(&self, wanted: &Wanted) -> bool {
        self.ponged() >= wanted.workers && wanted.queues.iter().all(|queue| self.consumes(queue))
    }

    /// Whether everybody who was asked has said everything.
    fn is_complete(&self) -> bool {
        let said_all = self.workers.values().filter(|worker| worker.ponged && worker.queues.is_some()).count();
        self.asked.is_some_and(|asked| u64::try_from(said_all).is_ok_and(|said| said >= asked))
    }

    fn report(&self, probe: &mut Probe) {
        let there = self.workers.iter().filter(|(_, worker)| worker.ponged);
        let queues = |worker: &Worker| worker.queues.iter().flatten().map(|name| probe.clean(name)).collect::<Vec<_>>();
        let workers: serde_json::Map<_, _> =
            there.map(|(name, worker)| (probe.clean(name), json!(queues(worker)))).collect();
        if !workers.is_empty() {
            probe.fact("workers", workers);
        }
    }

    fn objection(&self, wanted: &Wanted, wait: Duration) -> Option<Fault> {
        let seconds = format!("{:.1} s", wait.as_secs_f64());
        let there = self.ponged();
        if there == 0 {
            let fault = Fault::new(Cause::NoWorker, "no worker has answered to the ping");
            return Some(fault.evidence(match self.asked {
                Some(0) => "nobody listens to commands at the broker".into(),
                Some(asked) => sentence![asked, " listen to commands, and none has answered in ", seconds],
                None => sentence!["no answer in ", seconds],
            }));
        }
        if there < wanted.workers {
            let message = sentence![there, " of at least ", wanted.workers, " workers have answered to the ping"];
            let names: Vec<_> = self.workers.keys().map(String::as_str).collect();
            let evidence = sentence!["in ", seconds, ": ", theirs(&names.join(", "))];
            return Some(Fault::new(Cause::TooFewWorkers, message).evidence(evidence));
        }
        let queue = wanted.queues.iter().find(|queue| !self.consumes(queue))?;
        let consumed = |worker: &Worker| match &worker.queues {
            Some(queues) => queues.join(", "),
            None => "no answer".to_owned(),
        };
        let all: Vec<_> = self.workers.iter().map(|(name, worker)| format!("{name}: {}", consumed(worker))).collect();
        let message = sentence!["no worker consumes the queue `", theirs(queue), "`"];
        Some(Fault::new(Cause::NoConsumer, message).evidence(theirs(&all.join("; "))))
    }
}

impl Connection<'_> {
    /// Why nobody answers, where the broker itself has said it.
    fn explained(&self, fault: Fault) -> Fault {
        let Self::Amqp(connection) = self else { return fault };
        match connection.blocked() {
            Some(reason) if fault.cause == Cause::NoWorker => fault
                .become_of(Cause::NotReady)
                .about("the broker takes no messages at the moment, so that nobody could be asked")
                .evidence(sentence!["connection.blocked: ", theirs(reason)])
                .owner(Owner::Service)
                .next_step("look at the broker's alarms (RabbitMQ: rabbitmq-diagnostics alarms), and at what uses its memory or disk up")
                .at(Phase::Protocol),
            _ => fault,
        }
    }
}

/// Waits so long for something that may be broken off.
pub(super) async fn patiently<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<Option<T>, Fault> {
    within(patience, work).await.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(workers: usize, queues: &[&str]) -> Wanted {
        Wanted { workers, queues: queues.iter().map(ToString::to_string).collect() }
    }

    fn roll(answers: &[Value]) -> Roll {
        let mut roll = Roll::default();
        answers.iter().for_each(|answer| roll.add(answer));
        roll
    }

    fn cause(roll: &Roll, wanted: &Wanted) -> Option<Cause> {
        roll.objection(wanted, Duration::from_secs(1)).map(|fault| fault.cause)
    }

    #[test]
    fn what_is_missing_is_told_apart() {
        let one = roll(&[json!({"a@h": {"ok": "pong"}}), json!({"a@h": [{"name": "celery"}]})]);
        assert_eq!(cause(&roll(&[]), &wanted(1, &[])), Some(Cause::NoWorker));
        assert_eq!(cause(&one, &wanted(2, &[])), Some(Cause::TooFewWorkers));
        assert_eq!(cause(&one, &wanted(1, &["celery", "mail"])), Some(Cause::NoConsumer));
        assert_eq!(cause(&one, &wanted(1, &["celery"])), None);
    }

    #[test]
    fn answers_of_another_form_tell_nothing() {
        let odd = roll(&[json!([1]), json!("pong"), json!({"a@h": {"error": "no"}}), json!({"a@h": null})]);
        assert_eq!(odd.workers.len(), 0);
        let many = roll(&(0..2000).map(|at| json!({format!("w{at}@h"): {"ok": "pong"}})).collect::<Vec<_>>());
        assert_eq!(many.ponged(), MOST);
    }
}
