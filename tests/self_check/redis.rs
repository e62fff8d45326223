//! Redis, in the states that have to be brought about.

use harness::redis::{Redis, Setup};

#[test]
fn loading_and_being_busy_last_and_answer_with_their_errors() {
    let loading = Redis::loading();
    assert!(loading.cli(&["PING"]).starts_with("LOADING "), "{}", loading.cli(&["PING"]));
    let redis = Redis::start(&Setup::new().password());
    let _script = redis.busy();
    assert!(redis.cli(&["PING"]).starts_with("BUSY "), "{}", redis.cli(&["PING"]));
}

#[test]
fn what_cannot_be_saved_is_noticed() {
    let redis = Redis::start(&Setup::new());
    assert_eq!(redis.cli(&["PING"]), "PONG\n");
    redis.break_saving();
    assert!(redis.cli(&["PING"]).starts_with("MISCONF "), "{}", redis.cli(&["PING"]));
}
