//! This host's own part in a connection that failed: its routes, links and neighbours, its firewall, its tables; and
//! where beyond it a connection request dies.
//!
//! Nothing of this runs while all is well. All of it works without a privilege; what a kernel or a container does not
//! tell stays unknown, and "cannot be told" is an answer. One file per source has its limits in its head;
//! docs/is-it-me.md has them in a table.

mod blame;
pub(crate) mod clock;
mod confinement;
mod counters;
mod link;
mod listeners;
mod neighbour;
mod netlink;
mod program;
mod route;
mod ruleset;
mod segments;
mod tables;
mod trail;
mod trial;
mod unit;
mod ways;

pub(super) use blame::{missing_rule, of_broadcast, of_ports};
pub(super) use confinement::{of_denial, of_family};
pub(crate) use trail::{Hop, Trail};
pub(crate) use ways::Ways;

use crate::fault::{Cause, Fault};
use crate::net::zone::{shown, zone};
use crate::secret::{Sentence, sentence, theirs};
use crate::services::Service;
pub(crate) use segments::{Direction, Segments};

use link::Link;
use listeners::Listeners;
use netlink::Kernel;
use nix::errno::Errno;
use nix::sys::socket::SockProtocol;
use route::Route;
use ruleset::Ruleset;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use trial::Trial;
use unit::Units;

/// How this host sends to an address.
#[derive(Debug)]
pub(crate) struct Way {
    address: SocketAddr,
    route: Result<Route, Errno>,
    link: Option<Link>,
    /// Whoever has to take the packets first was asked for and has not answered.
    next_hop_is_silent: bool,
}

impl Way {
    /// As its tables are now. No packet is sent.
    pub(crate) fn to(address: SocketAddr) -> Self {
        let way = match Kernel::of(SockProtocol::NetlinkRoute) {
            Ok(mut kernel) => Self::told_by(&mut kernel, address, |kernel, index| Link::told_by(kernel, index).ok()),
            Err(errno) => Self { address, route: Err(errno), link: None, next_hop_is_silent: false },
        };
        let is_silent = |route: &Route| neighbour::is_silent(route.next_hop(address), route.interface);
        let next_hop_is_silent = way.route.as_ref().is_ok_and(is_silent);
        Self { next_hop_is_silent, ..way }
    }

    /// The same, asked over this line, without whether the next hop answers; `link` finds the interface of a number.
    fn told_by(kernel: &mut Kernel, address: SocketAddr, link: impl FnOnce(&mut Kernel, u32) -> Option<Link>) -> Self {
        let route = Route::told_by(kernel, address);
        let link = route.as_ref().ok().and_then(|route| link(kernel, route.interface));
        Self { address, route, link, next_hop_is_silent: false }
    }

    /// Whether the address is one of this host's own.
    pub(crate) fn is_local(&self) -> bool {
        self.route.as_ref().is_ok_and(|route| route.is_local)
    }

    /// Whether it is that of all hosts of a network, to which one that names a single one does not send.
    pub(crate) fn is_broadcast(&self) -> bool {
        let is_limited = matches!(self.address.ip(), IpAddr::V4(ip) if ip.is_broadcast());
        is_limited || self.route.as_ref().is_ok_and(|route| route.is_broadcast)
    }

    /// Whether there is no router between.
    fn is_near(&self) -> bool {
        self.route.as_ref().is_ok_and(|route| route.gateway.is_none())
    }

    /// The address that this host sends from, the name of the interface, and the next router.
    pub(crate) fn parts(&self) -> Option<(Option<IpAddr>, &str, Option<IpAddr>)> {
        let route = self.route.as_ref().ok()?;
        Some((route.source, &self.link.as_ref()?.name, route.gateway))
    }

    /// The command that shows it; an address of one link is asked for on that link.
    pub(crate) fn shown_by(&self) -> Sentence {
        let interface = zone(self.address).map(|zone| sentence![" oif ", theirs(&zone)]).unwrap_or_default();
        sentence!["`ip route get ", self.address.ip(), interface, "`"]
    }

    /// The largest packet that this host sends there, in bytes.
    pub(crate) fn mtu(&self) -> Option<u32> {
        let of_route = self.route.as_ref().ok().and_then(|route| route.mtu);
        of_route.or_else(|| self.link.as_ref().map(|link| link.mtu))
    }

