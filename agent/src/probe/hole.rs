//! A path that loses large packets and does not say so (RFC 2923 section 2.1): everything opens, and nothing answers.
//!
//! When an answer stays away for a second, the check is begun once more beside the wait, over a connection with
//! segments of 536 bytes (`TCP_MAXSEG`, tcp(7)), and goes no further than the step that is waited for. If it gets past
//! that, up to four more connections find the size that still passes; one of them has to fail as the first did. What
//! may not be asked twice (a mail, a POST, a message) is not: there the kernel's own numbers of the connection decide,
//! and the size is not looked for. Where they tell of a loss, and not that it has to do with size, that is said.

use super::peek::Peer;
use super::{Assignment, Findings, Probe};
use crate::fault::{Cause, Fault, Owner, Part, Phase};
use crate::net::{self, host};
use crate::remedy::network;
use crate::secret::{Sentence, sentence};
use crate::services;
use crate::shared::Shared;
use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The sizes of packets that are tried, in bytes: what tunnels and providers leave of 1500, and of more.
///
/// As many up to 1500 as [`STEPS`] connections tell apart.
const SIZES: [u16; 18] =
    [680, 800, 1000, 1280, 1320, 1350, 1380, 1400, 1420, 1440, 1450, 1460, 1476, 1492, 1500, 4000, 8000, 8950];

/// How many of them are tried.
const STEPS: usize = 4;

/// So many connections a look for a hole makes at most: one in small segments, and those for the sizes.
pub(super) const MOST: u64 = 1 + STEPS as u64;

/// How long an answer is waited for, that came in so much time in small segments.
const FAILS_AFTER: Duration = Duration::from_millis(150);
const TIMES_AS_LONG: u32 = 6;

/// Performs a check of the plan with another probe.
#[derive(Clone)]
pub(crate) struct Again(Arc<dyn Fn(usize, Probe) -> Performance + Send + Sync>);

type Performance = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Again {
    pub(crate) fn new(perform: impl Fn(usize, Probe) -> Performance + Send + Sync + 'static) -> Self {
        Self(Arc::new(perform))
    }
}

impl fmt::Debug for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Again")
    }
}

/// How a probe does once more, with small segments, what another waits for.
#[derive(Clone, Debug)]
pub(super) struct Narrow {
    /// The address that the other has reached, and the largest segment.
    address: SocketAddr,
    segment: u16,
    /// The phase that the other waits in, counted from 0.
    goal: usize,
    got_past_it: Arc<AtomicBool>,
}

impl Narrow {
    /// A connection as this one wants it, to one of these addresses.
    pub(super) async fn connect(&self, addresses: &[SocketAddr]) -> Result<(tokio::net::TcpStream, SocketAddr), Fault> {
        let none = || Fault::new(Cause::NoAddress, "there is no address");
        let same = addresses.iter().find(|address| **address == self.address).or_else(|| addresses.first());
        let address = *same.ok_or_else(none)?;
        Ok((net::connect_in_segments(address, self.segment).await?, address))
    }

    /// A phase has ended: the one that is waited for was answered, unless in silence too.
    pub(super) fn note<T>(&self, phase: usize, result: Option<&Result<T, Fault>>) {
        let answered = match result {
            Some(Ok(_)) => true,
            Some(Err(fault)) => !matches!(fault.cause, Cause::Closed | Cause::Reset | Cause::Timeout | Cause::Silent),
            None => false,
        };
        if answered && phase >= self.goal {
            self.got_past_it.store(true, Ordering::Relaxed);
        }
    }

    /// It has got past what is waited for, and must not go on: what comes next may be a request.
    pub(super) fn is_done(&self) -> bool {
        self.got_past_it.load(Ordering::Relaxed)
    }
}

/// What comes of a look for a hole.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    /// Large packets are lost.
    Large(Hole),
    /// What this host sends is not acknowledged, and it cannot be told whether that has to do with size.
    Any(SocketAddr),
}

/// A path that loses large packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hole {
    remote: SocketAddr,
    direction: host::Direction,
    /// Where they were looked for.
    sizes: Option<Sizes>,
}

/// What is known of the sizes of packets, in bytes.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// The largest that passes, and the smallest that does not.
    passes: u16,
    lost: u16,
    /// Nothing was left to try between them, of what is tried at all.
    is_found: bool,
}

