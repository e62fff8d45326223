//! Traffic beside the one that is looked at: a host's counters never stand still.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Family, Host, World};
use crate::or_panic::OrPanic;

/// Questions a second, each with its answer: ten thousand packets.
const RATE: u64 = 5000;

/// Where datagrams go.
const PORT: u16 = 9;

/// When it ends, whatever becomes of who started it.
const LIMIT: Duration = Duration::from_secs(300);

/// How often a thread looks at the clock and sends what is due.
const BEAT: Duration = Duration::from_millis(2);

/// How long a thread waits before it looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(50);

/// How fast somebody sends.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So many packets with nothing between them.
    pub at_once: u64,
    /// The time from the first of them to the first of the next.
    pub every: Duration,
}

impl Pace {
    const STEADY: Self = Self { at_once: RATE / 500, every: BEAT };
}

/// Datagrams, until this is dropped.
#[derive(Debug, Default)]
pub struct Noise {
    stopped: Arc<AtomicBool>,
    received: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Noise {
    /// Between the client and the host next to it, which answers.
    pub(super) fn beside(world: &World) -> Self {
        let mut noise = Self::default();
        for family in Family::BOTH {
            let ends = [(world.client(), family.address(0, 1)), (world.neighbour(), family.address(0, 2))];
            noise.add(ends, Pace::STEADY, true);
        }
        noise
    }

    /// Between programs of the client.
    pub(super) fn on_loopback(world: &World) -> Self {
        let mut noise = Self::default();
        for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
            noise.add([(world.client(), ip), (world.client(), ip)], Pace::STEADY, true);
        }
        noise
    }

    /// From the client to the host next to it.
    pub(super) fn out(world: &World, pace: Pace) -> Self {
        let mut noise = Self::default();
        for family in Family::BOTH {
            let ends = [(world.client(), family.address(0, 1)), (world.neighbour(), family.address(0, 2))];
            noise.add(ends, pace, false);
        }
        noise
    }

    /// From the host next to the client to the client.
    pub(super) fn into(world: &World, pace: Pace) -> Self {
        let mut noise = Self::default();
        for family in Family::BOTH {
            let ends = [(world.neighbour(), family.address(0, 2)), (world.client(), family.address(0, 1))];
            noise.add(ends, pace, false);
        }
        noise
    }

    /// How many packets have come back so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    fn add(&mut self, [(from, source), (to, target)]: [(&Host, IpAddr); 2], pace: Pace, answered: bool) {
        let target = SocketAddr::new(target, PORT);
        let taker = to.inside(|| socket(target));
        let sender = from.inside(|| socket(SocketAddr::new(source, 0)));
        let listener = sender.try_clone().or_panic("share a socket");
        let [first, second, third] = [(); 3].map(|()| Arc::clone(&self.stopped));
        let received = Arc::clone(&self.received);
        self.threads.extend([
            thread::spawn(move || send(&sender, target, pace, &first)),
            thread::spawn(move || receive(&taker, answered, &second)),
            thread::spawn(move || listen(&listener, &third, &received)),
        ]);
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

fn socket(address: SocketAddr) -> UdpSocket {
    // A host whose interface is down has lost its address of IPv6, and hears nothing, at any port. All addresses of IPv6
    // are those of IPv4, too: the port may be taken there.
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(address).or_else(|_| UdpSocket::bind((any, 0))).or_panic("open a socket for noise");
    socket.set_read_timeout(Some(GLANCE)).or_panic("limit a wait");
    socket
}

/// Sends what is due since the start.
fn send(socket: &UdpSocket, target: SocketAddr, pace: Pace, stopped: &AtomicBool) {
    let (start, mut sent) = (Instant::now(), 0);
    while !stopped.load(Ordering::Relaxed) && start.elapsed() < LIMIT {
        let due = pace.at_once * u64::try_from(start.elapsed().as_micros() / pace.every.as_micros()).unwrap_or(0);
        while sent < due {
            // One that this host itself drops is lost, like any.
            let _lost = socket.send_to(&[0; 64], target);
            sent += 1;
        }
        thread::sleep(BEAT);
    }
}

fn receive(socket: &UdpSocket, answered: bool, stopped: &AtomicBool) {
    let mut space = [0; 128];
    while !stopped.load(Ordering::Relaxed) {
        if let (Ok((length, from)), true) = (socket.recv_from(&mut space), answered) {
            let _lost = socket.send_to(&space[..length], from);
        }
    }
}

fn listen(socket: &UdpSocket, stopped: &AtomicBool, received: &AtomicU64) {
    let mut space = [0; 128];
    while !stopped.load(Ordering::Relaxed) {
        if socket.recv_from(&mut space).is_ok() {
            received.fetch_add(1, Ordering::Relaxed);
        }
    }
}
