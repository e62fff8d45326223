//! Ending the test with a reason.

use std::fmt::Display;

/// The value, or the end of the test with `what` was tried and why it failed.
pub(crate) trait OrPanic<T> {
    /// Panics with `cannot {what}: {error}` at the caller's line.
    fn or_panic(self, what: impl Display) -> T;
}

impl<T, E: Display> OrPanic<T> for Result<T, E> {
    #[track_caller]
    fn or_panic(self, what: impl Display) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("cannot {what}: {error}"),
        }
    }
}

impl<T> OrPanic<T> for Option<T> {
    #[track_caller]
    fn or_panic(self, what: impl Display) -> T {
        match self {
            Some(value) => value,
            None => panic!("cannot {what}"),
        }
    }
}
