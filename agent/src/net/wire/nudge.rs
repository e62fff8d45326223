//! Who is it that says nothing? A service that waits for the client's first line is as silent to a
//! client that waits for its greeting, or to one whose protocol it does not know, as one that
//! hangs. Shortly before the time is up such a peer is sent a line, and what it says to that tells
//! who it is; the check has failed by then.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep};

/// Every line protocol answers it with an error, and HTTP too; to the others it is a broken
/// message. None of them acts on it.
pub(super) const LINE: &[u8] = b"HELP\r\n\r\n";

/// A line that a silent peer will be sent.
#[derive(Debug)]
pub(crate) struct Nudge {
    due: Pin<Box<Sleep>>,
    given: bool,
}

impl Nudge {
    /// To be given at that time.
    #[expect(clippy::disallowed_methods, reason = "a timer of the wire's own: no phase waits for it")]
    pub(crate) fn at(due: Instant) -> Self {
        // The timer belongs to the runtime of the check, whoever reads from the wire.
        Self { due: Box::pin(tokio::time::sleep_until(due)), given: false }
    }

    /// Whether it was given: from then on nothing that comes is for the check.
    pub(super) const fn is_given(&self) -> bool {
        self.given
    }

    /// Gives it, once, when the time has come.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.given || self.due.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.given = true;
        Poll::Ready(())
    }
}
