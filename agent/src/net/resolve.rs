//! From a host to its addresses, as the system does it (getaddrinfo: nsswitch, `/etc/hosts`), and
//! the reason when that fails, from the resolvers themselves.

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::dns::{Query, Rcode, RecordKind, Reply};
use crate::net::endpoint::{Host, HostKind};
use crate::net::resolv_conf::ResolvConf;
use crate::net::{Family, nameserver};
use crate::phase::Phase;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};

/// How long one resolver is asked for the reason of a failed look-up.
const PATIENCE: Duration = Duration::from_secs(2);

/// A name's addresses, or what the system says instead.
type LookUp = OnceCell<Result<Vec<IpAddr>, Unresolved>>;

/// Why the system found no address.
#[derive(Clone, Debug)]
struct Unresolved {
    text: String,
    /// A limit of this host's kept it from looking: too many open files.
    at_limit: bool,
}

/// Resolves each name once per run, however many checks use it.
#[derive(Debug)]
pub(crate) struct Resolver {
    family: Family,
    names: Mutex<HashMap<String, Arc<LookUp>>>,
    /// Each look-up holds a thread and its descriptors.
    threads: Semaphore,
}

impl Resolver {
    /// A resolver that runs so many look-ups at a time.
    pub(crate) fn new(family: Family, threads: usize) -> Self {
        Self { family, names: Mutex::default(), threads: Semaphore::new(threads) }
    }

    /// Every usable address of a host, in the system's order; never an empty list.
    ///
    /// # Errors
    /// Why there is none, as finely as the resolvers tell.
    pub(crate) async fn resolve(&self, host: &Host, port: u16) -> Result<Vec<SocketAddr>, Fault> {
        match host.kind() {
            HostKind::Address(address, zone) => {
                literal(*address, zone, port).and_then(|address| self.wanted(host, vec![address]))
            }
            HostKind::Name(name) => match self.look_up(name).await {
                Ok(addresses) => {
                    self.wanted(host, addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
                }
                // Boxed: the rare path must not make every check's task as large as itself.
                Err(Unresolved { text, at_limit: true }) => Err(no_descriptor(name).evidence(text)),
                Err(error) => Err(Box::pin(self.reason(name, &error.text)).await),
            },
        }
    }

    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let cell = {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(names.entry(name.to_owned()).or_default())
        };
        let result = cell.get_or_init(|| async {
            let _thread = self.threads.acquire().await;
            let name = name.to_owned();
            let looked_up = tokio::task::spawn_blocking(move || system_look_up(&name)).await;
            looked_up.unwrap_or_else(|error| Err(Unresolved { text: error.to_string(), at_limit: false }))
        });
        result.await.clone()
    }

    fn wanted(&self, host: &Host, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Fault> {
        let found = addresses.len();
        addresses.retain(|address| self.family.takes(address.ip()));
        if addresses.is_empty() {
            let family = if self.family == Family::V4 { "IPv4" } else { "IPv6" };
            return Err(Fault::new(Cause::NoAddress, format!("{host} has no {family} address"))
                .evidence(format!("{found} address(es) of the other family")));
        }
        Ok(addresses)
    }

    /// Asks the servers of resolv.conf why the system found nothing.
    async fn reason(&self, name: &str, error: &str) -> Fault {
        let resolvers = ResolvConf::of_this_host();
        let mut answers = Vec::new();
        for server in &resolvers.servers {
            answers.push((*server, ask_for_addresses(*server, name, &resolvers).await));
        }
        let fault = verdict(name, &answers);
        let told: Vec<_> =
            answers.iter().map(|(server, answer)| format!("{}: {}", server.ip(), answer.told())).collect();
        fault.evidence(format!("system: {error}; {}", told.join("; ")))
    }
}

fn no_descriptor(name: &str) -> Fault {
    Fault::new(Cause::LocalLimit, format!("this host has no file descriptor left to look up {name}")).at(Phase::Connect)
}

fn literal(address: IpAddr, zone: &str, port: u16) -> Result<SocketAddr, Fault> {
    let IpAddr::V6(v6) = address else { return Ok(SocketAddr::new(address, port)) };
    if zone.is_empty() {
        return Ok(SocketAddr::new(address, port));
    }
    let index = zone.parse().ok().or_else(|| nix::net::if_::if_nametoindex(zone).ok());
    let scope = index.ok_or_else(|| Fault::new(Cause::BadName, format!("this host has no network interface `{zone}`")));
    scope.map(|scope| SocketAddrV6::new(v6, port, 0, scope).into())
}

fn system_look_up(name: &str) -> Result<Vec<IpAddr>, Unresolved> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    let found = (name, 0).to_socket_addrs().map_err(|error: io::Error| plain_reason(&error))?;
    for address in found.map(|found| found.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(Unresolved { text: "no address".to_owned(), at_limit: false });
    }
    Ok(addresses)
}

