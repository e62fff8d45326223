//! The byte stream that checks speak through: it counts what the peer sends, keeps the first
//! bytes of it for identification, and ends a peer that sends too much.

use crate::net::tls::{Broken, Exchange};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// What a server may send over one connection, in bytes, on each layer: what TLS itself needs comes on
/// top. A check that reads more by its nature says so ([`Seen::allow`]).
pub(crate) const ALLOWANCE: u64 = 64 * 1024;

/// What is kept of a peer's first bytes: enough for every banner and for the head of an HTTP error.
const KEPT: usize = 512;

/// What a peer has sent so far on one layer (the socket, or the TLS session over it).
#[derive(Debug)]
pub(crate) struct Seen {
    read: AtomicU64,
    allowance: AtomicU64,
    /// From which byte on the first ones are kept.
    kept_from: AtomicU64,
    first: Mutex<Vec<u8>>,
    /// What carries this layer.
    below: Option<Arc<Self>>,
}

impl Seen {
    /// How many bytes came.
    pub(crate) fn count(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The first of them, 512 at most.
    pub(crate) fn first(&self) -> Vec<u8> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many bytes the peer may send.
    pub(crate) fn allowance(&self) -> u64 {
        self.allowance.load(Ordering::Relaxed)
    }

    /// Lets the peer send more than [`ALLOWANCE`], and what carries it as much and what TLS needs.
    pub(crate) fn allow(&self, bytes: u64) {
        self.allowance.store(bytes, Ordering::Relaxed);
        if let Some(below) = &self.below {
            below.allow(bytes + ALLOWANCE);
        }
    }

    /// Another protocol begins on this layer (TLS after STARTTLS): the first bytes are those to come.
    pub(crate) fn begin_anew(&self) {
        self.kept_from.store(self.count(), Ordering::Relaxed);
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The limit of this program that the peer has passed. Libraries between hand on no more than its words.
    pub(crate) fn too_much(&self) -> Option<TooMuch> {
        let allowance = self.allowance.load(Ordering::Relaxed);
        let here = (self.count() > allowance).then_some(TooMuch(allowance));
        here.or_else(|| self.below.as_ref()?.too_much())
    }

    /// How many more bytes the peer may send.
    fn room(&self) -> usize {
        let room = self.allowance.load(Ordering::Relaxed).saturating_sub(self.count());
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    fn note(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let before = self.read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if before.saturating_sub(self.kept_from.load(Ordering::Relaxed)) < KEPT as u64 {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT - first.len();
            first.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        let allowance = self.allowance.load(Ordering::Relaxed);
        if before + bytes.len() as u64 > allowance { Err(io::Error::other(TooMuch(allowance))) } else { Ok(()) }
    }
}

/// The peer sent more than it may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooMuch(u64);

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the peer sent more than {} bytes", self.0)
    }
}

impl std::error::Error for TooMuch {}

/// A connection to a peer, plain or TLS.
#[derive(Debug)]
pub(crate) struct Wire {
    io: Io,
    seen: Arc<Seen>,
    /// How often something was written, as far as that counts.
    writes: u8,
    /// What was read already, and is to be read again.
    returned: Vec<u8>,
}

#[derive(Debug)]
enum Io {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<Wire>>, Exchange),
}

/// What a wire does with each of them.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

impl Wire {
    /// A plain connection.
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        Self::new(Io::Tcp(stream), None)
    }

    /// A connection to a Unix socket of this host.
    pub(crate) fn unix(stream: UnixStream) -> Self {
        Self::new(Io::Unix(stream), None)
    }

    /// A TLS session over a plain connection, with what we did in its handshake.
    pub(crate) fn tls(stream: TlsStream<Self>, exchange: Exchange) -> Self {
        let below = stream.get_ref().0.seen();
        below.allow(below.allowance.load(Ordering::Relaxed) + ALLOWANCE);
        Self::new(Io::Tls(Box::new(stream), exchange), Some(below))
    }

    fn new(io: Io, below: Option<Arc<Seen>>) -> Self {
        let (read, allowance, kept_from) = (AtomicU64::new(0), AtomicU64::new(ALLOWANCE), AtomicU64::new(0));
        Self {
            io,
            seen: Arc::new(Seen { read, allowance, kept_from, first: Mutex::default(), below }),
            writes: 0,
            returned: Vec::new(),
        }
    }

