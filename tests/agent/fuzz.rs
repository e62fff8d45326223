//! What others send, changed at random: whatever it is, nothing panics, nothing hangs, and every check has its
//! result. `cargo xtask fuzz TARGET SECONDS` goes on for longer.
//!
//! The seeds of the peers' targets are what real servers said to a check that passed, recorded at the start; those
//! of the files' targets are the fixtures of the other tests, those of the requests what clients send.

mod files;
mod peers;
mod requests;
