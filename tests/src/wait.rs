//! Waiting for a condition with a deadline.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(2);

/// How long a busy machine may take for something that is normally there at once.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `holds` says yes, at most [`PATIENCE`].
///
/// ```
/// let started = std::time::Instant::now();
/// harness::wait::until("the clock to move", || started.elapsed().as_nanos() > 0);
/// ```
///
/// # Panics
/// When the deadline passes; the message names `what` was waited for.
#[track_caller]
pub fn until(what: &str, holds: impl FnMut() -> bool) {
    assert!(happens(PATIENCE, holds), "waited {PATIENCE:?} in vain for {what}");
}

/// Waits until a count that only grows is `wanted`, at most [`PATIENCE`].
///
/// # Panics
/// When it is less at the deadline, or more at any time.
#[track_caller]
pub fn until_count<N: Copy + PartialOrd + Debug>(what: &str, wanted: N, count: impl Fn() -> N) {
    happens(PATIENCE, || count() >= wanted);
    let seen = count();
    assert!(seen == wanted, "{seen:?} {what} instead of {wanted:?}");
}

/// Looks at `holds` until it says yes (`true`) or `limit` has passed (`false`).
pub fn happens(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(INTERVAL);
    }
}
