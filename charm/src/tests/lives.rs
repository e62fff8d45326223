//! Thousands of random lives: whatever Juju, people and applications do, and in whatever order, a
//! hook leaves the unit as it should be, and the last one leaves nothing.

use crate::tests::life::Life;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many lives.
const LIVES: u64 = 5_000;

/// The same seed is the same life. A life that fails is printed; with its number in
/// `CONN_CHECK_LIFE` it alone is lived again.
#[test]
fn whatever_happens_the_unit_is_as_it_should_be_and_nothing_is_left() {
    let only = std::env::var("CONN_CHECK_LIFE").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(0..LIVES, |seed: u64| seed..seed + 1);
    let (mut hooks, mut faults) = (0, 0);
    for seed in seeds {
        let mut life = Life::new(seed);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| life.live())) {
            panic!("life {seed}:\n{}\n{}", life.trace.join("\n"), text_of(&*panic));
        }
        hooks += life.hooks;
        faults += life.faults;
    }
    if only.is_none() {
        assert!(hooks > LIVES * 20, "{hooks} hooks are too few to say anything");
        assert!(faults > LIVES, "{faults} faults are too few to say anything");
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
