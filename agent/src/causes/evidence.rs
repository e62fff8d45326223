//! What speaks against a cause that is wider than one failure shows: whatever of it has answered in the same run.

use super::table::{By, Row, Unless};
use crate::concern::Part;
use crate::fault::Failure;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::plan::Entry;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

/// What has answered in a run.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    hosts: HashSet<IpAddr>,
    /// The networks of those: the first 24 or 64 bits.
    networks: HashSet<u64>,
    resolvers: HashSet<String>,
    proxies: HashSet<String>,
    /// Subjects of those whose signature was accepted.
    authorities: HashSet<String>,
    /// How many different narrower things fail at a wider one, up to two; and whether one of those has answered.
    wide: HashMap<(Part, String), Wide>,
}

#[derive(Debug, Default)]
struct Wide {
    first: Option<String>,
    has_several: bool,
    is_answered: bool,
}

impl Evidence {
    /// That of all outcomes of a run.
    pub(super) fn of(outcomes: &[Outcome]) -> Self {
        let mut evidence = Self::default();
        outcomes.iter().for_each(|outcome| evidence.note(outcome));
        for failure in outcomes.iter().filter_map(|outcome| outcome.failure.as_deref()) {
            evidence.note_width(failure);
        }
        evidence
    }

    /// Whether a failure may go by a row, as far as the rest of the run is concerned.
    pub(super) fn allows(&self, row: &Row, failure: &Failure) -> bool {
        let concerned = |part| failure.concerned(part).unwrap_or_default();
        match row.unless {
            Unless::Never => true,
            Unless::ResolverAnswers => !listed(concerned(Part::Resolver)).any(|one| self.resolvers.contains(one)),
            Unless::HostAnswers => !concerned(Part::Host).parse().is_ok_and(|host| self.hosts.contains(&host)),
            Unless::NetworkAnswers => self.is_wide(Part::Router, failure),
            Unless::ProxyPasses => {
                // One that is not even connected to needs no other witness.
                let is_unreached = failure.concerned(Part::Service).is_none_or(|place| !place.contains(THROUGH));
                is_unreached || self.is_wide(Part::Proxy, failure)
            }
            Unless::AuthorityIsTrusted => !self.authorities.contains(bare(concerned(Part::Authority))),
        }
    }

    fn is_wide(&self, part: Part, failure: &Failure) -> bool {
        let place = failure.concerned(part).map(|place| (part, place.to_owned()));
        place.and_then(|place| self.wide.get(&place)).is_some_and(|wide| wide.has_several && !wide.is_answered)
    }

    fn note(&mut self, outcome: &Outcome) {
        let failure = outcome.failure.as_deref();
        let reached = outcome.phases.iter().filter_map(|timing| timing.address);
        reached.for_each(|address| self.note_host(address.ip()));
        // Who refuses is there.
        let refused = failure.filter(|failure| matches!(failure.code.name, "connect.refused" | "connect.reset"));
        let refused = refused.and_then(|failure| failure.concerned(Part::Service)?.parse::<SocketAddr>().ok());
        refused.into_iter().for_each(|address| self.note_host(address.ip()));
        let phase = failure.map(|failure| failure.code.phase);
        let text =
            |wanted: &'static str| outcome.facts.iter().filter(move |(key, _)| *key == wanted).map(|(_, value)| value);
        if phase.is_none_or(|phase| phase != Phase::Resolve) || failure.is_some_and(is_an_answer) {
            // `10.0.0.53:53`, as a list of resolvers would have it.
            let told = text("resolver").filter_map(Value::as_str).filter_map(|server| server.parse().ok());
            self.resolvers.extend(told.map(|server: SocketAddr| match server.port() {
                53 => server.ip().to_string(),
                _ => server.to_string(),
            }));
        }
        if phase.is_none_or(|phase| phase > Phase::Proxy) {
            self.proxies.extend(text("proxy").flat_map(texts).map(str::to_owned));
        }
        if phase.is_none_or(|phase| phase > Phase::Tls) && text("tls_verified").any(|fact| *fact == true) {
            let issuers = text("certificate").filter_map(|one| one["issuer"].as_str());
            let chain = text("certificate_chain").flat_map(|chain| chain.as_array().into_iter().flatten());
            let chain = chain.filter_map(|one| one["issuer"].as_str());
            self.authorities.extend(issuers.chain(chain).map(str::to_owned));
        }
    }

    fn note_host(&mut self, host: IpAddr) {
        self.hosts.insert(host);
        self.networks.insert(network(host));
    }

    fn note_width(&mut self, failure: &Failure) {
        for (part, narrow) in [(Part::Router, Part::Host), (Part::Proxy, Part::Service)] {
            let (Some(wide), Some(narrow)) = (failure.concerned(part), failure.concerned(narrow)) else { continue };
            let is_answered = match part {
                Part::Router => narrow
                    .parse()
                    .is_ok_and(|host| self.hosts.contains(&host) || self.networks.contains(&network(host))),
                _ => self.proxies.contains(wide),
            };
            let known = self.wide.entry((part, wide.to_owned())).or_default();
            known.is_answered |= is_answered;
            match &known.first {
                Some(first) => known.has_several |= first != narrow,
                None => known.first = Some(narrow.to_owned()),
            }
        }
    }
}

/// How a service is told that is reached through a proxy.
const THROUGH: &str = " through ";

/// Whether the resolver has said so: it works.
fn is_an_answer(failure: &Failure) -> bool {
    matches!(failure.code.name, "resolve.nxdomain" | "resolve.no-address")
}

fn listed(resolvers: &str) -> impl Iterator<Item = &str> {
    resolvers.split(", ").filter(|one| !one.is_empty())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    value.as_str().into_iter().chain(many)
}

/// The name of an authority, without what tells it from others of that name.
fn bare(authority: &str) -> &str {
    authority.rsplit_once(" (").map_or(authority, |(name, _)| name)
}

/// The network of an address in which people put hosts of one place.
fn network(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(u32::from(address) >> 8),
        // The top bit is never set in a shorter one.
        IpAddr::V6(address) => u64::try_from(u128::from(address) >> 64).unwrap_or_default() | 1 << 63,
    }
}

/// By what a failure goes in a row: nothing where one of them is not known.
pub(super) fn value<'a>(by: By, failure: &'a Failure, entry: &'a Entry) -> Option<&'a str> {
    let option =
        |wanted| entry.distinction.iter().find(|(option, _)| *option == wanted).map(|(_, value)| value.as_str());
    Some(match by {
        By::Part(part) => failure.concerned(part)?,
        By::Account => match failure.concerned(Part::Account).or_else(|| option("username")) {
            Some(account) => account,
            None if entry.is_over_http() => return None,
            None => "",
        },
        By::Option(name) => option(name).unwrap_or_default(),
        By::Target => &entry.target,
        By::Run => "",
        By::Check => return None,
    })
}
