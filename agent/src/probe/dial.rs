//! Connections beside the check's own: they are no phases and no results.

use super::Probe;
use super::host::{self, Dialled};
use super::open::RENAMED;
use super::peek::{Look, Peer, Said, answer};
use crate::catalogue::WarningKind;
use crate::event::Event;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::host::Silence;
use crate::net::{self, Detour, Endpoint, Host, Race, Seen, TlsOptions, Wire};
use crate::outcome::Timing;
use crate::secret::Sentence;
use crate::shared::Shared;
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Opens connections beside the check's own.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    shared: Arc<Shared>,
    /// Where the check's last connection led.
    reached: Option<Peer>,
    detour: Option<Arc<Detour>>,
    /// The addresses behind the first that answers are left alone.
    only_first: bool,
    /// When the check's time is up.
    until: Instant,
    /// Whoever is silent may be asked in other protocols: the one that should be there is known, and counts nobody.
    may_ask: bool,
}

impl Probe {
    /// What opens connections beside the check's own, now that it has one.
    pub(crate) fn dialer(&self) -> Dialer {
        Dialer {
            until: self.until(),
            may_ask: self.expected.is_some() && !self.counts_strangers(),
            shared: Arc::clone(&self.shared),
            reached: self.reached.clone(),
            detour: self.assignment.detour.clone(),
            only_first: self.only_first,
        }
    }
}

/// What is known of a connection that was opened beside the check's own, so that it can become that.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// What came of its phases, the last of which may have failed.
    timings: Vec<Timing>,
    seen: Option<Arc<Seen>>,
    /// Where it leads, until there is TLS on it.
    peer: Option<Peer>,
    reached: Option<Peer>,
    /// The addresses of its endpoint, and the connections to them where there are several.
    tried: Vec<SocketAddr>,
    race: Option<Box<Race>>,
    facts: Vec<(&'static str, Value)>,
    warnings: Vec<(WarningKind, Sentence)>,
    /// Looks into the silence of an address, and at a peer that says nothing, while they are waited for; both end with this.
    inquiry: JoinSet<Silence>,
    look: Look,
}

impl Beside {
    /// Runs a phase of the connection. A peer that has not said a byte for a while is looked at beside the wait.
    pub(crate) async fn phase<T>(
        &mut self,
        dialer: &Dialer,
        phase: Phase,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let Self { timings, seen, peer, look, .. } = self;
        let early = matches!(phase, Phase::Tls | Phase::Protocol | Phase::Auth);
        let begin = || {
            let is_silent = seen.as_ref().is_some_and(|seen| seen.count() == 0);
            if let Some(peer) = peer.clone().filter(|_| early && is_silent && dialer.may_ask) {
                let time = host::LOOK.min(dialer.left());
                look.spawn(async move { answer(&peer, phase != Phase::Tls, time).await });
            }
        };
        timed(timings, phase, waited(work, dialer.patience(), begin)).await
    }

    /// The first connection that opens, as [`Probe::open`] gets its own, with the same look into a silence.
    async fn connect(&mut self, dialer: &Dialer) -> Result<(TcpStream, SocketAddr), Fault> {
        let Self { timings, tried, race, inquiry, .. } = self;
        let first = tried.first().copied();
        let connecting = async {
            match &tried[..] {
                &[address] => net::connect(address).await.map(|stream| (stream, address)),
                _ => race.insert(Box::default()).run(tried, dialer.only_first).await,
            }
        };
        let begin =
            || first.into_iter().for_each(|address| host::inquire(&dialer.shared, address, dialer.until, inquiry));
        let (stream, address) = timed(timings, Phase::Connect, waited(connecting, dialer.patience(), begin)).await?;
        timings.last_mut().into_iter().for_each(|timing| timing.address = Some(address));
        Ok((stream, address))
    }

    /// Where it leads while it is not there, and whose failure is told.
    fn dialled(&self) -> Option<Arc<Dialled>> {
        let dialled = Dialled::to(&self.tried);
        let blamed = self.race.as_ref().and_then(|race| race.blamed);
        dialled.iter().zip(blamed).for_each(|(dialled, blamed)| dialled.blame(blamed));
        dialled
    }

