//! From a host to its addresses, as the system does it (getaddrinfo: nsswitch, `/etc/hosts`), and
//! the reason when that fails, from the resolvers themselves.

use crate::catalogue::{Cause, Owner};
use crate::concern::Part;
use crate::fault::Fault;
use crate::net::clock::within;
use crate::net::dns::{RecordType, Reply, ResponseCode};
use crate::net::endpoint::{Host, HostKind};
use crate::net::question::{Answered, Question};
use crate::net::reason::Reason;
use crate::net::resolv_conf::ResolvConf;
use crate::net::{self, Family, nameserver, reason, slowness, zone};
use crate::phase::Phase;
use crate::secret::{Sentence, ours, sentence, theirs};
use nix::libc;
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, ToSocketAddrs as _};
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};

/// What a task finds out, once that is known.
type Awaited<T> = watch::Receiver<Option<Result<T, Fault>>>;

/// What is found out once, by what is asked.
type Shared<K, T> = Mutex<HashMap<K, Awaited<T>>>;

/// Resolves each name once per run, however many checks use it and whatever becomes of them: the
/// look-up is a task of its own, and so is finding out why it failed. Questions to the DNS itself likewise.
#[derive(Debug)]
pub(crate) struct Resolver {
    family: Family,
    names: Shared<String, Found>,
    system: System,
}

/// The addresses of a name.
#[derive(Clone, Debug)]
struct Found {
    addresses: Vec<IpAddr>,
    slow: Option<Slow>,
}

/// The addresses of a host.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) addresses: Vec<SocketAddr>,
    /// The look-up took long.
    pub(crate) slow: Option<Slow>,
}

/// A look-up that took long.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub(crate) elapsed: Duration,
    /// What was slow in it, as far as that is known.
    pub(crate) why: Option<Sentence>,
}

/// From this on a look-up is slow.
pub(crate) const SLOW: Duration = Duration::from_secs(1);

/// How this host looks up names.
#[derive(Clone, Debug)]
struct System {
    /// Each look-up holds a thread and its descriptors.
    threads: Arc<Semaphore>,
    /// Read when it is needed first, and once.
    resolv_conf: Arc<LazyLock<ResolvConf>>,
    questions: Arc<Shared<Question, Answered>>,
}

impl Resolver {
    /// A resolver that runs so many look-ups at a time.
    pub(crate) fn new(family: Family, threads: usize) -> Self {
        let resolv_conf = Arc::new(LazyLock::new(ResolvConf::of_this_host as fn() -> ResolvConf));
        let threads = Arc::new(Semaphore::new(threads));
        Self { family, names: Mutex::default(), system: System { threads, resolv_conf, questions: Arc::default() } }
    }

    /// How this host asks the DNS.
    pub(crate) fn resolv_conf(&self) -> &ResolvConf {
        &self.system.resolv_conf
    }

    /// Every usable address of a host, in the system's order; never an empty list.
    ///
    /// # Errors
    /// Why there is none, as finely as the resolvers tell.
    pub(crate) async fn resolve(&self, host: &Host, port: u16) -> Result<Resolved, Fault> {
        let (addresses, slow) = match host.kind() {
            HostKind::Address(address, zone) => (vec![literal(*address, zone, port)?], None),
            HostKind::Name(name) => {
                let system = self.system.clone();
                let found = once(&self.names, name, |name| async move { system.look_up(&name).await }).await?;
                let with_port = found.addresses.into_iter().map(|address| SocketAddr::new(address, port));
                (with_port.collect(), found.slow)
            }
        };
        Ok(Resolved { addresses: self.wanted(host, addresses)?, slow })
    }

    /// What the DNS says to a question.
    ///
    /// # Errors
    /// See [`Question::ask`].
    pub(crate) async fn ask(&self, question: &Question) -> Result<Answered, Fault> {
        self.system.ask(question).await
    }

    /// Whether a server has an answer to what every resolver can answer.
    pub(crate) async fn resolves(&self, server: SocketAddr) -> bool {
        self.system.resolves(server).await
    }

    /// Whether it is known already that it has.
    pub(crate) fn is_known_to_resolve(&self, server: SocketAddr) -> bool {
        let asked = self.system.questions.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = asked.get(&self.system.control(server)).cloned();
        answer.is_some_and(|answer| matches!(&*answer.borrow(), Some(Ok(answered)) if is_sound(answered)))
    }

