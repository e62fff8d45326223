//! From a host to its addresses, as the system does it (getaddrinfo: nsswitch, `/etc/hosts`), and
//! the reason when that fails, from the resolvers themselves.

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::endpoint::{Host, HostKind};
use crate::net::resolv_conf::ResolvConf;
use crate::net::{Family, reason};
use crate::phase::Phase;
use crate::secret::{ours, sentence, theirs};
use nix::libc;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, ToSocketAddrs as _};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// A name's addresses, or why there are none, once that is known.
type LookUp = watch::Receiver<Option<Result<Vec<IpAddr>, Fault>>>;

/// Resolves each name once per run, however many checks use it and whatever becomes of them: the
/// look-up is a task of its own, and so is finding out why it failed.
#[derive(Debug)]
pub(crate) struct Resolver {
    family: Family,
    names: Mutex<HashMap<String, LookUp>>,
    system: System,
}

/// How this host looks up names.
#[derive(Clone, Debug)]
struct System {
    /// Each look-up holds a thread and its descriptors.
    threads: Arc<Semaphore>,
    /// Read when it is needed first, and once.
    resolv_conf: Arc<LazyLock<ResolvConf>>,
}

impl Resolver {
    /// A resolver that runs so many look-ups at a time.
    pub(crate) fn new(family: Family, threads: usize) -> Self {
        let resolv_conf = Arc::new(LazyLock::new(ResolvConf::of_this_host as fn() -> ResolvConf));
        let system = System { threads: Arc::new(Semaphore::new(threads)), resolv_conf };
        Self { family, names: Mutex::default(), system }
    }

    /// How this host asks the DNS.
    pub(crate) fn resolv_conf(&self) -> &ResolvConf {
        &self.system.resolv_conf
    }

    /// Every usable address of a host, in the system's order; never an empty list.
    ///
    /// # Errors
    /// Why there is none, as finely as the resolvers tell.
    pub(crate) async fn resolve(&self, host: &Host, port: u16) -> Result<Vec<SocketAddr>, Fault> {
        let addresses = match host.kind() {
            HostKind::Address(address, zone) => vec![literal(*address, zone, port)?],
            HostKind::Name(name) => {
                let found = self.look_up(name).await?;
                found.into_iter().map(|address| SocketAddr::new(address, port)).collect()
            }
        };
        self.wanted(host, addresses)
    }

    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, Fault> {
        let mut found = self.begun(name);
        match found.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(found)) => found.clone(),
            _ => Err(Fault::new(Cause::OwnFault, sentence!["the look-up of ", ours(name), " was given up"])),
        }
    }

    /// The look-up of a name, which begins when it is asked for first.
    fn begun(&self, name: &str) -> LookUp {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = names.get(name) {
            return begun.clone();
        }
        let (known, found) = watch::channel(None);
        names.insert(name.to_owned(), found.clone());
        let (system, name) = (self.system.clone(), name.to_owned());
        tokio::spawn(async move { known.send_replace(Some(system.look_up(&name).await)) });
        found
    }

    fn wanted(&self, host: &Host, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Fault> {
        let found = addresses.len();
        addresses.retain(|address| self.family.takes(address.ip()));
        if addresses.is_empty() {
            let family = if self.family == Family::V4 { "IPv4" } else { "IPv6" };
            return Err(Fault::new(Cause::NoAddress, sentence![host, " has no ", ours(&family), " address"])
                .evidence(sentence![found, " address(es) of the other family"]));
        }
        Ok(addresses)
    }
}

impl System {
    async fn look_up(self, name: &str) -> Result<Vec<IpAddr>, Fault> {
        let error = match self.addresses(name.to_owned()).await {
            Ok(addresses) => return Ok(addresses),
            Err(error) => error,
        };
        let text = error.to_string();
        let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        // Too many open files keep this host from looking.
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => Err(no_descriptor(name).evidence(theirs(text))),
            _ => Err(reason::of(name, text, &self.resolv_conf).await),
        }
    }

    async fn addresses(&self, name: String) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.threads).acquire_owned().await;
        // The permit goes with the thread: nothing ends a look-up that hangs in the system.
        let looked_up = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            system_look_up(&name)
        });
        looked_up.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

fn no_descriptor(name: &str) -> Fault {
    Fault::new(Cause::LocalLimit, sentence!["this host has no file descriptor left to look up ", ours(name)])
        .at(Phase::Connect)
}

fn literal(address: IpAddr, zone: &str, port: u16) -> Result<SocketAddr, Fault> {
    let IpAddr::V6(v6) = address else { return Ok(SocketAddr::new(address, port)) };
    if zone.is_empty() {
        return Ok(SocketAddr::new(address, port));
    }
    let index = zone.parse().ok().or_else(|| nix::net::if_::if_nametoindex(zone).ok());
    let scope = index
        .ok_or_else(|| Fault::new(Cause::BadName, sentence!["this host has no network interface `", ours(zone), "`"]));
    scope.map(|scope| SocketAddrV6::new(v6, port, 0, scope).into())
}

fn system_look_up(name: &str) -> io::Result<Vec<IpAddr>> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in (name, 0).to_socket_addrs()?.map(|found| found.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(io::Error::other("no address")) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_family_that_a_literal_is_not_of_is_no_address() {
        let resolver = Resolver::new(Family::V6, 1);
        let host = Host::parse("127.0.0.1").expect("host");
        let fault = resolver.resolve(&host, 1).await.expect_err("no IPv6 address");
        assert_eq!(fault.cause, Cause::NoAddress);
    }
}
