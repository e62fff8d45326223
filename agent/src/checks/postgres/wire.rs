//! The stream under the client library: a connection on which the login is done already.

use crate::net::Wire;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{self, Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// Whether the peer has closed the connection; stays readable when the library has the wire.
#[derive(Clone, Debug, Default)]
pub(super) struct End(Arc<AtomicBool>);

impl End {
    pub(super) fn is_reached(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A wire as the client library takes it. The library begins with a start-up message, which is not sent, and hears
/// that it is logged in; then the session goes on where the login has left it.
#[derive(Debug)]
pub(super) struct LoggedIn {
    wire: Wire,
    /// What the library has not read yet.
    unread: Vec<u8>,
    /// How much of the library's start-up message is to come; unknown before its beginning.
    withheld: Option<usize>,
    pub(super) end: End,
}

impl LoggedIn {
    /// Goes on with what was received already, behind the server's `AuthenticationOk`.
    pub(super) fn new(wire: Wire, received: &[u8]) -> Self {
        const AUTHENTICATION_OK: &[u8] = b"R\0\0\0\x08\0\0\0\0";
        Self { wire, unread: [AUTHENTICATION_OK, received].concat(), withheld: None, end: End::default() }
    }

    /// How much of this is still the start-up message, which begins with its length.
    fn withhold(&mut self, bytes: &[u8]) -> usize {
        let length = || bytes.first_chunk().map_or(bytes.len(), |length| u32::from_be_bytes(*length) as usize);
        let left = self.withheld.unwrap_or_else(length);
        let now = left.min(bytes.len());
        self.withheld = Some(left - now);
        now
    }
}

impl AsyncRead for LoggedIn {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let now = self.unread.len().min(buf.remaining());
            buf.put_slice(&self.unread[..now]);
            self.unread.drain(..now);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        task::ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        self.end.0.store(buf.filled().len() == before, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LoggedIn {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.withhold(buf) {
            0 => Pin::new(&mut self.wire).poll_write(cx, buf),
            withheld => Poll::Ready(Ok(withheld)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

impl TlsStream for LoggedIn {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

/// Tells the client library that there is nothing left to be done for TLS.
#[derive(Debug)]
pub(super) struct AlreadySecured;

impl TlsConnect<LoggedIn> for AlreadySecured {
    type Stream = LoggedIn;
    type Error = Infallible;
    type Future = Ready<Result<LoggedIn, Infallible>>;

    fn connect(self, wire: LoggedIn) -> Self::Future {
        ready(Ok(wire))
    }
}
