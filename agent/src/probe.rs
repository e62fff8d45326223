//! A running check's hands: the probe opens its connections, names and times its phases, keeps
//! its deadline, and collects what it learns.
//!
//! There is no other way to the network, so every protocol has the same phases.

mod evidence;
mod look;

use crate::catalogue::Cause;
use crate::event::Event;
use crate::fault::{Failure, Fault};
use crate::net::identify::Protocol;
use crate::net::{self, Endpoint, Host, Place, Race, Seen, TlsOptions, Wire};
use crate::outcome::{Step, Timing, Verdict, Warning, WarningKind};
use crate::phase::Phase;
use crate::secret::Redactor;
use crate::world::World;
use evidence::{with_addresses, with_resolvers};
use look::Peer;
use serde_json::{Value, json};
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// What a check has found so far; kept outside the check, so that neither a panic nor an
/// interrupt loses it.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) steps: Vec<Step>,
    pub(crate) phases: Vec<Timing>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) facts: Vec<(&'static str, Value)>,
}

/// What [`Probe::listen`] waits at least: a peer on this host needs less.
const SHORTEST_GRACE: Duration = Duration::from_millis(1);

/// What it waits at most: no verdict is held up for longer.
const LONGEST_GRACE: Duration = Duration::from_millis(150);

/// What a peer did while it was listened to; see [`Probe::listen`].
#[derive(Debug)]
pub enum Heard {
    /// Not a byte.
    Nothing,
    /// It said something.
    Bytes(Vec<u8>),
    /// It closed the connection.
    Closed,
    /// It broke the connection.
    Broken(Fault),
}

/// Why a check ended before its end.
#[derive(Debug)]
pub enum Stop {
    /// Something is broken.
    Failed(Failure),
    /// No later result was asked for.
    Enough,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A running check's hands.
#[derive(Debug)]
pub struct Probe {
    world: Arc<World>,
    entry: usize,
    /// The last result that anybody asked for.
    wanted: usize,
    results: usize,
    deadline: Instant,
    step_began: Instant,
    redactor: Redactor,
    findings: Arc<Mutex<Findings>>,
    events: Option<UnboundedSender<Event>>,
    expected: Option<Protocol>,
    seen: Option<Arc<Seen>>,
    /// Where the current connection leads, until there is TLS on it.
    peer: Option<Peer>,
    race: Race,
    /// How long [`Probe::listen`] waits.
    grace: Duration,
}

/// What a probe is made from.
pub(crate) struct Assignment {
    pub(crate) entry: usize,
    pub(crate) wanted: usize,
    pub(crate) results: usize,
    pub(crate) timeout: Duration,
    pub(crate) redactor: Redactor,
    pub(crate) findings: Arc<Mutex<Findings>>,
    pub(crate) events: Option<UnboundedSender<Event>>,
}

impl Probe {
    /// A probe whose check begins now.
    pub(crate) fn new(world: Arc<World>, assignment: Assignment) -> Self {
        let now = Instant::now();
        let probe = Self {
            world,
            entry: assignment.entry,
            wanted: assignment.wanted,
            results: assignment.results,
            deadline: now + assignment.timeout,
            step_began: now,
            redactor: assignment.redactor,
            findings: assignment.findings,
            events: assignment.events,
            expected: None,
            seen: None,
            peer: None,
            race: Race::default(),
            grace: SHORTEST_GRACE,
        };
        probe.emit(|| Event::Started { entry: probe.entry, result: 0 });
        probe
    }

    /// Says which protocol the peer should speak: a peer that speaks another one is then named
    /// (`protocol.wrong-service`), whatever went wrong on the way.
    pub const fn expect(&mut self, protocol: Protocol) {
        self.expected = Some(protocol);
    }

