//! Connections beside the check's own: they are no phases and no results.

use super::Probe;
use super::peek::Peer;
use crate::catalogue::WarningKind;
use crate::event::Event;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{self, Detour, Endpoint, Host, Seen, TlsOptions, Wire};
use crate::outcome::Timing;
use crate::secret::{Sentence, sentence};
use crate::shared::Shared;
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Opens connections beside the check's own.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    shared: Arc<Shared>,
    /// Where the check's last connection led.
    reached: Option<Peer>,
    detour: Option<Arc<Detour>>,
}

impl Probe {
    /// What opens connections beside the check's own, now that it has one.
    pub(crate) fn dialer(&self) -> Dialer {
        Dialer {
            shared: Arc::clone(&self.shared),
            reached: self.reached.clone(),
            detour: self.assignment.detour.clone(),
        }
    }
}

/// What is known of a connection that was opened beside the check's own, so that it can become that.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// What came of its phases, the last of which may have failed.
    timings: Vec<Timing>,
    seen: Option<Arc<Seen>>,
    /// Where it leads, until there is TLS on it.
    peer: Option<Peer>,
    reached: Option<Peer>,
    facts: Vec<(&'static str, Value)>,
    warnings: Vec<(WarningKind, Sentence)>,
}

impl Trail {
    /// Runs a phase of the connection.
    pub(crate) async fn phase<T>(
        &mut self,
        phase: Phase,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        // While it runs, it is the last one.
        let began = Instant::now();
        self.timings.push(Timing { phase, elapsed: Duration::ZERO, address: None });
        let done = work.await;
        if let Some(timing) = self.timings.last_mut() {
            timing.elapsed = began.elapsed();
        }
        done.map_err(|fault| fault.placed(phase))
    }

    /// How far it has come.
    pub(crate) fn last(&self) -> Phase {
        self.timings.last().map_or(Phase::Resolve, |timing| timing.phase)
    }

    fn follow(&mut self, wire: &Wire, peer: Option<Peer>) {
        self.seen = Some(wire.seen());
        self.reached = peer.clone().or(self.reached.take());
        self.peer = peer;
    }
}

impl Probe {
    /// Makes a connection that was opened beside the check's own that of the check.
    pub(crate) fn adopt(&mut self, trail: Trail) {
        let Trail { timings, seen, peer, reached, facts, warnings } = trail;
        for timing in timings {
            self.findings().phases.push(timing);
            self.emit(|| Event::Phase { entry: self.assignment.entry, timing });
        }
        (self.seen, self.is_veiled, self.reached) = (seen, peer.is_none(), reached);
        let facts = facts.into_iter().map(|(key, value)| (key, self.cleaned(value))).collect::<Vec<_>>();
        self.findings().facts.extend(facts);
        warnings.into_iter().for_each(|(kind, what)| self.warn(kind, what));
    }

    /// The failure of a connection that was opened beside the check's own: without a fault, of one that came no further
    /// in so long.
    pub(crate) async fn fail_beside(&mut self, trail: Trail, fault: Option<Fault>, waited: Duration) -> Failure {
        let phase = trail.last();
        self.adopt(trail);
        let fault = fault.unwrap_or_else(|| self.timed_out(phase, waited, !self.has_heard()));
        let said = self.peek(phase, &fault).await;
        self.explain(phase, fault, said)
    }
}

impl Dialer {
    /// A connection to where the check's last one led, with TLS for a server of this name where that is wanted.
    pub(crate) async fn again(&self, tls: Option<(&TlsOptions, &Host)>) -> Result<Wire, Fault> {
        let wire = match &self.reached {
            Some(Peer::Address(address)) => Wire::tcp(net::connect(*address).await?),
            Some(Peer::Socket(path)) => Wire::unix(net::unix(path).await?),
            None => return Err(Fault::new(Cause::OwnFault, "there was no connection yet")),
        };
        self.encrypted(wire, tls).await
    }

    /// A connection to another endpoint: the first of its addresses that answers.
    pub(crate) async fn to(&self, endpoint: &Endpoint) -> Result<Wire, Fault> {
        self.trace(endpoint, None, &mut Trail::default()).await
    }

    /// TLS over such a connection, where it is wanted, for a server of this name.
    pub(crate) async fn encrypted(&self, wire: Wire, tls: Option<(&TlsOptions, &Host)>) -> Result<Wire, Fault> {
        self.encrypt(wire, tls, &mut Trail::default()).await
    }

    /// The same with TLS where it is wanted, and with what is known of it.
    pub(crate) async fn trace(
        &self,
        endpoint: &Endpoint,
        tls: Option<&TlsOptions>,
        trail: &mut Trail,
    ) -> Result<Wire, Fault> {
        let place = self.detour.as_deref().map_or_else(|| endpoint.clone(), |detour| detour.place(endpoint));
        let addresses = self.shared.resolver.resolve(&place.host, place.port.get());
        let addresses = trail.phase(Phase::Resolve, addresses).await?.addresses;
        let connected = trail.phase(Phase::Connect, first_of(&addresses, &place)).await;
        let (stream, address) = connected?;
        trail.timings.last_mut().into_iter().for_each(|timing| timing.address = Some(address));
        let wire = Wire::tcp(stream);
        trail.follow(&wire, Some(Peer::Address(address)));
        self.encrypt(wire, tls.map(|tls| (tls, &endpoint.host)), trail).await
    }

    async fn encrypt(&self, wire: Wire, tls: Option<(&TlsOptions, &Host)>, trail: &mut Trail) -> Result<Wire, Fault> {
        let Some((options, host)) = tls else { return Ok(wire) };
        let host = self.detour.as_deref().map_or(host, |detour| detour.name(host));
        wire.seen().begin_anew();
        let mut learnt = (Vec::new(), Vec::new());
        // Boxed: it must not make every check that opens another connection that much larger.
        let shaken = Box::pin(trail.phase(Phase::Tls, async {
            let handshake = net::tls::handshake(wire, options, &self.shared.trust, host, &[]).await;
            learnt = (handshake.facts, handshake.remarks.warnings);
            handshake.result
        }));
        let shaken = shaken.await;
        (trail.facts, trail.warnings) = learnt;
        let wire = shaken?;
        trail.follow(&wire, None);
        Ok(wire)
    }
}

/// A connection to the first address that answers.
async fn first_of(addresses: &[SocketAddr], place: &Endpoint) -> Result<(TcpStream, SocketAddr), Fault> {
    let mut last = Fault::new(Cause::NoAddress, sentence!["there is no address of ", place]);
    for address in addresses {
        match net::connect(*address).await {
            Ok(stream) => return Ok((stream, *address)),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}