impl Probe {
    /// Looks for a hole while the peer is silent; ends when this is dropped.
    pub(super) fn look_for_hole(&self, phase: Phase) -> JoinSet<Option<Loss>> {
        let mut look = JoinSet::new();
        let (Some(Peer::Address(remote)), Some(local)) = (&self.reached, self.local()) else { return look };
        // A server that counts connections without a login must not see more of them.
        if self.narrow.is_some() || self.counts_strangers() {
            return look;
        }
        let (goal, has_asked) = {
            let phases = &self.findings().phases;
            (phases.len(), phases.iter().any(|timing| timing.phase > Phase::Tls))
        };
        let search = Search {
            shared: Arc::clone(&self.shared),
            assignment: self.assignment.clone(),
            local,
            remote: *remote,
            goal,
            // An answer of large packets alone leaves no sign; such a question is free.
            may_ask_unasked: phase == Phase::Tls || self.expected == Some(&services::HTTP),
            has_asked,
            until: self.until(),
        };
        look.spawn(search.run(phase));
        look
    }
}

/// A look for a hole in the path of one connection.
struct Search {
    shared: Arc<Shared>,
    assignment: Assignment,
    local: SocketAddr,
    remote: SocketAddr,
    goal: usize,
    /// Without a sign of a loss, too.
    may_ask_unasked: bool,
    /// The check has got past TLS once: to begin it again is to ask again.
    has_asked: bool,
    until: Instant,
}

impl Search {
    async fn run(self, phase: Phase) -> Option<Loss> {
        let way = host::Way::to(self.remote);
        let largest = u16::try_from(way.mtu().filter(|_| !way.is_local())?).unwrap_or(u16::MAX);
        if self.assignment.asks_once && (phase > Phase::Tls || self.has_asked) {
            return self.by_numbers().await;
        }
        let signed = phase == Phase::Tls || self.sign().await.is_some();
        if !signed && !self.may_ask_unasked {
            return None;
        }
        let began = Instant::now();
        let sizes =
            if self.gets_past(SMALLEST, self.until).await { self.sizes(largest, began.elapsed()).await } else { None };
        let lost = host::Segments::of(self.local, self.remote)?.lost_direction();
        match (sizes, lost) {
            (Some(sizes), lost) => {
                let direction = lost.unwrap_or(host::Direction::From);
                Some(Loss::Large(Hole { remote: self.remote, direction, sizes: Some(sizes) }))
            }
            // One that was only slow answers in any size.
            (None, Some(host::Direction::Towards)) => Some(Loss::Any(self.remote)),
            (None, _) => None,
        }
    }

    /// Finds the largest packet that still passes, and the smallest that does not; none is lost without one that is.
    async fn sizes(&self, largest: u16, took: Duration) -> Option<Sizes> {
        let smaller = SIZES.into_iter().filter(|size| *size < largest);
        let sizes: Vec<_> = smaller.chain([largest]).collect();
        let patience = FAILS_AFTER.max(took * TIMES_AS_LONG);
        let (mut low, mut high, mut is_lost) = (0, sizes.len(), None);
        for _ in 0..STEPS {
            if low == high || Instant::now() + patience > self.until {
                break;
            }
            let middle = low + (high - low) / 2;
            if self.gets_past(self.segment(sizes[middle]), Instant::now() + patience).await {
                low = middle + 1;
            } else {
                (high, is_lost) = (middle, Some(sizes[middle]));
            }
        }
        let passes = low.checked_sub(1).map_or(SMALLEST + self.head(), |at| sizes[at]);
        Some(Sizes { passes, lost: is_lost?, is_found: low == high })
    }

    /// The segment that a packet of this size holds.
    const fn segment(&self, packet: u16) -> u16 {
        packet - self.head()
    }

    /// What a packet holds beside its segment: the headers of IP and TCP.
    const fn head(&self) -> u16 {
        if self.remote.is_ipv4() { 40 } else { 60 }
    }

    /// Whether the check gets past what is waited for, in such segments and in that time.
    async fn gets_past(&self, segment: u16, until: Instant) -> bool {
        let Some(again) = self.assignment.again.clone() else { return false };
        let got_past_it = Arc::new(AtomicBool::new(false));
        let narrow = Narrow { address: self.remote, segment, goal: self.goal, got_past_it: Arc::clone(&got_past_it) };
        let findings = Arc::new(Mutex::new(Findings::new(self.assignment.results)));
        let assignment = Assignment { findings, events: None, again: None, ..self.assignment.clone() };
        let entry = assignment.entry;
        let mut probe = Probe::new(Arc::clone(&self.shared), assignment);
        probe.narrow = Some(Box::new(narrow));
        let mut performance = again.0(entry, probe);
        let left = until.min(self.until).saturating_duration_since(Instant::now());
        let until_past = poll_fn(|context| {
            let has_ended = performance.as_mut().poll(context).is_ready();
            let has_got_past = got_past_it.load(Ordering::Relaxed);
            if has_ended || has_got_past { Poll::Ready(has_got_past) } else { Poll::Pending }
        });
        net::within(left, until_past).await.unwrap_or(false)
    }

