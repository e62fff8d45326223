//! A connection whose peer has to take what it is sent.

use super::connections::PATIENCE;
use conn_check::serve::Connection;
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A connection that is given up when its peer takes nothing for so long.
pub(crate) struct Steady {
    connection: Connection,
    /// Until when the peer has to take something, if it has not.
    limit: Option<Pin<Box<Sleep>>>,
    owes: Rc<Cell<bool>>,
}

impl Steady {
    /// With it goes whether anything is still to be sent, for others to see.
    pub(crate) fn new(connection: Connection) -> (Self, Rc<Cell<bool>>) {
        let owes = Rc::new(Cell::new(false));
        (Self { connection, limit: None, owes: Rc::clone(&owes) }, owes)
    }

    fn inner(&mut self) -> Pin<&mut Connection> {
        Pin::new(&mut self.connection)
    }

    /// What came of sending, unless nothing has come of it for too long.
    fn bounded<T>(&mut self, context: &mut Context<'_>, sent: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.owes.set(sent.is_pending());
        if sent.is_ready() {
            self.limit = None;
            return sent;
        }
        let limit = self.limit.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + PATIENCE)));
        if limit.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.connection.give_up();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Steady {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_read(context, into)
    }
}

impl AsyncWrite for Steady {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = self.inner().poll_write(context, bytes);
        self.bounded(context, sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = self.inner().poll_write_vectored(context, parts);
        self.bounded(context, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.inner().poll_flush(context);
        self.bounded(context, sent)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.inner().poll_shutdown(context);
        self.bounded(context, sent)
    }
}