    /// Sends all of a message.
    ///
    /// # Errors
    /// A server that turns a client away says why and closes before it was asked: sending may fail
    /// while the reason is there to be read. [`Talk`](crate::net::Talk) knows which of the two counts.
    pub(crate) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.write_all(message).await?;
        self.flush().await
    }

    /// Gives back what was read of the layer that begins with it: it is the next to be read, and counts once.
    pub(crate) fn give_back(&mut self, bytes: &[u8]) {
        self.seen.read.fetch_sub(bytes.len() as u64, Ordering::Relaxed);
        self.seen.begin_anew();
        self.returned = bytes.to_vec();
    }

    fn stream(&mut self) -> Pin<&mut dyn Stream> {
        match &mut self.io {
            Io::Tcp(stream) => Pin::new(stream),
            Io::Unix(stream) => Pin::new(stream),
            Io::Tls(stream, _) => Pin::new(&mut **stream),
        }
    }

    /// An error of TLS means what it does by what we did in the handshake.
    fn told(&self, error: io::Error) -> io::Error {
        let Io::Tls(_, exchange) = &self.io else { return error };
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => io::Error::new(error.kind(), Broken { error: tls.clone(), exchange: *exchange }),
            None => error,
        }
    }

    /// Small messages must not wait for each other's acknowledgement (RFC 9293 section 3.7.4); the first
    /// one waits for none.
    fn before_write(&mut self) {
        self.writes = self.writes.saturating_add(1);
        match &self.io {
            // Without it the message is late, and not lost.
            Io::Tcp(stream) if self.writes == 2 => drop(stream.set_nodelay(true)),
            _ => {}
        }
    }

    /// The server's certificate, in DER, on a wire with TLS: what a login can be bound to (RFC 5929).
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        match &self.io {
            Io::Tls(stream, _) => stream.get_ref().1.peer_certificates()?.first().map(AsRef::as_ref),
            Io::Tcp(_) | Io::Unix(_) => None,
        }
    }

    /// The protocol that was agreed on in the handshake (ALPN, RFC 7301), on a wire with TLS.
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        match &self.io {
            Io::Tls(stream, _) => stream.get_ref().1.alpn_protocol(),
            Io::Tcp(_) | Io::Unix(_) => None,
        }
    }

    /// Whether it is a connection to a port, and without TLS: a port with TLS alone may be why it ends.
    pub(crate) const fn is_plain_tcp(&self) -> bool {
        matches!(self.io, Io::Tcp(_))
    }

    /// This host's end of the connection; a Unix socket has no address.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        match &self.io {
            Io::Tcp(stream) => stream.local_addr().ok(),
            Io::Tls(stream, _) => stream.get_ref().0.local_address(),
            Io::Unix(_) => None,
        }
    }

    /// What the peer has sent on this layer; stays readable when the wire itself is gone.
    pub(crate) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (room, before) = (self.seen.room(), buf.filled().len());
        if !self.returned.is_empty() && buf.remaining() > 0 {
            let length = buf.remaining().min(self.returned.len());
            buf.put_slice(&self.returned[..length]);
            self.returned.drain(..length);
            return Poll::Ready(self.seen.note(&buf.filled()[before..]));
        }
        if buf.remaining() <= room {
            ready!(self.stream().poll_read(cx, buf)).map_err(|error| self.told(error))?;
            return Poll::Ready(self.seen.note(&buf.filled()[before..]));
        }
        // What the peer may send is to be read, however much more a reader with a large buffer could take with
        // it; the byte after that is one too many.
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room.max(1)));
        ready!(self.stream().poll_read(cx, &mut part)).map_err(|error| self.told(error))?;
        let length = part.filled().len();
        buf.advance(length);
        Poll::Ready(self.seen.note(&buf.filled()[before..]))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.before_write();
        self.stream().poll_write(cx, buf).map_err(|error| self.told(error))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.before_write();
        self.stream().poll_write_vectored(cx, bufs).map_err(|error| self.told(error))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Tcp(stream) => stream.is_write_vectored(),
            Io::Unix(stream) => stream.is_write_vectored(),
            Io::Tls(stream, _) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx).map_err(|error| self.told(error))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

    /// A peer that has sent this much, and the wire to it.
    async fn sent(length: usize) -> (UnixStream, Wire) {
        let (mut peer, own) = UnixStream::pair().expect("a pair");
        let (bytes, mut wire) = (vec![b'x'; length], Wire::unix(own));
        let mut first = [0; 1];
        // Both sides at once: a socket's buffer may hold less.
        let (written, read) = tokio::join!(peer.write_all(&bytes), wire.read_exact(&mut first));
        written.and(read.map(drop)).expect("a byte");
        (peer, wire)
    }

    #[tokio::test]
    async fn what_a_peer_may_send_is_read_and_nothing_more() {
        let allowed = usize::try_from(ALLOWANCE).expect("a length");
        let (_peer, mut wire) = sent(allowed + 4096).await;
        let (mut large, mut length) = (vec![0; 4 * allowed], 1);
        let error = loop {
            match wire.read(&mut large[length..]).await {
                Ok(read) => length += read,
                Err(error) => break error,
            }
        };
        assert_eq!((length, error.to_string()), (allowed, "the peer sent more than 65536 bytes".to_owned()));
        assert_eq!(wire.seen().count(), ALLOWANCE + 1);
    }
}