    /// By the kernel's numbers alone.
    async fn by_numbers(&self) -> Option<Loss> {
        loop {
            let numbers = host::Segments::of(self.local, self.remote)?;
            if let Some(direction) = numbers.direction_of_large() {
                return Some(Loss::Large(Hole { remote: self.remote, direction, sizes: None }));
            }
            if self.pause(self.until).await.is_break() {
                let lost = numbers.lost_direction();
                return (lost == Some(host::Direction::Towards)).then_some(Loss::Any(self.remote));
            }
        }
    }

    /// Waits for the kernel's numbers to tell of a loss; where one may be asked for without it, for half of the time.
    async fn sign(&self) -> Option<host::Direction> {
        let left = self.until.saturating_duration_since(Instant::now());
        let until = if self.may_ask_unasked { Instant::now() + left / 3 } else { self.until };
        loop {
            let lost = host::Segments::of(self.local, self.remote)?.lost_direction();
            if lost.is_some() || self.pause(until).await.is_break() {
                return lost;
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "no phase: beside one, and ended with it")]
    async fn pause(&self, until: Instant) -> ControlFlow<()> {
        const GLANCE: Duration = Duration::from_millis(200);
        if Instant::now() + GLANCE + GLANCE / 4 > until {
            return ControlFlow::Break(());
        }
        tokio::time::sleep(GLANCE).await;
        ControlFlow::Continue(())
    }
}

/// Segments that every path takes (RFC 9293 section 3.7.1).
const SMALLEST: u16 = 536;

impl Loss {
    /// The fault that it is, in place of the silence that it causes.
    pub(super) fn fault(self, silence: Fault) -> Fault {
        match self {
            Self::Large(hole) => hole.fault(&silence),
            Self::Any(remote) => silence
                .owner(Owner::Network)
                .with_evidence(sentence!["what this host sends to ", remote, " is not acknowledged, whatever the service does"])
                .next_step(
                    "look for a firewall or balancer on the way that has given up this connection, and for packets that \
                     are too large for the way: which of both cannot be told without asking again",
                ),
        }
    }
}

impl Hole {
    fn fault(self, silence: &Fault) -> Fault {
        let (towards, host) = (self.direction.word(), self.remote.ip());
        let message = match self.sizes {
            Some(Sizes { passes, is_found: true, .. }) => {
                sentence!["packets of more than ", passes, " bytes ", towards, " ", host, " are lost"]
            }
            Some(Sizes { passes, lost, .. }) => {
                sentence![
                    "packets of ",
                    lost,
                    " bytes ",
                    towards,
                    " ",
                    host,
                    " are lost, and those of ",
                    passes,
                    " pass"
                ]
            }
            None => sentence!["large packets ", towards, " ", host, " are lost, and small ones pass"],
        };
        let way = host::Way::to(self.remote);
        let mut seen = silence.evidence.clone().unwrap_or_default();
        seen.push(match self.sizes {
            Some(Sizes { passes, lost, .. }) => {
                sentence!["; asked again it answers in packets of ", passes, " bytes, not of ", lost]
            }
            None if self.direction == host::Direction::From => "; what came has a gap before it".into(),
            None => "; full segments are sent again without an acknowledgement, a small one behind them has one".into(),
        });
        seen.push(way.mtu().map_or_else(Sentence::default, |mtu| sentence!["; MTU here ", mtu]));
        let fault =
            Fault::new(Cause::Mtu, message).evidence(seen).at(Phase::Connect).concerning(Part::Host, self.remote.ip());
        match self.sizes {
            Some(Sizes { passes, lost, is_found }) => fault.next_step(sentence![
                "let ICMP \"fragmentation needed\" pass on the way, or set the MTU of this host's interface or route to ",
                if is_found { sentence![passes] } else { sentence!["what passes, ", passes, " or more and less than ", lost] },
                ": ",
                way.shown_by(),
                " names both"
            ])
            .remedy(way.parts().and_then(|(_, link, gateway)| network::send_smaller(host, gateway, link, passes.into()))),
            None => fault,
        }
    }
}
