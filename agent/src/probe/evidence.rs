//! What a failed phase shows: what it was waiting for, and who answered instead.

use super::Probe;
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net;
use crate::net::identify::identify;
use crate::remedy;
use crate::secret::{Sentence, ours, sentence};
use crate::text::escape;
use std::net::SocketAddr;
use std::time::Duration;

impl Probe {
    /// A timeout that says which addresses were tried: a name that leads to a wrong one is a usual cause.
    pub(super) fn with_addresses(&self, mut failure: Failure, tried: &[SocketAddr]) -> Failure {
        if failure.code.is(Phase::Connect, Cause::Timeout) {
            let waited = failure.evidence.take().unwrap_or_default();
            let failed = self.race.as_ref().map_or(&[][..], |race| &race.failed);
            failure.evidence =
                Some(format!("{waited}; {}", self.assignment.redactor.tell(&net::summary(tried, failed))));
        }
        failure
    }

    /// A look-up that failed says what it was for, and one that was cut off who was asked; `none_answers`: none of these
    /// servers has said anything.
    pub(super) fn with_resolvers(
        &self,
        mut failure: Failure,
        name: &Sentence,
        servers: impl Iterator<Item = SocketAddr>,
        waited: Duration,
        none_answers: bool,
    ) -> Failure {
        let servers: Vec<_> = servers.collect();
        let is_cut_off = failure.code.is(Phase::Resolve, Cause::Timeout) && self.left().is_zero();
        if is_cut_off {
            let (waited, name) = (self.waited(waited), self.tell(name));
            let servers = self.tell(&net::nameserver::list(&servers));
            failure.evidence = Some(format!("{waited}; asked for {name}: {servers}"));
        }
        self.of_look_up(failure, name, &servers, is_cut_off || none_answers)
    }

    pub(super) fn timed_out(&self, phase: Phase, elapsed: Duration, silent: bool) -> Fault {
        let by_run = self.is_cut_short();
        let whose = if by_run { "when the run's time was over" } else { "within the check's timeout" };
        let fault = match phase {
            Phase::Resolve => Fault::new(Cause::Timeout, sentence!["no resolver answered ", whose]),
            Phase::Connect => Fault::new(Cause::Timeout, sentence!["no answer to the connection request ", whose]),
            Phase::Local => Fault::new(Cause::Timeout, sentence!["this host did not answer ", whose]),
            Phase::Protocol if silent && !by_run => {
                Fault::new(Cause::Silent, sentence!["accepted the connection and said nothing ", whose])
            }
            _ if silent => Fault::new(Cause::Timeout, sentence!["no answer ", whose]),
            _ => Fault::new(Cause::Timeout, sentence!["no complete answer ", whose]),
        };
        fault.evidence(ours(&self.waited(elapsed)))
    }

    /// How long was waited, of how long.
    pub(crate) fn waited(&self, elapsed: Duration) -> String {
        format!("waited {:.3} s of {} s", elapsed.as_secs_f64(), self.assignment.timeout.as_secs_f64())
    }

    /// Names the peer, when what it said shows that it speaks another protocol than expected.
    pub(super) fn recognise(&self, phase: Phase, fault: Fault) -> Fault {
        let unclear = matches!(
            fault.cause,
            Cause::Malformed | Cause::Closed | Cause::Reset | Cause::Timeout | Cause::Silent | Cause::TooLarge
        );
        let Some(seen) = self.seen.as_ref().filter(|_| unclear) else { return fault };
        self.name(phase, fault, &seen.first(), "it answered")
    }

    /// Names the peer by what it said; `how` it came to say it begins the evidence.
    pub(super) fn name(&self, phase: Phase, fault: Fault, said: &[u8], how: &'static str) -> Fault {
        let Some(expected) = self.expected else { return fault };
        if phase == Phase::Tls && fault.cause != Cause::Malformed {
            // Plain text that asks for TLS is what a server of TLS says to the questions of a look.
            let named = net::tls::fault_of_plain(said).filter(|_| !identify(said).is_some_and(|peer| peer.wants_tls));
            return named.unwrap_or(fault);
        }
        if !matches!(phase, Phase::Protocol | Phase::Auth) {
            return fault;
        }
        match identify(said) {
            Some(peer) if peer.wants_tls => {
                Fault::new(Cause::Required, "the peer wants TLS on this port").evidence(peer.detail).at(Phase::Tls)
            }
            Some(peer) if self.expects_http2 && peer.speaks_http2 => fault,
            Some(peer) if self.expects_http2 && peer.may_be(expected) => {
                let message = "the server speaks HTTP/1.1 here, and this check HTTP/2 alone (`http2`)";
                Fault::new(Cause::UnsupportedVersion, message)
                    .next_step("let the server speak HTTP/2 there; else leave `http2` out of this check")
                    .evidence(sentence![how, " ", peer.detail])
                    .at(Phase::Protocol)
            }
            Some(peer) if peer.speaks_http2 && peer.may_be(expected) => {
                let message = "the server speaks HTTP/2 alone here (as gRPC servers do), and this check HTTP/1.1";
                Fault::new(Cause::UnsupportedVersion, message)
                    .owner(Owner::Config)
                    .next_step("write `http2: true`; else name a port that speaks HTTP/1.1")
                    .remedy(remedy::checks::speak_http2())
                    .evidence(sentence![how, " ", peer.detail])
                    .at(Phase::Protocol)
            }
            Some(peer) if !peer.may_be(expected) => {
                Fault::new(Cause::WrongService, sentence!["this is ", peer.service.described, ", not ", expected.name])
                    .evidence(sentence![how, " ", peer.detail])
                    .at(Phase::Protocol)
            }
            // It speaks the protocol, and what it said wrong in it is known better than by its first bytes.
            Some(_) if fault.evidence.is_some() => fault,
            // So it is where the check itself placed the fault.
            _ if fault.cause == Cause::Malformed && fault.phase.is_none() && !said.is_empty() => {
                fault.evidence(sentence![how, " ", escape(said, 60)])
            }
            _ => fault,
        }
    }
}
