//! Waiting for a phase's work: timed, bounded, and looked at from beside when it takes long.

use super::Probe;
use super::hole::Loss;
use super::peek::Look;
use crate::event::Event;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::host::Silence;
use crate::outcome::Timing;
use std::future::pending;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What came of waiting for a phase's work.
pub(super) struct Waited<T> {
    /// `None`: the time is up, or there is nothing to wait for.
    pub(super) result: Option<Result<T, Fault>>,
    /// What the peer, silent on this connection, said on another one meanwhile.
    pub(super) said: Option<Vec<u8>>,
    /// Why an address may not answer, looked into meanwhile.
    pub(super) silence: Option<Silence>,
    /// A path that loses what is waited for.
    pub(super) loss: Option<Loss>,
}

impl<T> Waited<T> {
    pub(super) const fn for_result(result: Option<Result<T, Fault>>) -> Self {
        Self { result, said: None, silence: None, loss: None }
    }
}

impl Probe {
    /// Runs one phase: times it, bounds it, places its fault, reports it.
    pub(crate) async fn phase<T>(
        &mut self,
        phase: Phase,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        let heard_before = self.heard();
        let Waited { result, said, silence, loss } = self.in_time(phase, pin!(work)).await;
        if let Some(narrow) = &self.narrow {
            narrow.note(self.findings().phases.len(), result.as_ref());
            if narrow.is_done() {
                // Whoever waits for it ends it.
                pending::<()>().await;
            }
        }
        let timing = Timing { phase, elapsed: began.elapsed(), address: None };
        self.findings().phases.push(timing);
        self.emit(|| Event::Phase { entry: self.assignment.entry, timing });
        let fault = match result {
            Some(Ok(value)) => return Ok(value),
            Some(Err(fault)) => fault,
            None => self.timed_out(phase, timing.elapsed, self.heard() == heard_before),
        };
        // What the peer has said after all counts more than that it was not heard for a while.
        let is_silence = matches!(fault.cause, Cause::Closed | Cause::Reset | Cause::Timeout | Cause::Silent);
        if let Some(loss) = loss.filter(|_| is_silence) {
            let fault = self.concerned(phase, loss.fault(fault));
            return Err(fault.in_phase(phase, &self.assignment.redactor));
        }
        let fault = self.look_at_this_host(phase, fault, silence).await;
        let said = if said.is_some() { said } else { self.peek(phase, &fault).await };
        Err(self.explain(phase, fault, said))
    }

    /// How long the last phase took.
    pub(super) fn last_elapsed(&self) -> Duration {
        self.findings().phases.last().map_or(Duration::ZERO, |timing| timing.elapsed)
    }

    /// The failure of a phase, after which the peer may have said something on another connection.
    pub(super) fn explain(&self, phase: Phase, fault: Fault, said: Option<Vec<u8>>) -> Failure {
        let fault = match said {
            Some(answer) => self.name(phase, fault, &answer, "asked again on another connection, it answered"),
            None => self.recognise(phase, fault),
        };
        self.concerned(phase, fault).in_phase(phase, &self.assignment.redactor)
    }

    /// Waits for the work until the time is up. A peer that has not said a byte for a while is looked at beside the
    /// wait, and nothing is waited for from one that is certainly another service.
    #[expect(clippy::disallowed_methods, reason = "the one place that keeps deadlines")]
    async fn in_time<T, W>(&mut self, phase: Phase, mut work: Pin<&mut W>) -> Waited<T>
    where
        W: Future<Output = Result<T, Fault>>,
    {
        let until = self.until();
        if phase == Phase::Connect {
            return self.in_time_to_connect(work).await;
        }
        if phase == Phase::Resolve || self.reached.is_none() || self.narrow.is_some() {
            return Waited::for_result(tokio::time::timeout_at(until, work).await.ok());
        }
        if let Ok(result) = tokio::time::timeout_at(Instant::now() + self.patience(), work.as_mut()).await {
            return Waited::for_result(Some(result));
        }
        let mut look = if self.may_peek(phase) { self.look(phase) } else { Look::new() };
        let mut holes = self.look_for_hole(phase);
        let mut said = None;
        tokio::select! {
            biased;
            result = work.as_mut() => {
                if self.counts_strangers() {
                    self.courtesy = look;
                }
                return Waited { loss: found(&mut holes), ..Waited::for_result(Some(result)) };
            }
            Some(Ok(seen)) = look.join_next() => said = seen,
            () = tokio::time::sleep_until(until) => {}
        }
        let certain = said.as_ref().is_some_and(|said| self.is_certain(phase, said));
        let silent = self.heard() == 0;
        let said = said.map(|said| said.bytes).filter(|_| silent);
        if certain && silent {
            return Waited { said, ..Waited::for_result(None) };
        }
        let result = tokio::time::timeout_at(until, work).await.ok();
        let said = said.filter(|_| self.heard() == 0);
        Waited { said, loss: found(&mut holes), ..Waited::for_result(result) }
    }

    /// A failure that needs no waiting: what was heard is not what was wanted.
    #[must_use]
    pub(crate) fn fail(&self, phase: Phase, fault: Fault) -> Failure {
        let fault = self.recognise(phase, fault);
        self.concerned(phase, fault).in_phase(phase, &self.assignment.redactor)
    }
}

/// What a look for a hole has found so far.
fn found(holes: &mut JoinSet<Option<Loss>>) -> Option<Loss> {
    holes.try_join_next().and_then(|loss| loss.ok().flatten())
}