    /// What it is, for programs: source address, interface, gateway, table.
    pub(crate) fn facts(&self) -> Option<Value> {
        let route = self.route.as_ref().ok()?;
        let text = |address: IpAddr| address.to_string();
        Some(json!({
            "address": shown(self.address),
            "source": route.source.map(text),
            "interface": self.link.as_ref().map(|link| &link.name),
            "gateway": route.gateway.map(text),
            "table": route.table,
            "mtu": self.mtu(),
        }))
    }
}

/// Why an address may not have answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Silence {
    trial: Trial,
    trail: Trail,
}

/// What was looked into in a run: each address once, and what reads counters one at a time.
#[derive(Debug, Default)]
pub(crate) struct Inquiries {
    alone: tokio::sync::Mutex<()>,
    silences: Mutex<HashMap<SocketAddr, Arc<OnceCell<Silence>>>>,
    listeners: OnceLock<Listeners>,
    refusals: Mutex<HashMap<SocketAddr, Arc<OnceCell<Trial>>>>,
    ruleset: Ruleset,
    units: Units,
}

impl Inquiries {
    /// Looks into an address that does not answer, until then.
    pub(crate) async fn of_silence(&self, address: SocketAddr, until: Instant) -> Silence {
        let cell = cell(&self.silences, address);
        let look = || async {
            let trial = async {
                let trial = trial::of_silence(address, &self.alone, until).await;
                if trial.culprit.is_some() {
                    self.read_what_denies(until).await;
                }
                trial
            };
            let (trial, trail) = tokio::join!(trial, Trail::to(address, until));
            Silence { trial, trail }
        };
        cell.get_or_init(look).await.clone()
    }

    /// Looks into a connection that has failed: whose fault it is as far as it can be told, with that fault's name.
    /// `expected`: what should listen there.
    pub(crate) async fn of_failure(
        &self,
        fault: Fault,
        way: &Way,
        silence: Option<&Silence>,
        expected: Option<&'static Service>,
        until: Instant,
    ) -> Fault {
        let fault = blame::the_way(fault, way);
        let mut culprit = silence.and_then(|silence| silence.trial.culprit);
        let fault = match fault.cause {
            Cause::Refused if way.is_local() => {
                // A moment later there may be others: the failure is told of the first look.
                blame::the_listeners(fault, way.address, self.listeners.get_or_init(Listeners::now), expected)
            }
            Cause::Refused => {
                let cell = cell(&self.refusals, way.address);
                let look = || trial::of_refusal(way.address, way.is_near(), &self.alone, until);
                let trial = *cell.get_or_init(look).await;
                culprit = trial.culprit;
                blame::the_refusal(blame::the_host(fault, way, &trial), way)
            }
            Cause::Timeout if way.is_local() => blame::the_queue(fault, way.address, &Listeners::now()),
            Cause::Timeout => match silence {
                Some(silence) => blame::the_path(blame::the_host(fault, way, &silence.trial), way, &silence.trail),
                None => fault,
            },
            _ => fault,
        };
        // Of an address of all hosts, the kernel's no has nothing to do with a firewall.
        if fault.cause != Cause::DeniedLocally || way.is_broadcast() {
            return fault;
        }
        self.read_what_denies(until).await;
        let named = self.units.blame(&fault, way, culprit);
        named.unwrap_or_else(|| self.ruleset.blame(fault, way, culprit))
    }

    /// Reads who may deny a connection on this host, where that is proven. Once in a run, and while there is time.
    async fn read_what_denies(&self, until: Instant) {
        tokio::join!(self.ruleset.read(until), self.units.read(until));
    }
}

/// What an address has in a table, made when it is asked for first.
fn cell<T>(table: &Mutex<HashMap<SocketAddr, Arc<OnceCell<T>>>>, address: SocketAddr) -> Arc<OnceCell<T>> {
    let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(table.entry(address).or_default())
}

impl Silence {
    /// The way to the address, as far as it is known.
    pub(crate) const fn trail(&self) -> &Trail {
        &self.trail
    }

    /// The way to the address, for programs.
    pub(crate) fn facts(&self) -> Value {
        self.trail.facts()
    }
}
