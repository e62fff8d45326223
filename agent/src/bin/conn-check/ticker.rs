//! The line on a terminal that tells how far the run is. It moves by itself, in a thread of its own: nothing
//! happens in a run that waits.

use conn_check::event::Event;
use conn_check::report::Progress;
use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two lines. A run that is over before anybody could read draws nothing at all.
const EVERY: Duration = Duration::from_millis(100);

/// Takes the line away: to its begin, and all behind it (ECMA-48, EL).
const CLEAR: &str = "\r\x1b[K";

/// Draws the line on standard error until it is dropped.
pub(crate) struct Ticker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

struct State {
    progress: Progress,
    is_drawn: bool,
    ended: bool,
}

impl Ticker {
    /// Begins to draw. Without a thread the run goes on without the line.
    pub(crate) fn begin(progress: Progress) -> Self {
        let state = State { progress, is_drawn: false, ended: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), ended: Condvar::new() });
        let drawer = Arc::clone(&shared);
        let _none = thread::Builder::new().name("ticker".to_owned()).stack_size(64 * 1024).spawn(move || drawer.draw());
        Self(shared)
    }

    /// Hears an event.
    pub(crate) fn event(&self, event: &Event) {
        self.0.lock().progress.event(event);
    }

    /// Writes something else to the terminal.
    pub(crate) fn without_line(&self, write: impl FnOnce()) {
        let mut state = self.0.lock();
        state.clear();
        write();
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.clear();
        self.0.ended.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self) {
        let mut state = self.lock();
        loop {
            let waited = self.ended.wait_timeout_while(state, EVERY, |state| !state.ended);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.ended {
                return;
            }
            state.draw();
        }
    }
}

impl State {
    /// A terminal that has gone away must not end the checks.
    fn draw(&mut self) {
        // A line that fills the last column would already be two.
        let line = self.progress.line(Instant::now(), super::output::columns().saturating_sub(1));
        let _ = write!(io::stderr(), "{CLEAR}{line}");
        self.is_drawn = true;
    }

    fn clear(&mut self) {
        if self.is_drawn {
            let _ = write!(io::stderr(), "{CLEAR}");
            self.is_drawn = false;
        }
    }
}
