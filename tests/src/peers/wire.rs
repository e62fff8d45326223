//! One connection of a peer, and what its peer counts.

use std::collections::HashMap;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

/// What the connections of one peer share.
#[derive(Debug, Default)]
pub(super) struct State {
    connections: AtomicUsize,
    received: AtomicU64,
    sent: AtomicU64,
    life: Mutex<Life>,
    stopping: Condvar,
}

/// Whether the peer still serves, and what it has to cut when it stops.
#[derive(Debug, Default)]
struct Life {
    stopped: bool,
    streams: HashMap<usize, Vec<Arc<TcpStream>>>,
}

impl State {
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> usize {
        self.life().streams.len()
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.life().stopped
    }

    /// Cuts every connection and ends every pause.
    pub(super) fn stop(&self) {
        let mut life = self.life();
        life.stopped = true;
        for stream in life.streams.values().flatten() {
            let _already_closed = stream.shutdown(Shutdown::Both);
        }
        self.stopping.notify_all();
    }

    /// Waits; `false` if the peer is stopped meanwhile.
    pub(super) fn pause(&self, length: Duration) -> bool {
        let until = Instant::now() + length;
        let mut life = self.life();
        while !life.stopped {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            life = self.stopping.wait_timeout(life, left).map_or_else(|broken| broken.into_inner().0, |(life, _)| life);
        }
        false
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection: read and written like a stream, and counted. Dropping it closes the connection.
#[derive(Debug)]
pub struct Wire {
    stream: Arc<TcpStream>,
    number: usize,
    from: SocketAddr,
    state: Arc<State>,
}

impl Wire {
    /// Counts the connection; `None` if the peer has been stopped.
    pub(super) fn new(stream: TcpStream, from: SocketAddr, state: &Arc<State>) -> Option<Self> {
        let stream = Arc::new(stream);
        let _only_slower = stream.set_nodelay(true);
        let mut life = state.life();
        if life.stopped {
            return None;
        }
        let number = state.connections.fetch_add(1, Ordering::SeqCst);
        life.streams.insert(number, vec![Arc::clone(&stream)]);
        Some(Self { stream, number, from, state: Arc::clone(state) })
    }

    /// Which connection of the peer this is; the first is 0.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The client's address.
    #[must_use]
    pub fn client(&self) -> SocketAddr {
        self.from
    }

    /// The socket itself; what goes through it directly is not counted.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Waits for the client's first bytes; empty if it closes instead.
    #[must_use]
    pub fn first_bytes(&self) -> Vec<u8> {
        let mut buffer = vec![0; 16 * 1024];
        let length = (&*self).read(&mut buffer).unwrap_or_default();
        buffer.truncate(length);
        buffer
    }

    /// Sends `bytes`; `false` once nobody takes them any more.
    #[must_use]
    pub fn send(&self, bytes: &[u8]) -> bool {
        (&*self).write_all(bytes).is_ok()
    }

    /// Receives, and counts, until the client closes or the peer is stopped.
    pub fn drain(&self) {
        let mut buffer = [0; 16 * 1024];
        while matches!((&*self).read(&mut buffer), Ok(1..)) {}
    }

    /// Ends the sending half, then receives until the client closes too: so that nothing sent is lost
    /// to a reset, which is what closing with unread bytes would cause.
    pub fn finish(&self) {
        let _already_closed = self.stream.shutdown(Shutdown::Write);
        self.drain();
    }

    /// Makes the connection end with a reset (RST) instead of an end (FIN) when this is dropped.
    pub fn reset_on_close(&self) {
        reset_on_close(&self.stream);
    }

    /// Waits; `false` if the peer is stopped meanwhile.
    #[must_use]
    pub fn pause(&self, length: Duration) -> bool {
        self.state.pause(length)
    }

    /// Another stream to be cut when the peer stops: a handler's own connection to somebody else.
    pub(crate) fn adopt(&self, stream: &Arc<TcpStream>) {
        let mut life = self.state.life();
        if life.stopped {
            let _already_closed = stream.shutdown(Shutdown::Both);
        }
        life.streams.entry(self.number).or_default().push(Arc::clone(stream));
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.life().streams.remove(&self.number);
    }
}

impl Read for &Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (&*self.stream).read(buffer)?;
        self.state.received.fetch_add(length as u64, Ordering::SeqCst);
        Ok(length)
    }
}

impl Write for &Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = (&*self.stream).write(bytes)?;
        self.state.sent.fetch_add(length as u64, Ordering::SeqCst);
        Ok(length)
    }

    fn write_vectored(&mut self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let length = (&*self.stream).write_vectored(bytes)?;
        self.state.sent.fetch_add(length as u64, Ordering::SeqCst);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    /// The flights of a TLS handshake come in pieces, and are to go out in one.
    fn write_vectored(&mut self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes `stream` end with a reset (RST) when it is closed: it lingers for no time at all.
pub(crate) fn reset_on_close(stream: &TcpStream) {
    let at_once = linger { l_onoff: 1, l_linger: 0 };
    let _already_closed = setsockopt(stream, sockopt::Linger, &at_once);
}
