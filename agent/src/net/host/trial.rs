//! Whether it is this host that drops or rejects: own connection requests, held against what the kernel says of
//! each of them and against what the host counts meanwhile.
//!
//! What proves it (Linux 6.18, tried; the rest from its source):
//! - **what is sent is dropped here**: of two requests, none is on its way when it is sent again, after a second
//!   ([`Segments::are_kept_here`]): per connection, whatever else the host sends. Where the time is over before
//!   that, the host's counters (`OutRequests`, `OutTransmits`) in two trials of three and four requests, which take
//!   less than a millisecond each.
//! - **answers are dropped here**: one, three and two requests make this host throw away one, three and two packets, and
//!   none in as long a time before and after (`InReceives`, `InDelivers`; `IPReversePathFilter` says why). What others
//!   send in bursts has not those sizes.
//! - **a reset was made here**: a request that may not get farther than the first router is refused, twice. On a
//!   subnet of this host's own: each of five requests that are refused makes this host keep one packet back, or send
//!   itself one over loopback, and none without a request, in pauses of uneven length.
//!
//! All else is not told, which includes a host whose counters are too busy.

use super::counters::Counters;
use super::segments::Segments;
use super::trail;
use crate::net::clock::within;
use crate::net::connect::{self, begin};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// When a request is sent again (RFC 6298 section 2), and a moment for the kernel's timer.
const SENT_AGAIN: Duration = Duration::from_millis(1060);

/// How long answers are waited for that nobody gets to see.
const ANSWER: Duration = Duration::from_millis(300);

/// How often the counters are looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(4);

/// What this host does to its own connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Culprit {
    /// It drops what it sends.
    Output(Kept),
    /// It drops the answers: so many of as many requests.
    Input { dropped: u64 },
    /// It drops them because they come by another way than it would send to their sender.
    ReversePath { dropped: u64 },
    /// It answers its own requests with a reset.
    Reset { times: usize },
}

/// How it shows that what this host sends is kept here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    /// Two requests could not be sent again; the kernel has counted so many such, where it lets them be read
    /// (`TcpExt:TCPRetransFail`).
    NotSentAgain(Option<u64>),
    /// Seven requests were made and not sent, by the counters.
    Counted,
}

/// What a trial has shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Trial {
    pub(crate) culprit: Option<Culprit>,
    /// The counters do not speak, or not clearly.
    pub(crate) is_unclear: bool,
}

impl Trial {
    const fn proven(culprit: Culprit) -> Self {
        Self { culprit: Some(culprit), is_unclear: false }
    }

    const UNCLEAR: Self = Self { culprit: None, is_unclear: true };
}

/// Looks why nothing answers there. `alone`: trials that read counters do it one at a time.
pub(crate) async fn of_silence(address: SocketAddr, alone: &Mutex<()>, until: Instant) -> Trial {
    let (is_v6, began) = (address.is_ipv6(), Instant::now());
    let before = Counters::now(is_v6);
    let Some(pair) = requests::<2>(address) else { return Trial::default() };
    let sent = Counters::now(is_v6);
    let incoming = match &sent {
        Some(sent) if thrown_away(sent, 2, until).await.is_some() => incoming(address, alone, until).await,
        Some(_) => Trial::default(),
        // Where nothing is counted, what is dropped on its way in cannot be told.
        None => Trial::UNCLEAR,
    };
    if incoming.culprit.is_some() {
        return incoming;
    }
    if began + SENT_AGAIN <= until {
        pause(began + SENT_AGAIN).await;
        let numbers: Vec<_> = pair.iter().filter_map(|request| numbers(request, address)).collect();
        if numbers.len() == pair.len() {
            let failed = Counters::now(is_v6).zip(before).map(|(now, before)| now.not_sent_again(&before));
            let kept_here = numbers.into_iter().all(Segments::are_kept_here);
            return if kept_here { Trial::proven(Culprit::Output(Kept::NotSentAgain(failed))) } else { incoming };
        }
    }
    let suspect = sent.zip(before).and_then(|(sent, before)| sent.kept_back(&before)).is_some_and(|kept| kept >= 2);
    if suspect { outgoing(address, alone).await } else { incoming }
}

/// Looks who refuses there, on a subnet of this host's own or behind a gateway.
pub(crate) async fn of_refusal(address: SocketAddr, is_near: bool, alone: &Mutex<()>, until: Instant) -> Trial {
    // Nearly always it is the other end, and the counters say so at once.
    if refused_here(address, &[0], until).await == Trial::default() {
        return Trial::default();
    }
    if is_near {
        let _alone = alone.lock().await;
        return refused_here(address, &[3, 7, 1, 5, 2], until).await;
    }
    for _ in 0..2 {
        if !trail::refuses_before_the_first_router(address, until).await {
            return Trial::default();
        }
    }
    Trial::proven(Culprit::Reset { times: 2 })
}

