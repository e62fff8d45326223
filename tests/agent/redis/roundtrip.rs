//! `roundtrip`: a key that nobody has.

use super::{check, code, told, user};
use harness::agent::verdict_of;
use harness::redis::{Redis, Setup};
use harness::wait;

const ROUNDTRIP: &str = ", roundtrip: true";

#[test]
fn a_key_is_set_read_and_deleted_and_none_is_left() {
    let redis = Redis::start(&Setup::new());
    let check = check(redis.address(), ROUNDTRIP);
    assert_eq!(code(&check), "pass", "{check}");
    assert_eq!(redis.cli(&["DBSIZE"]), "0\n");
    for (command, calls) in [("set", "calls=1,"), ("get", "calls=1,"), ("del", "calls=1,")] {
        let stat = redis.info("commandstats", &format!("cmdstat_{command}"));
        assert!(stat.starts_with(calls), "{command}: {stat}");
    }
}

#[test]
fn a_key_that_cannot_be_deleted_ends_by_itself() {
    let redis = Redis::start(&Setup::new().user("setter", "~conn-check:* +ping +set"));
    let at = redis.address();
    let login = user("setter");
    let yaml = format!("- {{type: redis, host: {}, port: {}, timeout: 1{login}{ROUNDTRIP}}}", at.ip(), at.port());
    // The right to set is there, and neither that to read nor that to delete.
    assert_eq!(verdict_of(&yaml), "request.permission-denied");
    let key = redis.cli(&["RANDOMKEY"]);
    assert!(key.starts_with("conn-check:"), "{key}");
    let left: i64 = redis.cli(&["TTL", key.trim()]).trim().parse().expect("seconds");
    assert!((0..=2).contains(&left), "{left}");
    wait::until("the key to end", || redis.cli(&["DBSIZE"]) == "0\n");
}

#[test]
fn who_takes_no_writes_is_told_by_what_keeps_it_from_that() {
    let primary = Redis::start(&Setup::new().user("reader", "~app:* +ping +get"));
    let replica = Redis::start(&Setup::new().replica_of(primary.address()));
    wait::until("the replica to be one", || replica.info("replication", "role") == "slave");
    let on_replica = check(replica.address(), ROUNDTRIP);
    assert_eq!(code(&on_replica), "request.read-only", "{on_replica}");
    let denied = check(primary.address(), &format!("{}{ROUNDTRIP}", user("reader")));
    assert_eq!(code(&denied), "request.permission-denied", "{denied}");
    assert!(told(&denied, "next_step").contains("~conn-check:*"), "{denied}");
    let full = Redis::start(&Setup::new().config("maxmemory 1").config("maxmemory-policy noeviction"));
    let full = check(full.address(), ROUNDTRIP);
    assert_eq!((code(&full), told(&full, "owner")), ("request.full", "service"), "{full}");
    assert_eq!(primary.cli(&["DBSIZE"]), "0\n");
}
