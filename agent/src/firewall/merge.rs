//! The rules of many hosts become one set, and their names addresses.

use super::Network;
use super::network::Destination;
use super::ports::{self, Ports};
use super::rules::Rule;
use crate::diagnostic::{Diagnostic, Flaw};
use crate::fault::Fault;
use crate::net::{BadHost, Family, Host, Resolver, Transport};
use crate::secret::Redactor;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tokio::task::JoinError;

/// So many hosts are named in one comment; the others are counted.
const MOST_NAMED: usize = 4;

/// What is let through: a network, and ports of one protocol.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Passage {
    /// Where to.
    pub to: Network,
    /// TCP or UDP.
    pub transport: Transport,
    /// At least one.
    pub ports: BTreeSet<Ports>,
    /// The names that lead there, or the address itself; at least one.
    pub names: BTreeSet<String>,
    /// Who connects, on one line each.
    pub from: BTreeSet<String>,
}

impl Passage {
    /// Those that stand beside each other with the same [`Passage::origin`], below it.
    pub(super) fn grouped(all: &[Self]) -> impl Iterator<Item = (String, &[Self])> {
        all.chunk_by(|one, next| one.names == next.names && one.from == next.from).map(|some| (some[0].origin(), some))
    }

    /// Which names an address came from, and who connects to it: one line, in which nothing but the characters of
    /// names and addresses stands. An interactive zsh does not know comments, and would act on more.
    #[must_use]
    pub(crate) fn origin(&self) -> String {
        let mut line = listed(&self.names);
        if !self.from.is_empty() {
            line = format!("{line}, for {}", listed(&self.from));
        }
        line
    }
}

/// A name without an address.
#[derive(Clone, Debug)]
pub struct Unresolved {
    /// The number of the file that names it first.
    pub file: usize,
    /// What is wrong with it, and where.
    pub diagnostic: Diagnostic,
}

/// What rules say about one destination and protocol.
#[derive(Debug, Default)]
struct Union {
    ports: BTreeSet<Ports>,
    from: BTreeSet<String>,
}

/// Every address of every name, as this host's own programs would find it, and every port that a rule
/// names for it. One passage for each address and protocol, ordered by name and address; and the names
/// that have no address, in the order of the files. `lookups` names are looked up at a time.
pub async fn merge(files: &[Vec<Rule>], lookups: usize) -> (Vec<Passage>, Vec<Unresolved>) {
    let names = first_rules(files);
    let (found, unresolved) = resolve(names, lookups).await;
    let mut passages: BTreeMap<(Network, Transport), Passage> = BTreeMap::new();
    for ((to, transport), union) in unite(files) {
        let networks = match &to {
            Destination::Network(network) => std::slice::from_ref(network),
            Destination::Name(name) => found.get(name.as_str()).map_or(&[][..], Vec::as_slice),
        };
        for network in networks {
            let passage = passages.entry((*network, transport)).or_insert_with(|| Passage::new(*network, transport));
            ports::unite(&mut passage.ports, &union.ports);
            passage.names.insert(to.to_string());
            passage.from.extend(union.from.iter().cloned());
        }
    }
    let mut passages: Vec<_> = passages.into_values().collect();
    passages.sort_by(|one, other| one.order().cmp(&other.order()));
    (passages, unresolved)
}

impl Passage {
    const fn new(to: Network, transport: Transport) -> Self {
        Self { to, transport, ports: BTreeSet::new(), names: BTreeSet::new(), from: BTreeSet::new() }
    }

    fn order(&self) -> (&BTreeSet<String>, Network, Transport) {
        (&self.names, self.to, self.transport)
    }
}

fn unite(files: &[Vec<Rule>]) -> BTreeMap<(Destination, Transport), Union> {
    let mut all: BTreeMap<_, Union> = BTreeMap::new();
    for rule in files.iter().flatten() {
        let union = all.entry((rule.to.clone(), rule.transport)).or_default();
        ports::unite(&mut union.ports, &rule.ports);
        union.from.extend(rule.from.clone());
    }
    all
}

/// The first rule with each name, with the number of its file.
fn first_rules(files: &[Vec<Rule>]) -> Vec<(&str, usize, &Rule)> {
    let mut seen = BTreeSet::new();
    let all = files.iter().enumerate().flat_map(|(file, rules)| rules.iter().map(move |rule| (file, rule)));
    let names = all.filter_map(|(file, rule)| match &rule.to {
        Destination::Name(name) => Some((name.as_str(), file, rule)),
        Destination::Network(_) => None,
    });
    names.filter(|(name, ..)| seen.insert(*name)).collect()
}

/// The addresses of each name, ascending.
async fn resolve<'a>(
    names: Vec<(&'a str, usize, &Rule)>,
    lookups: usize,
) -> (BTreeMap<&'a str, Vec<Network>>, Vec<Unresolved>) {
    let resolver = std::sync::Arc::new(Resolver::new(Family::Any, lookups));
    let mut tasks = Vec::new();
    for (name, ..) in &names {
        let (resolver, name) = (std::sync::Arc::clone(&resolver), (*name).to_owned());
        tasks.push(tokio::spawn(async move { addresses(&resolver, &name).await }));
    }
    let (mut found, mut unresolved) = (BTreeMap::new(), Vec::new());
    for (task, (name, file, rule)) in tasks.into_iter().zip(names) {
        match task.await.unwrap_or_else(|error| Err(NoAddress::Unfinished(error))) {
            Ok(networks) => drop(found.insert(name, networks)),
            Err(why) => unresolved.push(Unresolved { file, diagnostic: no_address(rule, &why) }),
        }
    }
    (found, unresolved)
}

/// Why a name has no address.
enum NoAddress {
    Name(BadHost),
    LookUp(Fault),
    Unfinished(JoinError),
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(bad) => bad.fmt(f),
            Self::LookUp(fault) => f.write_str(&Redactor::new().tell(&fault.message)),
            Self::Unfinished(error) => error.fmt(f),
        }
    }
}

async fn addresses(resolver: &Resolver, name: &str) -> Result<Vec<Network>, NoAddress> {
    let host = Host::parse(name).map_err(NoAddress::Name)?;
    let found = resolver.resolve(&host, 1).await.map_err(NoAddress::LookUp)?;
    let networks: BTreeSet<_> = found.addresses.iter().map(|address| Network::of(address.ip())).collect();
    Ok(networks.into_iter().collect())
}

fn no_address(rule: &Rule, why: &NoAddress) -> Diagnostic {
    Diagnostic::error(Flaw::Unresolved, rule.span, why.to_string())
        .help("convert where the name resolves, or correct `to_host`; with --keep-going the other rules are printed")
}

fn listed(all: &BTreeSet<String>) -> String {
    let plain = |name: &String| name.replace(|c: char| !is_of_a_host(c), "_");
    let named: Vec<_> = all.iter().take(MOST_NAMED).map(plain).collect();
    let more = all.len() - named.len();
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}

/// Whether a name, an address or a network may have it.
const fn is_of_a_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/')
}
