//! What must not be broken off half-way, although nobody waits for it any longer: a file that is there has to be removed.

use crate::net::within;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::watch::Sender;

/// How many are at it.
static UNFINISHED: LazyLock<Sender<usize>> = LazyLock::new(|| Sender::new(0));

/// Somebody is at it, as long as this is there.
pub(in crate::checks) struct Unfinished(());

impl Unfinished {
    pub(in crate::checks) fn new() -> Self {
        UNFINISHED.send_modify(|count| *count += 1);
        Self(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        UNFINISHED.send_modify(|count| *count -= 1);
    }
}

/// Waits until all is finished, but no longer than a moment: on a file system that hangs, nothing ever is.
pub(crate) async fn finished() {
    const MOMENT: Duration = Duration::from_millis(100);
    within(MOMENT, UNFINISHED.subscribe().wait_for(|count| *count == 0)).await;
}
