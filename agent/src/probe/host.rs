//! Whether it is this host: what is looked into when a connection does not come about.
//!
//! Beside the wait, after a second without an answer (half of a timeout below two), and ended with it; what fails at
//! once is looked into then. Docs/is-it-me.md tells what it costs.

use super::Probe;
use super::wait::Waited;
use crate::fault::{Fault, Part, Phase};
use crate::net;
use crate::net::host::{Silence, Way};
use crate::net::{Host, HostKind, Wire};
use crate::shared::Shared;
use serde_json::json;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long nobody may answer before it is looked into, at most; with a short timeout it is half of that.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a look at a peer beside the wait may take.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// What an inquiry leaves of the time, to tell what it has found.
const MARGIN: Duration = Duration::from_millis(15);

/// Where the connections that are being made lead.
#[derive(Debug)]
pub(super) struct Dialled {
    /// The system's first choice.
    first: SocketAddr,
    /// Whose failure is told, where it was another.
    blamed: OnceLock<SocketAddr>,
    /// From where the one that opened comes.
    local: OnceLock<SocketAddr>,
}

impl Dialled {
    /// These are being tried.
    pub(super) fn to(addresses: &[SocketAddr]) -> Option<Arc<Self>> {
        let first = *addresses.first()?;
        Some(Arc::new(Self { first, blamed: OnceLock::new(), local: OnceLock::new() }))
    }

    /// The failure that will be told is this one's.
    pub(super) fn blame(&self, address: SocketAddr) {
        // There is one failure.
        let _ = self.blamed.set(address);
    }

    fn address(&self) -> SocketAddr {
        self.blamed.get().copied().unwrap_or(self.first)
    }
}

/// How long the peer may be silent before it is looked at: what is left of the time is for the look, and for a slow
/// answer.
pub(super) fn patience(left: Duration) -> Duration {
    PATIENCE.min(left / 2)
}

/// Looks into the silence of an address, until then at most; of one of this host's own, there is no way to look at.
pub(super) fn inquire(shared: &Arc<Shared>, address: SocketAddr, until: Instant, inquiry: &mut JoinSet<Silence>) {
    if !Way::to(address).is_local() {
        let shared = Arc::clone(shared);
        // As a task it makes no check larger.
        inquiry.spawn(async move { shared.inquiries.of_silence(address, until - MARGIN).await });
    }
}

impl Probe {
    /// A connection is there.
    pub(super) fn came_from(&self, wire: &Wire) {
        if let (Some(dialled), Some(local)) = (&self.dialled, wire.local_address()) {
            // There is one connection.
            let _ = dialled.local.set(local);
        }
    }

    /// Notes by which way a connection goes that is there, where that is wanted. Of the way to an address there is one.
    pub(super) fn note_way(&self, address: SocketAddr) {
        let Some(way) = self.shared.ways.as_ref().and_then(|ways| ways.to(address)) else { return };
        let mut findings = self.findings();
        if !findings.facts.iter().any(|(key, known)| *key == "route" && known["address"] == way["address"]) {
            findings.facts.push(("route", way));
        }
    }

    /// Notes what a name is here, and who was asked, where that is wanted.
    pub(super) fn note_look_up(&mut self, host: &Host, addresses: Option<&[SocketAddr]>) {
        let HostKind::Name(name) = host.kind() else { return };
        if self.shared.ways.is_none() || name == "localhost" || name.ends_with(".localhost") {
            return;
        }
        let resolvers: Vec<_> = self.resolv_conf().servers.iter().map(|server| server.ip().to_string()).collect();
        let mut look_up = json!({"name": name, "resolvers": resolvers});
        if let Some(addresses) = addresses {
            let mut texts: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
            texts.sort();
            texts.dedup();
            look_up["addresses"] = json!(texts);
        }
        let mut findings = self.findings();
        if !findings.facts.iter().any(|(key, known)| *key == "look_up" && *known == look_up) {
            findings.facts.push(("look_up", look_up));
        }
    }

    /// From where the current connection comes.
    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.dialled.as_ref()?.local.get().copied()
    }

    /// Where the connection leads that does not come about.
    fn dialled_address(&self) -> Option<SocketAddr> {
        self.dialled.as_ref().map(|dialled| dialled.address())
    }

    /// Waits for a connection until the time is up. Beside the wait it is looked into why nobody answers.
    #[expect(clippy::disallowed_methods, reason = "keeps the deadline of a phase")]
    pub(super) async fn in_time_to_connect<T, W>(&self, mut work: Pin<&mut W>) -> Waited<T>
    where
        W: Future<Output = Result<T, Fault>>,
    {
        let until = self.until();
        if self.narrow.is_some() {
            return Waited::for_result(tokio::time::timeout_at(until, work).await.ok());
        }
        if let Ok(result) = tokio::time::timeout_at(Instant::now() + self.patience(), work.as_mut()).await {
            return Waited::for_result(Some(result));
        }
        let mut inquiry = self.inquire(until);
        let result = tokio::time::timeout_at(until, work).await.ok();
        let silence = inquiry.try_join_next().and_then(Result::ok);
        Waited { silence, ..Waited::for_result(result) }
    }

    /// Looks into the silence of the address; ends when this is dropped.
    fn inquire(&self, until: Instant) -> JoinSet<Silence> {
        let mut inquiry = JoinSet::new();
        self.dialled_address().into_iter().for_each(|address| inquire(&self.shared, address, until, &mut inquiry));
        inquiry
    }

    /// Whether this host has its part in a connection that did not come about, with what it knows of the way.
    pub(super) async fn look_at_this_host(&self, phase: Phase, fault: Fault, silence: Option<Silence>) -> Fault {
        let Some(address) = self.dialled_address().filter(|_| phase == Phase::Connect) else { return fault };
        let way = Way::to(address);
        let known = [("route", way.facts()), ("path", silence.as_ref().map(Silence::facts))];
        self.findings().facts.extend(known.into_iter().filter_map(|(key, value)| Some((key, value?))));
        let shared = Arc::clone(&self.shared);
        // Boxed: it is rare, and would make every check that much larger.
        let looking = shared.inquiries.of_failure(fault.clone(), &way, silence.as_ref(), self.expected, self.until());
        let fault = net::within(self.left(), Box::pin(looking)).await.unwrap_or(fault);
        fault.else_concerning(Part::Service, address)
    }
}
