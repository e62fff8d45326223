//! Whether it is this host that drops or rejects: own connection requests, held against what the kernel says of
//! each of them and against what the host counts meanwhile.
//!
//! What proves it (Linux 6.18, tried; the rest from its source):
//! - **what is sent is dropped here**: of two requests, none is on its way when it is sent again, after a second
//!   ([`Segments::are_kept_here`]): per connection, whatever else the host sends. Where the time is over before
//!   that, the host's counters (`OutRequests`, `OutTransmits`) in two trials of three and four requests, which take
//!   less than a millisecond each.
//! - **answers are dropped here**: as many packets as were sent are thrown away, soon after, twice, and none in as
//!   long a time without a request (`InReceives`, `InDelivers`; `IPReversePathFilter` says why).
//! - **a reset was made here**: a request that may not get farther than the first router is refused, twice. On a
//!   subnet of this host's own: each of four requests that are refused makes this host keep a packet back, or send
//!   itself one over loopback, and none without a request.
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
    /// It drops what it sends. So often the kernel could not send again (`TcpExt:TCPRetransFail`), when that was seen.
    Output { failed: Option<u64> },
    /// It drops the answers: so many of as many requests.
    Input { dropped: u64 },
    /// It drops them because they come by another way than it would send to their sender.
    ReversePath { dropped: u64 },
    /// It answers its own requests with a reset.
    Reset { times: u64 },
}

/// What a trial has shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Trial {
    pub(crate) culprit: Option<Culprit>,
    /// The counters spoke, but not clearly.
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
    let Some(before) = Counters::now(address.is_ipv6()) else { return Trial::default() };
    let began = Instant::now();
    let Some(pair) = requests::<2>(address) else { return Trial::default() };
    let Some(sent) = Counters::now(address.is_ipv6()) else { return Trial::default() };
    let incoming = match thrown_away(&sent, 2, until).await {
        Some(_) => incoming(address, alone, until).await,
        None => Trial::default(),
    };
    if incoming.culprit.is_some() {
        return incoming;
    }
    if began + SENT_AGAIN <= until {
        pause(began + SENT_AGAIN).await;
        let numbers: Vec<_> = pair.iter().filter_map(|request| numbers(request, address)).collect();
        if numbers.len() == pair.len() {
            let failed = Counters::now(address.is_ipv6()).map(|now| now.not_sent_again(&before));
            let kept_here = numbers.into_iter().all(Segments::are_kept_here);
            return if kept_here { Trial::proven(Culprit::Output { failed }) } else { incoming };
        }
    }
    let suspect = sent.kept_back(&before).is_some_and(|kept| kept >= 2);
    if suspect { outgoing(address, alone).await } else { incoming }
}

/// Looks who refuses there, on a subnet of this host's own or behind a gateway.
pub(crate) async fn of_refusal(address: SocketAddr, is_near: bool, alone: &Mutex<()>, until: Instant) -> Trial {
    // Nearly always it is the other end, and the counters say so at once.
    if refused_here(address, 1, until).await == Trial::default() {
        return Trial::default();
    }
    if is_near {
        let _alone = alone.lock().await;
        return refused_here(address, 4, until).await;
    }
    for _ in 0..2 {
        if !trail::refuses_before_the_first_router(address, until).await {
            return Trial::default();
        }
    }
    Trial::proven(Culprit::Reset { times: 2 })
}

/// Whether so many refusals are made by this host, as its counters have it.
async fn refused_here(address: SocketAddr, times: u64, until: Instant) -> Trial {
    let mut unclear = false;
    for _ in 0..times {
        let (Some(quiet), Some(before)) = (Counters::now(address.is_ipv6()), Counters::now(address.is_ipv6())) else {
            return Trial::default();
        };
        let timeout = ANSWER.min(until.saturating_duration_since(Instant::now()));
        let Some(Err(_)) = within(timeout, connect::address(address)).await else { return Trial::default() };
        let Some(after) = Counters::now(address.is_ipv6()) else { return Trial::default() };
        if !made_here(&after, &before) {
            return Trial::default();
        }
        unclear |= made_here(&before, &quiet);
    }
    if unclear { Trial::UNCLEAR } else { Trial::proven(Culprit::Reset { times }) }
}

/// A packet was kept back, where that is counted whole (not for IPv6, whose resets are not); else one went from this
/// host to itself.
fn made_here(after: &Counters, before: &Counters) -> bool {
    match after.kept_back(before) {
        Some(kept) if !after.is_v6() => kept >= 1,
        _ => after.sent_to_itself(before) >= 1,
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

/// Whether answers are dropped here: two rounds have to show it, of four.
async fn incoming(address: SocketAddr, alone: &Mutex<()>, until: Instant) -> Trial {
    const ENOUGH: u64 = 2;
    let _alone = alone.lock().await;
    let (mut rounds, mut dropped, mut by_a_wrong_way) = (0, 0, 0);
    for _ in 0..4 {
        // What was thrown away before was somebody else's.
        let Some(round) = Round::run::<3>(address, until).await else { return Trial::default() };
        if !round.is_clear {
            continue;
        }
        (rounds, dropped, by_a_wrong_way) = (rounds + 1, dropped + 3, by_a_wrong_way + round.by_a_wrong_way);
        if rounds == ENOUGH {
            let culprit =
                if by_a_wrong_way >= dropped { Culprit::ReversePath { dropped } } else { Culprit::Input { dropped } };
            return Trial::proven(culprit);
        }
    }
    Trial::UNCLEAR
}

/// One round of requests whose answers may be thrown away.
struct Round {
    /// None was thrown away in as long a time without a request.
    is_clear: bool,
    by_a_wrong_way: u64,
}

impl Round {
    /// `None`: their answers were not thrown away.
    async fn run<const N: usize>(address: SocketAddr, until: Instant) -> Option<Self> {
        let before = Counters::now(address.is_ipv6())?;
        let _requests = requests::<N>(address)?;
        let took = thrown_away(&before, i64::try_from(N).ok()?, until).await?;
        let quiet = Counters::now(address.is_ipv6())?;
        pause(Instant::now() + took.max(GLANCE)).await;
        let is_clear = Counters::now(address.is_ipv6())?.thrown_away(&quiet) == 0;
        Some(Self { is_clear, by_a_wrong_way: quiet.by_a_wrong_way(&before) })
    }
}

/// Whether requests are dropped here, by the counters alone.
async fn outgoing(address: SocketAddr, alone: &Mutex<()>) -> Trial {
    let _alone = alone.lock().await;
    let kept_back = [kept_back::<3>(address), kept_back::<4>(address)];
    let all = kept_back.iter().zip([3, 4]).all(|(kept, sent)| kept.is_some_and(|kept| kept == sent));
    if all { Trial::proven(Culprit::Output { failed: None }) } else { Trial::UNCLEAR }
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
