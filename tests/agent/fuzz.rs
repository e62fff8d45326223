//! What others send, changed at random: whatever it is, nothing panics, nothing hangs, and every check has its
//! result. `cargo xtask fuzz TARGET SECONDS` goes on for longer.
//!
//! The seeds of the peers' targets are what real servers said to a check that passed, recorded at the start; those
//! of the files' targets are the fixtures of the other tests.

mod files;
mod mutate;
mod peers;

use std::time::{Duration, Instant};

/// So long, or one round where nobody says how long (`CONN_CHECK_FUZZ`, in seconds).
fn rounds() -> impl Iterator<Item = u64> {
    let limit = std::env::var("CONN_CHECK_FUZZ").ok().map(|text| Duration::from_secs(text.parse().expect("seconds")));
    let began = Instant::now();
    (0..).take_while(move |round| limit.map_or(*round == 0, |limit| began.elapsed() < limit))
}
