//! UDP peers.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use super::loopback;
use crate::or_panic::OrPanic;

/// What a UDP peer does with each datagram.
#[derive(Clone, Debug)]
pub enum UdpManner {
    /// Sends it back.
    Echo,
    /// Sends this, whatever came.
    Reply(Vec<u8>),
    /// Sends what this makes of it.
    Respond(fn(&[u8]) -> Vec<u8>),
    /// Takes it and says nothing.
    Silent,
    /// Is not there: the kernel answers with an ICMP refusal, as for a port nobody has. (A port that is
    /// merely free may be somebody's a moment later.)
    Refuses,
}

/// A UDP server, gone when dropped.
#[derive(Debug)]
pub struct UdpPeer {
    address: SocketAddr,
    socket: Arc<UdpSocket>,
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counts {
    stopped: AtomicBool,
    datagrams: AtomicUsize,
    bytes: AtomicU64,
}

impl UdpPeer {
    /// Starts a peer that behaves in this manner, on 127.0.0.1.
    #[must_use]
    pub fn start(manner: UdpManner) -> Self {
        Self::start_at(loopback(), manner)
    }

    /// The same at `address`; port 0 means a free one.
    #[must_use]
    pub fn start_at(address: SocketAddr, manner: UdpManner) -> Self {
        let socket = bind(address);
        if matches!(manner, UdpManner::Refuses) {
            // A connected socket holds its port, and gets nothing but what its other end sends: itself.
            let own = socket.local_addr().or_panic("learn where the peer is bound");
            socket.connect(own).or_panic("connect a UDP socket to itself");
        }
        Self::on(socket, move |asked| manner.answer(asked))
    }

    /// Starts a peer on 127.0.0.1 that sends what `answer` makes of each datagram.
    pub fn serve(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> Self {
        Self::on(bind(loopback()), move |asked| Some(answer(asked)))
    }

    /// The same at `address`; port 0 means a free one.
    pub fn serve_at(address: SocketAddr, answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> Self {
        Self::on(bind(address), move |asked| Some(answer(asked)))
    }

    fn on(socket: UdpSocket, answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let socket = Arc::new(socket);
        let address = socket.local_addr().or_panic("learn where the peer is bound");
        let counts = Arc::<Counts>::default();
        let (own, known) = (Arc::clone(&socket), Arc::clone(&counts));
        let thread = thread::spawn(move || serve(&own, &known, &answer));
        Self { address, socket, counts, thread: Some(thread) }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many datagrams came in so far.
    #[must_use]
    pub fn datagrams(&self) -> usize {
        self.counts.datagrams.load(Ordering::SeqCst)
    }

    /// How many bytes those held.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.counts.bytes.load(Ordering::SeqCst)
    }
}

impl Drop for UdpPeer {
    fn drop(&mut self) {
        self.counts.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread; the socket sends to itself, so this works for one of another namespace too.
        let sent = self.socket.send_to(&[], self.address);
        if let (Ok(_), Some(thread)) = (sent, self.thread.take()) {
            let _ended = thread.join();
        }
    }
}

impl UdpManner {
    fn answer(&self, asked: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Echo => Some(asked.to_vec()),
            Self::Reply(reply) => Some(reply.clone()),
            Self::Respond(response) => Some(response(asked)),
            Self::Silent | Self::Refuses => None,
        }
    }
}

fn bind(address: SocketAddr) -> UdpSocket {
    UdpSocket::bind(address).or_panic(format_args!("bind UDP {address}"))
}

/// Serves until the peer is stopped.
fn serve(socket: &UdpSocket, counts: &Counts, answer: &dyn Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut buffer = vec![0; 65536];
    loop {
        // An error is the ICMP refusal of an earlier reply: its receiver has gone.
        let received = socket.recv_from(&mut buffer);
        if counts.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok((length, from)) = received else {
            continue;
        };
        counts.datagrams.fetch_add(1, Ordering::SeqCst);
        counts.bytes.fetch_add(length as u64, Ordering::SeqCst);
        let _gone = answer(&buffer[..length]).map(|reply| socket.send_to(&reply, from));
    }
}
