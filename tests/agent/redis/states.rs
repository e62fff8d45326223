//! Servers that are up and do not serve: each says so in a way of its own.

use super::{check, code, password, told};
use harness::agent::{Agent, verdict_of};
use harness::netns::Network;
use harness::redis::{PASSWORD, Redis, Setup};
use harness::wait;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

#[test]
fn a_server_that_is_loading_is_not_ready() {
    let redis = Redis::loading();
    let check = check(redis.address(), ", role: primary");
    assert_eq!((code(&check), told(&check, "owner")), ("protocol.not-ready", "service"), "{check}");
    assert_eq!(told(&check, "message"), "Redis is loading its data");
    assert!(told(&check, "evidence").starts_with("LOADING "), "{check}");
}

#[test]
fn a_server_that_is_busy_with_a_script_is_not_ready() {
    let redis = Redis::start(&Setup::new().password());
    let _script = redis.busy();
    let check = check(redis.address(), &password(PASSWORD));
    assert_eq!(code(&check), "protocol.not-ready", "{check}");
    assert_eq!(told(&check, "message"), "a script keeps Redis busy");
}

#[test]
fn a_replica_that_has_lost_its_primary_and_serves_no_old_data_is_not_ready() {
    let mut primary = Redis::start(&Setup::new());
    let strict = Setup::new().replica_of(primary.address()).config("replica-serve-stale-data no");
    let replica = Redis::start(&strict);
    wait::until("the replica's link", || replica.cli(&["PING"]) == "PONG\n");
    primary.daemon().stop();
    wait::until("the link to break", || replica.cli(&["PING"]).starts_with("MASTERDOWN"));
    let check = check(replica.address(), "");
    assert_eq!(code(&check), "protocol.not-ready", "{check}");
    assert!(told(&check, "message").starts_with("this replica has lost its primary"), "{check}");
}

#[test]
fn a_server_that_cannot_save_says_so() {
    let redis = Redis::start(&Setup::new());
    redis.break_saving();
    let check = check(redis.address(), "");
    assert_eq!((code(&check), told(&check, "owner")), ("request.unexpected-reply", "service"), "{check}");
    assert_eq!(told(&check, "message"), "Redis refuses writes because it cannot save its data");
}

#[test]
fn a_full_server_is_overloaded() {
    let redis = Redis::start(&Setup::new().config("maxclients 1"));
    let mut held = None;
    wait::until("to be the one client", || {
        let mut stream = TcpStream::connect(redis.address()).expect("a connection");
        stream.write_all(b"PING\r\n").expect("a request");
        let mut answer = [0; 7];
        let served = stream.read_exact(&mut answer).is_ok() && &answer == b"+PONG\r\n";
        held = served.then_some(stream);
        served
    });
    for more in [String::new(), password("x")] {
        let check = check(redis.address(), &more);
        assert_eq!((code(&check), told(&check, "owner")), ("protocol.overloaded", "service"), "{check}");
        assert_eq!(told(&check, "evidence"), "ERR max number of clients reached");
    }
}

#[test]
fn a_cluster_without_the_key_and_without_other_databases_says_so() {
    let redis = Redis::start(&Setup::new().config("cluster-enabled yes"));
    let down = check(redis.address(), ", key: x");
    assert_eq!(code(&down), "protocol.not-ready", "{down}");
    assert_eq!(told(&down, "message"), "the cluster does not serve this key");
    let database = check(redis.address(), ", database: 1");
    assert_eq!(code(&database), "request.no-such-database", "{database}");
}

#[test]
fn protected_mode_allows_other_hosts_nothing() {
    let network = Network::new();
    let address = network.far.at(6379);
    let redis = network.far.inside(|| Redis::start(&Setup::new().at(address).config("protected-mode yes")));
    for more in [String::new(), password("x")] {
        let yaml = super::redis(redis.address(), &more);
        let check = Agent::through(network.near.command("env"), &yaml).report()["checks"][0].clone();
        assert_eq!((code(&check), told(&check, "owner")), ("auth.host-not-allowed", "service"), "{check}");
        assert!(told(&check, "evidence").starts_with("DENIED "), "{check}");
    }
}

#[test]
fn a_frozen_server_is_silent() {
    let mut redis = Redis::start(&Setup::new());
    redis.daemon().freeze();
    let yaml = super::redis(redis.address(), "").replace("timeout: 5", "timeout: 0.4");
    let verdict = verdict_of(&yaml);
    redis.daemon().thaw();
    assert_eq!(verdict, "protocol.silent");
}
