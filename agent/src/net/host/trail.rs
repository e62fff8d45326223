//! Where a connection request dies: requests of a limited way (IP's time to live, IPv6's hop limit), to the very port
//! of the check, and who reports their end (`IP_RECVERR`, `IPV6_RECVERR`: ip(7)). Linux tells any user of it.
//!
//! Only routers that answered are named. Many do not; clouds hide all of theirs. A request to another port, with all
//! of its way, tells a host that is there from one that is not.
//!
//! It costs 20 packets at most, each to be answered within [`PATIENCE`].

use crate::net::clock::within;
use crate::net::connect::{begin, begin_as, icmp};
use nix::sys::socket::{setsockopt, sockopt};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The longest way that is looked at, in two strides.
const STRIDE: u8 = 8;
const LONGEST: u8 = 15;

/// How long a router may think. Under a second: a request must not be sent again.
const PATIENCE: Duration = Duration::from_millis(450);

/// How many hops are asked once more: routers answer only so many questions a second.
const ONCE_MORE: usize = 4;
const ONCE_MORE_OF_ALL: u8 = 4;

/// The ports at which most hosts answer, if only to refuse: SSH, HTTP.
const WELL_KNOWN: [u16; 2] = [22, 80];

/// A router that answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Hop {
    /// How many routers away, counted from 1.
    pub(crate) distance: u8,
    pub(crate) router: IpAddr,
    /// How long its answer took.
    pub(crate) elapsed: Duration,
}

/// What is known of the way to an address.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Trail {
    /// In order; those between them did not answer.
    pub(crate) hops: Vec<Hop>,
    /// How far away the address itself is, when it answered at this port.
    pub(crate) target: Option<u8>,
    /// Another port of the address, and whether anything came from there.
    pub(crate) control: Option<(u16, bool)>,
}

/// What came of one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    Router(IpAddr),
    Target,
    Nothing,
}

impl Trail {
    /// Follows the way to an address, within the time.
    pub(crate) async fn to(address: SocketAddr, until: Instant) -> Self {
        let control = Box::pin(control(address, until));
        let (control, mut trail) = tokio::join!(control, Self::follow(address, until));
        trail.control = Some(control);
        trail
    }

    /// Follows the way to an address that is known to answer: one router after the other, so that no more than one
    /// request reaches it.
    pub(crate) async fn along(address: SocketAddr, until: Instant) -> Self {
        let mut trail = Self::default();
        for distance in 1..=LONGEST {
            trail.stride(address, [distance], until).await;
            if trail.target.is_some() || Instant::now() >= until {
                break;
            }
        }
        trail
    }

    /// The last router that answered.
    pub(crate) fn last(&self) -> Option<Hop> {
        self.hops.last().copied()
    }

    /// The same for programs.
    pub(super) fn facts(&self) -> Value {
        let hops = self.hops.iter();
        json!({
            "hops": hops.map(|hop| json!({"distance": hop.distance, "router": hop.router.to_string()})).collect::<Vec<_>>(),
            "control": self.control.map(|(port, answers)| json!({"port": port, "answers": answers})),
        })
    }

    async fn follow(address: SocketAddr, until: Instant) -> Self {
        let mut trail = Self::default();
        trail.stride(address, 1..=STRIDE, until).await;
        // Behind so many that do not answer there is hardly one that does.
        let goes_on = trail.last().is_some_and(|hop| hop.distance > STRIDE / 2);
        if goes_on && trail.target.is_none() {
            trail.stride(address, STRIDE + 1..=LONGEST, until).await;
        }
        // Nearby ones once more where none has answered at all.
        let asked_again = trail.last().map_or(ONCE_MORE_OF_ALL, |hop| hop.distance);
        let silent: Vec<_> = (1..asked_again)
            .filter(|distance| trail.hops.iter().all(|hop| hop.distance != *distance))
            .take(ONCE_MORE)
            .collect();
        trail.stride(address, silent, until).await;
        trail
    }

    /// Sends a request for each distance at once, and notes who answers.
    async fn stride(&mut self, address: SocketAddr, distances: impl IntoIterator<Item = u8>, until: Instant) {
        let until = until.min(Instant::now() + PATIENCE);
        let mut asked = JoinSet::new();
        for distance in distances {
            asked.spawn(async move {
                let began = Instant::now();
                (distance, ask(address, distance, until).await, began.elapsed())
            });
        }
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((distance, Answer::Router(router), elapsed)) => self.hops.push(Hop { distance, router, elapsed }),
                Ok((distance, Answer::Target, _)) => {
                    self.target = Some(self.target.map_or(distance, |nearest| nearest.min(distance)));
                }
                Ok((_, Answer::Nothing, _)) | Err(_) => {}
            }
        }
        self.hops.sort_by_key(|hop| hop.distance);
    }
}

/// One request that ends after so many routers.
async fn ask(address: SocketAddr, distance: u8, until: Instant) -> Answer {
    let limited = begin_as(address, |socket| match address {
        SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4Ttl, &i32::from(distance)),
        SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6Ttl, &i32::from(distance)),
    });
    match limited {
        Ok(stream) => answer(&stream, address, until).await,
        Err(_) => Answer::Nothing,
    }
}

/// Whether a request is refused that no router would pass on.
pub(super) async fn refuses_before_the_first_router(address: SocketAddr, until: Instant) -> bool {
    ask(address, 1, until.min(Instant::now() + PATIENCE)).await == Answer::Target
}

/// Who answers a request, and be it with a refusal.
async fn answer(stream: &TcpStream, address: SocketAddr, until: Instant) -> Answer {
    let left = until.saturating_duration_since(Instant::now());
    if !matches!(within(left, stream.writable()).await, Some(Ok(()))) {
        return Answer::Nothing;
    }
    match icmp(stream) {
        Some(icmp) if icmp.is_end_of_way() => icmp.sender.map_or(Answer::Nothing, Answer::Router),
        // Somebody on the way refuses: not the end of it.
        Some(icmp) if icmp.sender != Some(address.ip()) => Answer::Nothing,
        // Open, or refused: by the host, or by whoever speaks for it.
        Some(_) | None => Answer::Target,
    }
}

/// Whether another port of the address answers.
async fn control(address: SocketAddr, until: Instant) -> (u16, bool) {
    let port = WELL_KNOWN.into_iter().find(|port| *port != address.port()).unwrap_or_default();
    let mut other = address;
    other.set_port(port);
    let until = until.min(Instant::now() + PATIENCE);
    let answered = match begin(other) {
        Ok(stream) => answer(&stream, address, until).await == Answer::Target,
        Err(_) => false,
    };
    (port, answered)
}