    /// What was found of a silence so far, and what the silent peer has said elsewhere.
    fn seen_meanwhile(&mut self) -> (Option<Silence>, Option<Said>) {
        let silence = self.inquiry.try_join_next().and_then(Result::ok);
        (silence, self.look.try_join_next().and_then(Result::ok).flatten())
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
    pub(crate) fn adopt(&mut self, beside: Beside) {
        self.dialled = beside.dialled();
        let Beside { timings, seen, peer, reached, race, facts, warnings, .. } = beside;
        self.follow(timings, race);
        (self.seen, self.is_veiled, self.reached) = (seen, peer.is_none(), reached);
        let facts = facts.into_iter().map(|(key, value)| (key, self.cleaned(value))).collect::<Vec<_>>();
        self.findings().facts.extend(facts);
        warnings.into_iter().for_each(|(kind, what)| self.warn(kind, what));
    }

    /// Notes what a connection beside the check's own has cost, which has served its purpose.
    pub(crate) fn passed_beside(&mut self, beside: Beside) {
        self.follow(beside.timings, beside.race);
    }

    fn follow(&mut self, timings: Vec<Timing>, race: Option<Box<Race>>) {
        for timing in timings {
            self.findings().phases.push(timing);
            self.emit(|| Event::Phase { entry: self.assignment.entry, timing });
        }
        if race.is_some() {
            self.report_dead_addresses();
            self.raced_in = self.result();
            self.race = race;
        }
    }

    /// The failure of a connection that was opened beside the check's own: without a fault, of one that came no further
    /// in so long.
    pub(crate) async fn fail_beside(&mut self, mut beside: Beside, fault: Option<Fault>, waited: Duration) -> Failure {
        let (phase, tried) = (beside.last(), beside.tried.clone());
        let (silence, said) = beside.seen_meanwhile();
        if beside.race.is_none() {
            self.report_dead_addresses();
            self.race = None;
        }
        self.adopt(beside);
        let fault = fault.unwrap_or_else(|| self.timed_out(phase, waited, !self.has_heard()));
        let fault = self.look_at_this_host(phase, fault, silence).await;
        let said = match said.filter(|_| !self.has_heard()) {
            Some(said) => Some(said.bytes),
            None => self.peek(phase, &fault).await,
        };
        let failure = self.explain(phase, fault, said);
        self.with_addresses(failure, &tried)
    }
}

impl Dialer {
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// How long is waited before there is a look.
    fn patience(&self) -> Duration {
        host::patience(self.left())
    }

    /// A connection to where the check's last one led, with TLS for a server of this name where that is wanted.
    pub(crate) async fn again(&self, tls: Option<(&TlsOptions, &Host)>) -> Result<Wire, Fault> {
        let wire = match &self.reached {
            Some(Peer::Address(address)) => Wire::tcp(net::connect(*address).await?),
            Some(Peer::Socket(path)) => Wire::unix(net::unix(path).await?),
            None => return Err(Fault::new(Cause::OwnFault, "there was no connection yet")),
        };
        self.encrypt(wire, tls, &mut Beside::default()).await
    }

    /// A connection to another endpoint, with TLS where it is wanted; the beside has what is known of it.
    pub(crate) async fn trace(
        &self,
        endpoint: &Endpoint,
        tls: Option<&TlsOptions>,
        beside: &mut Beside,
    ) -> Result<Wire, Fault> {
        let place = self.detour.as_deref().map_or_else(|| endpoint.clone(), |detour| detour.place(endpoint));
        let addresses = self.shared.resolver.resolve(&place.host, place.port.get());
        beside.tried = beside.phase(self, Phase::Resolve, addresses).await?.addresses;
        let (stream, address) = beside.connect(self).await?;
        let wire = Wire::tcp(stream);
        beside.follow(&wire, Some(Peer::Address(address)));
        self.encrypt(wire, tls.map(|tls| (tls, &endpoint.host)), beside).await
    }

    async fn encrypt(&self, wire: Wire, tls: Option<(&TlsOptions, &Host)>, beside: &mut Beside) -> Result<Wire, Fault> {
        let Some((options, host)) = tls else { return Ok(wire) };
        let name = self.detour.as_deref().map_or(host, |detour| detour.name(host));
        wire.seen().begin_anew();
        let mut learnt = (Vec::new(), Vec::new());
        // Boxed: it must not make every check that opens another connection that much larger.
        let shaken = Box::pin(beside.phase(self, Phase::Tls, async {
            let handshake = net::tls::handshake(wire, options, &self.shared.trust, name, &[]).await;
            learnt = (handshake.facts, handshake.remarks.warnings);
            handshake.result
        }));
        let shaken = shaken.await;
        (beside.facts, beside.warnings) = learnt;
        let wire = shaken.map_err(|fault| match fault.cause {
            Cause::WrongName if name != host => fault.next_step(RENAMED),
            _ => fault,
        })?;
        beside.follow(&wire, None);
        Ok(wire)
    }
}

/// Does the work; where that takes long, something begins beside it.
async fn waited<T>(work: impl Future<Output = T>, patience: Duration, begin: impl FnOnce()) -> T {
    let mut work = pin!(work);
    if let Some(done) = net::within(patience, work.as_mut()).await {
        return done;
    }
    begin();
    work.await
}

/// Does the work of a phase; while it is done, the phase is the last one.
async fn timed<T>(
    timings: &mut Vec<Timing>,
    phase: Phase,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let began = Instant::now();
    timings.push(Timing { phase, elapsed: Duration::ZERO, address: None });
    let done = work.await;
    if let Some(timing) = timings.last_mut() {
        timing.elapsed = began.elapsed();
    }
    done.map_err(|fault| fault.placed(phase))
}