    /// Resolves the host and connects to the first of its addresses that answers (RFC 8305).
    ///
    /// # Errors
    /// `resolve.*` and `connect.*`.
    pub(crate) async fn open(&mut self, endpoint: &Endpoint) -> Result<Wire, Failure> {
        let addresses = self.addresses(endpoint).await?;
        let mut race = std::mem::take(&mut self.race);
        let tried = addresses.clone();
        let began = Instant::now();
        let connected = self.phase(Phase::Connect, race.run(addresses)).await;
        let connected = connected.map_err(|failure| with_addresses(failure, &race, &tried));
        self.race = race;
        let (stream, address) = connected?;
        self.grace = (began.elapsed() * 2).clamp(SHORTEST_GRACE, LONGEST_GRACE);
        self.note_address(address);
        Ok(self.prepare(Wire::tcp(stream), Peer::Address(address)))
    }

    /// Connects to where a service listens: [`Probe::open`], or a Unix socket.
    ///
    /// # Errors
    /// `resolve.*` and `connect.*`.
    pub(crate) async fn reach(&mut self, place: &Place) -> Result<Wire, Failure> {
        match place {
            Place::Tcp(endpoint) => self.open(endpoint).await,
            Place::Socket { host, .. } => self.open_socket(host).await,
        }
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// `connect.*`.
    pub(crate) async fn open_socket(&mut self, path: &Path) -> Result<Wire, Failure> {
        let stream = self.phase(Phase::Connect, net::unix(path)).await?;
        Ok(self.prepare(Wire::unix(stream), Peer::Socket(path.to_owned())))
    }

    /// Looks over a new wire's shoulder.
    fn prepare(&mut self, wire: Wire, peer: Peer) -> Wire {
        self.seen = Some(wire.seen());
        self.peer = Some(peer);
        wire
    }

    /// Leaves the addresses behind the first that answers alone. For services that hold connections
    /// without a login against this host (`MySQL` blocks it after `max_connect_errors`).
    pub(crate) const fn spare_other_addresses(&mut self) {
        self.race.only_first = true;
    }

    /// Resolves the host.
    ///
    /// # Errors
    /// `resolve.*`.
    pub(crate) async fn addresses(&mut self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Failure> {
        let world = Arc::clone(&self.world);
        let began = Instant::now();
        let resolved = self.phase(Phase::Resolve, world.resolver.resolve(&endpoint.host, endpoint.port.get())).await;
        let cut = |failure: &Failure| failure.code.is(Phase::Resolve, Cause::Timeout) && self.left().is_zero();
        resolved
            .map_err(|failure| if cut(&failure) { with_resolvers(failure, endpoint, began.elapsed()) } else { failure })
    }

    /// A socket for datagrams to and from one address. Nothing is sent yet.
    ///
    /// # Errors
    /// `connect.*`: no route, no permission, a limit of this host.
    pub(crate) async fn datagram(&mut self, address: SocketAddr) -> Result<UdpSocket, Failure> {
        let socket = self.phase(Phase::Connect, async { net::datagram(address) }).await?;
        self.note_address(address);
        Ok(socket)
    }

    /// Speaks TLS over a connection, to a server of this name. What the certificate says becomes
    /// a fact in any case.
    ///
    /// # Errors
    /// `tls.*`.
    pub(crate) async fn tls(
        &mut self,
        wire: Wire,
        options: &TlsOptions,
        host: &Host,
        alpn: &[&str],
    ) -> Result<Wire, Failure> {
        let world = Arc::clone(&self.world);
        let mut facts = Vec::new();
        let mut certificate = None;
        let mut asked_for_ours = false;
        wire.seen().begin_anew();
        let result = self
            .phase(Phase::Tls, async {
                let handshake = net::tls::handshake(wire, options, &world.trust, host, alpn).await;
                (facts, certificate) = (handshake.facts, handshake.certificate);
                asked_for_ours = handshake.asked_for_ours;
                handshake.result
            })
            .await;
        self.findings().facts.extend(facts);
        let wire = result?;
        self.seen = Some(wire.seen());
        self.peer = None;
        if asked_for_ours {
            // The server's verdict on our certificate is still to come, and it may have to think.
            self.grace = LONGEST_GRACE;
        }
        if let Some(certificate) = certificate.filter(|one| one.days_left() < i64::from(options.expiry_warning_days)) {
            self.warn(WarningKind::TlsExpiresSoon, &certificate.end_in_words());
        }
        Ok(wire)
    }

    /// Waits a moment for a peer that has nothing to say: long enough for it to break the
    /// connection, scaled to how long connecting took (1 ms to 150 ms).
    pub(crate) async fn listen(&mut self, wire: &mut Wire) -> Heard {
        let grace = self.grace.min(self.left());
        let mut bytes = [0; 256];
        let until = Instant::now() + grace;
        let heard = net::within(grace, wire.read(&mut bytes)).await;
        // The other addresses of the name have the rest of this moment too, however soon this one spoke.
        net::within(until.saturating_duration_since(Instant::now()), self.race.settled()).await;
        match heard {
            None => Heard::Nothing,
            Some(Ok(0)) => Heard::Closed,
            // Closed without TLS' good-bye: rude, and closed.
            Some(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Heard::Closed,
            Some(Ok(count)) => Heard::Bytes(bytes[..count].to_vec()),
            Some(Err(error)) => Heard::Broken(error.into()),
        }
    }

    /// Waits a moment for more evidence of what has already failed; never fails itself.
    pub(crate) async fn glance<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        const MOMENT: Duration = Duration::from_millis(50);
        net::within(MOMENT.min(self.left()), work).await
    }

    /// Runs one phase: times it, bounds it, places its fault, reports it.
    ///
    /// # Errors
    /// The work's fault in this phase, or the phase's timeout.
    pub async fn phase<T>(&mut self, phase: Phase, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Failure> {
        let began = Instant::now();
        let heard_before = self.heard();
        let result = self.in_time(phase, pin!(work)).await;
        let timing = Timing { phase, elapsed: began.elapsed(), address: None };
        self.findings().phases.push(timing);
        self.emit(|| Event::Phase { entry: self.entry, timing });
        let fault = match result {
            Some(Ok(value)) => return Ok(value),
            Some(Err(fault)) => fault,
            None => self.timed_out(phase, timing.elapsed, self.heard() == heard_before),
        };
        let fault = match self.look_again(phase, &fault).await {
            Some(answer) => self.name(phase, fault, &answer, "asked again on another connection, it answered"),
            None => self.recognise(phase, fault),
        };
        Err(fault.in_phase(phase, &self.redactor))
    }

    /// The work's result, or `None` when the time is up. A peer that has not said a byte is given up
    /// a moment earlier, for a second look at it.
    #[expect(clippy::disallowed_methods, reason = "the one place that keeps deadlines")]
    async fn in_time<T, W>(&self, phase: Phase, mut work: Pin<&mut W>) -> Option<Result<T, Fault>>
    where
        W: Future<Output = Result<T, Fault>>,
    {
        let until = self.until();
        if self.may_look_again(phase) {
            match tokio::time::timeout_at(until - self.look_time(), work.as_mut()).await {
                Ok(result) => return Some(result),
                Err(_) if self.heard() == 0 => return None,
                Err(_) => {}
            }
        }
        tokio::time::timeout_at(until, work).await.ok()
    }

    /// A failure that needs no waiting: what was heard is not what was wanted.
    #[must_use]
    pub fn fail(&self, phase: Phase, fault: Fault) -> Failure {
        self.recognise(phase, fault).in_phase(phase, &self.redactor)
    }

    /// The current result passed; the next one begins.
    ///
    /// # Errors
    /// [`Stop::Enough`] when no later result was asked for.
    pub fn passed(&mut self) -> Result<(), Stop> {
        let result = self.end_step(Verdict::Pass);
        if result >= self.wanted {
            return Err(Stop::Enough);
        }
        let step = self.findings().steps[result];
        self.emit(|| Event::Passed { entry: self.entry, result, step });
        self.emit(|| Event::Started { entry: self.entry, result: result + 1 });
        Ok(())
    }

    /// Keeps something that was learnt. A text of a server's is to be escaped by the caller or
    /// passed through [`Probe::clean`].
    pub fn fact(&mut self, key: &'static str, value: impl Into<Value>) {
        let value = value.into();
        self.findings().facts.push((key, value));
    }

    /// A server's text made fit for people: bounded, escaped, without this check's secrets.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        self.redactor.clean(text)
    }

    /// Notes something that needs attention, with the current result.
    pub fn warn(&mut self, kind: WarningKind, message: &str) {
        let message = self.redactor.redact(message);
        let mut findings = self.findings();
        let result = findings.steps.len().min(self.results.saturating_sub(1));
        findings.warnings.push(Warning { kind, message, result });
    }

    /// What is left of the check's time.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.until().saturating_duration_since(Instant::now())
    }

    /// When the check's time is up, or the run's if that is sooner.
    fn until(&self) -> Instant {
        self.world.deadline.map_or(self.deadline, |run| run.min(self.deadline))
    }

    /// A share of what is left, for each of so many attempts: it ends a little before the check's
    /// own timeout, so that the attempt itself can say what did not happen.
    #[must_use]
    pub(crate) fn share(&self, attempts: usize) -> Duration {
        const MARGIN: Duration = Duration::from_millis(20);
        let left = self.left();
        left.saturating_sub(MARGIN.min(left / 10)) / u32::try_from(attempts).unwrap_or(u32::MAX).max(1)
    }

    /// Whether the end of the run comes before the check's own timeout.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.world.deadline.is_some_and(|run| run < self.deadline)
    }

