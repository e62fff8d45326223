//! A running check's hands: the probe opens its connections, names and times its phases, keeps
//! its deadline, and collects what it learns.
//!
//! There is no other way to the network, so every protocol has the same phases.

mod debt;
mod dial;
mod evidence;
mod hole;
mod host;
mod open;
mod passage;
mod peek;
mod questions;
mod wait;

use crate::catalogue::WarningKind;
use crate::event::Event;
use crate::fault::Failure;
use crate::net::{self, Detour, Host, Race, Seen};
use crate::outcome::{Step, Timing, Verdict, Warning};
use crate::secret::{Redactor, Sentence};
use crate::services::Service;
use crate::shared::Shared;
pub(crate) use debt::{FAREWELL, Unfinished, finished};
pub(crate) use dial::{Beside, Dialer};
pub(crate) use hole::Again;
use hole::Narrow;
use host::Dialled;
pub(crate) use open::Heard;
use passage::Passage;
use peek::{Look, Peer};
use serde_json::{Value, json};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// So many connections a failure makes at most at the place where it came to light: to ask what answers, to look for a loss
/// by size, and for a check that begins once more (Redis).
pub(crate) const MOST_ASKED: u64 = questions::MOST + hole::MOST + 1;

/// What a check has found so far; kept outside the check, so that neither a panic nor an
/// interrupt loses it.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) steps: Vec<Step>,
    pub(crate) phases: Vec<Timing>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) facts: Vec<(&'static str, Value)>,
    /// Whether what must not be sent twice has been sent, where the check says it.
    pub(crate) sent: Option<bool>,
    /// Something is at a peer that the check has to take back.
    pub(crate) owes: bool,
}

/// Why a check ended before its end.
#[derive(Debug)]
pub(crate) enum Stop {
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
pub(crate) struct Probe {
    shared: Arc<Shared>,
    assignment: Assignment,
    deadline: Instant,
    step_began: Instant,
    expected: Option<&'static Service>,
    /// The service is spoken to in HTTP/2 alone.
    expects_http2: bool,
    seen: Option<Arc<Seen>>,
    /// Where the current connection leads.
    reached: Option<Peer>,
    /// The host that it was asked for.
    site: Option<Host>,
    /// A proxy passes it on.
    proxy: Option<Box<Passage>>,
    /// There is TLS on it, through which nothing can be seen.
    is_veiled: bool,
    /// This does once more, with small segments, what another probe waits for.
    narrow: Option<Box<Narrow>>,
    /// The connections to the addresses of a name that has several.
    race: Option<Box<Race>>,
    /// The result that was being decided when they began.
    raced_in: usize,
    /// Where the connections that are being made lead, and the last one from.
    dialled: Option<Arc<Dialled>>,
    /// The addresses behind the first that answers are left alone.
    only_first: bool,
    /// How long [`Probe::listen`] waits.
    grace: Duration,
    /// A look that must not be broken off because the check is over.
    courtesy: Look,
    /// From then on the time is kept for taking something back.
    kept_from: Option<Instant>,
}

/// What a probe is made from.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) entry: usize,
    /// The last result that anybody asked for.
    pub(crate) wanted: usize,
    pub(crate) results: usize,
    pub(crate) timeout: Duration,
    pub(crate) redactor: Redactor,
    /// Where else the check connects to.
    pub(crate) detour: Option<Arc<Detour>>,
    /// Asking again would send something twice.
    pub(crate) asks_once: bool,
    /// Performs a check once more.
    pub(crate) again: Option<Again>,
    pub(crate) findings: Arc<Mutex<Findings>>,
    pub(crate) events: Option<UnboundedSender<Event>>,
}

impl Findings {
    /// Nothing yet; the check has so many results.
    pub(crate) fn new(results: usize) -> Self {
        /// As many as the smallest check has, of which there may be thousands.
        const PHASES: usize = 2;
        Self { steps: Vec::with_capacity(results), phases: Vec::with_capacity(PHASES), ..Self::default() }
    }
}

