//! Traffic beside the one that is looked at: a host's counters never stand still.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Family, World};
use crate::or_panic::OrPanic;

/// Packets a second of a family, in both directions together: five thousand questions, each with its answer.
const RATE: u64 = 10_000;

/// Where the server takes them.
const PORT: u16 = 9;

/// When it ends, whatever becomes of who started it.
const LIMIT: Duration = Duration::from_secs(120);

/// How often a thread looks at the clock and sends what is due.
const BEAT: Duration = Duration::from_millis(2);

/// Datagrams from the client to the server and back, until this is dropped.
#[derive(Debug)]
pub struct Noise {
    stopped: Arc<AtomicBool>,
    received: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Noise {
    pub(super) fn new(world: &World) -> Self {
        let mut noise = Self { stopped: Arc::default(), received: Arc::default(), threads: Vec::new() };
        Family::BOTH.into_iter().for_each(|family| noise.add(world, family));
        noise
    }

    fn add(&mut self, world: &World, family: Family) {
        let target = world.target(family, PORT);
        let server = world.server().inside(|| socket(target));
        let client = world.client().inside(|| socket(SocketAddr::new(family.address(0, 1), 0)));
        let listener = client.try_clone().or_panic("share a socket");
        let [first, second, third] = [(); 3].map(|()| Arc::clone(&self.stopped));
        let received = Arc::clone(&self.received);
        self.threads.extend([
            thread::spawn(move || send(&client, target, &first)),
            thread::spawn(move || answer(&server, &second)),
            thread::spawn(move || listen(&listener, &third, &received)),
        ]);
    }

    /// How many packets have come to the client so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
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
    let socket = UdpSocket::bind(address).or_panic("open a socket for noise");
    socket.set_read_timeout(Some(Duration::from_millis(50))).or_panic("limit a wait");
    socket
}

/// Sends what is due since the start, and never more than the limit allows.
fn send(socket: &UdpSocket, target: SocketAddr, stopped: &AtomicBool) {
    let (start, mut sent) = (Instant::now(), 0);
    while !stopped.load(Ordering::Relaxed) && start.elapsed() < LIMIT {
        let elapsed = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let due = elapsed * (RATE / 2) / 1_000_000;
        while sent < due {
            // One that this host itself drops is lost, like any.
            let _lost = socket.send_to(&[0; 64], target);
            sent += 1;
        }
        thread::sleep(BEAT);
    }
}

fn answer(socket: &UdpSocket, stopped: &AtomicBool) {
    let mut space = [0; 128];
    while !stopped.load(Ordering::Relaxed) {
        if let Ok((length, from)) = socket.recv_from(&mut space) {
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
