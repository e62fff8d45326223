//! The stream under the client library: it tells how far the conversation has come.

use super::binding;
use super::hearing::Hearing;
use crate::fault::Fault;
use crate::net::{Seen, Wire};
use crate::phase::Phase;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// How far a login has come.
#[derive(Debug)]
pub(super) struct LoginProgress {
    seen: Arc<Seen>,
    /// How often the client spoke first or after the server had.
    round_trips: AtomicUsize,
    server_spoke_last: AtomicBool,
    hearing: Mutex<Hearing>,
    /// What the server asks for that no client should do.
    objection: Mutex<Option<Fault>>,
    ended: AtomicBool,
}

impl LoginProgress {
    fn new(seen: Arc<Seen>) -> Self {
        Self {
            seen,
            round_trips: AtomicUsize::new(0),
            server_spoke_last: AtomicBool::new(true),
            hearing: Mutex::default(),
            objection: Mutex::default(),
            ended: AtomicBool::new(false),
        }
    }

    /// Whether the client has gone on after the server's first answer: it has understood it.
    pub(super) fn is_understood(&self) -> bool {
        self.round_trips.load(Ordering::Relaxed) > 1
    }

    /// Whether the server has accepted the login. It may have nobody yet who answers behind it.
    pub(super) fn is_admitted(&self) -> bool {
        let hearing = self.hearing();
        hearing.is_welcome || hearing.has_signature
    }

    /// What the server asked for that no client should do.
    pub(super) fn objection(&self) -> Option<Fault> {
        self.objection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hearing(&self) -> MutexGuard<'_, Hearing> {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self) -> Phase {
        match (self.is_admitted(), self.is_understood()) {
            (true, _) => Phase::Request,
            (false, true) => Phase::Auth,
            (false, false) => Phase::Protocol,
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    pub(super) fn first(&self) -> Vec<u8> {
        self.seen.first()
    }

    fn spoken(&self) {
        if self.server_spoke_last.swap(false, Ordering::Relaxed) {
            self.round_trips.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The library would wait for the rest of whatever length stands in a message; no answer to the
    /// start-up message begins otherwise, so nothing else has to be waited for.
    fn heard(&self, bytes: &[u8]) -> io::Result<()> {
        self.ended.store(bytes.is_empty(), Ordering::Relaxed);
        self.server_spoke_last.store(true, Ordering::Relaxed);
        // The library is not to see it: it would answer.
        if let Err(objection) = self.hearing().hear(bytes) {
            *self.objection.lock().unwrap_or_else(PoisonError::into_inner) = Some(objection);
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a login that is not safe"));
        }
        if !self.is_understood() && !is_beginning_of_an_answer(&self.first()) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no message of this protocol"));
        }
        Ok(())
    }
}

/// Whether an `AuthenticationRequest` or an `ErrorResponse` begins like this; libpq has the same limits.
fn is_beginning_of_an_answer(first: &[u8]) -> bool {
    let (Some(kind @ (b'R' | b'E')), length) = (first.first(), first.get(1..5)) else { return first.is_empty() };
    let most = if *kind == b'R' { 2_000 } else { 30_000 };
    match length.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) {
        Some(length) => (8..=most).contains(&u32::from_be_bytes(length)),
        None => first.get(1).is_none_or(|highest| *highest == 0),
    }
}

/// A wire, plain or with TLS already, as the client library takes it.
#[derive(Debug)]
pub(super) struct TrackedWire {
    wire: Wire,
    pub(super) progress: Arc<LoginProgress>,
    /// What ties a login to this TLS session.
    binding: Option<Vec<u8>>,
}

impl TrackedWire {
    pub(super) fn new(wire: Wire) -> Self {
        let binding = wire.certificate().and_then(binding::server_end_point);
        Self { progress: Arc::new(LoginProgress::new(wire.seen())), wire, binding }
    }
}

impl AsyncRead for TrackedWire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        task::ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        Poll::Ready(self.progress.heard(&buf.filled()[before..]))
    }
}

impl AsyncWrite for TrackedWire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.progress.spoken();
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

impl TlsStream for TrackedWire {
    fn channel_binding(&self) -> ChannelBinding {
        self.binding.clone().map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// Tells the client library that there is nothing left to be done for TLS.
#[derive(Debug)]
pub(super) struct AlreadySecured;

impl TlsConnect<TrackedWire> for AlreadySecured {
    type Stream = TrackedWire;
    type Error = Infallible;
    type Future = Ready<Result<TrackedWire, Infallible>>;

    fn connect(self, wire: TrackedWire) -> Self::Future {
        ready(Ok(wire))
    }
}
