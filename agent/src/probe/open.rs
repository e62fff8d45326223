//! How a probe gets its connections, each step in its phase.

use super::host::Dialled;
use super::peek::Peer;
use super::{Probe, Stop};
use crate::catalogue::{Note, WarningKind};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{
    self, Answered, Endpoint, Host, ProxyVariables, Question, ResolvConf, Resolved, Target, TlsOptions, Wire,
};
use crate::secret::{Sentence, ours, sentence, theirs};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::Instant;

/// What [`Probe::listen`] waits at least in a small run: a peer on this host needs less.
pub(super) const SHORTEST_GRACE: Duration = Duration::from_millis(1);

/// So much less the clock of many checks is told, which has whole milliseconds: it waits 0.5 to 2 ms for one.
const ROUNDED_UP: Duration = Duration::from_micros(500);

/// What it waits at most: no verdict is held up for longer.
const LONGEST_GRACE: Duration = Duration::from_millis(150);

/// What to do about a certificate for other names than the one that `server_name` asks for.
pub(super) const RENAMED: &str = "correct server_name to a name in the certificate; else have it issued for this name too, or say `verify_name: false`";

/// What a peer did while it was listened to; see [`Probe::listen`].
#[derive(Debug)]
pub(crate) enum Heard {
    /// Not a byte.
    Nothing,
    Bytes(Vec<u8>),
    Closed,
    Broken(Fault),
}

impl Probe {
    /// Resolves the host and connects to the first of its addresses that answers (RFC 8305).
    /// Fails with `resolve.*` and `connect.*`.
    pub(crate) async fn open(&mut self, endpoint: &Endpoint) -> Result<Wire, Failure> {
        let wire = self.open_to_listen(endpoint).await?;
        self.came_from(&wire);
        Ok(wire)
    }

    /// The same for who asks nothing: from where a connection comes is needed when what was asked is lost.
    pub(crate) async fn open_to_listen(&mut self, endpoint: &Endpoint) -> Result<Wire, Failure> {
        let detour = self.assignment.detour.clone();
        let place = detour.as_deref().map(|detour| detour.place(endpoint));
        (self.site, self.proxy) = (Some(endpoint.host.clone()), None);
        let endpoint = place.as_ref().unwrap_or(endpoint);
        let addresses = self.addresses(endpoint).await?;
        self.dialled = Dialled::to(&addresses);
        let narrow = self.narrow.clone();
        let connected = match (narrow, &addresses[..]) {
            (Some(narrow), _) => self.phase(Phase::Connect, narrow.connect(&addresses)).await,
            // The usual case costs no task.
            (None, &[address]) => {
                self.phase(Phase::Connect, net::connect(address)).await.map(|stream| (stream, address))
            }
            // Boxed: it must not make every check that much larger.
            _ => Box::pin(self.race(&addresses)).await,
        };
        let (stream, address) = connected.map_err(|failure| self.with_addresses(failure, &addresses))?;
        self.grace = (self.last_elapsed() * 2).clamp(SHORTEST_GRACE, LONGEST_GRACE);
        self.note_address(address);
        self.note_way(address);
        Ok(self.prepare(Wire::tcp(stream), Peer::Address(address)))
    }

    /// Connects once more, to the address to which the last connection led.
    /// Fails with `resolve.*` and `connect.*`.
    pub(crate) async fn reopen(&mut self, endpoint: &Endpoint) -> Result<Wire, Failure> {
        let last = self.findings().phases.iter().rev().find_map(|timing| timing.address);
        let Some(address) = last else { return self.open(endpoint).await };
        self.dialled = Dialled::to(&[address]);
        let stream = self.phase(Phase::Connect, net::connect(address)).await?;
        self.note_address(address);
        self.note_way(address);
        let wire = self.prepare(Wire::tcp(stream), Peer::Address(address));
        self.came_from(&wire);
        Ok(wire)
    }

