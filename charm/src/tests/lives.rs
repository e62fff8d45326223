//! Thousands of random lives: whatever Juju, people and applications do, and in whatever order, a
//! hook leaves the unit as it should be, and the last one leaves nothing.

use crate::tests::life::Life;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::time::Instant;

/// How many lives the tests live, each time the same.
const LIVES: u64 = 5_000;

/// How many `cargo xtask lives` lives, unless it is told.
const MANY: u64 = 100_000;

/// The same seed is the same life. A life that fails is printed; with its number in
/// `CONN_CHECK_LIFE` it alone is lived again.
#[test]
fn whatever_happens_the_unit_is_as_it_should_be_and_nothing_is_left() {
    if let Some(seed) = number("CONN_CHECK_LIFE") {
        live(seed);
        return;
    }
    let (hooks, faults) = live_all(LIVES);
    assert!(hooks > LIVES * 20, "{hooks} hooks are too few to say anything");
    assert!(faults > LIVES, "{faults} faults are too few to say anything");
}

#[test]
#[ignore = "takes minutes: cargo xtask lives"]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn many_more_lives() {
    let (lives, began) = (number("CONN_CHECK_LIVES").unwrap_or(MANY), Instant::now());
    let (hooks, faults) = live_all(lives);
    let took = began.elapsed().as_secs_f64();
    eprintln!("{lives} lives, {hooks} hooks, {faults} of them failed in the middle and ran again: {took:.1} s");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// How many lives are lived at once.
const SHARES: u64 = 2;

/// Every one of so many lives.
fn live_all(lives: u64) -> (u64, u64) {
    let share = move |share| (0..lives).filter(move |seed| seed % SHARES == share).map(live).fold((0, 0), sum);
    thread::scope(|scope| {
        let shares: Vec<_> = (0..SHARES).map(|first| scope.spawn(move || share(first))).collect();
        shares.into_iter().map(|share| share.join().unwrap_or_else(|panic| resume_unwind(panic))).fold((0, 0), sum)
    })
}

fn sum(one: (u64, u64), other: (u64, u64)) -> (u64, u64) {
    (one.0 + other.0, one.1 + other.1)
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
