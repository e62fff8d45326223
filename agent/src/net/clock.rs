//! Timeouts for a part of a phase (one of several resolvers, the head start of an address); the
//! deadline of the phase itself is the probe's.

use nix::sys::time::{TimeSpec, TimeValLike as _};
use nix::sys::timer::{Expiration, TimerSetTimeFlags};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::unix::pipe::Receiver;

/// A longer time is no other one for a millisecond more.
const SHORT: Duration = Duration::from_millis(5);

/// The work's result, or `None` when it takes longer: by up to two milliseconds more than said, of which tokio's clock has whole
/// ones.
#[expect(clippy::disallowed_methods, reason = "the one place of net that waits")]
pub(crate) async fn within<T>(timeout: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(timeout, work).await.ok()
}

/// As [`within`], and to a tenth of a millisecond: for a time that most checks wait out. The kernel's timer costs five system
/// calls and a descriptor, and where there is none left, a millisecond more is waited.
pub(crate) async fn within_exactly<T>(timeout: Duration, work: impl Future<Output = T>) -> Option<T> {
    let timer = if timeout < SHORT { timer(timeout).ok() } else { None };
    let Some(timer) = timer else { return within(timeout, work).await };
    tokio::select! {
        biased;
        result = work => Some(result),
        _ = timer.readable() => None,
    }
}

/// What can be read when the time is up (`timerfd_create(2)`). Of `AsyncFd`, which is made for this, tokio has deprecated the
/// constructors that are safe; a pipe's end takes any descriptor that is owned.
fn timer(time: Duration) -> io::Result<Receiver> {
    let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
    // No time at all would mean never.
    let time = TimeSpec::nanoseconds(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX).max(1));
    timer.set(Expiration::OneShot(time), TimerSetTimeFlags::empty())?;
    Receiver::from_owned_fd_unchecked(timer.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};
    use std::time::Instant;

    #[tokio::test]
    async fn a_short_time_is_waited_out_to_a_part_of_a_millisecond() {
        let time = Duration::from_micros(500);
        // Of some, because a busy host lets anybody wait.
        let mut shortest = Duration::MAX;
        for _ in 0..50 {
            let began = Instant::now();
            assert_eq!(within_exactly(time, pending::<()>()).await, None);
            shortest = shortest.min(began.elapsed());
        }
        assert!(time <= shortest && shortest < time * 2, "{shortest:?}");
        assert_eq!(within_exactly(time, ready(1)).await, Some(1));
        assert_eq!(within_exactly(Duration::ZERO, pending::<()>()).await, None);
    }
}