    fn wanted(&self, host: &Host, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Fault> {
        let found = addresses.len();
        addresses.retain(|address| self.family.takes(address.ip()));
        if addresses.is_empty() {
            let (family, option) = if self.family == Family::V4 { ("IPv4", "-4") } else { ("IPv6", "-6") };
            // The addresses that there are were left out by whoever called this program.
            return Err(Fault::new(Cause::NoAddress, sentence![host, " has no ", ours(&family), " address"])
                .owner(Owner::Config)
                .next_step(sentence!["drop ", ours(&option), ", or add an address of this family"])
                .evidence(sentence![found, " address(es) of the other family, which ", ours(&option), " leaves out"]));
        }
        Ok(addresses)
    }
}

/// What `work` finds out about something, which begins when it is asked for first.
async fn once<K, T, W>(shared: &Shared<K, T>, key: &K, work: impl FnOnce(K) -> W) -> Result<T, Fault>
where
    K: Clone + Eq + Hash,
    T: Clone + Send + Sync + 'static,
    W: Future<Output = Result<T, Fault>> + Send + 'static,
{
    let mut found = {
        let mut begun = shared.lock().unwrap_or_else(PoisonError::into_inner);
        begun.get(key).cloned().unwrap_or_else(|| {
            let (known, found) = watch::channel(None);
            begun.insert(key.clone(), found.clone());
            let work = work(key.clone());
            tokio::spawn(async move { known.send_replace(Some(work.await)) });
            found
        })
    };
    match found.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(found)) => found.clone(),
        _ => Err(Fault::new(Cause::OwnFault, "a look-up was given up")),
    }
}

/// Whether a resolver that answers so works.
fn is_sound(answered: &Answered) -> bool {
    let Reply { rcode, referral, .. } = &answered.reply;
    referral.is_none() && matches!(*rcode, ResponseCode::NoError | ResponseCode::NXDomain)
}

impl System {
    async fn ask(&self, question: &Question) -> Result<Answered, Fault> {
        once(&self.questions, question, |question| async move { question.ask().await }).await
    }

    async fn resolves(&self, server: SocketAddr) -> bool {
        self.ask(&self.control(server)).await.as_ref().is_ok_and(is_sound)
    }

    /// What every resolver can answer: who serves the root (RFC 9609). It tells a resolver that fails from a zone that does.
    fn control(&self, server: SocketAddr) -> Question {
        /// It is in every cache.
        const TIMEOUT: Duration = Duration::from_secs(1);
        Question {
            name: ".".to_owned(),
            record: RecordType::NS,
            servers: vec![(server, TIMEOUT)],
            transport: self.resolv_conf.transport,
            attempts: 1,
            timeout: TIMEOUT,
        }
    }

    /// Asks these servers that, beside something else: what takes long may be theirs, or the zone's.
    fn begin_control(&self, servers: &[SocketAddr]) {
        for server in servers.iter().copied() {
            let system = self.clone();
            tokio::spawn(async move { system.resolves(server).await });
        }
    }

    /// Blames the servers that gave no answer for a name, where they have none to anything.
    async fn blamed(&self, reason: Reason) -> Fault {
        let Reason { fault, mut servers } = reason;
        self.begin_control(&servers);
        for server in &servers {
            if self.resolves(*server).await {
                return fault;
            }
        }
        servers.sort_unstable();
        if servers.is_empty() { fault } else { fault.concerning(Part::Resolver, nameserver::list(&servers)) }
    }

    async fn look_up(self, name: &str) -> Result<Found, Fault> {
        let mut looking = pin!(self.addresses(name.to_owned()));
        let (looked_up, why) = match within(SLOW, looking.as_mut()).await {
            Some(looked_up) => (looked_up, None),
            // What takes so long is found out beside the wait.
            None => {
                self.begin_control(&self.resolv_conf.servers);
                slowness::beside(name, &self.resolv_conf, looking).await
            }
        };
        let error = match looked_up.result {
            Ok(addresses) => {
                let slow = (looked_up.elapsed >= SLOW).then_some(Slow { elapsed: looked_up.elapsed, why });
                return Ok(Found { addresses, slow });
            }
            Err(error) => error,
        };
        let text = error.to_string();
        let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        // Too many open files keep this host from looking.
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => Err(no_descriptor(name).evidence(theirs(text))),
            _ => Err(self.blamed(reason::of(name, text, &self.resolv_conf).await).await),
        }
    }

    async fn addresses(&self, name: String) -> LookedUp {
        let permit = Arc::clone(&self.threads).acquire_owned().await;
        // The permit goes with the thread: nothing ends a look-up that hangs in the system.
        let looked_up = tokio::task::spawn_blocking(move || {
            let (_permit, began) = (permit, Instant::now());
            let result = system_look_up(&name);
            LookedUp { result, elapsed: began.elapsed() }
        });
        looked_up
            .await
            .unwrap_or_else(|error| LookedUp { result: Err(io::Error::other(error)), elapsed: Duration::ZERO })
    }
}

/// What the system says, and how long it took for it.
#[derive(Debug)]
struct LookedUp {
    result: io::Result<Vec<IpAddr>>,
    elapsed: Duration,
}

fn no_descriptor(name: &str) -> Fault {
    Fault::new(Cause::LocalLimit, sentence!["this host has no file descriptor left to look up ", ours(name)])
        .at(Phase::Connect)
        .concerning(Part::ThisHost, net::DESCRIPTORS)
}

fn literal(address: IpAddr, zone: &str, port: u16) -> Result<SocketAddr, Fault> {
    let IpAddr::V6(v6) = address else { return Ok(SocketAddr::new(address, port)) };
    if zone.is_empty() {
        let address = SocketAddr::new(address, port);
        return zone::lacking(address).map_or(Ok(address), Err);
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
