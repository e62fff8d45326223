//! A path that loses large packets and does not say so (RFC 2923 section 2.1): everything opens, and nothing answers.
//!
//! When an answer stays away for a second, the check is begun once more beside the wait, over a connection with
//! segments of 536 bytes (`TCP_MAXSEG`, tcp(7)), and left as soon as it gets past the step that is waited for. If it
//! does, up to four more connections find the size that still passes; one of them has to fail as the first did. What
//! may not be asked twice (a mail, a POST, a statement of the user's) is not: there the kernel's own numbers of the
//! connection decide, and the size is not looked for.

use super::peek::Peer;
use super::{Assignment, Findings, Probe};
use crate::fault::{Cause, Fault, Phase};
use crate::net::{self, host};
use crate::secret::{Sentence, sentence};
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
const SIZES: [u16; 17] =
    [1000, 1280, 1320, 1350, 1380, 1400, 1412, 1420, 1440, 1450, 1460, 1476, 1492, 1500, 4000, 8000, 8950];

/// How many of them are tried.
const STEPS: usize = 4;

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
}

/// A path that loses large packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hole {
    remote: SocketAddr,
    direction: host::Direction,
    /// The largest packet that passes and the smallest that does not, as far as they were looked for.
    passes: Option<u16>,
    is_lost: Option<u16>,
}

impl Probe {
    /// Looks for a hole while the peer is silent; ends when this is dropped.
    pub(super) fn look_for_hole(&self, phase: Phase) -> JoinSet<Option<Hole>> {
        let mut look = JoinSet::new();
        let (Some(Peer::Address(remote)), Some(local)) = (&self.reached, self.local()) else { return look };
        // A server that counts connections without a login must not see more of them.
        if self.narrow.is_some() || self.counts_strangers() {
            return look;
        }
        let search = Search {
            shared: Arc::clone(&self.shared),
            assignment: self.assignment.clone(),
            local,
            remote: *remote,
            goal: self.findings().phases.len(),
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
    until: Instant,
}

impl Search {
    async fn run(self, phase: Phase) -> Option<Hole> {
        let way = host::Way::to(self.remote);
        let largest = way.mtu().filter(|_| !way.is_local())?;
        if phase != Phase::Tls {
            // Whatever is asked for may take its time: without a sign of loss it is not asked for again.
            let sign = self.sign(self.assignment.asks_once).await?;
            if self.assignment.asks_once {
                let opens = net::connect(self.remote).await.is_ok();
                return opens.then_some(Hole { remote: self.remote, direction: sign, passes: None, is_lost: None });
            }
        }
        let began = Instant::now();
        if !self.gets_past(SMALLEST, self.until).await {
            return None;
        }
        let took = began.elapsed();
        let mut hole = self.size(largest, took).await;
        let numbers = host::Segments::of(self.local, self.remote)?;
        hole.direction = numbers.lost_direction().unwrap_or(host::Direction::From);
        // One that was only slow answers in any size.
        (hole.is_lost.is_some() || numbers.lost_direction().is_some()).then_some(hole)
    }

    /// Finds the largest packet that still passes.
    async fn size(&self, largest: u32, took: Duration) -> Hole {
        let sizes: Vec<_> = SIZES.into_iter().filter(|size| u32::from(*size) < largest).collect();
        let patience = FAILS_AFTER.max(took * TIMES_AS_LONG);
        let (mut low, mut high, mut is_lost) = (0, sizes.len(), None);
        for _ in 0..STEPS {
            // The last step tells the largest of all from none, when nothing was lost so far.
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
        let passes = low.checked_sub(1).map(|at| sizes[at]);
        Hole { remote: self.remote, direction: host::Direction::From, passes, is_lost }
    }

    /// The segment that a packet of this size holds.
    const fn segment(&self, packet: u16) -> u16 {
        packet - if self.remote.is_ipv4() { 40 } else { 60 }
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

    /// Waits for the kernel's numbers to tell of a loss; `certain`: one that has no other reason than size.
    async fn sign(&self, certain: bool) -> Option<host::Direction> {
        loop {
            let numbers = host::Segments::of(self.local, self.remote)?;
            let lost = if certain { numbers.certainly_lost_direction() } else { numbers.lost_direction() };
            if lost.is_some() {
                return lost;
            }
            if let ControlFlow::Break(()) = self.pause().await {
                return None;
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "no phase: beside one, and ended with it")]
    async fn pause(&self) -> ControlFlow<()> {
        const GLANCE: Duration = Duration::from_millis(200);
        if Instant::now() + GLANCE * 2 > self.until {
            return ControlFlow::Break(());
        }
        tokio::time::sleep(GLANCE).await;
        ControlFlow::Continue(())
    }
}

/// Segments that every path takes (RFC 9293 section 3.7.1).
const SMALLEST: u16 = 536;

impl Hole {
    /// The fault that it is, in place of the silence that it causes.
    pub(super) fn fault(self, silence: &Fault) -> Fault {
        let (towards, host) = (self.direction.word(), self.remote.ip());
        let message = match self.passes {
            Some(size) => sentence!["packets of more than ", size, " bytes ", towards, " ", host, " are lost"],
            None => sentence!["large packets ", towards, " ", host, " are lost, and small ones pass"],
        };
        let way = host::Way::to(self.remote);
        let mut seen = silence.evidence.clone().unwrap_or_default();
        seen.push(match (self.passes, self.is_lost) {
            (Some(passes), Some(lost)) => {
                sentence!["; asked again it answers in packets of ", passes, " bytes, not of ", lost]
            }
            (Some(passes), None) => sentence!["; asked again it answers in packets of ", passes, " bytes"],
            (None, Some(lost)) => sentence!["; asked again it answers in packets of 576 bytes, not of ", lost],
            (None, None) if self.direction == host::Direction::From => "; what came has a gap before it".into(),
            (None, None) => "; full segments are sent again, and are not acknowledged".into(),
        });
        seen.push(way.mtu().map_or_else(Sentence::default, |mtu| sentence!["; MTU here ", mtu]));
        let fault = Fault::new(Cause::Mtu, message).evidence(seen).at(Phase::Connect);
        match self.passes {
            Some(size) => fault.next_step(sentence![
                "let ICMP \"fragmentation needed\" pass on the way, or set the MTU of this host's interface or route to ",
                size,
                ": `ip route get ",
                host,
                "` names both"
            ]),
            None => fault,
        }
    }
}
