//! Timeouts for a part of a phase (one of several resolvers, the head start of an address); the
//! deadline of the phase itself is the probe's.

use std::future::Future;
use std::time::Duration;

/// The work's result, or `None` when it takes longer.
#[expect(clippy::disallowed_methods, reason = "the one place of net that waits")]
pub(crate) async fn within<T>(timeout: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(timeout, work).await.ok()
}
