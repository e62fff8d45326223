//! `conn-check trace`: the way to each place that a check connects to, at any time.

use super::Options;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::host::{Hop, Trail, Way};
use crate::net::{self, Endpoint, Transport};
use crate::plan::Plan;
use crate::secret::{Redactor, sentence};
use crate::select::Selection;
use crate::shared::Shared;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long a connection is waited for.
const OPENS: Duration = Duration::from_secs(1);

/// What following a way may take, to an address that answers, and to one that does not.
const FOLLOWED: Duration = Duration::from_secs(6);
const SILENT: Duration = Duration::from_millis(2500);

/// So many ways at once: routers answer only so many questions.
const AT_ONCE: usize = 4;

/// The ways of one place that a check connects to.
#[derive(Debug)]
pub struct Traced {
    /// The check's place in the plan, counted from 0.
    pub entry: usize,
    /// `HOST:PORT`.
    pub place: String,
    /// One for each of its addresses; or why it has none.
    pub ways: Result<Vec<Followed>, Failure>,
}

/// The way to one address.
#[derive(Debug)]
pub struct Followed {
    /// Where it leads.
    pub address: SocketAddr,
    /// How this host sends there, unless it does not.
    pub by: Option<By>,
    /// The routers that answered: how far away, which, after how long.
    pub routers: Vec<(u8, IpAddr, Duration)>,
    /// How far away the address itself is, where it answered.
    pub distance: Option<u8>,
    /// How long a connection took; or why there is none.
    pub opened: Result<Duration, Failure>,
}

/// How this host sends to an address.
#[derive(Debug)]
pub struct By {
    /// Its own address.
    pub source: Option<IpAddr>,
    /// The name of its interface.
    pub interface: String,
    /// The next router; none on a subnet of its own.
    pub gateway: Option<IpAddr>,
    /// The largest packet, in bytes.
    pub mtu: Option<u32>,
}

/// Follows the way to every place that the selected checks connect to over TCP, each once.
pub async fn trace(plan: &Plan, selection: &Selection, options: &Options) -> Vec<Traced> {
    let shared = Arc::new(options.shared());
    let (at_once, mut following) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    let mut known = HashSet::new();
    for entry in selection.entries() {
        let check = &plan.entries[entry];
        let places = check.endpoints(&shared.resolver.resolv_conf().servers);
        let places = places.into_iter().filter(|place| place.transport == Transport::Tcp);
        for place in places.filter(|place| known.insert(place.to_string())) {
            let (shared, at_once, redactor) = (Arc::clone(&shared), Arc::clone(&at_once), check.redactor.clone());
            following.spawn(async move {
                let _turn = at_once.acquire().await;
                Traced { entry, place: place.to_string(), ways: ways(&shared, &place, &redactor).await }
            });
        }
    }
    let mut traced = following.join_all().await;
    traced.sort_by(|one, other| (one.entry, &one.place).cmp(&(other.entry, &other.place)));
    traced
}

async fn ways(shared: &Shared, place: &Endpoint, redactor: &Redactor) -> Result<Vec<Followed>, Failure> {
    let resolved = shared.resolver.resolve(&place.host, place.port.get()).await;
    let resolved = resolved.map_err(|fault| fault.in_phase(Phase::Resolve, redactor))?;
    let mut ways = Vec::new();
    for address in resolved.addresses {
        ways.push(follow(shared, address, redactor).await);
    }
    Ok(ways)
}

async fn follow(shared: &Shared, address: SocketAddr, redactor: &Redactor) -> Followed {
    let way = Way::to(address);
    let by = way.parts().map(|(source, interface, gateway)| By {
        source,
        interface: interface.to_owned(),
        gateway,
        mtu: way.mtu(),
    });
    let began = Instant::now();
    let (trail, opened) = match net::within(OPENS, net::connect(address)).await {
        Some(Ok(stream)) => {
            let elapsed = began.elapsed();
            drop(stream);
            (Trail::along(address, Instant::now() + FOLLOWED).await, Ok(elapsed))
        }
        Some(Err(fault)) => {
            let answered = fault.cause == Cause::Refused;
            let until = Instant::now() + FOLLOWED;
            let trail = if answered { Trail::along(address, until).await } else { Trail::default() };
            (trail, Err(shared.inquiries.of_failure(fault, &way, None, None, until).await))
        }
        None => {
            let until = Instant::now() + SILENT;
            let silence = shared.inquiries.of_silence(address, until).await;
            let fault = Fault::new(Cause::Timeout, sentence![address, " does not answer"]);
            let fault = shared.inquiries.of_failure(fault, &Way::to(address), Some(&silence), None, until).await;
            (silence.trail().clone(), Err(fault))
        }
    };
    let router = |hop: &Hop| (hop.distance, hop.router, hop.elapsed);
    Followed {
        address,
        by,
        routers: trail.hops.iter().map(router).collect(),
        distance: trail.target,
        opened: opened.map_err(|fault| fault.in_phase(Phase::Connect, redactor)),
    }
}