    async fn race(&mut self, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failure> {
        let mut race = self.race.take().unwrap_or_default();
        self.raced_in = self.result();
        let (dialled, only_first) = (self.dialled.clone(), self.only_first);
        let racing = async {
            let won = race.run(addresses, only_first).await;
            race.blamed.zip(dialled).into_iter().for_each(|(address, dialled)| dialled.blame(address));
            won
        };
        let connected = self.phase(Phase::Connect, racing).await;
        self.race = Some(race);
        connected
    }

    /// Connects to where a service listens: [`Probe::connect`], or a Unix socket, which has no result
    /// of its own and no TLS.
    /// Fails with `resolve.*`, `connect.*` and `tls.*`.
    pub(crate) async fn reach(&mut self, target: &Target, tls: Option<&TlsOptions>) -> Result<Wire, Stop> {
        match target {
            Target::Tcp(endpoint) => self.connect(endpoint, tls).await,
            Target::Socket { host, .. } => Ok(self.open_socket(host).await?),
        }
    }

    /// Connects, which is the check's first result, and speaks TLS where it is wanted.
    /// Fails with `resolve.*`, `connect.*` and `tls.*`.
    pub(crate) async fn connect(&mut self, endpoint: &Endpoint, tls: Option<&TlsOptions>) -> Result<Wire, Stop> {
        let wire = self.open(endpoint).await?;
        self.passed()?;
        match tls {
            Some(options) => Ok(self.tls(wire, options, &endpoint.host, &[]).await?),
            None => Ok(wire),
        }
    }

    /// The proxies of the service as which the run is made.
    pub(crate) fn proxies(&self) -> Option<&ProxyVariables> {
        self.shared.proxies.as_ref()
    }

    /// Whether the check's options lead it to another place than its own.
    pub(crate) fn is_led_elsewhere(&self) -> bool {
        self.assignment.detour.is_some()
    }

    /// What the check has learnt, and must not say.
    pub(crate) fn keep_secret(&mut self, secret: &str) {
        self.assignment.redactor.add(secret);
    }

    pub(crate) async fn open_socket(&mut self, path: &Path) -> Result<Wire, Failure> {
        self.dialled = None;
        let stream = self.phase(Phase::Connect, net::unix(path)).await?;
        Ok(self.prepare(Wire::unix(stream), Peer::Socket(path.to_owned())))
    }

    /// A login goes over the connection as it is now, whatever its form. Without TLS, whoever is on the way to
    /// another host can read it, or what it opens: that is noted.
    pub(crate) fn note_login(&mut self) {
        let without_tls =
            matches!(self.peer(), Some(Peer::Address(address)) if !address.ip().to_canonical().is_loopback());
        if without_tls {
            self.note_plain_login();
        }
    }

    /// A login goes to another host without TLS, by a way that cannot be seen from here: through a proxy.
    pub(crate) fn note_plain_login(&mut self) {
        let fact = Note::LoginWithoutTls.fact();
        if !self.findings().facts.iter().any(|(known, _)| *known == fact) {
            self.fact(fact, false);
        }
    }

    /// Looks over a new wire's shoulder.
    fn prepare(&mut self, wire: Wire, peer: Peer) -> Wire {
        self.seen = Some(wire.seen());
        (self.reached, self.is_veiled) = (Some(peer), false);
        wire
    }

    /// Leaves the addresses behind the first that answers alone. For services that hold connections
    /// without a login against this host (`MySQL` blocks it after `max_connect_errors`).
    pub(crate) const fn spare_other_addresses(&mut self) {
        self.only_first = true;
    }

    /// How this host asks the DNS.
    pub(crate) fn resolv_conf(&self) -> &ResolvConf {
        self.shared.resolver.resolv_conf()
    }

    /// The full name of this host, as far as it knows one.
    pub(crate) fn name_of_this_host(&self) -> &str {
        &self.shared.host_name
    }

    /// Resolves the host. A look-up that took long is a warning.
    pub(crate) async fn addresses(&mut self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Failure> {
        let shared = Arc::clone(&self.shared);
        let resolved = self.phase(Phase::Resolve, shared.resolver.resolve(&endpoint.host, endpoint.port.get())).await;
        self.note_look_up(&endpoint.host, resolved.as_ref().ok().map(|resolved| &resolved.addresses[..]));
        let Resolved { addresses, slow } = resolved.map_err(|failure| {
            let servers = self.resolv_conf().servers.iter().copied();
            self.with_resolvers(failure, &(&endpoint.host).into(), servers, self.last_elapsed(), false)
        })?;
        if let Some(slow) = slow {
            self.warn_of_slow_look_up((&endpoint.host).into(), slow.elapsed, slow.why);
        }
        Ok(addresses)
    }

    /// What the DNS says to a question; equal ones of the run are asked once.
    pub(crate) async fn ask(&mut self, question: &Question) -> Result<Answered, Failure> {
        let (shared, began) = (Arc::clone(&self.shared), Instant::now());
        let asked = self.phase(Phase::Resolve, shared.resolver.ask(question)).await;
        let servers = question.servers.iter().map(|(server, _)| *server);
        asked.map_err(|failure| {
            let name = sentence![theirs(&question.name), " ", ours(&question.record)];
            self.with_resolvers(failure, &name, servers, began.elapsed(), true)
        })
    }

    /// Notes what a look-up costs the application.
    pub(crate) fn warn_of_slow_look_up(&mut self, name: Sentence, cost: Duration, why: Option<Sentence>) {
        let seconds = ours(&format!("{:.1} s", cost.as_secs_f64()));
        let mut told = sentence!["the look-up of ", name, " costs ", seconds, ", each time that nothing has it cached"];
        if let Some(why) = why {
            told.push(": ");
            told.push(why);
        }
        self.warn(WarningKind::ResolveSlow, told);
    }

    /// A socket for datagrams to and from one address. Nothing is sent yet.
    pub(crate) async fn datagram(&mut self, address: SocketAddr) -> Result<UdpSocket, Failure> {
        self.dialled = Dialled::to(&[address]);
        let socket = self.phase(Phase::Connect, async { net::datagram(address) }).await?;
        self.note_address(address);
        self.note_way(address);
        Ok(socket)
    }

    /// Speaks TLS over a connection, to a server of this name. What the certificate says becomes
    /// a fact in any case.
    pub(crate) async fn tls(
        &mut self,
        wire: Wire,
        options: &TlsOptions,
        host: &Host,
        alpn: &'static [&'static str],
    ) -> Result<Wire, Failure> {
        let detour = self.assignment.detour.clone();
        let name = detour.as_deref().map_or(host, |detour| detour.name(host));
        let secured = self.tls_straight(wire, options, name, alpn).await;
        secured.map_err(
            |failure| {
                if name == host { failure } else { failure.advise(Phase::Tls, Cause::WrongName, RENAMED) }
            },
        )
    }

    /// The same for what is on the way to the check's service, for which `server_name` is not meant.
    pub(crate) async fn tls_straight(
        &mut self,
        wire: Wire,
        options: &TlsOptions,
        host: &Host,
        alpn: &'static [&'static str],
    ) -> Result<Wire, Failure> {
        let shared = Arc::clone(&self.shared);
        let mut facts = Vec::new();
        let mut warnings = Vec::new();
        let mut asked_for_ours = false;
        wire.seen().begin_anew();
        let result = self
            .phase(Phase::Tls, async {
                let handshake = net::tls::handshake(wire, options, &shared.trust, host, alpn).await;
                (facts, warnings) = (handshake.facts, handshake.remarks.warnings);
                asked_for_ours = handshake.asked_for_ours;
                handshake.result
            })
            .await;
        let facts = facts.into_iter().map(|(key, value)| (key, self.cleaned(value))).collect::<Vec<_>>();
        self.findings().facts.extend(facts);
        let wire = result?;
        self.seen = Some(wire.seen());
        self.is_veiled = true;
        if asked_for_ours {
            // The server's verdict on our certificate is still to come, and it may have to think.
            self.grace = LONGEST_GRACE;
        }
        for (kind, what) in warnings {
            self.warn(kind, what);
        }
        Ok(wire)
    }

    /// Waits a moment for a peer that has nothing to say: long enough for it to break the
    /// connection, scaled to how long connecting took (1 ms to 150 ms).
    pub(crate) async fn listen(&mut self, wire: &mut Wire) -> Heard {
        let grace = self.grace.min(self.left());
        let mut bytes = [0; 256];
        // Most checks need no clock here, and each look at it costs some 30 ns.
        let until = self.race.as_ref().map(|_| Instant::now() + grace);
        let reading = wire.read(&mut bytes);
        let heard = if self.shared.is_small {
            net::within_exactly(grace, reading).await
        } else {
            net::within(grace.saturating_sub(ROUNDED_UP), reading).await
        };
        // The other addresses of the name have the rest of this moment too, however soon this one spoke.
        if let (Some(race), Some(until)) = (&mut self.race, until) {
            net::within(until.saturating_duration_since(Instant::now()), race.finished()).await;
        }
        match heard {
            None => Heard::Nothing,
            Some(Ok(0)) => Heard::Closed,
            // Closed without TLS' good-bye: rude, and closed.
            Some(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Heard::Closed,
            Some(Ok(count)) => Heard::Bytes(bytes[..count].to_vec()),
            Some(Err(error)) => Heard::Broken(error.into()),
        }
    }
}