impl Probe {
    /// A probe whose check begins now.
    pub(crate) fn new(shared: Arc<Shared>, assignment: Assignment) -> Self {
        let now = Instant::now();
        let probe = Self {
            shared,
            deadline: now + assignment.timeout,
            assignment,
            step_began: now,
            expected: None,
            expects_http2: false,
            seen: None,
            reached: None,
            site: None,
            proxy: None,
            is_veiled: false,
            narrow: None,
            race: None,
            raced_in: 0,
            dialled: None,
            only_first: false,
            grace: open::SHORTEST_GRACE,
            courtesy: Look::new(),
            kept_from: None,
        };
        probe.emit(|| Event::Started { entry: probe.assignment.entry, result: 0 });
        probe
    }

    /// When the current result's turn came.
    pub(crate) const fn began(&self) -> Instant {
        self.step_began
    }

    /// Says which service the peer should be: another one is then named (`protocol.wrong-service`),
    /// whatever went wrong on the way.
    pub(crate) const fn expect(&mut self, service: &'static Service) {
        self.expected = Some(service);
    }

    /// Says that a web server is spoken to in HTTP/2 alone: one that answers in it is the right one.
    pub(crate) const fn expect_http2(&mut self) {
        self.expects_http2 = true;
    }

    /// Waits a moment for more evidence of what has already failed; never fails itself.
    pub(crate) async fn linger<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        const MOMENT: Duration = Duration::from_millis(50);
        net::within(MOMENT.min(self.left()), work).await
    }

    /// The current result passed; the next one begins.
    /// Gives [`Stop::Enough`] when no later result was asked for.
    pub(crate) fn passed(&mut self) -> Result<(), Stop> {
        let result = self.end_step(Verdict::Pass);
        if result >= self.assignment.wanted {
            return Err(Stop::Enough);
        }
        let step = self.findings().steps[result];
        self.emit(|| Event::Passed { entry: self.assignment.entry, result, step });
        self.emit(|| Event::Started { entry: self.assignment.entry, result: result + 1 });
        Ok(())
    }

    /// What must not be sent twice is sent now; or, until then, was not. A check that does not say it may have sent it as soon
    /// as there is a connection.
    pub(crate) fn note_sent(&self, sent: bool) {
        self.findings().sent = Some(sent);
    }

    /// Keeps something that was learnt. A text of a server's is to be escaped by the caller or
    /// passed through [`Probe::clean`].
    pub(crate) fn fact(&mut self, key: &'static str, value: impl Into<Value>) {
        let value = value.into();
        self.findings().facts.push((key, value));
    }

    /// A server's text made fit for people: bounded, escaped, without this check's secrets.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.assignment.redactor.clean(text)
    }

    /// A sentence for people.
    pub(crate) fn tell(&self, sentence: &Sentence) -> String {
        self.assignment.redactor.tell(sentence)
    }

    /// The texts in a value, each as [`Probe::clean`] makes it.
    fn cleaned(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.clean(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.cleaned(item)).collect(),
            Value::Object(members) => members.into_iter().map(|(key, value)| (key, self.cleaned(value))).collect(),
            other => other,
        }
    }

    /// Notes something that needs attention, with the current result.
    pub(crate) fn warn(&mut self, kind: WarningKind, message: impl Into<Sentence>) {
        let message = self.assignment.redactor.tell(&message.into());
        let result = self.result();
        self.findings().warnings.push(Warning { kind, message, result });
    }

    /// The result that is being decided.
    fn result(&self) -> usize {
        self.findings().steps.len().min(self.assignment.results.saturating_sub(1))
    }

    /// Notes that the login which is configured is not needed: anybody can connect.
    pub(crate) fn warn_of_unneeded_login(&mut self) {
        self.warn(
            WarningKind::AuthNotNeeded,
            "a login is configured, but the server does not ask for one: anybody can connect",
        );
    }

    /// What is left of the check's time.
    pub(crate) fn left(&self) -> Duration {
        self.until().saturating_duration_since(Instant::now())
    }

    /// When the check's time is up, or the run's if that is sooner; without what is kept of it.
    fn until(&self) -> Instant {
        [self.shared.deadline, self.kept_from].into_iter().flatten().fold(self.deadline, Instant::min)
    }

    /// When work of our own has to be over, so that it can be said that it was not.
    pub(crate) fn nearly_over(&self) -> Instant {
        Instant::now() + self.share(1)
    }

    /// The check's own timeout but for a moment: equal for all checks with the same one.
    pub(crate) fn nearly_all(&self) -> Duration {
        nearly(self.assignment.timeout)
    }

    /// A share of what is left, for each of so many attempts of others, a server's say: it ends a little before the
    /// check's own timeout, so that they themselves can say what did not happen.
    pub(crate) fn share(&self, attempts: usize) -> Duration {
        const MARGIN: Duration = Duration::from_millis(20);
        let left = self.left();
        left.saturating_sub(MARGIN.min(left / 10)) / u32::try_from(attempts).unwrap_or(u32::MAX).max(1)
    }

    /// The same for attempts of our own, which need no more than a moment to say it.
    pub(crate) fn nearly_left(&self, attempts: usize) -> Duration {
        nearly(self.left()) / u32::try_from(attempts).unwrap_or(u32::MAX).max(1)
    }

    /// Whether the end of the run comes before the check's own timeout.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.shared.deadline.is_some_and(|run| run < self.deadline)
    }

    /// The first bytes that the peer sent on the current layer.
    pub(crate) fn heard_first(&self) -> Vec<u8> {
        self.seen.as_ref().map_or_else(Vec::new, |seen| seen.first())
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
        let step = Step::decided(verdict, now - self.step_began, now - self.shared.began);
        self.step_began = now;
        let mut findings = self.findings();
        findings.steps.push(step);
        findings.steps.len() - 1
    }

    fn report_dead_addresses(&mut self) {
        for attempt in self.race.as_mut().map(|race| race.dead()).unwrap_or_default() {
            let why = self.assignment.redactor.tell(&attempt.fault.message);
            self.fact("dead_address", json!({"address": attempt.address.to_string(), "why": why, "elapsed_seconds": attempt.elapsed.as_secs_f64()}));
            self.warn_of_dead_address(attempt.address, &why);
        }
    }

    /// Notes that an address of a name is dead behind one that works; `why` is fit for people.
    pub(crate) fn warn_of_dead_address(&mut self, address: SocketAddr, why: &str) {
        // A host without IPv6 need not hear of it; and `localhost` has two addresses by
        // custom, of which a service may well use one.
        if !address.ip().is_loopback() && net::has_route(address) {
            let result = self.raced_in;
            self.findings().warnings.push(Warning {
                kind: WarningKind::ConnectAddressDead,
                message: format!("another address works, but {why}"),
                result,
            });
        }
    }

    fn note_address(&self, address: SocketAddr) {
        if let Some(timing) = self.findings().phases.last_mut() {
            timing.address = Some(address);
        }
    }

    /// Whether the peer has sent anything on the current layer.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard() > 0
    }

    fn heard(&self) -> u64 {
        self.seen.as_ref().map_or(0, |seen| seen.count())
    }

    fn findings(&self) -> MutexGuard<'_, Findings> {
        self.assignment.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, event: impl FnOnce() -> Event) {
        if let Some(events) = &self.assignment.events {
            // Nobody listens any more when the run was interrupted.
            let _ = events.send(event());
        }
    }
}

/// A time but for a moment, for an attempt that ends before the time is up.
fn nearly(time: Duration) -> Duration {
    const MOMENT: Duration = Duration::from_millis(2);
    time.saturating_sub(MOMENT.min(time / 200))
}
