//! What was spoken to when a check failed: where it connected to, for whom, and through which proxy.

use super::Probe;
use super::peek::Peer;
use crate::fault::{Cause, Failure, Fault, Part, Phase};
use crate::net::{Endpoint, nameserver};
use crate::secret::{Sentence, sentence, theirs};
use crate::services::Service;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A proxy, and where it passes a connection on to.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    proxy: Endpoint,
    origin: Endpoint,
    /// Who logs in to the proxy; empty where nobody does.
    user: String,
}

/// The fact that a proxy passed the connection on, or should have.
const PROXY: &str = "proxy";

impl Probe {
    /// From here on the connection is one through a proxy, to which this user logs in.
    pub(crate) fn goes_through(&mut self, proxy: &Endpoint, origin: &Endpoint, user: &str) {
        let passage = Passage { proxy: proxy.clone(), origin: origin.clone(), user: user.to_owned() };
        self.proxy = Some(Box::new(passage));
        let fact: (_, Value) = (PROXY, json!(proxy.to_string()));
        let mut findings = self.findings();
        if !findings.facts.contains(&fact) {
            findings.facts.push(fact);
        }
    }

    /// The fault with what was spoken to, where it does not say better whom it concerns.
    pub(super) fn concerned(&self, phase: Phase, fault: Fault) -> Fault {
        if let Some(passage) = &self.proxy {
            let Passage { proxy, origin, user } = &**passage;
            let fault = match fault.cause {
                Cause::AuthRequired => fault.concerning(Part::Account, theirs(user)),
                _ => fault,
            };
            return fault
                .else_concerning(Part::Proxy, proxy)
                .else_concerning(Part::Service, sentence![origin, " through ", proxy]);
        }
        let by_name = phase >= Phase::Protocol && self.expected.is_some_and(Service::is_over_http);
        let site = self.site.as_ref().filter(|_| by_name);
        match (&self.reached, site) {
            (Some(Peer::Address(address)), Some(site)) => {
                fault.else_concerning(Part::Service, sentence![*address, " (", site, ")"])
            }
            (Some(Peer::Address(address)), None) => fault.else_concerning(Part::Service, *address),
            (Some(Peer::Socket(path)), _) => fault.else_concerning(Part::Service, theirs(&path.display())),
            (None, _) => fault,
        }
    }

    /// A resolver that fails has to do so with what every resolver can answer, too: else it is the zone's fault.
    pub(crate) async fn of_resolver(&self, fault: Fault, server: SocketAddr) -> Fault {
        if fault.cause != Cause::ServFail || self.shared.resolver.resolves(server).await {
            return fault;
        }
        fault.concerning(Part::Resolver, nameserver::list(&[server]))
    }

    /// The failure of a look-up, with what was looked up and with those that were asked for it, unless one of them is
    /// known to work.
    pub(super) fn of_look_up(
        &self,
        failure: Failure,
        name: &Sentence,
        servers: &[SocketAddr],
        is_silent: bool,
    ) -> Failure {
        let failure = match failure.concerned(Part::Name) {
            Some(_) => failure,
            None => failure.concerning(Part::Name, self.tell(name)),
        };
        let works = || servers.iter().any(|server| self.shared.resolver.is_known_to_resolve(*server));
        if !is_silent || servers.is_empty() || works() {
            return failure;
        }
        let mut servers = servers.to_vec();
        servers.sort_unstable();
        failure.concerning(Part::Resolver, self.tell(&nameserver::list(&servers)))
    }
}
