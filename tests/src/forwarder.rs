//! A TCP forwarder that counts what passes, and can slow it down.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::peers::{Peer, Wire, loopback, reset_on_close};

/// How long the server may take to accept the forwarder's own connection.
const KNOCK: Duration = Duration::from_secs(5);

/// How far a server of [`Forwarder::start_far`] is: longer than any client is kept from its processor between
/// two writes, be the machine ever so busy.
const FAR: Duration = Duration::from_millis(200);

/// Stands on 127.0.0.1 in front of a server and counts turns, bytes and connections.
///
/// A turn is when the client speaks first or after the server has: the number of times a client had to
/// wait for the network, give or take what it waited for in vain. Ends and resets are passed on.
///
/// Where both sides speak at the same time the number of turns may differ by one from run to run: with TLS
/// 1.3 a client speaks between two parts of the server's handshake, and a server sends session tickets while
/// the client sends its request. Behind [`Forwarder::start_far`] they are told from turns.
#[derive(Debug)]
pub struct Forwarder {
    peer: Peer,
    traffic: Arc<Traffic>,
}

#[derive(Debug, Default)]
struct Traffic {
    to_server: AtomicU64,
    to_client: AtomicU64,
    turns: AtomicUsize,
    failed: AtomicUsize,
}

/// Where one connection stands.
#[derive(Debug)]
struct Talk {
    /// The server spoke last, or nobody has.
    server_was_last: bool,
    /// When an answer to the last turn can have come at the earliest.
    answer_due: Option<Instant>,
}

impl Forwarder {
    /// Forwards to `server` without a delay.
    #[must_use]
    pub fn start(server: SocketAddr) -> Self {
        Self::start_with_delay(server, Duration::ZERO, Duration::ZERO)
    }

    /// The same at `address`; port 0 means a free one.
    #[must_use]
    pub fn start_at(address: SocketAddr, server: SocketAddr) -> Self {
        Self::between(address, server, Duration::ZERO, Duration::ZERO)
    }

    /// Forwards to `server` over a way so long that the turns are the same in every run: what a client says
    /// sooner than an answer to its last turn can have come is part of that turn.
    #[must_use]
    pub fn start_far(server: SocketAddr) -> Self {
        Self::start_with_delay(server, FAR, Duration::ZERO)
    }

    /// Forwards to `server`; what the client sends arrives `to_server` later, what the server sends
    /// `to_client` later. The delay is the way's, not a limit to its width: many bytes are on the way at once.
    /// Connecting itself is not delayed, since this machine answers the SYN.
    #[must_use]
    pub fn start_with_delay(server: SocketAddr, to_server: Duration, to_client: Duration) -> Self {
        Self::between(loopback(), server, to_server, to_client)
    }

    fn between(address: SocketAddr, server: SocketAddr, to_server: Duration, to_client: Duration) -> Self {
        let traffic = Arc::<Traffic>::default();
        let counted = Arc::clone(&traffic);
        let peer = Peer::serve_at(address, move |wire| {
            forward(&wire, server, (to_server, to_client), &counted);
        });
        Self { peer, traffic }
    }

    /// Where clients have to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.peer.address()
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.peer.connections()
    }

    /// How many are open. When none is, all that was sent has been counted, goodbyes included.
    #[must_use]
    pub fn open(&self) -> usize {
        self.peer.open()
    }

    /// How many of these the server did not accept; their clients got a reset.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.traffic.failed.load(Ordering::SeqCst)
    }

    /// How often a client spoke first or after the server had, over all connections.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.traffic.turns.load(Ordering::SeqCst)
    }

    /// Bytes from clients to the server.
    #[must_use]
    pub fn to_server(&self) -> u64 {
        self.traffic.to_server.load(Ordering::SeqCst)
    }

    /// Bytes from the server to clients; counted before the client gets them.
    #[must_use]
    pub fn to_client(&self) -> u64 {
        self.traffic.to_client.load(Ordering::SeqCst)
    }
}

