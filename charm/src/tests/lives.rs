//! Thousands of random lives: whatever Juju, people and applications do, and in whatever order, a
//! hook leaves the unit as it should be, and the last one leaves nothing.

use crate::tests::life::Life;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

/// How many lives.
const LIVES: u64 = 5_000;

/// The same seed is the same life. A life that fails is printed; with its number in
/// `CONN_CHECK_LIFE` it alone is lived again.
#[test]
fn whatever_happens_the_unit_is_as_it_should_be_and_nothing_is_left() {
    if let Some(seed) = std::env::var("CONN_CHECK_LIFE").ok().and_then(|seed| seed.parse().ok()) {
        live(seed);
        return;
    }
    let (hooks, faults) = thread::scope(|scope| {
        let shares: Vec<_> = (0..SHARES).map(|share| scope.spawn(move || live_all(share))).collect();
        let lived = shares.into_iter().map(|share| share.join().unwrap_or_else(|panic| resume_unwind(panic)));
        lived.fold((0, 0), |sum, share| (sum.0 + share.0, sum.1 + share.1))
    });
    assert!(hooks > LIVES * 20, "{hooks} hooks are too few to say anything");
    assert!(faults > LIVES, "{faults} faults are too few to say anything");
}

/// How many lives are lived at once.
const SHARES: u64 = 2;

/// Every one of so many lives.
fn live_all(share: u64) -> (u64, u64) {
    let lives = (0..LIVES).filter(|seed| seed % SHARES == share).map(live);
    lives.fold((0, 0), |sum, life| (sum.0 + life.0, sum.1 + life.1))
}

/// How many hooks ran in this life, and how many failed in the middle.
fn live(seed: u64) -> (u64, u64) {
    let mut life = Life::new(seed);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| life.live())) {
        panic!("life {seed}:\n{}\n{}", life.trace.join("\n"), text_of(&*panic));
    }
    (life.hooks, life.faults)
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
