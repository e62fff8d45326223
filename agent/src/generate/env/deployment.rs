//! What a Redis is beside a server alone: a cluster, or sentinels that know where it is. The name of the variable says
//! so (`REDIS_CLUSTER_NODES`), or a variable beside it (`QUARKUS_REDIS_CLIENT_TYPE=sentinel`).

use super::names::{self, Name};
use super::switches;
use super::{Variables, value};
use crate::generate::{GeneratedCheck, Item};
use crate::services::{self, Service};

/// What is at the addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deployment {
    /// A server for itself.
    Server,
    Sentinels,
    Cluster,
}

/// How the variable ends that says which it is, in a word: Quarkus', Redisson's, those of charts and images.
const KINDS: [&str; 11] = [
    "CLIENTTYPE",
    "MODE",
    "TYPE",
    "DEPLOYMENT",
    "DEPLOYMENTTYPE",
    "TOPOLOGY",
    "ARCHITECTURE",
    "SERVERMODE",
    "CONNECTIONTYPE",
    "CONNECTIONMODE",
    "STORETYPE",
];

/// How the variable begins or ends that switches one of them on.
const SWITCHES: [&str; 7] = ["", "ENABLED", "MODE", "MODEENABLED", "ENABLE", "USED", "ACTIVE"];

/// Last words of variables that hold several addresses.
const SEVERAL: [&str; 12] = [
    "NODES",
    "HOSTS",
    "HOSTNAMES",
    "ADDRESSES",
    "ADDRS",
    "ENDPOINTS",
    "SERVERS",
    "URLS",
    "URIS",
    "PEERS",
    "SEEDS",
    "CLUSTER",
];

/// What the variable of this name, which says this service, and those that begin like its family say.
pub(super) fn of(name: &Name, service: Option<&Service>, prefixes: &[String], all: &Variables) -> Deployment {
    if service == Some(&services::SENTINEL) {
        return Deployment::Sentinels;
    }
    if is_of_cluster(name) {
        return Deployment::Cluster;
    }
    let said =
        prefixes.iter().find_map(|prefix| Some((prefix, by_kind(prefix, all).or_else(|| by_switch(prefix, all))?)));
    match said {
        // Then these are what is meant, and not this one.
        Some((prefix, deployment)) if !has_own(prefix, deployment, all) => deployment,
        _ => Deployment::Server,
    }
}

/// `REDIS_CLUSTER_NODES`: several addresses behind the word for a cluster, which stands behind what is clustered.
fn is_of_cluster(name: &Name) -> bool {
    let is_redis = |word: &String| names::service(word) == Some(&services::REDIS);
    let Some(at) = name.words.iter().position(is_redis) else { return false };
    let clustered = name.words[at..].iter().any(|word| word.ends_with("CLUSTER"));
    let several = name.words.last().is_some_and(|last| last != "CLUSTER" && SEVERAL.contains(&last.as_str()));
    clustered && several
}

fn by_kind(prefix: &str, all: &Variables) -> Option<Deployment> {
    let words = KINDS.iter().filter_map(|end| all.squashed(&format!("{prefix}{end}")).known());
    let mut kinds = words.filter_map(|word| {
        let word = word.to_ascii_lowercase();
        let known = [("sentinel", Deployment::Sentinels), ("cluster", Deployment::Cluster)];
        known.into_iter().find(|(kind, _)| word.contains(kind)).map(|(_, deployment)| deployment)
    });
    kinds.next()
}

fn by_switch(prefix: &str, all: &Variables) -> Option<Deployment> {
    let is_on =
        |name: String| all.squashed(&name).known().is_some_and(|text| switches::is_on(text.trim()) == Some(true));
    let known = [("SENTINEL", Deployment::Sentinels), ("CLUSTER", Deployment::Cluster)];
    let mut on = known.into_iter().filter(|(word, _)| {
        SWITCHES.iter().any(|end| is_on(format!("{prefix}{word}{end}")))
            || ["USE", "IS", "ENABLE"].iter().any(|begin| is_on(format!("{prefix}{begin}{word}")))
    });
    on.next().map(|(_, deployment)| deployment)
}

/// Whether the addresses of the sentinels, or of the cluster's nodes, stand in a variable of their own.
fn has_own(prefix: &str, deployment: Deployment, all: &Variables) -> bool {
    let word = if deployment == Deployment::Sentinels { "SENTINEL" } else { "CLUSTER" };
    all.below(&format!("{prefix}{word}")).any(|(rest, lookup)| {
        let name = Name::of(rest);
        let is_address = name.words.is_empty() || name.may_be_host() || name.is_url();
        is_address
            && lookup
                .known()
                .is_some_and(|text| value::is_url(text) || value::places(text).is_some_and(|places| is_there(&places)))
    })
}

/// `REDIS_CLUSTER=true` is no address.
fn is_there(places: &[value::Place<'_>]) -> bool {
    places.iter().any(|place| !place.is_word())
}

/// The same checks, each of a cluster that it finds by this node. It has but one database.
pub(super) fn clustered(items: Vec<Item>) -> Vec<Item> {
    let one = |check: GeneratedCheck| {
        if check.kind == services::REDIS.id { check.without(&["database"]).flag("cluster", true) } else { check }
    };
    let of = |item| match item {
        Item::Check(check) => Item::Check(one(check)),
        comment @ Item::Comment(_) => comment,
    };
    items.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_addresses_behind_the_word_for_a_cluster_are_its_nodes() {
        for (name, wanted) in [
            ("REDIS_CLUSTER_NODES", true),
            ("SPRING_DATA_REDIS_CLUSTER_NODES", true),
            ("REDISCLUSTER_HOSTS", true),
            ("REDIS_CLUSTER_HOST", false),
            ("REDIS_NODES", false),
            ("CLUSTER_REDIS_HOSTS", false),
            ("REDIS_CLUSTER", false),
            ("KAFKA_CLUSTER_NODES", false),
        ] {
            assert_eq!(is_of_cluster(&Name::of(name)), wanted, "{name}");
        }
    }
}