impl Traffic {
    /// Noted when the bytes come in, which reach the server `delay` later.
    fn client_spoke(&self, talk: &Mutex<Talk>, delay: Duration, length: usize) {
        let mut talk = talk.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if std::mem::take(&mut talk.server_was_last) && talk.answer_due.is_none_or(|due| due <= now) {
            talk.answer_due = Some(now + delay);
            self.turns.fetch_add(1, Ordering::SeqCst);
        }
        self.to_server.fetch_add(length as u64, Ordering::SeqCst);
    }

    /// Noted before the bytes are passed on: the client cannot answer what it has not got.
    fn server_spoke(&self, talk: &Mutex<Talk>, length: usize) {
        talk.lock().unwrap_or_else(PoisonError::into_inner).server_was_last = true;
        self.to_client.fetch_add(length as u64, Ordering::SeqCst);
    }
}

/// Forwards one connection both ways.
fn forward(wire: &Wire, server: SocketAddr, delays: (Duration, Duration), traffic: &Traffic) {
    let Ok(upstream) = TcpStream::connect_timeout(&server, KNOCK).map(Arc::new) else {
        traffic.failed.fetch_add(1, Ordering::SeqCst);
        return reset_on_close(wire.stream());
    };
    let _only_slower = upstream.set_nodelay(true);
    wire.adopt(&upstream);
    let talk = Mutex::new(Talk { server_was_last: true, answer_due: None });
    let up = Way { wire, from: wire.stream(), to: &upstream, delay: delays.0 };
    let down = Way { wire, from: &upstream, to: wire.stream(), delay: delays.1 };
    thread::scope(|scope| {
        scope.spawn(|| down.pass(|_| (), |length| traffic.server_spoke(&talk, length)));
        up.pass(|length| traffic.client_spoke(&talk, delays.0, length), |_| ());
    });
}

/// One direction of one connection.
#[derive(Clone, Copy)]
struct Way<'wire> {
    wire: &'wire Wire,
    from: &'wire TcpStream,
    to: &'wire TcpStream,
    delay: Duration,
}

/// What travels on it.
enum Parcel {
    Bytes(Vec<u8>),
    End,
    Reset,
}

impl Way<'_> {
    /// Passes everything on, up to the end; `came` and `goes` learn of the bytes before and after the delay.
    fn pass(self, came: impl Fn(usize), goes: impl Fn(usize) + Sync) {
        if self.delay.is_zero() {
            while self.deliver(&self.take(&came), &goes) {}
            return;
        }
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| self.deliver_late(receiver, &goes));
            loop {
                let parcel = self.take(&came);
                let is_last = !matches!(parcel, Parcel::Bytes(_));
                if sender.send((Instant::now() + self.delay, parcel)).is_err() || is_last {
                    return;
                }
            }
        });
    }

    /// Waits for the next parcel.
    fn take(&self, came: &impl Fn(usize)) -> Parcel {
        let mut buffer = vec![0; 64 * 1024];
        let mut from = self.from;
        match from.read(&mut buffer) {
            Ok(0) => Parcel::End,
            Ok(length) => {
                came(length);
                buffer.truncate(length);
                Parcel::Bytes(buffer)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Parcel::Reset,
            Err(_) => Parcel::End,
        }
    }

    /// Hands one parcel over; `false` when nothing can follow it.
    fn deliver(&self, parcel: &Parcel, goes: &impl Fn(usize)) -> bool {
        let mut to = self.to;
        match parcel {
            Parcel::Bytes(bytes) => {
                goes(bytes.len());
                return to.write_all(bytes).is_ok();
            }
            Parcel::End => _ = to.shutdown(Shutdown::Write),
            Parcel::Reset => {
                reset_on_close(to);
                // Ends the other direction, which reads from there; then both are closed.
                let _already_closed = to.shutdown(Shutdown::Read);
            }
        }
        false
    }

    /// Hands the parcels over when each is due.
    fn deliver_late(&self, parcels: Receiver<(Instant, Parcel)>, goes: &impl Fn(usize)) {
        for (due, parcel) in parcels {
            if !self.wire.pause(due.saturating_duration_since(Instant::now())) || !self.deliver(&parcel, goes) {
                return;
            }
        }
    }
}