    /// Lets the peer send more than 64 KiB on the current layer.
    pub(crate) fn allow(&self, bytes: u64) {
        if let Some(seen) = &self.seen {
            seen.allow(bytes);
        }
    }

    /// The check is over: decides its last result and reports the addresses found dead.
    pub(crate) fn end(mut self, result: Result<(), Stop>) -> Option<Failure> {
        self.report_dead_addresses();
        match result {
            Err(Stop::Enough) => None,
            Ok(()) => {
                self.end_step(Verdict::Pass);
                None
            }
            Err(Stop::Failed(failure)) => {
                self.end_step(Verdict::Fail);
                Some(failure)
            }
        }
    }

    fn end_step(&mut self, verdict: Verdict) -> usize {
        let now = Instant::now();
        let step = Step { verdict, elapsed: now - self.step_began, at: now - self.world.began };
        self.step_began = now;
        let mut findings = self.findings();
        findings.steps.push(step);
        findings.steps.len() - 1
    }

    fn report_dead_addresses(&mut self) {
        for attempt in self.race.dead() {
            let why = self.redactor.redact(&attempt.fault.message);
            self.fact("dead_address", json!({"address": attempt.address.to_string(), "why": why, "elapsed_seconds": attempt.elapsed.as_secs_f64()}));
            // A host without IPv6 need not hear of it; and `localhost` has two addresses by
            // custom, of which a service may well use one.
            if !attempt.address.ip().is_loopback() && net::has_route(attempt.address) {
                self.findings().warnings.push(Warning {
                    kind: WarningKind::ConnectAddressDead,
                    message: format!("another address works, but {why}"),
                    result: 0,
                });
            }
        }
    }

    fn note_address(&self, address: SocketAddr) {
        if let Some(timing) = self.findings().phases.last_mut() {
            timing.address = Some(address);
        }
    }

    fn heard(&self) -> u64 {
        self.seen.as_ref().map_or(0, |seen| seen.count())
    }

    fn findings(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, event: impl FnOnce() -> Event) {
        if let Some(events) = &self.events {
            // Nobody listens any more when the run was interrupted.
            let _ = events.send(event());
        }
    }
}