/// Whether refusals are made by this host, as its counters have it: one for each of these pauses.
async fn refused_here(address: SocketAddr, pauses: &[u64], until: Instant) -> Trial {
    let mut unclear = false;
    for pause_of in pauses {
        let Some(quiet) = Counters::now(address.is_ipv6()) else { return Trial::default() };
        pause(Instant::now() + Duration::from_millis(*pause_of)).await;
        let Some(before) = Counters::now(address.is_ipv6()) else { return Trial::default() };
        let timeout = ANSWER.min(until.saturating_duration_since(Instant::now()));
        let Some(Err(_)) = within(timeout, connect::address(address)).await else { return Trial::default() };
        let Some(after) = Counters::now(address.is_ipv6()) else { return Trial::default() };
        let made = made_here(&after, &before);
        if made < 1 {
            return Trial::default();
        }
        unclear |= made > 1 || made_here(&before, &quiet) != 0;
    }
    if unclear { Trial::UNCLEAR } else { Trial::proven(Culprit::Reset { times: pauses.len() }) }
}

/// Packets that were kept back, where that is counted whole (not for IPv6, whose resets are not); else those that went
/// from this host to itself.
fn made_here(after: &Counters, before: &Counters) -> i64 {
    match after.kept_back(before) {
        Some(kept) if !after.is_v6() => kept,
        _ => i64::try_from(after.sent_to_itself(before)).unwrap_or(i64::MAX),
    }
}

/// Connection requests that nobody waits for; their end ends them.
fn requests<const N: usize>(address: SocketAddr) -> Option<[TcpStream; N]> {
    let begun: Vec<_> = (0..N).map_while(|_| begin(address).ok()).collect();
    begun.try_into().ok()
}

fn numbers(request: &TcpStream, address: SocketAddr) -> Option<Segments> {
    Segments::of(request.local_addr().ok()?, address)
}

/// How long it took until so many packets were thrown away; `None`: they were not.
async fn thrown_away(before: &Counters, wanted: i64, until: Instant) -> Option<Duration> {
    let began = Instant::now();
    let until = until.min(began + ANSWER);
    loop {
        if Counters::now(before.is_v6())?.thrown_away(before) >= wanted {
            return Some(began.elapsed());
        }
        if Instant::now() + GLANCE >= until {
            return None;
        }
        pause(Instant::now() + GLANCE).await;
    }
}

/// Whether answers are dropped here.
async fn incoming(address: SocketAddr, alone: &Mutex<()>, until: Instant) -> Trial {
    /// How often a round is repeated that others have disturbed.
    const PATIENCE: usize = 2;
    let _alone = alone.lock().await;
    let (mut dropped, mut by_a_wrong_way, mut disturbed) = (0, 0, 0);
    let mut rounds = [1, 3, 2].into_iter().peekable();
    while let Some(size) = rounds.peek() {
        // What was thrown away before was somebody else's.
        let Some(round) = Round::run(address, *size, until).await else { return Trial::default() };
        if round.is_clear {
            (dropped, by_a_wrong_way) = (dropped + size, by_a_wrong_way + round.by_a_wrong_way);
            rounds.next();
        } else if disturbed < PATIENCE {
            disturbed += 1;
        } else {
            return Trial::UNCLEAR;
        }
    }
    let reverse_path = by_a_wrong_way >= dropped;
    Trial::proven(if reverse_path { Culprit::ReversePath { dropped } } else { Culprit::Input { dropped } })
}

/// One round of requests whose answers may be thrown away.
struct Round {
    /// So many were as were asked for, and none in as long a time before and after.
    is_clear: bool,
    by_a_wrong_way: u64,
}

impl Round {
    /// `None`: their answers were not thrown away.
    async fn run(address: SocketAddr, size: u64, until: Instant) -> Option<Self> {
        let wanted = i64::try_from(size).ok()?;
        let quiet = Counters::now(address.is_ipv6())?;
        pause(Instant::now() + GLANCE).await;
        let before = Counters::now(address.is_ipv6())?;
        let _requests = (0..size).map(|_| begin(address).ok()).collect::<Option<Vec<_>>>()?;
        let took = thrown_away(&before, wanted, until).await?;
        let after = Counters::now(address.is_ipv6())?;
        pause(Instant::now() + took.max(GLANCE)).await;
        let end = Counters::now(address.is_ipv6())?;
        let is_clear = end.thrown_away(&before) == wanted && before.thrown_away(&quiet) == 0;
        Some(Self { is_clear, by_a_wrong_way: after.by_a_wrong_way(&before) })
    }
}

/// Whether requests are dropped here, by the counters alone.
async fn outgoing(address: SocketAddr, alone: &Mutex<()>) -> Trial {
    let _alone = alone.lock().await;
    let kept_back = [kept_back::<3>(address), kept_back::<4>(address)];
    let all = kept_back.iter().zip([3, 4]).all(|(kept, sent)| kept.is_some_and(|kept| kept == sent));
    if all { Trial::proven(Culprit::Output(Kept::Counted)) } else { Trial::UNCLEAR }
}

/// How many packets this host keeps back while so many requests are made; a request is dropped while it is made.
fn kept_back<const N: usize>(address: SocketAddr) -> Option<i64> {
    let before = Counters::now(address.is_ipv6())?;
    let _requests = requests::<N>(address)?;
    Counters::now(address.is_ipv6())?.kept_back(&before)
}

async fn pause(until: Instant) {
    tokio::time::sleep_until(until).await;
}
