//! Whose fault a panic inside a check is.

use crate::fault::{Cause, Failure, Fault};
use crate::phase::Phase;
use crate::probe::Probe;
use crate::secret::Redactor;
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// The source file of this thread's last panic.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Notes where a panic begins: for the hook of the program. Without it every panic counts as our own.
pub fn note_panic(panic: &PanicHookInfo<'_>) {
    PLACE.set(panic.location().map(|place| place.file().to_owned()));
}

/// A future whose panic is a value.
pub(super) struct Guarded<F>(pub(super) F);

impl<F: Future + Unpin> Future for Guarded<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(cx)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// What a panic means: over an error of the system it is this host's fault; a client library that gives up over
/// what a peer has sent shows what the peer is; any other panic is a fault of ours.
pub(super) fn judge(panic: &(dyn Any + Send), probe: &Probe, redactor: &Redactor) -> Failure {
    let text = text(panic);
    // What a library needs of this host, and takes for granted: random numbers, an eventfd(2).
    if text.contains("os error ") || text.contains("Os { code: ") {
        let fault = Fault::new(Cause::LocalLimit, "this host refuses what the run cannot do without").evidence(text);
        return probe.fail(Phase::Connect, fault);
    }
    if !probe.has_heard() || !PLACE.take().is_some_and(|file| is_a_librarys(&file)) {
        return Failure::own_fault(&text, redactor);
    }
    let message = "the peer sends what no client understands";
    probe.fail(Phase::Protocol, Fault::new(Cause::Malformed, message).evidence(format!("the client library: {text}")))
}

/// Our own files are named from the root of the repository; the standard library's cannot be told whose
/// mistake they show.
fn is_a_librarys(file: &str) -> bool {
    !file.starts_with("agent/") && !file.starts_with("/rustc/")
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a text").to_owned()
}

#[cfg(test)]
mod tests {
    use super::is_a_librarys;

    #[test]
    fn our_own_files_are_told_from_a_librarys() {
        assert!(!is_a_librarys(file!()), "{}", file!());
        assert!(!is_a_librarys("/rustc/f2d3ce0bd/library/core/src/str/mod.rs"));
        assert!(is_a_librarys("/home/x/registry/src/index/mongodb-3.9.1/src/client/auth/scram.rs"));
    }
}