fn plain_reason(error: &io::Error) -> Unresolved {
    let at_limit = matches!(error.raw_os_error(), Some(nix::libc::EMFILE | nix::libc::ENFILE));
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_owned();
    Unresolved { text, at_limit }
}

/// What one resolver said about a name.
enum Answer {
    Addresses(usize),
    NoData,
    Code(Rcode),
    None(String),
}

impl Answer {
    fn told(&self) -> String {
        match self {
            Self::Addresses(count) => format!("{count} address(es)"),
            Self::NoData => "the name exists, without an address".to_owned(),
            Self::Code(code) => code.to_string(),
            Self::None(why) => why.clone(),
        }
    }
}

async fn ask_for_addresses(server: SocketAddr, name: &str, resolvers: &ResolvConf) -> Answer {
    let mut last = Answer::None("not asked".to_owned());
    for candidate in candidates(name, resolvers) {
        last = match ask_both(server, &candidate).await {
            Ok(answer @ Answer::Addresses(_)) => return answer,
            Ok(answer) => answer,
            Err(fault) => return Answer::None(fault.message),
        };
    }
    last
}

/// The name as it is, and for one without a dot with the first search domains behind it.
fn candidates(name: &str, resolvers: &ResolvConf) -> Vec<String> {
    let searched = !name.ends_with('.') && !name.contains('.');
    let mut all: Vec<_> =
        resolvers.search.iter().filter(|_| searched).take(2).map(|domain| format!("{name}.{domain}")).collect();
    all.push(name.to_owned());
    all
}

async fn ask_both(server: SocketAddr, name: &str) -> Result<Answer, Fault> {
    let mut exists = false;
    for kind in [RecordKind::A, RecordKind::Aaaa] {
        let Ok(query) = Query::new(name, kind, nameserver::fresh_id()) else {
            return Ok(Answer::None("not a name the DNS can hold".to_owned()));
        };
        let Reply { rcode, answers, .. } = nameserver::ask(server, &query, PATIENCE).await?;
        match rcode {
            Rcode::NoError if !answers.is_empty() => return Ok(Answer::Addresses(answers.len())),
            Rcode::NoError => exists = true,
            code => return Ok(Answer::Code(code)),
        }
    }
    Ok(if exists { Answer::NoData } else { Answer::None("no answer".to_owned()) })
}

/// The finest code that the answers support; the first resolver that answered counts, as it does
/// for the system.
fn verdict(name: &str, answers: &[(SocketAddr, Answer)]) -> Fault {
    let servers: Vec<_> = answers.iter().map(|(server, _)| server.ip().to_string()).collect();
    let servers = servers.join(", ");
    let answered = answers.iter().find(|(_, answer)| !matches!(answer, Answer::None(_)));
    let Some((server, answer)) = answered else {
        return Fault::new(Cause::Timeout, format!("{name}: no resolver answered ({servers})"));
    };
    let server = server.ip();
    match answer {
        Answer::Code(Rcode::NxDomain) => {
            Fault::new(Cause::NxDomain, format!("{name} does not exist according to {server}"))
        }
        Answer::Code(Rcode::ServFail) => Fault::new(Cause::ServFail, format!("{server} failed to resolve {name}")),
        Answer::Code(Rcode::Refused) => Fault::new(Cause::Refused, format!("{server} refuses to resolve {name}")),
        Answer::NoData => {
            Fault::new(Cause::NoAddress, format!("{name} exists without an address according to {server}"))
        }
        Answer::Addresses(_) => {
            Fault::new(Cause::Failed, format!("the system cannot resolve {name}, and {server} can"))
        }
        Answer::Code(_) | Answer::None(_) => Fault::new(Cause::Failed, format!("{name} cannot be resolved")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(all: Vec<Answer>) -> Vec<(SocketAddr, Answer)> {
        all.into_iter().map(|answer| (SocketAddr::from(([127, 0, 0, 53], 53)), answer)).collect()
    }

    #[test]
    fn the_first_resolver_that_answered_decides_the_code() {
        let silent = || Answer::None("no answer".to_owned());
        for (given, cause) in [
            (vec![silent(), Answer::Code(Rcode::NxDomain)], Cause::NxDomain),
            (vec![Answer::Code(Rcode::ServFail), Answer::NoData], Cause::ServFail),
            (vec![Answer::Code(Rcode::Refused)], Cause::Refused),
            (vec![Answer::NoData], Cause::NoAddress),
            (vec![Answer::Addresses(2)], Cause::Failed),
            (vec![silent(), silent()], Cause::Timeout),
            (vec![], Cause::Timeout),
        ] {
            assert_eq!(verdict("db", &answers(given)).cause, cause);
        }
    }

    #[tokio::test]
    async fn a_family_that_a_literal_is_not_of_is_no_address() {
        let resolver = Resolver::new(Family::V6, 1);
        let host = Host::parse("127.0.0.1").expect("host");
        let fault = resolver.resolve(&host, 1).await.expect_err("no IPv6 address");
        assert_eq!(fault.cause, Cause::NoAddress);
    }
}
