//! From a plan to the rules that let its checks out: what `conn-check-export-fw` prints.

use crate::net::{Endpoint, Port, Transport};
use crate::plan::Plan;
use crate::select::Selection;
use crate::services::{self, Security};
use crate::text::escaped;
use serde::Serialize;
use serde_yaml::{FlowSeq, SerializeError};
use std::collections::{BTreeMap, BTreeSet};

/// The port that resolvers listen on, for datagrams and for answers that do not fit into one.
const DOMAIN: Port = services::DNS.port(Security::Plain);

/// Where the checks connect to: the ports of each host and protocol.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Egress {
    /// By host (an address without brackets, or a name in its ASCII form) and protocol.
    ports: BTreeMap<(String, Transport), BTreeSet<u16>>,
    /// What they are told only when they run, each on one line.
    unnamed: BTreeSet<String>,
}

/// The file of rules.
#[derive(Serialize)]
struct File<'a> {
    egress: Vec<Entry<'a>>,
}

/// One rule; the order of the keys is that of the original's files.
#[derive(Serialize)]
struct Entry<'a> {
    from_host: &'a str,
    ports: FlowSeq<&'a BTreeSet<u16>>,
    protocol: &'static str,
    to_host: &'a str,
}

impl Egress {
    /// Every place that the selected checks of a plan connect to, from this host with its resolvers.
    /// Unix sockets lead nowhere.
    #[must_use]
    pub fn of(plan: &Plan, selection: &Selection) -> Self {
        let mut egress = Self::default();
        let resolvers = crate::net::ResolvConf::of_this_host().servers;
        for entry in selection.entries().filter_map(|entry| plan.entries.get(entry)) {
            entry.endpoints(&resolvers).iter().for_each(|endpoint| egress.add(endpoint));
            let unnamed = entry.spec.profile().unnamed;
            egress.unnamed.extend(unnamed.map(|what| escaped(&format!("{} {}: {what}", entry.kind, entry.target))));
        }
        egress
    }

    /// Adds the resolvers that this host's look-ups go to.
    pub fn add_resolvers(&mut self) {
        let servers = crate::net::resolvers_of_this_host().into_iter();
        servers.flat_map(|server| Endpoint::both(server.into(), DOMAIN)).for_each(|endpoint| self.add(&endpoint));
    }

    fn add(&mut self, endpoint: &Endpoint) {
        let key = (endpoint.host.bare(), endpoint.transport);
        self.ports.entry(key).or_default().insert(endpoint.port.get());
    }

    /// Whether nothing is connected to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty() && self.unnamed.is_empty()
    }

    /// What the rules do not let out, as nobody knows it before the checks run: a line for each check.
    pub fn unnamed(&self) -> impl Iterator<Item = &str> {
        self.unnamed.iter().map(String::as_str)
    }

    /// The rules as YAML: one for each host and protocol, ordered by them, the ports ascending. What cannot be a rule is
    /// a comment before them.
    ///
    /// # Errors
    /// None that is known: every part is a plain text or number.
    pub fn to_yaml(&self, from_host: &str) -> Result<String, SerializeError> {
        let entries = self.ports.iter().map(|((to_host, transport), ports)| Entry {
            from_host,
            ports: FlowSeq(ports),
            protocol: transport.slug(),
            to_host,
        });
        let rules = serde_yaml::to_string(&File { egress: entries.collect() })?;
        if self.unnamed.is_empty() {
            return Ok(rules);
        }
        let unnamed = self.unnamed.iter().flat_map(|what| ["# - ", what, "\n"]).collect::<String>();
        Ok(format!("# Not in these rules, because it is known only when a check runs:\n{unnamed}{rules}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Defaults, load};
    use crate::select::Wanted;
    use crate::source::Source;
    use std::time::Duration;

    fn exported(yaml: &str) -> String {
        let source = Source::own("test", yaml);
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        let egress = Egress::of(&plan, &Selection::of(&plan, &Wanted::default()));
        egress.to_yaml("here.example").expect("YAML")
    }

    #[test]
    fn one_entry_for_each_host_and_protocol_with_its_ports_in_order() {
        let yaml = exported(
            "- {type: tcp, host: b, port: 443}\n- {type: tls, host: B, port: 80}\n- {type: tcp, host: b., port: 9}\n\
             - {type: udp, host: b, port: 80, send: x}\n- {type: tcp, host: '::1', port: 1}\n\
             - {type: redis, host: /run/redis.sock}\n",
        );
        assert_eq!(
            yaml,
            "egress:\n- from_host: here.example\n  ports: [1]\n  protocol: tcp\n  to_host: \"::1\"\n\
             - from_host: here.example\n  ports: [9, 80, 443]\n  protocol: tcp\n  to_host: b\n\
             - from_host: here.example\n  ports: [80]\n  protocol: udp\n  to_host: b\n"
        );
    }
}
